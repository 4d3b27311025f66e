//! The columns by which pages are filtered and ordered, as they follow from an item.

use ombud_contract::{records::Vulnerability, work::Phase};
use ombud_store::WorkItem;
use rusqlite::Row;

use super::row::RowError;

/// Where an item without a running clock stands among the others.
pub(super) const NEVER_DUE: i64 = i64::MAX;
/// The list of what is open.
pub(super) const OPEN: i64 = 0;
/// The list of what is answered or withdrawn.
pub(super) const CLOSED: i64 = 1;

/// What is stored beside the value, but for what names have numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) list: i64,
    pub(super) state: i64,
    pub(super) vulnerability: i64,
    pub(super) needs_human: bool,
    pub(super) audit_sample: bool,
    pub(super) turn: i64,
    pub(super) due: i64,
    pub(super) urgency: i64,
    pub(super) received_at: i64,
    pub(super) changed_at: i64,
}

/// The columns of [`Columns::read`], in its order.
pub(super) const COLUMNS: &str =
    "list, state, vulnerability, needs_human, audit_sample, turn, due, urgency, received_at, changed_at";

impl Columns {
    /// Those of `item`.
    pub(super) fn of(item: &WorkItem) -> Self {
        Self {
            list: if item.state.is_open() { OPEN } else { CLOSED },
            state: number_of(item.state),
            vulnerability: degree(item.vulnerability),
            needs_human: item.needs_human,
            audit_sample: item.audit_sample,
            turn: i64::from(item.vulnerability != Vulnerability::Vulnerable),
            due: item.due.unwrap_or(NEVER_DUE),
            urgency: -i64::from(item.priority),
            received_at: item.received_at,
            changed_at: item.changed_at,
        }
    }

    /// Those of a row from column `from` on.
    fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            // One that was put away is in no list.
            list: row.get::<_, Option<i64>>(from)?.unwrap_or(CLOSED),
            state: row.get(from + 1)?,
            vulnerability: row.get(from + 2)?,
            needs_human: row.get(from + 3)?,
            audit_sample: row.get(from + 4)?,
            turn: row.get(from + 5)?,
            due: row.get(from + 6)?,
            urgency: row.get(from + 7)?,
            received_at: row.get(from + 8)?,
            changed_at: row.get(from + 9)?,
        })
    }

    /// That the columns of `row` from `from` on are those of `item`: else it stands in a wrong list or a wrong place.
    pub(super) fn ensure(item: &WorkItem, row: &Row<'_>, from: usize) -> Result<(), RowError> {
        if Self::read(row, from)? == Self::of(item) {
            return Ok(());
        }
        Err(RowError::Damaged("an item does not stand where it belongs"))
    }
}

/// A state as it is stored.
pub(super) fn number_of(state: Phase) -> i64 {
    match state {
        Phase::Open => 0,
        Phase::Acknowledged => 1,
        Phase::Waiting => 2,
        Phase::Answered => 3,
        Phase::Withdrawn => 4,
    }
}

/// The state that is stored as `number`.
pub(super) fn state_of(number: i64) -> Result<Phase, RowError> {
    let found = Phase::ALL.into_iter().find(|state| number_of(*state) == number);
    found.ok_or(RowError::Damaged("a state is none"))
}

/// The vulnerability that is stored as `number`.
pub(super) fn vulnerability_of(number: i64) -> Result<Vulnerability, RowError> {
    const ALL: [Vulnerability; 3] =
        [Vulnerability::NotIndicated, Vulnerability::Possible, Vulnerability::Vulnerable];
    let found = ALL.into_iter().find(|vulnerability| degree(*vulnerability) == number);
    found.ok_or(RowError::Damaged("a vulnerability is none"))
}

/// How strongly a complaint speaks of a vulnerable customer, as a number that rises with it.
pub(super) fn degree(vulnerability: Vulnerability) -> i64 {
    match vulnerability {
        Vulnerability::NotIndicated => 0,
        Vulnerability::Possible => 1,
        Vulnerability::Vulnerable => 2,
    }
}
