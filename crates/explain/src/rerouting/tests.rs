use ombud_contract::records::Outcome;

use crate::{
    Counterfactual, RoutingReason,
    testing::{FakeModel, MORTGAGE, explainer, jobs, raw},
};
use ombud_contract::records::{RawComplaint, Why};

fn reason(complaint: &RawComplaint) -> RoutingReason {
    let model = FakeModel::straight();
    let explanations = explainer(model.clone()).explain_all(&jobs(&model, complaint)).unwrap();
    let first = explanations[0].routing.clone().unwrap();
    assert!(explanations.iter().all(|explanation| explanation.routing.as_ref() == Some(&first)));
    first
}

fn sentences(narrative: &str, found: &Counterfactual) -> Vec<String> {
    let text =
        |place: &crate::Place| narrative.chars().skip(place.start).take(place.end - place.start).collect();
    found.sentences.iter().map(|place| -> String { text(place) }).collect()
}

#[test]
fn the_sentence_that_holds_a_complaint_with_its_team_is_found() {
    let reason = reason(&raw(MORTGAGE));
    assert_eq!(reason.team, "home-lending");
    assert!(
        reason.rule.starts_with("The product is Mortgage, whose complaints go to home-lending"),
        "{}",
        reason.rule
    );
    let found = &reason.counterfactual;
    assert_eq!(sentences(MORTGAGE, found), ["The mortgage payment was taken twice and nobody answered me. "]);
    assert_eq!(found.team.as_deref(), Some("triage-desk"));
    assert_eq!(
        found.text,
        "Without this sentence of 4 it would have gone to triage-desk and not to home-lending."
    );
    assert_eq!(found.texts_tried, 5);
    assert!(reason.clocks.iter().any(|(name, _)| name == "house-answer"), "{:?}", reason.clocks);
}

#[test]
fn of_several_sentences_those_come_back_that_need_not_go() {
    let narrative = format!(
        "The mortgage is mine. {MORTGAGE} My mortgage is not a loan of yours. Please write to me about it."
    );
    let found = reason(&raw(&narrative)).counterfactual;
    let sentences = sentences(&narrative, &found);
    assert_eq!(sentences.len(), 3, "{sentences:?}");
    assert!(sentences.iter().all(|sentence| sentence.contains("mortgage")));
    assert!(found.text.starts_with("Without these 3 sentences of 7"), "{}", found.text);
}

#[test]
fn what_is_said_outright_is_looked_for_again_in_what_is_left() {
    let narrative = format!("{MORTGAGE} I am a disabled veteran.");
    let reason = reason(&raw(&narrative));
    assert_eq!(reason.team, "vulnerable-customers");
    assert!(reason.rule.contains("says so outright"), "{}", reason.rule);
    let found = reason.counterfactual;
    assert_eq!(sentences(&narrative, &found), ["I am a disabled veteran."]);
    assert_eq!(found.team.as_deref(), Some("home-lending"));
}

#[test]
fn where_nothing_would_change_the_team_it_says_why() {
    let text = |complaint: &RawComplaint| reason(complaint).counterfactual.text;
    let french = RawComplaint { language: "fr".to_owned(), ..raw(MORTGAGE) };
    assert!(text(&french).starts_with("It goes to triage whatever it says"));
    let one = raw("The mortgage payment was taken twice and nobody answered me about it");
    assert!(text(&one).starts_with("The narrative has no two sentences"));
    let known = RawComplaint { known_product: Some("Mortgage".to_owned()), ..raw(MORTGAGE) };
    assert!(text(&known).starts_with("No sentences were found"), "{}", text(&known));
}

#[test]
fn a_complaint_that_was_taken_back_or_is_sent_elsewhere_now_is_not_searched() {
    let model = FakeModel::straight();
    let mut jobs = jobs(&model, &raw(MORTGAGE));
    let counterfactual = |change: &dyn Fn(&mut crate::ExplainJob)| {
        let mut job = jobs[0].clone();
        change(&mut job);
        explainer(model.clone()).explain(&job).unwrap().routing.unwrap()
    };
    let withdrawn = counterfactual(&|job| job.route.as_mut().unwrap().why = Why::Withdrawn);
    assert!(withdrawn.rule.starts_with("The customer took the complaint back"));
    assert_eq!(withdrawn.counterfactual.texts_tried, 0);
    let elsewhere = counterfactual(&|job| job.route.as_mut().unwrap().team = "card-services".to_owned());
    assert!(elsewhere.counterfactual.text.contains("send it to home-lending and not to card-services"));
    let failed = counterfactual(&|job| {
        job.predictions.iter_mut().for_each(|prediction| prediction.outcome = Outcome::Failed);
    });
    assert!(
        failed.counterfactual.text.starts_with("No model decided anything"),
        "{}",
        failed.counterfactual.text
    );
    let lost = counterfactual(&|job| job.predictions[1].model_version = "b".repeat(64));
    assert!(lost.counterfactual.text.starts_with("Not tried: the model that answered issue"));
    jobs[0].route = None;
    assert!(explainer(FakeModel::straight()).explain(&jobs[0]).unwrap().routing.is_none());
}
