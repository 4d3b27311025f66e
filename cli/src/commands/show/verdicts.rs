//! A verdict in a case's history: what was done, the labels before and after, by whom and when.

use std::fmt::Write as _;

use anyhow::Result;
use ombud_contract::records::{Feedback, FeedbackKind};

/// Writes what somebody made of a route.
pub(super) fn judged(story: &mut String, verdict: &Feedback) -> Result<()> {
    let role = match verdict.actor_role.as_str() {
        "" => String::new(),
        role => format!(" ({role})"),
    };
    writeln!(
        story,
        "verdict {} on revision {}, by {}{role}",
        verdict.kind.symbol(),
        verdict.revision,
        verdict.actor
    )?;
    if let Some(retracted) = &verdict.retracts {
        writeln!(story, "    takes back verdict {retracted}")?;
    }
    let before = verdict.label_before.as_deref().unwrap_or("-");
    match (&verdict.task, &verdict.label_after) {
        (Some(task), Some(after)) => writeln!(story, "    {task}: before {before}, after {after}")?,
        // Sending it on shows that it was wrong, and not what is right.
        (Some(task), None) if verdict.kind == FeedbackKind::Reallocated => {
            writeln!(story, "    {task}: before {before}, which was wrong")?;
        }
        (Some(task), None) => writeln!(story, "    {task}: before and after {before}")?,
        (None, Some(after)) => writeln!(story, "    after {after}")?,
        (None, None) => {}
    }
    match (&verdict.from_team, &verdict.to_team) {
        (from, Some(to)) => {
            let from = from.as_deref().unwrap_or("-");
            writeln!(story, "    team: before {from}, after {to}")?;
        }
        (Some(team), None) => writeln!(story, "    team: {team}")?,
        (None, None) => {}
    }
    let decided_at = jiff::Timestamp::from_millisecond(verdict.decided_at).unwrap_or(jiff::Timestamp::MIN);
    writeln!(story, "    decided at {decided_at}, id {}", verdict.feedback_id)?;
    Ok(())
}

/// A verdict in one line: what was done, the labels before and after, which team, and when.
pub(super) fn in_short(verdict: &Feedback) -> String {
    let mut parts = vec![verdict.kind.symbol().to_lowercase().replace('_', " ")];
    let before = verdict.label_before.as_deref();
    match (verdict.task.as_deref(), before, verdict.label_after.as_deref()) {
        (Some(task), Some(before), Some(after)) => parts.push(format!("{task}: {before} -> {after}")),
        (Some(task), None, Some(after)) => parts.push(format!("{task}: {after}")),
        (Some(task), Some(before), None) => parts.push(format!("{task}: {before}")),
        (Some(task), None, None) => parts.push(task.to_owned()),
        (None, _, Some(after)) => parts.push(after.to_owned()),
        (None, _, None) => {}
    }
    match (verdict.from_team.as_deref(), verdict.to_team.as_deref()) {
        (Some(from), Some(to)) => parts.push(format!("{from} -> {to}")),
        (None, Some(team)) | (Some(team), None) => parts.push(team.to_owned()),
        (None, None) => {}
    }
    parts.push(super::time::time(verdict.decided_at));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(example: &str) -> String {
        let mut story = String::new();
        judged(&mut story, &serde_json::from_str(example).unwrap()).unwrap();
        story
    }

    macro_rules! example {
        ($name:literal) => {
            text(include_str!(concat!(
                "../../../../schemas/complaints.feedback/examples/valid/",
                $name,
                ".json"
            )))
        };
    }

    #[test]
    fn a_verdict_says_what_was_before_and_after_and_who_said_so_when() {
        let said = example!("relabelled");
        for words in [
            "verdict RELABELLED on revision 1065985, by agent-17 (case-handler)\n",
            "issue: before Account: managing, after Card: fees or interest\n",
            "team: before current-accounts, after cards\n",
            "decided at 2024-05-02T10:00:00Z, id fb-000001\n",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(example!("reallocated").contains("team: before everyday-banking, after card-services\n"));
        let flag = example!("vulnerability");
        assert!(flag.contains("vulnerable: before NOT_INDICATED, after VULNERABLE\n"), "{flag}");
        assert!(example!("retracted").contains("takes back verdict fb-000001\n"));
        assert_eq!(example!("only-what-must-be-there").lines().count(), 2);
    }
}
