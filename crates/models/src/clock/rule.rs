//! A clock's rule in its one written form, which says everything that decides when the clock is due and whether it is met.
//!
//! ```text
//! 15 business days from receipt in Europe/London; by england-and-wales@1; met by summary-resolution, final-response;
//! extended by holding-response to 35 business days; suspended 2024-01-11 to 2026-05-31; again when reopened
//! ```
//!
//! On one line. Only the first part and `met by` must be there; the order is this.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
    str::FromStr,
    sync::LazyLock,
};

use jiff::{
    civil::Date,
    tz::{TimeZone, TimeZoneDatabase},
};
use ombud_contract::{calendar::Calendar, records::WorkKind};

use super::limit::Limit;

/// What decides about one clock of one complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockRule {
    /// How long it runs.
    pub limit: Limit,
    /// What it began with.
    pub start: ClockStart,
    /// Whose midnight ends a day, such as `Europe/London`.
    pub zone: String,
    /// The numbered calendar of business days.
    pub calendar: Option<String>,
    /// What meets it.
    pub met_by: BTreeSet<WorkKind>,
    /// What gives it another limit, from the same start.
    pub extended_by: BTreeMap<WorkKind, Limit>,
    /// When it does not run; those that concern the complaint.
    pub suspended: BTreeSet<Suspension>,
    /// Whether it runs again once the complaint is open again.
    pub runs_again: bool,
}

/// What a clock begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClockStart {
    /// The receipt of the complaint.
    Receipt,
    /// A regulator or an ombudsman sent it on.
    Sending,
    /// The customer gave notice.
    Notice,
}

/// Days on which a clock does not run, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Suspension {
    /// The first of them.
    pub from: Date,
    /// The last of them.
    pub until: Date,
}

impl ClockStart {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Receipt, "receipt"), (Self::Sending, "sending"), (Self::Notice, "notice")];

    /// As it is written.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(start, _)| *start == self).map_or("", |(_, word)| word)
    }
}

impl FromStr for ClockStart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text);
        found.map(|(start, _)| *start).ok_or_else(|| {
            format!("`{text}` begins no clock: write `receipt`, `sending` (by a regulator) or `notice`")
        })
    }
}

/// Kinds of work that a rule may name. Who has taken a complaint is no answer to the customer.
const WORK: [(WorkKind, &str); 6] = [
    (WorkKind::Acknowledged, "acknowledged"),
    (WorkKind::HoldingResponse, "holding-response"),
    (WorkKind::SummaryResolution, "summary-resolution"),
    (WorkKind::FinalResponse, "final-response"),
    (WorkKind::Forwarded, "forwarded"),
    (WorkKind::Noted, "noted"),
];

/// A kind of work as a rule writes it.
pub fn work_word(kind: WorkKind) -> &'static str {
    WORK.iter().find(|(known, _)| *known == kind).map_or("other", |(_, word)| word)
}

/// The kind of work that a rule writes so.
///
/// # Errors
/// There is none; says which there are.
pub fn work_kind(word: &str) -> Result<WorkKind, String> {
    let found = WORK.iter().find(|(_, known)| *known == word);
    found.map(|(kind, _)| *kind).ok_or_else(|| {
        let known = WORK.map(|(_, word)| word).join(", ");
        format!("`{word}` is no work that a clock looks at: write one of {known}")
    })
}

/// A rule that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct RuleError {
    /// What was expected.
    what: String,
}

impl From<String> for RuleError {
    fn from(what: String) -> Self {
        Self { what }
    }
}

/// The zones of this build: what a machine has of its own would make the same complaint due at another time.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone with this name.
///
/// # Errors
/// This build knows none, or writes it otherwise.
pub fn zone_named(name: &str) -> Result<TimeZone, String> {
    let wrong = || format!("there is no time zone `{name}`: write it like `Europe/London`");
    let zone = ZONES.get(name).map_err(|_| wrong())?;
    // Names are found in any spelling; one is written.
    match zone.iana_name() {
        Some(known) if known == name => Ok(zone),
        Some(known) => Err(format!("there is no time zone `{name}`: write `{known}`")),
        None => Err(wrong()),
    }
}

impl ClockRule {
    /// Its zone.
    ///
    /// # Errors
    /// This build knows no such zone.
    pub(super) fn zone(&self) -> Result<TimeZone, RuleError> {
        Ok(zone_named(&self.zone)?)
    }

    /// Its calendar, where `limit` asks for one.
    ///
    /// # Errors
    /// None is named, or this build has none of that name.
    pub(super) fn calendar_for(&self, limit: Limit) -> Result<Option<&'static Calendar>, RuleError> {
        if !limit.needs_calendar() {
            return Ok(None);
        }
        let name = self.calendar.as_deref().ok_or_else(|| format!("{limit} of which calendar?"))?;
        let calendar = Calendar::named(name).ok_or_else(|| format!("there is no calendar `{name}`"))?;
        Ok(Some(calendar))
    }
}

impl fmt::Display for ClockRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, start, zone, calendar, met_by, extended_by, suspended, runs_again } = self;
        write!(f, "{limit} from {} in {zone}", start.word())?;
        if let Some(calendar) = calendar {
            write!(f, "; by {calendar}")?;
        }
        let met_by: Vec<&str> = met_by.iter().map(|kind| work_word(*kind)).collect();
        write!(f, "; met by {}", met_by.join(", "))?;
        let mut before = "; extended by ";
        for (kind, limit) in extended_by {
            write!(f, "{before}{} to {limit}", work_word(*kind))?;
            before = ", ";
        }
        before = "; suspended ";
        for Suspension { from, until } in suspended {
            write!(f, "{before}{from} to {until}")?;
            before = ", ";
        }
        if *runs_again { f.write_str("; again when reopened") } else { Ok(()) }
    }
}

impl FromStr for ClockRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split("; ");
        let first = parts.next().unwrap_or_default();
        let whole =
            || format!("`{first}` does not begin a rule: `15 days from receipt in Europe/London` does");
        let (limit, rest) = first.split_once(" from ").ok_or_else(whole)?;
        let (start, zone) = rest.split_once(" in ").ok_or_else(whole)?;
        let mut rule = Self {
            limit: limit.parse::<Limit>()?,
            start: start.parse::<ClockStart>()?,
            zone: zone.to_owned(),
            calendar: None,
            met_by: BTreeSet::new(),
            extended_by: BTreeMap::new(),
            suspended: BTreeSet::new(),
            runs_again: false,
        };
        for part in parts {
            rule.read(part)?;
        }
        // There is one way to write a rule, so that two that are alike are one.
        let mut written = String::new();
        let _ = write!(written, "{rule}");
        if written != text || rule.met_by.is_empty() {
            return Err(format!("`{text}` is not written as a rule is; read so far it is `{written}`").into());
        }
        Ok(rule)
    }
}

impl ClockRule {
    fn read(&mut self, part: &str) -> Result<(), RuleError> {
        let to = |item: &str| -> Result<(String, String), RuleError> {
            let (before, after) =
                item.split_once(" to ").ok_or_else(|| format!("`{item}` lacks its ` to `"))?;
            Ok((before.to_owned(), after.to_owned()))
        };
        if let Some(calendar) = part.strip_prefix("by ") {
            self.calendar = Some(calendar.to_owned());
        } else if let Some(kinds) = part.strip_prefix("met by ") {
            self.met_by = kinds.split(", ").map(work_kind).collect::<Result<_, _>>()?;
        } else if let Some(items) = part.strip_prefix("extended by ") {
            for item in items.split(", ") {
                let (kind, limit) = to(item)?;
                self.extended_by.insert(work_kind(&kind)?, limit.parse::<Limit>()?);
            }
        } else if let Some(items) = part.strip_prefix("suspended ") {
            for item in items.split(", ") {
                let (from, until) = to(item)?;
                let day = |text: &str| text.parse::<Date>().map_err(|_| format!("`{text}` is no date"));
                self.suspended.insert(Suspension { from: day(&from)?, until: day(&until)? });
            }
        } else if part == "again when reopened" {
            self.runs_again = true;
        } else {
            return Err(format!("`{part}` says something that this version does not know").into());
        }
        Ok(())
    }
}
