//! What is done with many complaints of a queue at once, and with which of them it can be done.

use ombud_contract::records::WorkKind;
use ombud_launch::guard::Caller;
use ombud_store::WorkItem;
use tokio::task::block_in_place;

use super::MOST_ROWS;
use crate::{
    claims::workable,
    own_writes::OwnWrites,
    pages::fields::Fields,
    refused::Problem,
    state::RequestState,
    work_report::{WorkReportKind, may_not_follow},
};

/// What is done with many at once. Whatever answers a customer is done one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The customers know that it was received.
    Acknowledge,
    /// The customers know why there is no answer yet.
    Holding,
    /// Another team's.
    Move,
}

impl Action {
    pub(super) const ALL: [Self; 3] = [Self::Acknowledge, Self::Holding, Self::Move];

    /// As forms and the catalogue write it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Holding => "holding",
            Self::Move => "move",
        }
    }

    /// What is reported; nothing, where a verdict is given instead.
    pub(super) const fn report(self) -> Option<WorkReportKind> {
        match self {
            Self::Acknowledge => Some(WorkReportKind::Acknowledged),
            Self::Holding => Some(WorkReportKind::HoldingResponse),
            Self::Move => None,
        }
    }
}

/// What was chosen.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// With these it can be done.
    pub(super) able: Vec<String>,
    /// With these not: the complaint, and why by its code.
    pub(super) left_out: Vec<(String, &'static str)>,
}

/// The complaints that a form names, each once.
pub(super) fn named(form: &Fields) -> Result<Vec<String>, Problem> {
    let mut ids: Vec<String> = Vec::new();
    for id in form.all("complaint") {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    match ids.len() {
        0 => Err(Problem::wrong("complaint", "nothing-chosen", "choose at least one complaint")),
        1..=MOST_ROWS => Ok(ids),
        _ => Err(Problem::wrong("complaint", "too-many", "choose at most 50 complaints")),
    }
}

/// With which of `ids` `action` can be done for `team`. One that the caller does not work on stops all.
pub(super) async fn gather(
    state: &RequestState,
    caller: &Caller,
    own: &OwnWrites,
    team: &str,
    action: Action,
    ids: Vec<String>,
) -> Result<Chosen, Problem> {
    own.wait(state).await?;
    block_in_place(|| {
        let mut chosen = Chosen::default();
        for id in ids {
            let item = workable(state, caller, &id)?;
            match obstacle(&item, team, action) {
                None => chosen.able.push(id),
                Some(code) => chosen.left_out.push((id, code)),
            }
        }
        Ok(chosen)
    })
}

fn obstacle(item: &WorkItem, team: &str, action: Action) -> Option<&'static str> {
    if item.team != team {
        return Some("moved-already");
    }
    let kind = action.report().map(WorkKind::from)?;
    may_not_follow(kind, item.state).map(|(code, _)| code)
}
