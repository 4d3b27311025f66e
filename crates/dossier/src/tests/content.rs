//! What is in a dossier, for whom, and how it looks.

use bytes::Bytes;
use ombud_contract::codec;
use ombud_contract::records::{AuditEntry, ModelVersion};

use super::{all_text, verified};
use crate::testing::{EXPORTED_AT, logged, prediction_event, predictions, sources, submission};
use crate::{DossierSources, ModelSource};

const EVIDENCE: &str = "armed_forces";

fn with_text() -> DossierSources {
    DossierSources { text_reason: Some("ombudsman".into()), ..sources() }
}

#[test]
fn what_the_customer_wrote_is_in_it_for_a_reason_alone() {
    let narrative = submission().narrative;
    let without = verified(&sources());
    assert!(!all_text(&without).contains(&narrative));
    let (words, text) = (narrative.split(' ').collect::<Vec<_>>(), all_text(&without));
    assert!(words.windows(3).all(|run| !text.contains(&run.join(" "))));
    let proof = &without.statement["predicate"]["proof"]["records"][0];
    assert_eq!((proof["kind"].as_str(), proof["value"].as_str()), (Some("submission"), None));
    assert!(proof["withheld"].as_str().unwrap().starts_with("it holds what the customer wrote"));

    let with = verified(&with_text());
    assert_eq!(with.statement["predicate"]["input"]["text"], narrative);
    assert_eq!((with.records, with.withheld), (11, 0));
    assert!(with.page.contains("The text is in this file for the reason ombudsman."));
}

#[test]
fn no_category_of_evidence_is_in_it_for_whoever_may_not_see_it() {
    for sources in [sources(), with_text()] {
        assert!(all_text(&verified(&sources)).contains(EVIDENCE));
        let blind = verified(&DossierSources { sees_evidence: false, ..sources });
        let text = all_text(&blind);
        assert!(!text.contains(EVIDENCE) && !text.contains("armed forces"));
        let records = blind.statement["predicate"]["proof"]["records"].as_array().unwrap();
        let withheld: Vec<&str> = records
            .iter()
            .filter(|record| record["kind"] == "prediction")
            .filter_map(|record| record["withheld"].as_str())
            .collect();
        assert_eq!(withheld.len(), 1, "that on vulnerability: {withheld:?}");
        assert!(blind.page.contains("What the narrative says outright of a vulnerable customer is left out"));
    }
}

#[test]
fn the_page_has_every_part_and_needs_nothing_else() {
    let page = verified(&with_text()).page;
    for heading in
        ["Decision", "Answers", "Words", "Input", "Model", "Strategy", "People", "Outcome", "Proof"]
    {
        assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
    }
    assert!(page.contains("<html class=\"report\" lang=\"en\">") && page.contains("<th scope=\"col\""));
    for elsewhere in ["<script", "src=", "href=\"h", "@import", "style=", "onload"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    assert!(page.contains("complaints@megabank.example"));
}

#[test]
fn words_are_shaded_in_the_text_or_listed_by_their_places() {
    let with = verified(&with_text()).page;
    assert!(with.contains("<mark class=\"for shade-10\" title=\"+0.500\">charged</mark>"), "{with}");
    assert!(
        with.contains("<mark class=\"against shade-6\" title=\"-0.300\">overdraft</mark>")
            && with.contains("<mark class=\"unread\">")
    );
    let without = verified(&sources()).page;
    assert!(without.contains("6 to 13") && !without.contains("<mark"));
}

#[test]
fn text_of_others_stays_text_on_the_page() {
    let mut sources = with_text();
    sources.contact = "<script>alert(1)</script>".into();
    sources.models[0].card = Ok("</div><img src=x onerror=alert(1)>".into());
    let page = verified(&sources).page;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("&lt;/div&gt;&lt;img"));
    assert!(!page.contains("<img") && !page.contains("<script"));
    // The label of the runner-up in the example.
    assert!(page.contains("Fees &amp; charges &lt;b&gt;"));
}

#[test]
fn a_model_that_is_gone_is_said_to_be_gone_and_the_dossier_is_made_all_the_same() {
    let mut sources = sources();
    let mut record: ModelVersion = codec::decode(&sources.models[0].records[0].value).unwrap();
    record.state = ombud_contract::records::ModelState::Retired;
    sources.models[0].records.push(logged(&record, 9, EXPORTED_AT - 1));
    sources.models[0].card = Err("the version is no longer on the shelf".into());
    sources.explanations = Err("the model version is no longer on the shelf".into());
    let verified = verified(&sources);
    let dossier = &verified.statement["predicate"];
    assert_eq!(dossier["model"]["models"][0]["registered"]["state"], "RETIRED");
    for said in [
        "There is no card of bag cccccccccccc: the version is no longer on the shelf.",
        "There is no explanation: the model version is no longer on the shelf.",
    ] {
        assert!(verified.page.contains(said), "{said}");
    }
    assert_eq!(dossier["words"]["explanations"], serde_json::json!([]));
}

#[test]
fn what_could_not_be_gathered_is_named() {
    let sources = DossierSources {
        audit: Err("console.audit does not answer".into()),
        models: Vec::<ModelSource>::new(),
        strategies: Vec::new(),
        ..sources()
    };
    let verified = verified(&sources);
    for said in [
        "Who opened the complaint is not listed: console.audit does not answer.",
        "Nothing was gathered about bag cccccccccccc.",
        "The log has no record of strategy 1.",
    ] {
        assert!(verified.page.contains(said), "{said}");
    }
    assert_eq!(verified.draws, 0);
}

#[test]
fn a_row_that_is_not_what_was_written_is_named_and_does_not_count() {
    let mut sources = sources();
    let damaged = predictions()[1].prediction_id.clone();
    for event in sources.events.iter_mut().filter(|event| event.id == damaged) {
        *event = event.clone().spoilt();
    }
    let verified = verified(&sources);
    assert!(verified.page.contains("withheld: the archive's row is not what was written"));
    assert!(verified.page.contains("The record of the answer to product is not in the archive"));
}

#[test]
fn a_prediction_that_nobody_reads_is_withheld_from_whoever_may_not_see_evidence() {
    let mut sources = sources();
    let newer = Bytes::from_static(b"\0\x7f\0\0\0whatever");
    let value = codec::encode(&predictions()[2]).unwrap();
    for event in sources.events.iter_mut().filter(|event| event.body == value) {
        event.body = newer.clone();
    }
    sources.sees_evidence = false;
    assert_eq!(verified(&sources).withheld, 2);
    assert_eq!(prediction_event(value, 1).len(), 1);
}

#[test]
fn audit_records_about_others_stay_out() {
    let mut sources = sources();
    let mut other: AuditEntry = codec::decode(&sources.audit.as_ref().unwrap()[0].value).unwrap();
    other.complaint_id = Some("c-2".into());
    other.actor = "somebody-else".into();
    sources.audit.as_mut().unwrap().push(logged(&other, 4, other.at));
    assert!(!all_text(&verified(&sources)).contains("somebody-else"));
}
