use ombud_contract::records::{Outcome, RawComplaint};
use ombud_models::EvidenceTable;
use proptest::prelude::*;

use super::*;
use crate::{
    ALL_OTHERS, BarKind, Contrast,
    testing::{FakeModel, MORTGAGE, OneModel, TASKS, explainer, jobs, raw},
};

fn explained(model: &FakeModel, narrative: &str) -> Vec<Explanation> {
    explainer(model.clone()).explain_all(&jobs(model, &raw(narrative))).unwrap()
}

fn against(model: &FakeModel, narrative: &str, task: &str, label: &str) -> Result<Explanation, ExplainError> {
    let at = TASKS.iter().position(|known| *known == task).unwrap();
    let mut job = jobs(model, &raw(narrative)).remove(at);
    job.against = Some(label.to_owned());
    explainer(model.clone()).explain(&job)
}

fn contrast(explanation: &Explanation) -> &Contrast {
    explanation.contrast.as_ref().unwrap()
}

fn sum(contrast: &Contrast) -> f64 {
    contrast.bars.iter().map(|bar| bar.value).sum()
}

fn of(contrast: &Contrast, kind: BarKind) -> f64 {
    contrast.bars.iter().filter(|bar| bar.kind == kind).map(|bar| bar.value).sum()
}

fn assert_complete(contrast: &Contrast) {
    assert!((sum(contrast) - contrast.value).abs() < 1e-9, "{} of {}", sum(contrast), contrast.value);
    let words: f64 = contrast.words.iter().map(|word| word.value).sum();
    assert!((words - of(contrast, BarKind::Words)).abs() < 1e-9, "{words}");
}

/// The word with the greatest share.
fn first_word(contrast: &Contrast, narrative: &str) -> String {
    let first = contrast.words.iter().max_by(|one, other| one.value.total_cmp(&other.value)).unwrap();
    narrative.chars().skip(first.place.start).take(first.place.end - first.place.start).collect()
}

#[test]
fn a_straight_model_is_explained_exactly_and_its_answer_comes_out_again() {
    let explanations = explained(&FakeModel::straight(), MORTGAGE);
    let product = &explanations[0];
    assert_eq!(product.answer.label.as_deref(), Some("Mortgage"));
    assert!(product.reproduction.is_reproduced, "{:?}", product.reproduction);
    let contrast = contrast(product);
    assert_eq!((contrast.method.name.as_str(), contrast.method.steps), ("exact", 1));
    assert!(contrast.method.error < 1e-9 && !contrast.method.is_approximate);
    assert!(of(contrast, BarKind::Error).abs() <= 1e-5);
    assert_complete(contrast);
    assert_eq!(first_word(contrast, MORTGAGE), "mortgage");
    let member = |name: &str| contrast.bars.iter().any(|bar| bar.kind == BarKind::Words && bar.name == name);
    assert!(member("bag") && member("encoder"));
    assert_eq!(contrast.collisions.len(), 1);
}

#[test]
fn the_hint_is_a_bar_that_names_the_other_answer() {
    let explanations = explained(&FakeModel::straight(), MORTGAGE);
    let contrast = contrast(&explanations[1]);
    let hint = contrast.bars.iter().find(|bar| bar.kind == BarKind::Hint).unwrap();
    assert_eq!(
        (hint.name.as_str(), hint.text.as_str()),
        ("product", "because the product reads as Mortgage")
    );
    assert_complete(contrast);
}

#[test]
fn a_curved_model_is_followed_until_it_is_complete_enough() {
    for explanation in explained(&FakeModel::curved(), MORTGAGE) {
        let contrast = contrast(&explanation);
        assert_eq!(contrast.method.name, "integrated-gradients");
        assert!([15, 31, 63, 127].contains(&contrast.method.steps));
        assert!(contrast.method.error <= 0.03 && contrast.sentences.is_empty(), "{:?}", contrast.method);
        assert_complete(contrast);
    }
}

#[test]
fn past_a_tenth_it_is_approximate_and_shows_sentences() {
    let wild = FakeModel { wave: (2.0, 400.0), ..FakeModel::straight() };
    let explanations = explained(&wild, MORTGAGE);
    let contrast = contrast(&explanations[0]);
    assert!(contrast.method.error > 0.1 && contrast.method.is_approximate, "{:?}", contrast.method);
    assert_eq!(contrast.sentences.len(), 4);
    assert_complete(contrast);

    let coarse = FakeModel { gap: 4.0, ..FakeModel::straight() };
    let label = "Checking or savings account";
    let explanation = against(&coarse, MORTGAGE, "product", label).unwrap();
    let contrast = self::contrast(&explanation);
    assert!(contrast.method.is_approximate && contrast.method.error < 1e-9);
    assert!(of(contrast, BarKind::Arithmetic).abs() > 0.1 * contrast.value.abs());
    let greatest = contrast.sentences.iter().max_by(|a, b| a.value.total_cmp(&b.value)).unwrap();
    let sentence: String = MORTGAGE.chars().skip(greatest.place.start).take(30).collect();
    assert!(sentence.starts_with("The mortgage payment"), "{sentence}");
    assert_complete(contrast);
}

#[test]
fn all_others_together_may_be_asked_about() {
    let model = FakeModel::straight();
    let explanation = against(&model, MORTGAGE, "product", ALL_OTHERS).unwrap();
    let contrast = contrast(&explanation);
    assert_eq!((contrast.against.level.as_str(), &*contrast.against.label), ("product", ALL_OTHERS));
    let share = contrast.answer.probability;
    assert!((contrast.against.probability - (1.0 - share)).abs() < 1e-12);
    assert!((contrast.value - (share / (1.0 - share)).ln()).abs() < 1e-6, "{}", contrast.value);
    // Many labels bend the path, however straight the model is.
    assert_eq!(contrast.method.name, "integrated-gradients");
    assert_complete(contrast);

    let flag = against(&model, MORTGAGE, "vulnerable", ALL_OTHERS).unwrap();
    let of_flag = explained(&model, MORTGAGE).into_iter().find(|one| one.task == "vulnerable").unwrap();
    assert_eq!(flag.contrast, of_flag.contrast);
}

#[test]
fn any_label_of_any_level_may_be_asked_about() {
    let model = FakeModel::straight();
    let explanation = against(&model, MORTGAGE, "issue", "Struggling to pay").unwrap();
    let contrast = contrast(&explanation);
    assert_eq!(
        (contrast.against.level.as_str(), contrast.against.label.as_str()),
        ("intent", "Struggling to pay")
    );
    assert_eq!(contrast.answer.level, "issue");
    assert!(contrast.value > 0.0 && contrast.method.error <= 0.03);
    assert_complete(contrast);

    let refused = against(&model, MORTGAGE, "issue", "Parking").unwrap_err();
    assert_eq!(refused.code(), "unknown-label");
    let ExplainError::UnknownLabel { labels, .. } = refused else { panic!("{refused}") };
    assert!(labels.iter().any(|label| label == "Struggling to pay") && labels.len() > 45);
    assert_eq!(against(&model, MORTGAGE, "product", "Mortgage").unwrap_err().code(), "same-label");
}

#[test]
fn a_coarser_answer_says_why_it_is_not_finer() {
    let mut model = FakeModel::straight();
    // Two issues of one intent, alike.
    model.markers.push(("payment", "issue", "Struggling to pay mortgage", 6.0));
    model.markers.push(("payment", "issue", "Struggling to pay your loan", 6.0));
    model.markers.retain(|marker| marker.2 != "Trouble during payment process");
    let explanations = explained(&model, MORTGAGE);
    let issue = &explanations[1];
    assert_eq!(
        (issue.answer.level.as_str(), issue.answer.label.as_deref()),
        ("intent", Some("Struggling to pay"))
    );
    assert!(
        issue.answer.reason.starts_with("The likeliest answer at the finer level"),
        "{}",
        issue.answer.reason
    );
    let levels: Vec<(&str, bool)> =
        issue.answer.levels.iter().map(|level| (level.level.as_str(), level.is_reached)).collect();
    assert_eq!(levels, [("issue", false), ("group", false), ("intent", true)]);
    assert_eq!(contrast(issue).method.name, "integrated-gradients", "a log-sum is not straight");
    assert_complete(contrast(issue));
}

#[test]
fn evidence_is_exact_and_shown_to_specialists_alone() {
    let narrative = format!("{MORTGAGE} I am a disabled veteran.");
    let explanations = explained(&FakeModel::straight(), &narrative);
    let flag = &explanations[2];
    assert_eq!(flag.answer.label.as_deref(), Some("VULNERABLE"));
    let contrast = contrast(flag);
    assert_complete(contrast);
    let forces = contrast.bars.iter().find(|bar| bar.name == "armed_forces").unwrap();
    assert_eq!((forces.kind, forces.value), (BarKind::Evidence, 2.5));
    assert!(flag.evidence.iter().any(|phrase| phrase.category == "armed_forces" && phrase.explicit));
    let team = flag.routing.as_ref().unwrap();
    assert_eq!(team.team, "vulnerable-customers");

    let value = contrast.value;
    for explanation in explanations {
        let shown = serde_json::to_string(&explanation.without_evidence()).unwrap();
        let words: Vec<&str> = shown.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        let spaced = words.join(" ");
        for category in EvidenceTable::by_name("vulnerable@2").unwrap().categories() {
            let spoken = category.name.replace('_', " ");
            for name in [&category.name, &spoken] {
                assert!(!format!(" {spaced} ").contains(&format!(" {name} ")), "{name} in {shown}");
            }
        }
    }
    let hidden = explained(&FakeModel::straight(), &narrative).remove(2).without_evidence();
    let contrast = self::contrast(&hidden);
    assert_eq!(contrast.bars.iter().filter(|bar| bar.kind == BarKind::Evidence).count(), 1);
    assert!((sum(contrast) - value).abs() < 1e-9);
}

#[test]
fn a_no_is_explained_as_a_no() {
    let explanation = against(&FakeModel::straight(), MORTGAGE, "vulnerable", "VULNERABLE").unwrap();
    let contrast = contrast(&explanation);
    let label = explanation.answer.label.as_deref().unwrap();
    let is_no = label == "NOT_INDICATED";
    assert_eq!(contrast.value > 0.0, contrast.answer.probability > 0.5);
    assert_eq!(contrast.against.label, if is_no { "VULNERABLE" } else { "NOT_INDICATED" });
    assert!((contrast.answer.probability + contrast.against.probability - 1.0).abs() < 1e-9);
    assert_complete(contrast);
    assert_eq!(explanation.answer.levels.len(), 3);
}

#[test]
fn the_same_question_gives_equal_bytes_alone_and_beside_others() {
    let model = FakeModel::curved();
    let jobs = jobs(&model, &raw(MORTGAGE));
    let bytes = |explanation: &Explanation| serde_json::to_vec(explanation).unwrap();
    let together = explainer(model.clone()).explain_all(&jobs).unwrap();
    for (job, explanation) in jobs.iter().zip(&together) {
        let alone = explainer(model.clone()).explain(job).unwrap();
        assert_eq!(bytes(&alone), bytes(explanation));
        let read: Explanation = serde_json::from_slice(&bytes(&alone)).unwrap();
        assert_eq!(read, alone);
    }
}

#[test]
fn a_planted_marker_comes_first() {
    let mut model = FakeModel::curved();
    model.markers.push(("zebra", "product", "Student loan", 9.0));
    for at in 0..20 {
        let mut words: Vec<&str> = MORTGAGE.split(' ').filter(|word| *word != "mortgage").collect();
        words.insert(at % words.len(), "zebra");
        let narrative = words.join(" ");
        let explanations = explained(&model, &narrative);
        assert_eq!(explanations[0].answer.label.as_deref(), Some("Student loan"));
        assert_eq!(first_word(contrast(&explanations[0]), &narrative), "zebra");
    }
}

#[test]
fn other_weights_give_another_explanation() {
    let share = |seed| {
        let model = FakeModel { seed, markers: Vec::new(), ..FakeModel::straight() };
        let explanation = against(&model, MORTGAGE, "product", "Debt collection");
        explanation.map(|explanation| contrast(&explanation).words.clone()).unwrap_or_default()
    };
    assert_ne!(share(1), share(2));
}

#[test]
fn a_model_that_cannot_be_followed_is_asked_about_sentences() {
    let model = FakeModel { is_followed: false, ..FakeModel::straight() };
    let explanations = explained(&model, MORTGAGE);
    let contrast = contrast(&explanations[0]);
    assert_eq!(contrast.method.name, "occlusion");
    assert!(contrast.words.is_empty() && contrast.sentences.len() == 4 && contrast.method.is_approximate);
    assert!((sum(contrast) - contrast.value).abs() < 1e-9);
    assert!(explanations[0].reproduction.is_reproduced);
}

#[test]
fn what_cannot_be_read_has_no_contrast_and_says_so() {
    for narrative in [
        "",
        "Help",
        " \n\u{200b} ",
        "?!",
        "Mir wurde zweimal die Rate für mein Haus abgebucht und niemand antwortet mir.",
    ] {
        let explanations = explained(&FakeModel::straight(), narrative);
        for explanation in explanations {
            assert!(explanation.contrast.is_none() && explanation.answer.label.is_none(), "{narrative}");
            assert!(explanation.answer.reason.starts_with("The model cannot read the text"));
            assert!(explanation.reproduction.is_reproduced);
            let routing = explanation.routing.unwrap();
            assert_eq!(routing.team, "triage-desk");
            assert!(
                routing.rule.contains("the model of the product cannot read the text"),
                "{}",
                routing.rule
            );
        }
    }
}

#[test]
fn a_failed_answer_is_explained_without_its_model() {
    let mut jobs = jobs(&FakeModel::straight(), &raw(MORTGAGE));
    for job in &mut jobs {
        for prediction in job.predictions.iter_mut().chain([&mut job.prediction]) {
            (prediction.outcome, prediction.label) = (Outcome::Failed, None);
            (prediction.failure, prediction.confidence) = (Some("model-unavailable".to_owned()), 0.0);
        }
    }
    let mut gone = explainer(FakeModel::straight());
    gone.models = OneModel(None);
    let explanation = gone.explain(&jobs[0]).unwrap();
    assert!(explanation.contrast.is_none() && !explanation.reproduction.is_reproduced);
    assert!(explanation.answer.reason.contains("`model-unavailable`"));
    // Where the model is there again, what it would say is said beside.
    let explanation = explainer(FakeModel::straight()).explain(&jobs[0]).unwrap();
    assert_eq!(explanation.reproduction.label.as_deref(), Some("Mortgage"));
    assert!(!explanation.reproduction.is_reproduced);
}

#[test]
fn a_product_that_the_crm_knew_is_not_explained_by_words() {
    let complaint = RawComplaint { known_product: Some("Student loan".to_owned()), ..raw(MORTGAGE) };
    let mut jobs = jobs(&FakeModel::straight(), &complaint);
    let explanation = explainer(FakeModel::straight()).explain(&jobs[0]).unwrap();
    assert!(explanation.contrast.is_none());
    assert!(explanation.answer.reason.starts_with("The CRM said that the product is Student loan"));
    let routing = explanation.routing.unwrap();
    assert!(routing.rule.starts_with("The product is Student loan, as the CRM said"), "{}", routing.rule);
    jobs[0].against = Some("Student loan".to_owned());
    assert!(explainer(FakeModel::straight()).explain(&jobs[0]).unwrap().contrast.is_some());
}

#[test]
fn another_answer_than_recorded_is_not_reproduced_and_still_explained() {
    let mut jobs = jobs(&FakeModel::straight(), &raw(MORTGAGE));
    jobs[0].prediction.confidence -= 0.005;
    let explanation = explainer(FakeModel::straight()).explain(&jobs[0]).unwrap();
    assert!(!explanation.reproduction.is_reproduced && explanation.contrast.is_some());
    jobs[0].prediction.arithmetic = "INT8".to_owned();
    let explanation = explainer(FakeModel::straight()).explain(&jobs[0]).unwrap();
    assert!(explanation.reproduction.is_reproduced, "it rounds more coarsely");
}

#[test]
fn what_cannot_be_explained_is_refused_with_a_code() {
    let model = FakeModel::straight();
    let job = jobs(&model, &raw(MORTGAGE)).remove(0);
    let mut gone = explainer(model.clone());
    gone.models = OneModel(None);
    assert_eq!(gone.explain(&job).unwrap_err().code(), "model-gone");
    let mut stopped = explainer(model.clone());
    stopped.stop = Stop::when(|| true);
    assert_eq!(stopped.explain(&job).unwrap_err().code(), "stopped");
    let mut other = job.clone();
    other.prediction.task = "urgency".to_owned();
    assert_eq!(explainer(model.clone()).explain(&other).unwrap_err().code(), "not-a-task");
    let mut changed = job.clone();
    changed.raw.narrative.push('!');
    assert_eq!(explainer(model.clone()).explain(&changed).unwrap_err().code(), "other-narrative");
    let mut version = job;
    version.prediction.model_version = "b".repeat(64);
    assert_eq!(explainer(model).explain(&version).unwrap_err().code(), "model-failed");
}

#[test]
fn a_letter_of_a_hundred_thousand_characters_is_explained_in_bounded_work() {
    let narrative: String = format!("{MORTGAGE}\n").repeat(570);
    let explanation = against(&FakeModel::straight(), &narrative, "product", "Debt collection").unwrap();
    assert_complete(contrast(&explanation));
    let [unread] = &explanation.unread[..] else { panic!("{:?}", explanation.unread) };
    assert_eq!((unread.member.as_str(), unread.places[0].start), ("encoder", 2_000));
    let tried = explanation.routing.unwrap().counterfactual.texts_tried;
    assert!(tried <= crate::rerouting::MOST_TEXTS, "{tried}");
}

#[test]
fn quoted_mail_is_named_as_unread_and_earns_nothing() {
    let narrative = "The payment for my mortgage was taken twice and nobody answered me about it at all.\n\nOn Tue, 3 Nov 2026 at 09:14, Card Team <c@bank.test> wrote:\n> Dear customer,\n> your card";
    let explanations = explained(&FakeModel::straight(), narrative);
    let contrast = contrast(&explanations[0]);
    let quoted = narrative.find("On Tue").unwrap();
    assert!(contrast.words.iter().all(|word| word.place.end <= quoted), "{:?}", contrast.words);
    let unread = explanations[0].unread.iter().find(|part| part.member.is_empty()).unwrap();
    assert!(unread.places.last().unwrap().end > quoted);
    assert_complete(contrast);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn bars_and_words_sum_to_the_contrast(
        words in prop::collection::vec("(mortgage|card|loan|payment|disabled|veteran|the|my|bank|and|twice|was|[a-z]{2,9}|é+|[.!?]|\n)", 12..60),
        wave in 0.0_f64..0.5,
        gap in -0.5_f32..0.5,
    ) {
        let model = FakeModel { wave: (wave, 7.0), gap, ..FakeModel::straight() };
        let narrative = format!("The bank took my payment and the card was not there. {}", words.join(" "));
        for explanation in explained(&model, &narrative) {
            if let Some(contrast) = &explanation.contrast {
                assert_complete(contrast);
            }
        }
    }
}
