//! Why a complaint lies at the desk, in words.

use fluent_bundle::FluentArgs;
use ombud_contract::{
    records::{Outcome, Prediction},
    shown::shown,
};

use crate::pages::frame::Frame;

/// Reasons that are about no task.
const WHOLE: [&str; 5] =
    ["audit-sample", "unreadable", "unknown-product", "language-unread", "missing-product"];
/// What came of asking for a task.
const OF_A_TASK: [&str; 4] = ["abstained", "unread", "failed", "missing"];
/// Tasks that have a word.
const TASKS: [&str; 3] = ["product", "issue", "vulnerable"];

/// Each of the `codes` of a route, with what the models answered where that says more.
pub(super) fn reasons(frame: &Frame, codes: &[String], answers: &[Prediction]) -> Vec<String> {
    if codes.is_empty() {
        return vec![frame.say("desk-why-sent")];
    }
    codes.iter().map(|code| reason(frame, code, answers)).collect()
}

fn reason(frame: &Frame, code: &str, answers: &[Prediction]) -> String {
    if WHOLE.contains(&code) {
        return frame.say(&format!("desk-why-{code}"));
    }
    let mut args = FluentArgs::new();
    let of_a_task = code.split_once('-').filter(|(how, _)| OF_A_TASK.contains(how));
    let Some((how, task)) = of_a_task else {
        args.set("code", shown(code).into_owned());
        return frame.say_with("desk-why-other", &args);
    };
    args.set("task", task_name(frame, task));
    let guess = answers.iter().find(|answer| answer.task == task && answer.outcome == Outcome::Abstained);
    if let ("abstained", Some(answer)) = (how, guess)
        && let Some(label) = &answer.label
    {
        args.set("label", shown(label).into_owned());
        args.set("share", percent(frame, f64::from(answer.confidence)));
        args.set("least", percent(frame, f64::from(answer.threshold)));
        return frame.say_with("desk-why-abstained-at", &args);
    }
    frame.say_with(&format!("desk-why-{how}"), &args)
}

/// What a task is called.
fn task_name(frame: &Frame, task: &str) -> String {
    if TASKS.contains(&task) { frame.say(&format!("desk-task-{task}")) } else { shown(task).into_owned() }
}

/// A share as people write it; never 0 or 100 % of what is only nearly so.
pub(super) fn percent(frame: &Frame, share: f64) -> String {
    let mut args = FluentArgs::new();
    let id = match share {
        ..0.005 => "desk-percent-under",
        0.995.. => "desk-percent-over",
        _ => "desk-percent",
    };
    #[expect(clippy::cast_possible_truncation, reason = "a share of a hundred")]
    args.set("value", (share.clamp(0.0, 1.0) * 100.0).round() as i64);
    frame.say_with(id, &args)
}

#[cfg(test)]
mod tests {
    use ombud_launch::guard::Caller;

    use super::*;
    use crate::pages::words::Language;

    fn said(codes: &[&str], answers: &[Prediction]) -> Vec<String> {
        let frame = Frame::of(Caller::default(), Language::English, "/desk");
        reasons(&frame, &codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>(), answers)
    }

    #[test]
    fn every_reason_of_a_route_has_words_and_an_unknown_one_is_shown_as_it_is() {
        for code in WHOLE {
            assert!(!said(&[code], &[])[0].contains(code), "{code}");
        }
        for how in OF_A_TASK {
            for task in TASKS {
                let words = &said(&[&format!("{how}-{task}")], &[])[0];
                assert!(!words.contains('{') && !words.contains("desk-"), "{how} {task}: {words}");
            }
        }
        assert!(said(&["of-later"], &[])[0].contains("of-later"));
        assert_eq!(said(&[], &[]).len(), 1);
    }

    #[test]
    fn an_unsure_answer_is_named_with_what_it_lacks() {
        let evident =
            include_str!("../../../../../schemas/complaints.predictions/examples/valid/evident.json");
        let unsure = Prediction {
            task: "product".into(),
            outcome: Outcome::Abstained,
            label: Some("Mort\u{202e}gage".into()),
            confidence: 0.42,
            threshold: 0.5,
            ..serde_json::from_str(evident).unwrap()
        };
        let words = &said(&["abstained-product"], &[unsure])[0];
        assert!(
            words.contains(r"Mort\u202egage") && words.contains("42 %") && words.contains("50 %"),
            "{words}"
        );
    }
}
