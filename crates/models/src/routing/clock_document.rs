//! The clocks of a routing table as they are written, and every check between that and rules that may run.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use jiff::civil::Date;
use ombud_contract::{calendar::Calendar, records::WorkKind, taxonomy::Taxonomy};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{
    RoutingError,
    clocks::{ClockRules, ComplaintClass, FilledField, NamedClockRule},
};
use crate::{
    clock::{ClockStart, Limit, Suspension, work_kind, zone_named},
    place::line_at,
};

/// The longest name of a rule or a class, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// `[clocks]`: days, or named rules with what they share.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClocksDocument {
    pub(super) resolve_by_days: Option<Spanned<u16>>,
    pub(super) final_response_by_days: Option<Spanned<u16>>,
    /// Where a rule names none.
    zone: Option<Spanned<String>>,
    /// Where a rule that counts business days names none.
    calendar: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    classes: BTreeMap<Spanned<String>, Spanned<ClassDocument>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    rules: BTreeMap<Spanned<String>, Spanned<RuleDocument>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassDocument {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    products: Vec<Spanned<String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    issues: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    entities: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, Vec<String>>,
    received_from: Option<Spanned<String>>,
    received_until: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "is_no")]
    unsure: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleDocument {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    starts: Vec<Spanned<String>>,
    limit: Spanned<String>,
    zone: Option<Spanned<String>>,
    calendar: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    applies_to: Vec<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unless: Vec<Spanned<String>>,
    met_by: Spanned<Vec<Spanned<String>>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    extended_by: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    suspended: Vec<Spanned<SuspensionDocument>>,
    #[serde(default, skip_serializing_if = "is_no")]
    runs_again: bool,
    fills: Option<Spanned<String>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuspensionDocument {
    class: Option<Spanned<String>>,
    from: Spanned<String>,
    until: Spanned<String>,
}

fn is_no(answer: &bool) -> bool {
    !answer
}

impl ClocksDocument {
    /// Whether clocks are written as rules.
    pub(super) fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// Checks classes and rules; `text` is what the table was read from, for the lines.
    pub(super) fn check(
        &self,
        text: &str,
        products: &Taxonomy,
        issues: &Taxonomy,
    ) -> Result<ClockRules, RoutingError> {
        let checks = Checks { document: self, text, products, issues };
        let mut found = ClockRules::default();
        for (name, class) in &self.classes {
            checks.name(name)?;
            found.classes.insert(name.get_ref().clone(), checks.class(class)?);
        }
        for (name, rule) in &self.rules {
            checks.name(name)?;
            found.rules.insert(name.get_ref().clone(), checks.rule(rule)?);
        }
        Ok(found)
    }
}

struct Checks<'a> {
    document: &'a ClocksDocument,
    text: &'a str,
    products: &'a Taxonomy,
    issues: &'a Taxonomy,
}

impl Checks<'_> {
    fn refuse<T>(&self, place: Range<usize>, what: String) -> Result<T, RoutingError> {
        Err(RoutingError { line: line_at(self.text, place.start), what })
    }

    /// `read`, with the line of what it could not read.
    fn read<T>(
        &self,
        written: &Spanned<String>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, RoutingError> {
        read(written.get_ref()).or_else(|what| self.refuse(written.span(), what))
    }

    fn name(&self, name: &Spanned<String>) -> Result<(), RoutingError> {
        self.read(name, |text| {
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
                return Ok(());
            }
            Err(format!(
                "`{text}` is no name of a clock or a class: write up to {MAX_NAME_BYTES} small letters, digits and hyphens"
            ))
        })
    }

    fn date(&self, written: &Spanned<String>) -> Result<Date, RoutingError> {
        self.read(written, |text| {
            text.parse().map_err(|_| format!("`{text}` is no date: write it like \"2026-05-31\""))
        })
    }

    fn class(&self, place: &Spanned<ClassDocument>) -> Result<ComplaintClass, RoutingError> {
        let class = place.get_ref();
        let day = |written: &Option<Spanned<String>>| written.as_ref().map(|day| self.date(day)).transpose();
        let (received_from, received_until) = (day(&class.received_from)?, day(&class.received_until)?);
        if let (Some(from), Some(until), Some(written)) =
            (received_from, received_until, &class.received_until)
            && until < from
        {
            return self
                .refuse(written.span(), format!("received_until {until} is before received_from {from}"));
        }
        let known = |label: &Spanned<String>, labels: &[String], of: &str| {
            self.read(label, |text| match labels.iter().any(|known| known == text) {
                true => Ok(text.to_owned()),
                false => Err(format!("`{text}` is no {of}: write it as in schemas/taxonomy/")),
            })
        };
        let mut issues = BTreeMap::new();
        for (level, labels) in &class.issues {
            let of = self.read(level, |text| {
                let levels = || self.issues.levels().collect::<Vec<_>>().join(", ");
                let unknown = || {
                    format!("level `{text}` is not in {}: write one of {}", self.issues.label_set(), levels())
                };
                self.issues.labels(text).ok_or_else(unknown)
            })?;
            let kind = format!("{} of {}", level.get_ref(), self.issues.label_set());
            let labels = labels.iter().map(|label| known(label, of, &kind)).collect::<Result<Vec<_>, _>>()?;
            issues.insert(level.get_ref().clone(), labels);
        }
        let kind = format!("product of {}", self.products.label_set());
        let products = class.products.iter().map(|product| known(product, self.products.leaves(), &kind));
        let found = ComplaintClass {
            products: products.collect::<Result<_, _>>()?,
            issues,
            entities: class.entities.clone(),
            attributes: class.attributes.clone(),
            received_from,
            received_until,
            unsure: class.unsure,
        };
        let lists = found.issues.values().chain(found.attributes.values());
        if lists.clone().any(Vec::is_empty) {
            return self
                .refuse(place.span(), "a list of the class is empty: it would have nothing".to_owned());
        }
        if found == (ComplaintClass { unsure: found.unsure, ..ComplaintClass::default() }) {
            let what =
                "the class has every complaint: name a product, an issue, an entity, an attribute or a day";
            return self.refuse(place.span(), what.to_owned());
        }
        Ok(found)
    }

    fn known_class(&self, class: &Spanned<String>) -> Result<String, RoutingError> {
        self.read(class, |name| match self.document.classes.keys().any(|known| known.get_ref() == name) {
            true => Ok(name.to_owned()),
            false => Err(format!("class `{name}` is not in [clocks.classes]: add it there")),
        })
    }

    fn rule(&self, place: &Spanned<RuleDocument>) -> Result<NamedClockRule, RoutingError> {
        let rule = place.get_ref();
        let limit: Limit = self.read(&rule.limit, str::parse)?;
        let met_by = self.met_by(rule)?;
        let extended_by = self.extended_by(rule, limit, &met_by)?;
        let counts_business_days =
            limit.needs_calendar() || extended_by.values().any(|limit| limit.needs_calendar());
        let classes = |names: &[Spanned<String>]| {
            names.iter().map(|name| self.known_class(name)).collect::<Result<Vec<_>, _>>()
        };
        Ok(NamedClockRule {
            starts: self.starts(&rule.starts)?,
            limit,
            zone: self.zone(rule, place.span())?,
            calendar: self.calendar(rule, counts_business_days)?,
            applies_to: classes(&rule.applies_to)?,
            unless: classes(&rule.unless)?,
            met_by,
            extended_by,
            suspended: rule.suspended.iter().map(|span| self.suspension(span)).collect::<Result<_, _>>()?,
            runs_again: rule.runs_again,
            fills: rule.fills.as_ref().map(|field| self.filled(field)).transpose()?,
        })
    }

    /// The receipt, where nothing is written.
    fn starts(&self, written: &[Spanned<String>]) -> Result<Vec<ClockStart>, RoutingError> {
        let mut starts: Vec<ClockStart> = Vec::new();
        for one in written {
            let start = self.read(one, str::parse)?;
            // Every complaint has a receipt.
            if starts.contains(&start) || starts.contains(&ClockStart::Receipt) {
                let what = format!("`{}` is never reached: put it before, or leave it out", one.get_ref());
                return self.refuse(one.span(), what);
            }
            starts.push(start);
        }
        if starts.is_empty() {
            starts.push(ClockStart::Receipt);
        }
        Ok(starts)
    }

    fn zone(&self, rule: &RuleDocument, place: Range<usize>) -> Result<String, RoutingError> {
        match rule.zone.as_ref().or(self.document.zone.as_ref()) {
            Some(zone) => self.read(zone, |name| zone_named(name).map(|_| name.to_owned())),
            None => self
                .refuse(place, "the rule has no zone: write zone = \"Europe/London\" in [clocks]".to_owned()),
        }
    }

    fn calendar(&self, rule: &RuleDocument, counts: bool) -> Result<Option<String>, RoutingError> {
        if !counts {
            return match &rule.calendar {
                Some(own) => self.refuse(
                    own.span(),
                    "no limit of this rule counts business days: leave calendar out".to_owned(),
                ),
                None => Ok(None),
            };
        }
        let all = || Calendar::all().map(Calendar::name).collect::<Vec<_>>().join(", ");
        match rule.calendar.as_ref().or(self.document.calendar.as_ref()) {
            Some(calendar) => self.read(calendar, |name| match Calendar::named(name) {
                Some(_) => Ok(Some(name.to_owned())),
                None => Err(format!("there is no calendar `{name}`: write one of {}", all())),
            }),
            None => {
                let what = format!("business days of which calendar? write calendar = one of {}", all());
                self.refuse(rule.limit.span(), what)
            }
        }
    }

    fn met_by(&self, rule: &RuleDocument) -> Result<BTreeSet<WorkKind>, RoutingError> {
        let kinds = rule.met_by.get_ref();
        if kinds.is_empty() {
            return self
                .refuse(rule.met_by.span(), "met_by is empty: the clock would never be met".to_owned());
        }
        kinds.iter().map(|kind| self.read(kind, work_kind)).collect()
    }

    fn extended_by(
        &self,
        rule: &RuleDocument,
        limit: Limit,
        met_by: &BTreeSet<WorkKind>,
    ) -> Result<BTreeMap<WorkKind, Limit>, RoutingError> {
        let mut extended_by = BTreeMap::new();
        for (written, longer) in &rule.extended_by {
            let kind = self.read(written, work_kind)?;
            if met_by.contains(&kind) {
                let what = format!("`{}` meets the clock already: it can't extend it", written.get_ref());
                return self.refuse(written.span(), what);
            }
            let extended: Limit = self.read(longer, str::parse)?;
            if extended.is_within(limit) {
                let what =
                    format!("`{extended}` is no longer than `{limit}`: both are counted from the start");
                return self.refuse(longer.span(), what);
            }
            extended_by.insert(kind, extended);
        }
        Ok(extended_by)
    }

    fn suspension(
        &self,
        place: &Spanned<SuspensionDocument>,
    ) -> Result<(Option<String>, Suspension), RoutingError> {
        let written = place.get_ref();
        let (from, until) = (self.date(&written.from)?, self.date(&written.until)?);
        if until < from {
            return self.refuse(written.until.span(), format!("until {until} is before from {from}"));
        }
        let class = written.class.as_ref().map(|class| self.known_class(class)).transpose()?;
        Ok((class, Suspension { from, until }))
    }

    fn filled(&self, field: &Spanned<String>) -> Result<FilledField, RoutingError> {
        self.read(field, |name| match name {
            "resolve_by" => Ok(FilledField::ResolveBy),
            "final_response_by" => Ok(FilledField::FinalResponseBy),
            other => Err(format!(
                "`{other}` is no field that a clock fills: write resolve_by or final_response_by"
            )),
        })
    }
}
