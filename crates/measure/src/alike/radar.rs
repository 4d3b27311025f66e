//! What is complained of alike now: the clusters of seven days against the four weeks before.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
};

use ombud_contract::ids::row_sha256;
use ombud_store::{SketchRow, Sketches, days};
use ombud_stream::Outage;

use super::{
    cluster::cluster,
    growth::{Growth, SHOWN},
    history::Lookup,
    sketch::Sketch,
};

const DAY_MS: i64 = 86_400_000;
const WEEK_MS: i64 = 7 * DAY_MS;
/// With how many weeks before it this one is compared.
pub const WEEKS_BEFORE: usize = 4;
/// Complaints of a week that are compared with one another, the latest days first: about 70 MB. A bank of 15,000 a day has
/// 105,000.
const MOST_COMPARED: usize = 150_000;
/// Clusters of one radar, the most newsworthy first.
const MOST_CLUSTERS: usize = 200;

/// A complaint of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// When it was received.
    pub received_at: i64,
    /// The complaint.
    pub complaint_id: String,
    /// How it came in.
    pub channel: String,
    /// Who complains on the customer's behalf.
    pub representative: Option<String>,
}

/// Complaints that say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlikeCluster {
    /// Its complaints of this week, by when they were received.
    pub members: Vec<Member>,
    /// How many like them came in each of the weeks before, the latest first.
    pub before: [u64; WEEKS_BEFORE],
    /// When the first came, as far back as is compared.
    pub first_at: i64,
    /// How it has changed.
    pub growth: Growth,
}

impl AlikeCluster {
    /// What it is called in addresses; [`Self::is_called`] knows it by other names, too. No id, because whoever follows the link
    /// may not see every complaint.
    pub fn name(&self) -> String {
        self.members.first().map(|first| name_of(&first.complaint_id)).unwrap_or_default()
    }

    /// Whether it had that name now or when another of its complaints was the first.
    pub fn is_called(&self, name: &str) -> bool {
        self.members.iter().any(|member| name_of(&member.complaint_id) == name)
    }

    /// When the last came.
    pub fn last_at(&self) -> i64 {
        self.members.last().map_or(self.first_at, |last| last.received_at)
    }

    /// Whether a person should look at it.
    pub fn is_flagged(&self) -> bool {
        self.growth.is_flagged(self.members.len())
    }
}

fn name_of(complaint_id: &str) -> String {
    hex::encode(&row_sha256(&[Some(complaint_id.as_bytes())])[..8])
}

/// What is complained of alike, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Radar {
    /// As of when.
    pub made_at: i64,
    /// How many complaints of this week were compared.
    pub compared: usize,
    /// More came than can be compared: only those of the last days were.
    pub is_partial: bool,
    /// When the earliest complaint was received that was compared, this week or before; `None` where there was none.
    pub since: Option<i64>,
    /// Flagged ones first, then the new and growing ones, then the large ones.
    pub clusters: Vec<AlikeCluster>,
}

impl Radar {
    /// Reads what `store` has kept, as of `now_ms`. Blocks: the sketches of five weeks pass through, and those of one are in
    /// memory.
    ///
    /// # Errors
    /// The store doesn't answer.
    pub fn read(store: &mut dyn Sketches, now_ms: i64) -> Result<Self, Outage> {
        let begin = now_ms.saturating_sub(WEEK_MS);
        let week = Week::read(store, begin, now_ms)?;
        let mut found = cluster(&week.sketches);
        found.retain(|places| places.len() >= SHOWN);
        let past = Past::read(store, begin, &week, &found)?;
        let first_of_week = week.members.first().map(|first| first.received_at);
        let clusters = found.into_iter().zip(past.of_clusters).map(|(places, (first_at, before))| {
            let members: Vec<Member> = places.into_iter().map(|at| week.members[at].clone()).collect();
            let first_here = members.first().map_or(now_ms, |first| first.received_at);
            let growth = Growth::of(members.len(), &before);
            AlikeCluster { members, before, first_at: first_at.unwrap_or(first_here), growth }
        });
        let mut clusters: Vec<AlikeCluster> = clusters.collect();
        clusters.sort_by_cached_key(|cluster| {
            (!cluster.is_flagged(), cluster.growth, Reverse(cluster.members.len()), cluster.name())
        });
        clusters.truncate(MOST_CLUSTERS);
        Ok(Self {
            made_at: now_ms,
            compared: week.members.len(),
            is_partial: week.is_partial,
            since: past.since.or(first_of_week),
            clusters,
        })
    }
}

/// What came in the weeks before.
struct Past {
    /// When the first came.
    since: Option<i64>,
    /// By cluster: when the first like it came, and how many in each week, the latest first.
    of_clusters: Vec<(Option<i64>, [u64; WEEKS_BEFORE])>,
}

impl Past {
    /// Before `begin`, by the clusters that `found` names by places in `week`.
    fn read(store: &mut dyn Sketches, begin: i64, week: &Week, found: &[Vec<usize>]) -> Result<Self, Outage> {
        let sketches = |places: &Vec<usize>| places.iter().map(|at| &week.sketches[*at]).collect();
        let lookup = Lookup::new(found.iter().map(sketches));
        let mut past = Self { since: None, of_clusters: vec![(None, [0; WEEKS_BEFORE]); found.len()] };
        let earliest = begin.saturating_sub(WEEKS_BEFORE as i64 * WEEK_MS);
        for day in days(earliest, begin) {
            let mut counted = HashSet::new();
            store.sketches(day, &mut |row| {
                if !(earliest..begin).contains(&row.received_at) {
                    return;
                }
                past.since = Some(past.since.map_or(row.received_at, |since| since.min(row.received_at)));
                // One that came again this week is counted there, and one that was corrected or archived again is one.
                if week.ids.contains(&row.complaint_id) || counted.contains(&row.complaint_id) {
                    return;
                }
                let found = Sketch::read(&row.sketch).and_then(|sketch| lookup.find(&sketch));
                if let Some((first_at, before)) = found.and_then(|at| past.of_clusters.get_mut(at)) {
                    *first_at = Some(first_at.map_or(row.received_at, |first| first.min(row.received_at)));
                    let weeks_ago = usize::try_from((begin - 1 - row.received_at) / WEEK_MS).unwrap_or(0);
                    before[weeks_ago.min(WEEKS_BEFORE - 1)] += 1;
                    counted.insert(row.complaint_id);
                }
            })?;
        }
        Ok(past)
    }
}

/// The complaints of this week, by when they were received, then by id: in whatever order they were archived.
struct Week {
    members: Vec<Member>,
    /// In the same order.
    sketches: Vec<Sketch>,
    ids: HashSet<String>,
    is_partial: bool,
}

impl Week {
    fn read(store: &mut dyn Sketches, begin: i64, now_ms: i64) -> Result<Self, Outage> {
        let mut newest: BTreeMap<String, SketchRow> = BTreeMap::new();
        let mut is_partial = false;
        let all: Vec<_> = days(begin, now_ms.saturating_add(DAY_MS)).collect();
        for day in all.into_iter().rev() {
            if is_partial {
                break;
            }
            store.sketches(day, &mut |row| {
                if row.received_at < begin {
                    return;
                }
                let has_room = newest.len() < MOST_COMPARED;
                match newest.get_mut(&row.complaint_id) {
                    Some(known) if is_newer(&row, known) => *known = row,
                    Some(_) => {}
                    None if has_room => drop(newest.insert(row.complaint_id.clone(), row)),
                    None => is_partial = true,
                }
            })?;
        }
        let ids = newest.keys().cloned().collect();
        let mut rows: Vec<SketchRow> = newest.into_values().collect();
        // Those of one moment are in the order of their ids already.
        rows.sort_by_key(|row| row.received_at);
        let sketched = rows.into_iter().filter_map(|row| {
            let sketch = Sketch::read(&row.sketch)?;
            let SketchRow { received_at, complaint_id, channel, representative, .. } = row;
            Some((Member { received_at, complaint_id, channel, representative }, sketch))
        });
        let (members, sketches) = sketched.unzip();
        Ok(Self { members, sketches, ids, is_partial })
    }
}

/// Of one complaint the latest submission counts; of two with one number what they say decides, so that every order ends alike.
fn is_newer(one: &SketchRow, other: &SketchRow) -> bool {
    (one.submission, one.received_at, one) > (other.submission, other.received_at, other)
}
