//! A complaint of the worklist as answers show it: ids, labels, codes and times; never a narrative.

use std::collections::BTreeMap;

use ombud_contract::work::Phase;
use ombud_store::{ItemClock, Lease, WorkItem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far the work on a complaint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Nobody has done anything, or it was opened again.
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

impl State {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Acknowledged, Self::Waiting, Self::Answered, Self::Withdrawn];

    /// As requests and answers write it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Waiting => "WAITING",
            Self::Answered => "ANSWERED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}

impl From<Phase> for State {
    fn from(state: Phase) -> Self {
        match state {
            Phase::Open => Self::Open,
            Phase::Acknowledged => Self::Acknowledged,
            Phase::Waiting => Self::Waiting,
            Phase::Answered => Self::Answered,
            Phase::Withdrawn => Self::Withdrawn,
        }
    }
}

impl From<State> for Phase {
    fn from(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Acknowledged => Self::Acknowledged,
            State::Waiting => Self::Waiting,
            State::Answered => Self::Answered,
            State::Withdrawn => Self::Withdrawn,
        }
    }
}

/// A clock of a complaint, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Clock)]
pub struct ClockStanding {
    /// The rule's name.
    pub name: String,
    /// The first moment that is too late, with what has extended it, in milliseconds since 1970.
    pub due: i64,
    /// When it was met; null while it runs.
    #[schema(required)]
    pub met_at: Option<i64>,
    /// It was not met in time, or is late now.
    pub missed: bool,
    /// The rule as it was in force when the complaint was routed.
    pub rule: String,
    /// The numbered calendar by which business days were counted.
    #[schema(required)]
    pub calendar: Option<String>,
    /// The due day lies after the calendar's last one: from there on only weekends were left out.
    pub beyond_calendar: bool,
}

/// Who works on a complaint now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Held)]
pub struct LeaseHolder {
    /// Who.
    pub holder: String,
    /// Until when, unless they renew it, in milliseconds since 1970.
    pub until: i64,
}

impl From<&Lease> for LeaseHolder {
    fn from(lease: &Lease) -> Self {
        Self { holder: lease.claim.holder.clone(), until: lease.until }
    }
}

/// A complaint that people have to do something about, or had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// The complaint.
    pub complaint_id: String,
    /// Whose work it is.
    pub team: String,
    /// How far it is.
    pub state: State,
    /// When the earliest clock that runs is due.
    #[schema(required)]
    pub due: Option<i64>,
    /// Every clock.
    pub clocks: Vec<ClockStanding>,
    /// Of the newest route: greater is newer.
    pub revision: i64,
    /// Of the newest route.
    pub route_id: String,
    /// Greater is more urgent.
    pub priority: i32,
    /// VULNERABLE, POSSIBLE or NOT_INDICATED: of the newest route, or as people corrected it since. KEPT: it was drawn for the
    /// audit sample and waits for a judge, which you may be, and so what the models said is kept from you.
    pub vulnerability: String,
    /// A person must still look at the allocation.
    pub needs_human: bool,
    /// Why.
    pub human_reasons: Vec<String>,
    /// It was drawn at random.
    pub audit_sample: bool,
    /// What the models said, or people since.
    #[schema(required)]
    pub product: Option<String>,
    /// What the models said, or people since.
    #[schema(required)]
    pub issue: Option<String>,
    /// The company of the group that it is against.
    #[schema(required)]
    pub legal_entity: Option<String>,
    /// Pseudonym of the customer.
    #[schema(required)]
    pub customer_ref: Option<String>,
    /// The id in the sending system.
    #[schema(required)]
    pub external_ref: Option<String>,
    /// When it counts as received, in milliseconds since 1970.
    pub received_at: i64,
    /// When the newest record about it was made.
    pub changed_at: i64,
    /// Records of work that may not follow one another, and changed nothing.
    pub out_of_order: u32,
    /// Who works on it now; null where nobody does.
    #[schema(required)]
    pub held_by: Option<LeaseHolder>,
}

impl Item {
    /// `item` as it stands at `now`, with whoever works on it.
    pub(crate) fn of(item: WorkItem, held: Option<&Lease>, now: i64) -> Self {
        Self {
            complaint_id: item.complaint_id,
            team: item.team,
            state: item.state.into(),
            due: item.due,
            clocks: item.clocks.into_iter().map(|clock| ClockStanding::of(clock, now)).collect(),
            revision: item.revision,
            route_id: item.route_id,
            priority: item.priority,
            vulnerability: item.vulnerability.symbol().to_owned(),
            needs_human: item.needs_human,
            human_reasons: item.human_reasons,
            audit_sample: item.audit_sample,
            product: item.product,
            issue: item.issue,
            legal_entity: item.legal_entity,
            customer_ref: item.customer_ref,
            external_ref: item.external_ref,
            received_at: item.received_at,
            changed_at: item.changed_at,
            out_of_order: item.out_of_order,
            held_by: held.filter(|lease| !lease.finished).map(LeaseHolder::from),
        }
    }

    /// All of `items`, each with whoever works on it, and without what the models said where `keeps` it.
    pub(crate) fn all(
        items: Vec<WorkItem>,
        held: &BTreeMap<String, Lease>,
        now: i64,
        keeps: &dyn Fn(&WorkItem) -> bool,
    ) -> Vec<Self> {
        items
            .into_iter()
            .map(|item| {
                let (lease, is_kept) = (held.get(&item.complaint_id), keeps(&item));
                let item = Self::of(item, lease, now);
                if is_kept { item.kept() } else { item }
            })
            .collect()
    }
}

impl ClockStanding {
    /// `clock` as it stands at `now`, in milliseconds since 1970.
    pub fn of(clock: ItemClock, now: i64) -> Self {
        Self {
            missed: clock.met_at.unwrap_or(now) >= clock.due,
            name: clock.name,
            due: clock.due,
            met_at: clock.met_at,
            rule: clock.rule,
            calendar: clock.calendar,
            beyond_calendar: clock.beyond_calendar,
        }
    }
}
