//! The records of an export, which are durable before anybody gets the file: who took away which file of which complaint; never
//! what it says. They are those of the console (`workers/console/src/dossier.rs`).

use ombud_console::DossierAsk;
use ombud_contract::{
    codec,
    records::{AuditEntry, Prediction, TimestampMs},
};
use ombud_store::{CaseEvent, Kind};
use sha2::{Digest, Sha256};

use crate::log::audit::Actor;

/// Somebody took a dossier away.
const EXPORTED: &str = "dossier-exported";
/// What the customer wrote was in it.
const NARRATIVE_OPENED: &str = "narrative-opened";
/// What the customer was called vulnerable for was in it.
const EVIDENCE_OPENED: &str = "evidence-opened";

/// The entries of `actor`, who takes `file` away `at`, which `ask` asked for; `events` are the case. Each names the file by its
/// SHA-256: the file names its time itself.
pub(crate) fn exported(
    actor: &Actor,
    ask: &DossierAsk,
    events: &[CaseEvent],
    file: &[u8],
    at: TimestampMs,
) -> Vec<AuditEntry> {
    let digest = hex::encode(Sha256::digest(file));
    let reason = ask.reason_code.as_deref();
    let mut actions = vec![EXPORTED];
    actions.extend(reason.map(|_| NARRATIVE_OPENED));
    actions.extend((ask.with_evidence && has_evidence(events)).then_some(EVIDENCE_OPENED));
    let entry = |action: &str| AuditEntry {
        complaint_id: Some(ask.complaint_id.clone()),
        reason_code: reason.filter(|_| action == EXPORTED).unwrap_or_default().to_owned(),
        ..actor.entry(action, &ask.complaint_id, Some(digest.clone()), at, &format!("{digest} {at}"))
    };
    actions.into_iter().map(entry).collect()
}

fn has_evidence(events: &[CaseEvent]) -> bool {
    let predictions = events.iter().filter(|event| event.kind == Kind::Prediction);
    predictions
        .filter_map(|event| codec::decode::<Prediction>(&event.body).ok())
        .any(|prediction| !prediction.evidence.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIDENT: &str = include_str!("../../../schemas/complaints.predictions/examples/valid/evident.json");

    fn ask(reason: Option<&str>, with_evidence: bool) -> DossierAsk {
        DossierAsk {
            complaint_id: "c-1".into(),
            as_of: None,
            reason_code: reason.map(str::to_owned),
            with_evidence,
            asked_by: "ann".into(),
            roles: Vec::new(),
            source: "command".into(),
        }
    }

    #[test]
    fn an_export_is_recorded_by_the_digest_of_its_file_and_by_what_was_in_it() {
        let prediction: Prediction = serde_json::from_str(EVIDENT).unwrap();
        let evident = CaseEvent {
            complaint_id: "c-1".into(),
            kind: Kind::Prediction,
            seq: 1,
            id: "p".into(),
            at: 1,
            task: None,
            team: None,
            model_id: None,
            model_version: None,
            schema_id: None,
            body: codec::encode(&prediction).unwrap(),
            origin: "complaints.predictions/0/1".into(),
        };
        let actor = Actor::of_command("ann");
        let entries = |ask: &DossierAsk, events: &[CaseEvent]| exported(&actor, ask, events, b"file", 7);
        let plain = entries(&ask(None, true), &[]);
        assert_eq!(plain.len(), 1);
        let digest = hex::encode(Sha256::digest(b"file"));
        let [entry] = &plain[..] else { panic!("one") };
        assert_eq!((entry.action.as_str(), entry.subject.as_str()), (EXPORTED, "c-1"));
        assert_eq!(
            (entry.complaint_id.as_deref(), entry.record_id.as_deref()),
            (Some("c-1"), Some(digest.as_str()))
        );
        assert_eq!(
            (entry.actor.as_str(), entry.source.as_str(), entry.reason_code.as_str()),
            ("ann", "command", "")
        );
        let case = [evident];
        let all = entries(&ask(Some("ombudsman"), true), &case);
        let actions: Vec<(&str, &str)> =
            all.iter().map(|entry| (entry.action.as_str(), entry.reason_code.as_str())).collect();
        assert_eq!(actions, [(EXPORTED, "ombudsman"), (NARRATIVE_OPENED, ""), (EVIDENCE_OPENED, "")]);
        assert!(all.windows(2).all(|two| two[0].audit_id != two[1].audit_id));
        assert_eq!(entries(&ask(None, false), &case).len(), 1, "it was left out");
    }
}
