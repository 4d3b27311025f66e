//! How far the work on a complaint is: the events of complaints.work, folded. Total, and whatever their order of arrival.
//!
//! Events are taken in the order in which they were done: by `done_at`, then by `work_id`; of those with one `work_id` the
//! earliest counts. Each may follow what was done before, or may not; one that may not is kept, shown as out of order,
//! counted, and changes nothing:
//!
//! | kind | may follow while the complaint is | and then it is |
//! |---|---|---|
//! | `CLAIMED` | not answered; another's claim ends by it | as before, with whoever claimed it |
//! | `RELEASED` | anything, where the claim is the last one and was not released | as before, with nobody |
//! | `ACKNOWLEDGED` | not answered, and not acknowledged since it was opened | acknowledged; waiting stays waiting |
//! | `HOLDING_RESPONSE` | not answered | waiting |
//! | `SUMMARY_RESOLUTION`, `FINAL_RESPONSE`, `FORWARDED` | not answered | answered, with nobody |
//! | `REOPENED` | answered | open |
//! | `NOTED`, `OTHER` | anything | as before |
//! | `UNDONE` | anything, where it names an earlier event that counts (no claim, release or undoing) by the same actor; a lead may undo anybody's | what it would be without that event: what came after is looked at again |
//!
//! Of the newest route it takes two things. A complaint that the customer took back is withdrawn, whatever was done, and
//! nothing but `RELEASED`, `NOTED`, `UNDONE` and `OTHER` may follow on that revision. And an answer to an older submission
//! does not close a newer one: the complaint is open again from there. An answer holds for the newest submission where it
//! was given to that one or a later one, or to one that says the same (`input_sha256`), for a CRM may send again what it has
//! sent. Likewise what is done about a later submission than was answered finds the complaint open.

mod machine;
mod newest;

use std::collections::BTreeSet;

use self::machine::Machine;
pub use self::newest::{NewestRoute, submission_from};
pub use crate::records::work::{InvalidWork, UnreadableWork, work_of};
use crate::records::{WorkEvent, WorkKind};

/// The role whose members may undo what others did.
pub const LEAD: &str = "lead";

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Nobody has done anything, or it was opened again.
    #[default]
    Open,
    /// The customer knows that it was received.
    Acknowledged,
    /// The customer knows why there is no answer yet.
    Waiting,
    /// Answered or forwarded.
    Answered,
    /// The customer took it back.
    Withdrawn,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Acknowledged, Self::Waiting, Self::Answered, Self::Withdrawn];

    /// Whether something is left to do.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Answered | Self::Withdrawn)
    }

    /// In a word, as people and programs read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Waiting => "waiting",
            Self::Answered => "answered",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What an event has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It counts.
    Counts,
    /// It answered an older submission, and a newer one has come: it closes nothing any more.
    Overtaken,
    /// A later event undid it.
    Undone,
    /// It may not follow what was before it: kept, shown, counted, and without effect.
    OutOfOrder,
}

impl Effect {
    /// In a word, as people and programs read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::Overtaken => "overtaken",
            Self::Undone => "undone",
            Self::OutOfOrder => "out-of-order",
        }
    }
}

/// The work on one complaint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How far it is.
    pub phase: Phase,
    /// Every event once, in the order in which they were done, with its effect.
    pub events: Vec<(WorkEvent, Effect)>,
    /// Who claimed it last and has neither released nor answered it: actor and lease. Without a lease, that is empty.
    pub claimed_by: Option<(String, String)>,
}

impl Work {
    /// Folds the `events` of one complaint, in any order and with repetitions. Without a newest route, which may not have
    /// come yet, every answer holds.
    pub fn fold(events: &[WorkEvent], newest: Option<NewestRoute>) -> Self {
        let events = in_order(events);
        let mut machine = Machine::new(newest);
        let (mut effects, mut undone) = (Vec::with_capacity(events.len()), BTreeSet::new());
        for (at, event) in events.iter().enumerate() {
            if event.kind != WorkKind::Undone {
                effects.push(machine.take(event));
                continue;
            }
            let Some(named) = named_by(event, &events[..at], &effects) else {
                effects.push(Effect::OutOfOrder);
                continue;
            };
            undone.insert(named);
            effects.push(Effect::Counts);
            // As if it had never been: all that was taken so far is taken again without it.
            machine = Machine::new(newest);
            for (at, event) in events[..=at].iter().enumerate() {
                match event.kind {
                    _ if undone.contains(&at) => effects[at] = Effect::Undone,
                    // Undoings are judged once: what they undid stays undone.
                    WorkKind::Undone => {}
                    _ => effects[at] = machine.take(event),
                }
            }
        }
        let (phase, claimed_by) = (machine.phase(), machine.claimed_by());
        Self { phase, events: events.into_iter().cloned().zip(effects).collect(), claimed_by }
    }

    /// What counts and when it was done, in that order: what clocks look at.
    pub fn done(&self) -> impl Iterator<Item = (WorkKind, i64)> {
        let counts = |(event, effect): &(WorkEvent, Effect)| {
            (*effect == Effect::Counts).then_some((event.kind, event.done_at))
        };
        self.events.iter().filter_map(counts)
    }

    /// How many events have no effect because they may not follow.
    pub fn out_of_order(&self) -> usize {
        self.events.iter().filter(|(_, effect)| *effect == Effect::OutOfOrder).count()
    }
}

/// Every event once, in the order in which they were done. What has one id and differs all the same has an order too, so
/// that the earliest is always the same one.
fn in_order(events: &[WorkEvent]) -> Vec<&WorkEvent> {
    let mut events: Vec<&WorkEvent> = events.iter().collect();
    events.sort_by(|a, b| (a.done_at, &a.work_id, a).cmp(&(b.done_at, &b.work_id, b)));
    let mut seen = BTreeSet::new();
    events.retain(|event| seen.insert(event.work_id.as_str()));
    events
}

/// Which of `before`, with their effects, `undoing` undoes; `None` where it may not.
fn named_by(undoing: &WorkEvent, before: &[&WorkEvent], effects: &[Effect]) -> Option<usize> {
    let named = undoing.undoes.as_deref()?;
    let at = before.iter().position(|event| event.work_id == named)?;
    let is_fixed = matches!(before[at].kind, WorkKind::Claimed | WorkKind::Released | WorkKind::Undone);
    let counts = matches!(effects[at], Effect::Counts | Effect::Overtaken);
    let may = before[at].actor == undoing.actor || undoing.actor_role == LEAD;
    (!is_fixed && counts && may).then_some(at)
}
