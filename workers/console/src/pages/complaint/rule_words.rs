//! A clock's rule in words: what it counts, from when, what meets it, what gives it longer, and when it stands still.

use std::collections::BTreeSet;

use fluent_bundle::FluentArgs;
use ombud_contract::records::WorkKind;
use ombud_models::clock::{ClockRule, Limit, LimitUnit, Suspension, work_word};

use crate::pages::frame::Frame;

/// The sentences of `rule`. One that this build can't read is one sentence, as it stands in the record.
pub(super) fn sentences(frame: &Frame, rule: &str) -> Vec<String> {
    let Ok(rule) = rule.parse::<ClockRule>() else { return vec![rule.to_owned()] };
    let mut said = vec![begins(frame, &rule), met(frame, &rule.met_by)];
    said.extend(rule.extended_by.iter().map(|(kind, limit)| extended(frame, *kind, *limit)));
    said.extend(rule.suspended.iter().map(|span| suspended(frame, *span)));
    if rule.runs_again {
        said.push(frame.say("complaint-rule-again"));
    }
    said
}

fn begins(frame: &Frame, rule: &ClockRule) -> String {
    let mut args = FluentArgs::new();
    args.set("limit", limit(frame, rule.limit));
    args.set("start", frame.say(&format!("complaint-rule-start-{}", rule.start.word())));
    args.set("zone", rule.zone.clone());
    frame.say_with("complaint-rule-begins", &args)
}

fn met(frame: &Frame, kinds: &BTreeSet<WorkKind>) -> String {
    let words: Vec<String> = kinds.iter().map(|kind| work(frame, *kind)).collect();
    let mut args = FluentArgs::new();
    args.set("works", words.join(&frame.say("complaint-rule-or")));
    frame.say_with("complaint-rule-met", &args)
}

fn extended(frame: &Frame, kind: WorkKind, longer: Limit) -> String {
    let mut args = FluentArgs::new();
    args.set("work", work(frame, kind));
    args.set("limit", limit(frame, longer));
    frame.say_with("complaint-rule-extended", &args)
}

fn suspended(frame: &Frame, span: Suspension) -> String {
    let mut args = FluentArgs::new();
    args.set("from", span.from.to_string());
    args.set("until", span.until.to_string());
    frame.say_with("complaint-rule-suspended", &args)
}

fn limit(frame: &Frame, limit: Limit) -> String {
    let (id, each) = match limit.unit() {
        LimitUnit::Days => ("complaint-rule-days", 1),
        LimitUnit::BusinessDays => ("complaint-rule-business-days", 1),
        LimitUnit::Weeks => ("complaint-rule-weeks", 7),
    };
    frame.say_count(id, i64::from(limit.days() / each))
}

fn work(frame: &Frame, kind: WorkKind) -> String {
    frame.say(&format!("complaint-rule-work-{}", work_word(kind)))
}

#[cfg(test)]
mod tests {
    use ombud_launch::guard::Caller;

    use super::*;
    use crate::pages::words::Language;

    #[test]
    fn a_rule_is_said_in_sentences_in_every_language_and_an_unknown_one_as_it_stands() {
        let rule = "15 business days from receipt in Europe/London; by england-and-wales@1; met by summary-resolution, final-response; extended by holding-response to 35 business days; suspended 2024-01-11 to 2026-05-31; again when reopened";
        for language in [Language::English, Language::Spanish] {
            let frame = Frame::of(Caller::default(), language, "/");
            let said = sentences(&frame, rule);
            assert_eq!(said.len(), 5, "{said:?}");
            let said = said.join(" ");
            for word in ["15", "35", "Europe/London", "2024-01-11", "2026-05-31"] {
                assert!(said.contains(word), "{word}: {said}");
            }
            assert!(!said.contains('{'), "{said}");
            assert_eq!(sentences(&frame, "until the cows come home"), ["until the cows come home"]);
        }
        let english = Frame::of(Caller::default(), Language::English, "/");
        assert_eq!(
            sentences(&english, rule)[0],
            "15 business days from the day after it was received, by the days of Europe/London."
        );
    }
}
