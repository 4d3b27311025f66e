//! Part 7: who looked, held, judged and exported, and whom to ask for a review by a person.

use ombud_contract::records::{AuditEntry, Feedback, TimestampMs, WorkEvent, WorkKind};
use serde::Serialize;

use super::RESPONSIBILITY;
use crate::case::Case;

#[derive(Serialize)]
pub(crate) struct PeoplePart {
    pub(crate) answers: [&'static str; 1],
    pub(crate) notes: Vec<String>,
    /// Whom to write to for a review by a person.
    pub(crate) contact: String,
    /// What people made of the decision, oldest first.
    pub(crate) verdicts: Vec<Feedback>,
    /// Who took it and gave it back, oldest first.
    pub(crate) holders: Vec<HolderLine>,
    /// Who opened or exported it, oldest first.
    pub(crate) opened: Vec<AuditEntry>,
}

#[derive(Serialize)]
pub(crate) struct HolderLine {
    pub(crate) at: TimestampMs,
    pub(crate) kind: WorkKind,
    pub(crate) actor: String,
    pub(crate) actor_role: String,
    pub(crate) team: Option<String>,
}

impl PeoplePart {
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let mut notes = Vec::new();
        if let Err(why) = &case.sources.audit {
            notes.push(format!("Who opened the complaint is not listed: {why}."));
        }
        if case.verdicts.is_empty() {
            notes.push("Nobody has given a verdict.".to_owned());
        }
        let mut verdicts = case.verdicts.clone();
        verdicts.sort_by(|a, b| (a.decided_at, &a.feedback_id).cmp(&(b.decided_at, &b.feedback_id)));
        let mut holders: Vec<HolderLine> = case.work.iter().filter_map(HolderLine::of).collect();
        holders.sort_by_key(|holder| holder.at);
        Self {
            answers: [RESPONSIBILITY],
            notes,
            contact: case.sources.contact.clone(),
            verdicts,
            holders,
            opened: case.audit.iter().map(|(_, entry)| entry.clone()).collect(),
        }
    }
}

impl HolderLine {
    fn of(event: &WorkEvent) -> Option<Self> {
        matches!(event.kind, WorkKind::Claimed | WorkKind::Released).then(|| Self {
            at: event.done_at,
            kind: event.kind,
            actor: event.actor.clone(),
            actor_role: event.actor_role.clone(),
            team: event.team.clone(),
        })
    }
}
