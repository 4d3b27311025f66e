//! What the radar shows now: the clusters, and whose work their complaints are.

use std::sync::{Arc, PoisonError, RwLock};

use ombud_measure::alike::{AlikeCluster, Member, Radar};
use ombud_store::Worklist;
use ombud_stream::Outage;

use super::shares::Shares;

/// Complaints of a cluster that are looked up in the worklist: the shares of more would say no more.
const MOST_LOOKED_UP: usize = 2_000;

/// The radar as its pages read it, while [`super::AlikeWatch`] makes the next one.
#[derive(Default)]
pub struct AlikeBoard(RwLock<Option<Arc<AlikePicture>>>);

/// The radar as of one moment.
pub(super) struct AlikePicture {
    pub(super) radar: Radar,
    /// What each cluster has in common, in the order of the clusters.
    pub(super) commons: Vec<Commons>,
}

/// What the complaints of a cluster have in common.
pub(super) struct Commons {
    /// The team of each complaint; `None` where it is not routed yet.
    pub(super) team_of_each: Vec<Option<String>>,
    pub(super) teams: Shares,
    pub(super) products: Shares,
    pub(super) channels: Shares,
    pub(super) representatives: Shares,
}

impl AlikeBoard {
    /// What is known now; `None` before the first comparison.
    pub(super) fn now(&self) -> Option<Arc<AlikePicture>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn show(&self, picture: AlikePicture) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(picture));
    }
}

impl AlikePicture {
    /// Looks up whose work the complaints of `radar` are. Blocks.
    pub(super) fn of(radar: Radar, worklist: &dyn Worklist) -> Result<Self, Outage> {
        let commons = radar.clusters.iter().map(|cluster| Commons::of(cluster, worklist));
        Ok(Self { commons: commons.collect::<Result<_, _>>()?, radar })
    }

    /// The cluster of that name, and what it has in common.
    pub(super) fn find(&self, name: &str) -> Option<(&AlikeCluster, &Commons)> {
        self.clusters().find(|(cluster, _)| cluster.is_called(name))
    }

    /// All of them.
    pub(super) fn clusters(&self) -> impl Iterator<Item = (&AlikeCluster, &Commons)> {
        self.radar.clusters.iter().zip(&self.commons)
    }
}

impl Commons {
    fn of(cluster: &AlikeCluster, worklist: &dyn Worklist) -> Result<Self, Outage> {
        let mut team_of_each = Vec::with_capacity(cluster.members.len());
        let mut products = Vec::new();
        for (number, member) in cluster.members.iter().enumerate() {
            let item = match number < MOST_LOOKED_UP {
                true => worklist.item(&member.complaint_id)?,
                false => None,
            };
            products.extend(item.as_ref().and_then(|item| item.product.clone()));
            team_of_each.push(item.map(|item| item.team));
        }
        let of_members =
            |name: fn(&Member) -> Option<&str>| Shares::of(cluster.members.iter().filter_map(name));
        Ok(Self {
            teams: Shares::of(team_of_each.iter().flatten().map(String::as_str)),
            team_of_each,
            products: Shares::of(products.iter().map(String::as_str)),
            channels: of_members(|member| Some(&member.channel)),
            representatives: of_members(|member| member.representative.as_deref()),
        })
    }
}
