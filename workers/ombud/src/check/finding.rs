//! What was found, told as it is found and counted by rule.

use std::{collections::BTreeMap, io::Write};

use anyhow::Result;
use serde::Serialize;

use super::rules::mend;
use crate::{Done, terminal::table};

/// Findings of one rule that people are shown, and those that are only worth a look; the summary counts the rest.
const SHOWN: u64 = 20;
const SHOWN_NOTES: u64 = 3;

/// One broken rule of one record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// A line of the file, or a partition with an offset.
    pub(crate) place: String,
    /// The complaint, where its id can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) complaint_id: Option<String>,
    /// The field, `key`, `value` or `headers`.
    pub(crate) field: String,
    /// The rule's code.
    pub(crate) rule: &'static str,
    /// It would be rejected or dead-lettered; otherwise it is taken, and worth a look.
    pub(crate) wrong: bool,
}

#[derive(Serialize)]
struct Told<'f> {
    #[serde(flatten)]
    finding: &'f Finding,
    mend: &'static str,
}

/// All findings of one rule on one field.
#[derive(Debug, Serialize)]
struct Reason {
    rule: &'static str,
    field: String,
    wrong: bool,
    count: u64,
    first: String,
    mend: &'static str,
}

#[derive(Serialize)]
struct Summary<'r> {
    checked: u64,
    wrong: u64,
    reasons: Vec<&'r Reason>,
}

/// Tells findings, and sums them up.
pub(crate) struct Report<'o, W> {
    json: bool,
    out: &'o mut W,
    checked: u64,
    wrong: u64,
    /// Wrong ones first.
    reasons: BTreeMap<(bool, &'static str, String), Reason>,
}

impl<'o, W: Write> Report<'o, W> {
    pub(crate) fn new(json: bool, out: &'o mut W) -> Self {
        Self { json, out, checked: 0, wrong: 0, reasons: BTreeMap::new() }
    }

    /// One record was looked at, with what was found of it.
    pub(crate) fn checked(&mut self, findings: &[Finding]) -> Result<()> {
        self.checked += 1;
        self.wrong += u64::from(findings.iter().any(|finding| finding.wrong));
        findings.iter().try_for_each(|finding| self.tell(finding))
    }

    fn tell(&mut self, finding: &Finding) -> Result<()> {
        let Finding { place, field, rule, wrong, complaint_id } = finding;
        let key = (!wrong, *rule, field.clone());
        let reason = self.reasons.entry(key).or_insert_with(|| Reason {
            rule,
            field: field.clone(),
            wrong: *wrong,
            count: 0,
            first: place.clone(),
            mend: mend(rule),
        });
        reason.count += 1;
        if self.json {
            writeln!(self.out, "{}", serde_json::to_string(&Told { finding, mend: reason.mend })?)?;
        } else if reason.count <= if *wrong { SHOWN } else { SHOWN_NOTES } {
            let how = if *wrong { "wrong" } else { "note " };
            let id = complaint_id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
            writeln!(self.out, "{how} {place}{id}: {field}: {rule}: {}", reason.mend)?;
        }
        Ok(())
    }

    /// Prints the summary.
    pub(crate) fn conclude(self) -> Result<Done> {
        let Self { checked, wrong, out, .. } = self;
        let reasons: Vec<&Reason> = self.reasons.values().collect();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&Summary { checked, wrong, reasons })?)?;
        } else {
            if !reasons.is_empty() {
                let mut table = table(["", "rule", "field", "records", "first", "mend"]);
                for reason in reasons {
                    let how = if reason.wrong { "wrong" } else { "note" };
                    let count = reason.count.to_string();
                    table.add_row([how, reason.rule, &reason.field, &count, &reason.first, reason.mend]);
                }
                writeln!(out, "{table}")?;
            }
            writeln!(out, "{checked} records checked, {wrong} of them wrong")?;
        }
        Ok(if wrong > 0 { Done::Wanting } else { Done::Well })
    }
}
