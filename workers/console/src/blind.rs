//! The audit sample stays blind outside its own pages.
//!
//! What the models answered about a complaint that was drawn, and that nobody has judged yet, is kept from every person who may
//! judge it: in lists, in files, on its page, in the API. Whoever works on it may need it before: they ask for it, a note in its
//! history says that they did, and they judge it no more.

use axum::http::StatusCode;
use ombud_contract::records::{WorkEvent, WorkKind};
use ombud_launch::guard::{Caller, Right};
use ombud_measure::case::records_of;
use ombud_store::{CaseEvent, Kind, WorkItem};

use crate::{
    item::Item,
    refused::Problem,
    timeline::{TimelineEntry, TimelineEvent},
};

/// The reason of a note: its author has seen what the models said.
pub(crate) const SEEN: &str = "models-answer-seen";
/// The code of [`refusal`].
pub(crate) const CODE: &str = "blind";
/// Stands for an answer that is kept.
pub(crate) const KEPT: &str = "KEPT";
/// Why a person must look at what was drawn: the one reason that says nothing about it.
const DRAWN: &str = "audit-sample";

/// Whether `caller` may judge what lies with `team`.
pub(crate) fn is_judge_of(caller: &Caller, team: &str) -> bool {
    caller.may(Right::GiveVerdicts)
        && caller.reads_narrative_of(team)
        && caller.teams().is_some_and(|teams| teams.has(team))
}

/// It was drawn at random, and nobody has judged it yet.
pub(crate) fn is_unjudged(item: &WorkItem) -> bool {
    item.audit_sample && item.needs_human
}

/// Whether lists keep the models' answers on `item` from `caller`. A system judges nothing.
pub(crate) fn is_kept(caller: &Caller, item: &WorkItem) -> bool {
    is_unjudged(item) && caller.person().is_some() && is_judge_of(caller, &item.team)
}

/// Whether everything keeps them from `caller`, who has not asked for them in `events`.
pub(crate) fn is_blind(caller: &Caller, item: Option<&WorkItem>, events: &[CaseEvent]) -> bool {
    item.is_some_and(|item| is_kept(caller, item)) && !has_seen(caller, events)
}

/// Whether `caller` has asked for what the models said. To undo the note makes nobody forget.
pub(crate) fn has_seen(caller: &Caller, events: &[CaseEvent]) -> bool {
    let work: Vec<WorkEvent> = records_of(events, Kind::Work);
    let is_own = |event: &WorkEvent| {
        event.kind == WorkKind::Noted && event.reason_code == SEEN && event.actor == caller.signature("")
    };
    work.iter().any(is_own)
}

/// What `caller` is answered who asks for more of a complaint than a judge may know.
pub(crate) fn refusal() -> Problem {
    let error = "show what the models said: the complaint was drawn for the audit sample and you may judge it; judge it at /sample, \
                 or report NOTED with the reason models-answer-seen, after which another judges it";
    Problem::new(StatusCode::CONFLICT, CODE, error)
}

impl Item {
    /// Without what the models said.
    pub(crate) fn kept(self) -> Self {
        Self {
            priority: 0,
            vulnerability: KEPT.to_owned(),
            human_reasons: vec![DRAWN.to_owned()],
            product: None,
            issue: None,
            ..self
        }
    }

    /// Whether it lacks what the models said.
    pub(crate) fn is_kept(&self) -> bool {
        self.vulnerability == KEPT
    }
}

/// `entries` without the models' answers and what follows from them.
pub(crate) fn without_answers(mut entries: Vec<TimelineEntry>) -> Vec<TimelineEntry> {
    entries.retain(|entry| !matches!(entry.event, TimelineEvent::Prediction(_)));
    for entry in &mut entries {
        match &mut entry.event {
            TimelineEvent::Route(route) => {
                (route.priority, route.vulnerability) = (0, KEPT.to_owned());
                route.human_reasons.retain(|reason| reason == DRAWN);
                route.missing_tasks.clear();
            }
            // On an earlier text of the same customer.
            TimelineEvent::Verdict(verdict) => (verdict.label_before, verdict.label_after) = (None, None),
            _ => {}
        }
    }
    entries
}
