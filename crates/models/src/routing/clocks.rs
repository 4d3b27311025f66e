//! The clocks of a strategy: which rule runs for which complaint, and from when.
//!
//! ```text
//! what is known of a complaint -> its classes -> the rules that apply -> a start on the record -> a clock each, by due
//! ```

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::civil::Date;
use ombud_contract::records::{Clock, WorkKind};

use crate::clock::{CalendarEnd, ClockRule, ClockStart, Limit, RuleError, Suspension, day_at, zone_named};

/// Named rules, and the classes of complaints that they are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClockRules {
    /// By name.
    pub classes: BTreeMap<String, ComplaintClass>,
    /// By name.
    pub rules: BTreeMap<String, NamedClockRule>,
}

/// Which complaints are meant: all that is given must be so; of a list, one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComplaintClass {
    /// Products.
    pub products: Vec<String>,
    /// By level of the issue's label tree, its labels.
    pub issues: BTreeMap<String, Vec<String>>,
    /// Companies of the group.
    pub entities: Vec<String>,
    /// By name, the values of an attribute.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Received on this day or later, by the zone of the rule that asks.
    pub received_from: Option<Date>,
    /// Received on this day or earlier.
    pub received_until: Option<Date>,
    /// A product or an issue that is not known counts as one of these: where the shorter clock is the safe one.
    pub unsure: bool,
}

/// A rule of a strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedClockRule {
    /// What it begins with: the first of these that is on the record. Without one the rule does not run.
    pub starts: Vec<ClockStart>,
    /// How long it runs.
    pub limit: Limit,
    /// Whose midnight ends a day.
    pub zone: String,
    /// The numbered calendar of business days.
    pub calendar: Option<String>,
    /// Complaints of one of these classes; empty is all.
    pub applies_to: Vec<String>,
    /// But of none of these.
    pub unless: Vec<String>,
    /// What meets it.
    pub met_by: BTreeSet<WorkKind>,
    /// What gives it another limit.
    pub extended_by: BTreeMap<WorkKind, Limit>,
    /// When it does not run, and for which class; `None` is all.
    pub suspended: Vec<(Option<String>, Suspension)>,
    /// Whether it runs again once the complaint is open again.
    pub runs_again: bool,
    /// The field of the route that also gets its due moment.
    pub fills: Option<FilledField>,
}

/// A field of a route that had a clock before there were rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilledField {
    /// `resolve_by`.
    ResolveBy,
    /// `final_response_by`.
    FinalResponseBy,
}

/// What clocks look at.
pub(crate) struct ClockFacts<'a> {
    pub(crate) received_at: i64,
    pub(crate) regulator_sent_at: Option<i64>,
    pub(crate) notice_at: Option<i64>,
    pub(crate) legal_entity: Option<&'a str>,
    pub(crate) attributes: &'a BTreeMap<String, String>,
    /// `None` where nobody knows it.
    pub(crate) product: Option<&'a str>,
    /// By level; `None` where nobody knows it at that level.
    pub(crate) issue: &'a dyn Fn(&str) -> Option<&'a str>,
}

/// The clocks of one complaint.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RunningClocks {
    /// By due, the earliest first.
    pub(crate) clocks: Vec<Clock>,
    pub(crate) resolve_by: Option<i64>,
    pub(crate) final_response_by: Option<i64>,
}

impl ClockRules {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The attributes that a class looks at, of those that a complaint has.
    pub(crate) fn attributes_of(&self, all: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let looked_at =
            |name: &String| self.classes.values().any(|class| class.attributes.contains_key(name));
        all.iter()
            .filter(|(name, _)| looked_at(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// The clocks that run for a complaint.
    pub(crate) fn run(&self, facts: &ClockFacts<'_>) -> RunningClocks {
        let mut running = RunningClocks::default();
        for (name, rule) in &self.rules {
            // A checked table has zones and calendars that this build knows, so every rule is counted.
            let Ok(Some(clock)) = self.clock(name, rule, facts) else { continue };
            let filled = match rule.fills {
                Some(FilledField::ResolveBy) => Some(&mut running.resolve_by),
                Some(FilledField::FinalResponseBy) => Some(&mut running.final_response_by),
                None => None,
            };
            if let Some(field) = filled {
                *field = Some(field.map_or(clock.due, |known| known.min(clock.due)));
            }
            running.clocks.push(clock);
        }
        running.clocks.sort_by(|a, b| (a.due, &a.name).cmp(&(b.due, &b.name)));
        running
    }

    fn clock(
        &self,
        name: &str,
        rule: &NamedClockRule,
        facts: &ClockFacts<'_>,
    ) -> Result<Option<Clock>, RuleError> {
        let zone = zone_named(&rule.zone)?;
        let received = day_at(facts.received_at, &zone);
        let is_in = |class: &String| self.classes.get(class).is_some_and(|class| class.has(facts, received));
        let applies = rule.applies_to.is_empty() || rule.applies_to.iter().any(is_in);
        if !applies || rule.unless.iter().any(is_in) {
            return Ok(None);
        }
        let Some((start, starts)) = rule.starts.iter().find_map(|start| Some((*start, facts.at(*start)?)))
        else {
            return Ok(None);
        };
        let suspended = rule.suspended.iter().filter(|(class, _)| class.as_ref().is_none_or(is_in));
        let own = ClockRule { suspended: suspended.map(|(_, span)| *span).collect(), ..rule.written(start) };
        let due = own.due(starts, own.limit)?;
        Ok(Some(Clock {
            name: name.to_owned(),
            starts,
            due: due.at,
            rule: own.to_string(),
            calendar: own.calendar,
            beyond_calendar: due.beyond_calendar,
        }))
    }

    /// The calendars that rules count by, each where its longest limit ends for a clock that begins at `now`: by name.
    pub fn calendar_ends(&self, now: i64) -> Vec<CalendarEnd> {
        let of_rule =
            |rule: &NamedClockRule| CalendarEnd::of(&rule.written(ClockStart::Receipt), now).ok()?;
        let mut ends: Vec<CalendarEnd> = self.rules.values().filter_map(of_rule).collect();
        ends.sort_by(|a, b| (&a.calendar, Reverse(a.due_day)).cmp(&(&b.calendar, Reverse(b.due_day))));
        ends.dedup_by(|later, first| later.calendar == first.calendar);
        ends
    }
}

impl NamedClockRule {
    /// The rule of a clock that begins with `start` and is not suspended.
    pub(crate) fn written(&self, start: ClockStart) -> ClockRule {
        ClockRule {
            limit: self.limit,
            start,
            zone: self.zone.clone(),
            calendar: self.calendar.clone(),
            met_by: self.met_by.clone(),
            extended_by: self.extended_by.clone(),
            suspended: BTreeSet::new(),
            runs_again: self.runs_again,
        }
    }
}

impl ClockFacts<'_> {
    fn at(&self, start: ClockStart) -> Option<i64> {
        match start {
            ClockStart::Receipt => Some(self.received_at),
            ClockStart::Sending => self.regulator_sent_at,
            ClockStart::Notice => self.notice_at,
        }
    }
}

impl ComplaintClass {
    fn has(&self, facts: &ClockFacts<'_>, received: Date) -> bool {
        let is_one = |of: &[String], known: Option<&str>| match known {
            _ if of.is_empty() => true,
            Some(known) => of.iter().any(|one| one == known),
            None => self.unsure,
        };
        let says = |(name, values): (&String, &Vec<String>)| {
            facts.attributes.get(name).is_some_and(|said| values.contains(said))
        };
        let entity = facts.legal_entity.unwrap_or_default();
        is_one(&self.products, facts.product)
            && self.issues.iter().all(|(level, labels)| is_one(labels, (facts.issue)(level)))
            && (self.entities.is_empty() || self.entities.iter().any(|one| one == entity))
            && self.attributes.iter().all(says)
            && self.received_from.is_none_or(|from| from <= received)
            && self.received_until.is_none_or(|until| received <= until)
    }
}
