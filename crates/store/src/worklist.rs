//! The worklist: everything that people have to do, by team, as a view that can be read fast and made again at any time from
//! complaints.routed, complaints.feedback and complaints.work.

mod by_id;
mod corrections;
mod route_summary;
mod source;

use ombud_contract::{
    ids::row_sha256,
    records::{Feedback, RoutedComplaint, Vulnerability, WorkEvent},
    work::Phase,
};
use ombud_stream::{Outage, Record};

pub use corrections::VerdictSummary;
pub use route_summary::RouteSummary;
pub use source::{ItemSource, ReadClock};

/// A clock of a complaint as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemClock {
    /// The rule's name.
    pub name: String,
    /// The first moment that is too late, extensions and suspensions included.
    pub due: i64,
    /// When it was met; `None` while it runs.
    pub met_at: Option<i64>,
    /// Its rule, as the route has it.
    pub rule: String,
    /// The calendar by which business days were counted.
    pub calendar: Option<String>,
    /// Due after the calendar's end.
    pub beyond_calendar: bool,
}

/// A complaint in the worklist. Ids, labels and codes; never a narrative.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkItem {
    /// The complaint.
    pub complaint_id: String,
    /// Whose work it is: the team of its newest route, or the one that a person gave it to since.
    pub team: String,
    /// How far it is.
    pub state: Phase,
    /// When the earliest clock that runs is due.
    pub due: Option<i64>,
    /// Every clock.
    pub clocks: Vec<ItemClock>,
    /// Of the newest route.
    pub revision: i64,
    /// Of the newest route.
    pub route_id: String,
    /// Greater is more urgent.
    pub priority: i32,
    /// Of the newest route, or as people corrected it since.
    pub vulnerability: Vulnerability,
    /// A verdict says by name whether the customer is vulnerable.
    pub vulnerability_judged: bool,
    /// A person must still look at the allocation: the route asks for it, and no verdict has come.
    pub needs_human: bool,
    /// Why.
    pub human_reasons: Vec<String>,
    /// The complaint was drawn at random.
    pub audit_sample: bool,
    /// What the models said, or people since.
    pub product: Option<String>,
    /// What the models said, or people since: at whatever level.
    pub issue: Option<String>,
    /// The company of the group that it is against.
    pub legal_entity: Option<String>,
    /// Pseudonym of the customer.
    pub customer_ref: Option<String>,
    /// The id in the sending system.
    pub external_ref: Option<String>,
    /// Business time.
    pub received_at: i64,
    /// When the newest record about it was made.
    pub changed_at: i64,
    /// Who claimed it last and has not released it, by the records.
    pub claimed_by: Option<String>,
    /// Events that may not follow one another and changed nothing.
    pub out_of_order: u32,
}

/// What a page shows. Everything that is `None` or empty is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemFilter {
    /// One team; all teams otherwise.
    pub team: Option<String>,
    /// Only these of the teams; any otherwise.
    pub teams: Vec<String>,
    /// These states; all but answered and withdrawn otherwise.
    pub states: Vec<Phase>,
    /// Only this product.
    pub product: Option<String>,
    /// Only what is at least so.
    pub vulnerability: Option<Vulnerability>,
    /// Only this customer.
    pub customer_ref: Option<String>,
    /// Only what is due before this moment.
    pub due_before: Option<i64>,
    /// Only what a person must still look at.
    pub needs_human: bool,
    /// Only the audit sample.
    pub audit_sample: bool,
}

/// The order of a page; by complaint within.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ItemOrder {
    /// Vulnerable first, then by due moment, then the most urgent: what is to be done next.
    #[default]
    Next,
    /// By due moment; without one last.
    Due,
    /// The latest received first.
    Received,
    /// The latest changed first.
    Changed,
}

/// Where a page begins: after the last item of the one before. Opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageStart(pub String);

/// Some items, and where the next page begins.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemPage {
    /// In the order that was asked for.
    pub items: Vec<WorkItem>,
    /// `None` where these are the last.
    pub next: Option<PageStart>,
}

/// What of a team's open work is late, and what will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueCount {
    /// The team.
    pub team: String,
    /// Due already.
    pub overdue: u64,
    /// Not due yet, and due by the moment that was asked for.
    pub due_soon: u64,
}

/// What a record means for the worklist.
#[derive(Clone, Debug, PartialEq)]
pub enum WorklistChange {
    /// A route.
    Route(Box<RoutedComplaint>),
    /// The complaint was erased in a partition of complaints.routed.
    Erased {
        /// The complaint.
        complaint_id: String,
        /// Where its routes lay.
        partition: i32,
    },
    /// A verdict.
    Verdict(Box<Feedback>),
    /// Something was done.
    Work(Box<WorkEvent>),
}

impl WorklistChange {
    /// The complaint that it is about.
    pub fn complaint_id(&self) -> &str {
        match self {
            Self::Route(route) => &route.complaint_id,
            Self::Erased { complaint_id, .. } => complaint_id,
            Self::Verdict(feedback) => &feedback.complaint_id,
            Self::Work(event) => &event.complaint_id,
        }
    }
}

/// How far the worklist has read a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorklistPosition {
    /// With its prefix.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// What is read next.
    pub next: i64,
    /// The last record that was read, where there was any: another one in its place means another log.
    pub last: Option<LastRecord>,
}

/// A record by which a log is known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRecord {
    /// Its offset.
    pub offset: i64,
    /// Of what it is.
    pub digest: [u8; 32],
}

impl LastRecord {
    /// What `record` is known by.
    pub fn of(record: &Record) -> Self {
        let value = record.as_logged().map(|value| &value[..]);
        let columns = [Some(&record.appended_at.to_be_bytes()[..]), record.key.as_deref(), value];
        Self { offset: record.offset, digest: row_sha256(&columns) }
    }
}

/// Keeps the worklist. One writer, any number of readers.
pub trait Worklist: Send + Sync {
    /// Takes `changes` and the positions behind them in one transaction. A change that is taken again changes nothing, and
    /// every order ends alike; only a complaint's routes and erasures of one partition come in the log's order.
    ///
    /// # Errors
    /// The view can't be written.
    fn apply(&self, changes: &[WorklistChange], positions: &[WorklistPosition]) -> Result<(), Outage>;

    /// Where every partition that was read goes on.
    ///
    /// # Errors
    /// The view can't be read.
    fn positions(&self) -> Result<Vec<WorklistPosition>, Outage>;

    /// Up to `most` items.
    ///
    /// # Errors
    /// The view can't be read, or `after` is none of its own (passing).
    fn page(
        &self,
        filter: &ItemFilter,
        order: ItemOrder,
        after: Option<&PageStart>,
        most: usize,
    ) -> Result<ItemPage, Outage>;

    /// One complaint.
    ///
    /// # Errors
    /// The view can't be read.
    fn item(&self, complaint_id: &str) -> Result<Option<WorkItem>, Outage>;

    /// Complaints that have this id, this customer or this external reference, the latest received first.
    ///
    /// # Errors
    /// The view can't be read.
    fn search(&self, text: &str, most: usize) -> Result<Vec<WorkItem>, Outage>;

    /// How many items each team has in each state, without those that [`Worklist::put_away`] took from the lists.
    ///
    /// # Errors
    /// The view can't be read.
    fn counts(&self) -> Result<Vec<(String, Phase, u64)>, Outage>;

    /// How many open items of each team are how vulnerable.
    ///
    /// # Errors
    /// The view can't be read.
    fn vulnerability_counts(&self) -> Result<Vec<(String, Vulnerability, u64)>, Outage>;

    /// Of each team, how much of its open work is due at `now` already, and how much more by `soon`.
    ///
    /// # Errors
    /// The view can't be read.
    fn due_counts(&self, now: i64, soon: i64) -> Result<Vec<DueCount>, Outage>;

    /// Takes answered and withdrawn items that did not change since `changed_before` from the lists, `most` at most; how many
    /// it were. They are still found by id and by customer, and whatever comes about one brings it back.
    ///
    /// # Errors
    /// The view can't be written.
    fn put_away(&self, changed_before: i64, most: usize) -> Result<usize, Outage>;

    /// Whether what was read or written last showed that the view is not what was written: it has to be cleared and made
    /// again.
    fn is_damaged(&self) -> bool;

    /// Begins with an empty view.
    ///
    /// # Errors
    /// It can't be made.
    fn clear(&self) -> Result<(), Outage>;
}
