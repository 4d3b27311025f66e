//! What people see of an explanation.

use ombud_explain::{
    AnswerGiven, AnsweredBy, Bar, BarKind, Counterfactual, EvidencePhrase, FORMAT, LevelReached, Method,
    SentenceShare, UnreadPart, WordShare,
};

use super::*;
use crate::output::golden;

const NARRATIVE: &str =
    "They charged my card twice. I am on active duty.\nNobody answers the phone. The rest was not read.";

fn place(words: &str) -> Place {
    let at = NARRATIVE.find(words).unwrap();
    let start = NARRATIVE[..at].chars().count();
    Place { start, end: start + words.chars().count() }
}

fn word(words: &str, value: f64) -> WordShare {
    WordShare { place: place(words), value }
}

fn bar(kind: BarKind, text: &str, value: f64) -> Bar {
    Bar { kind, name: String::new(), text: text.to_owned(), value }
}

fn level(level: &str, label: &str, confidence: f64, is_reached: bool) -> LevelReached {
    LevelReached { level: level.to_owned(), label: label.to_owned(), confidence, threshold: 0.5, is_reached }
}

fn explanation() -> Explanation {
    let side = |label: &str, probability: f64| Side {
        label: label.to_owned(),
        level: "issue".to_owned(),
        probability,
    };
    Explanation {
        format: FORMAT,
        complaint_id: "c-1".to_owned(),
        input_sha256: "0".repeat(64),
        task: "issue".to_owned(),
        answered_by: AnsweredBy {
            model_id: "complaints".to_owned(),
            model_version: "08364c3c8331a0e65b770ff054d1e6f319c625bfaa57582ffc4d6991b374e334".to_owned(),
            strategy_version: 3,
            arm: "champion".to_owned(),
            arithmetic: "FLOAT".to_owned(),
        },
        answer: AnswerGiven {
            outcome: "LABELLED".to_owned(),
            label: Some("Problem with a purchase shown on your statement".to_owned()),
            level: "group".to_owned(),
            confidence: 0.61,
            threshold: 0.5,
            levels: vec![
                level("issue", "Fees or interest", 0.31, false),
                level("group", "Charges", 0.61, true),
            ],
            reason: "no issue reached its threshold, and the group did".to_owned(),
        },
        reproduction: Reproduction {
            is_reproduced: true,
            recorded_label: Some("Charges".to_owned()),
            label: Some("Charges".to_owned()),
            recorded_confidence: 0.61,
            confidence: 0.6102,
            tolerance: 0.001,
            libtorch: "2.13.0+cpu".to_owned(),
        },
        contrast: Some(Contrast {
            answer: side("Charges", 0.61),
            against: side("Fraud or scam", 0.12),
            value: 1.62,
            bars: vec![
                bar(BarKind::Words, "words as the encoder reads them", 1.2),
                bar(BarKind::Hint, "because the product reads as Credit card or prepaid card", 0.8),
                bar(BarKind::Shift, "what the blend adds whatever the text says", -0.38),
            ],
            words: vec![word("charged", 0.9), word("card", 0.4), word("twice", -0.3), word("Nobody", 0.2)],
            method: Method {
                name: "integrated-gradients".to_owned(),
                baseline: "a text of padding".to_owned(),
                steps: 32,
                error: 0.004,
                is_approximate: false,
            },
            sentences: Vec::new(),
            collisions: vec![place("phone")],
        }),
        evidence: vec![EvidencePhrase {
            category: "armed_forces".to_owned(),
            explicit: true,
            place: place("active duty"),
        }],
        unread: vec![UnreadPart {
            member: "encoder".to_owned(),
            places: vec![place("The rest was not read.")],
        }],
        routing: Some(RoutingReason {
            team: "card-services".to_owned(),
            rule: "the product is Credit card or prepaid card".to_owned(),
            clocks: vec![("acknowledgement".to_owned(), 1_714_989_600_000)],
            counterfactual: Counterfactual {
                sentences: vec![place("They charged my card twice.")],
                team: Some("general".to_owned()),
                text: "without this sentence it would have gone to general".to_owned(),
                texts_tried: 3,
            },
        }),
    }
}

#[test]
fn people_see_why_in_words_and_bars_within_80_columns_with_and_without_colours() {
    for (name, coloured) in [("explain.txt", false), ("explain-colour.txt", true)] {
        let screen = Screen::new(80, coloured);
        let text = screen.with_styles(explanation_text(&explanation(), Some(NARRATIVE), screen));
        let around: Vec<&str> = text.lines().filter(|line| !line.starts_with("    |")).collect();
        assert!(golden::width(&around.join("\n")) <= 80, "{text}");
        golden::compare(name, &text);
    }
}

#[test]
fn what_does_not_come_out_again_says_both_and_what_is_approximate_shows_sentences() {
    let mut explanation = explanation();
    explanation.reproduction.is_reproduced = false;
    explanation.reproduction.label = Some("Fraud or scam".to_owned());
    let contrast = explanation.contrast.as_mut().unwrap();
    contrast.method.is_approximate = true;
    contrast.sentences = vec![SentenceShare { place: place("Nobody answers the phone."), value: 0.7 }];
    let text = explanation_text(&explanation, Some(NARRATIVE), Screen::new(80, false));
    for said in [
        "not reproduced: recorded Charges 0.6100, now Fraud or scam 0.6102",
        "approximate:\n            believe the sentences",
        "-0.70",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn without_the_text_there_are_bars_and_no_words() {
    let text = explanation_text(&explanation(), None, Screen::new(80, false));
    assert!(text.contains("because the product reads as") && text.contains("armed_forces"), "{text}");
    assert!(!text.contains("twice") && !text.contains("what the customer wrote"), "{text}");
}
