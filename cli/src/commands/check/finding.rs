//! What was found, printed as it is found and counted by rule.

use std::{collections::BTreeMap, io::Write};

use anyhow::Result;
use ombud_intake::Rejections;
use serde::Serialize;

use super::rules::fix;
use crate::{
    Done,
    output::screen::{Screen, Style},
};

/// Findings of one rule that people are shown, and those that are only worth a look; the summary counts the rest.
const SHOWN: u64 = 20;
const SHOWN_NOTES: u64 = 3;

/// One broken rule of one record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// A line of the file, or a partition with an offset.
    pub(crate) place: String,
    /// The complaint, where its id may be shown.
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
struct FindingLine<'f> {
    #[serde(flatten)]
    finding: &'f Finding,
    #[serde(rename = "mend")]
    fix: &'f str,
}

/// All findings of one rule on one field.
#[derive(Debug, Serialize)]
struct Reason {
    rule: &'static str,
    field: String,
    wrong: bool,
    count: u64,
    first: String,
    #[serde(rename = "mend")]
    fix: String,
}

#[derive(Serialize)]
struct Summary<'r> {
    checked: u64,
    wrong: u64,
    reasons: Vec<&'r Reason>,
}

/// Prints findings, and sums them up.
pub(crate) struct CheckReport<'o, W> {
    json: bool,
    screen: Screen,
    out: &'o mut W,
    checked: u64,
    wrong: u64,
    /// Each wrong record, by the first rule that it breaks.
    rejections: Rejections,
    /// Wrong ones first. Of one rule and field there may be several fixes: how a file is written.
    reasons: BTreeMap<(bool, &'static str, String, String), Reason>,
}

impl<'o, W: Write> CheckReport<'o, W> {
    /// `everything` is the command that prints all findings.
    pub(crate) fn new(json: bool, everything: String, screen: Screen, out: &'o mut W) -> Self {
        let rejections = Rejections::listed_in(everything);
        Self { json, screen, out, checked: 0, wrong: 0, rejections, reasons: BTreeMap::new() }
    }

    /// One record was looked at, with what was found of it.
    pub(crate) fn checked(&mut self, findings: &[Finding]) -> Result<()> {
        self.checked += 1;
        if let Some(first) = findings.iter().find(|finding| finding.wrong) {
            self.wrong += 1;
            self.rejections.note(first.rule, fix(first.rule));
        }
        findings.iter().try_for_each(|finding| self.print(finding, fix(finding.rule)))
    }

    /// A finding about a file as a whole: its header, or how it is written. No record is wrong for that.
    pub(crate) fn file(&mut self, place: &str, field: &str, rule: &'static str, fix: &str) -> Result<()> {
        let (place, field) = (place.to_owned(), field.to_owned());
        self.print(&Finding { place, complaint_id: None, field, rule, wrong: false }, fix)
    }

    fn print(&mut self, finding: &Finding, fix: &str) -> Result<()> {
        let Finding { place, field, rule, wrong, complaint_id } = finding;
        let key = (!wrong, *rule, field.clone(), fix.to_owned());
        let reason = self.reasons.entry(key).or_insert_with(|| Reason {
            rule,
            field: field.clone(),
            wrong: *wrong,
            count: 0,
            first: place.clone(),
            fix: fix.to_owned(),
        });
        reason.count += 1;
        if self.json {
            writeln!(self.out, "{}", serde_json::to_string(&FindingLine { finding, fix: &reason.fix })?)?;
        } else if reason.count <= if *wrong { SHOWN } else { SHOWN_NOTES } {
            let (how, style) = if *wrong { ("wrong", Style::Red) } else { ("note ", Style::Yellow) };
            let how = self.screen.styled(style, how);
            let id = complaint_id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
            writeln!(self.out, "{how} {place}{id}: {field}: {rule}: {}", reason.fix)?;
        }
        Ok(())
    }

    /// Prints the summary; gives the verdict, and how many records are wrong by reason.
    pub(crate) fn conclude(self) -> Result<(Done, Rejections)> {
        let Self { checked, wrong, screen, out, .. } = self;
        let reasons: Vec<&Reason> = self.reasons.values().collect();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&Summary { checked, wrong, reasons })?)?;
        } else {
            if !reasons.is_empty() {
                let mut table = screen.table(["", "rule", "field", "records", "first", "fix"]);
                for reason in reasons {
                    let how = if reason.wrong { "wrong" } else { "note" };
                    let count = reason.count.to_string();
                    table.add_row([how, reason.rule, &reason.field, &count, &reason.first, &reason.fix]);
                }
                writeln!(out, "{table}")?;
            }
            writeln!(out, "{checked} records checked, {wrong} of them wrong")?;
        }
        Ok((if wrong > 0 { Done::Wanting } else { Done::Well }, self.rejections))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::golden;

    fn finding(place: &str, field: &str, rule: &'static str, wrong: bool) -> Finding {
        Finding { place: place.into(), complaint_id: Some("c-1".into()), field: field.into(), rule, wrong }
    }

    #[test]
    fn people_see_findings_within_80_columns_with_and_without_colours() {
        for (name, coloured) in [("check.txt", false), ("check-colour.txt", true)] {
            let (screen, mut out) = (Screen::new(80, coloured), Vec::new());
            let mut report = CheckReport::new(false, String::new(), screen, &mut out);
            report.checked(&[finding("line 2", "narrative", "narrative-blank", true)]).unwrap();
            report.checked(&[finding("line 3", "language", "language-unknown", false)]).unwrap();
            report.checked(&[]).unwrap();
            assert_eq!(report.conclude().unwrap().0, Done::Wanting);
            let text = screen.with_styles(String::from_utf8(out).unwrap());
            let table =
                text.lines().filter(|line| line.contains(['│', '─', '═'])).collect::<Vec<_>>().join("\n");
            assert!(golden::width(&table) <= 80, "{text}");
            golden::compare(name, &text);
        }
    }
}
