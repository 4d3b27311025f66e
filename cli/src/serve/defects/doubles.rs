//! Doubles at the seams: each does its work, and panics at one complaint where it has the defect.

use std::{path::Path, sync::Arc};

use jiff::civil::Date;
use ombud_contract::taxonomy::Taxonomy;
use ombud_join::Sent;
use ombud_models::{
    Artefact, Classifier, ClassifyError, Input, LoadError, LoadModel, Logits, Model, Prepared,
};
use ombud_store::{CaseEvent, CaseStore, FeedbackDay, ModelDecision, QueueEntry, Row};
use ombud_stream::{Outage, Outgoing, Refused, Sink};

/// The complaint that the defect is met at; its narrative says so.
pub(super) const FATAL: &str = "c-fatal";
/// What a narrative has that the model panics at.
pub(super) const FATAL_WORD: &str = "fatal";

/// Where a model panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Nowhere,
    Prepare,
    Classify,
}

/// A model that counts letters.
#[derive(Clone, Copy)]
pub(super) struct Letters(pub(super) At);

impl LoadModel for Letters {
    fn load(&self, _: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        Ok(Arc::new(*self))
    }
}

impl Model for Letters {
    fn prepare(&self, narrative: &str) -> Prepared {
        let fatal = narrative.contains(FATAL_WORD);
        assert!(!(fatal && self.0 == At::Prepare), "a defect");
        let letters = narrative.chars().filter(|c| c.is_alphabetic()).count() as u32;
        let input = Input::Tokens(vec![letters, u32::from(fatal)]);
        Prepared { input, tokens: letters, truncated_tokens: 0, unseen_tokens: 0, windows: 1 }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(*self)
    }
}

impl Classifier for Letters {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        let score = |prepared: &&Prepared| {
            let Input::Tokens(ids) = &prepared.input else { unreachable!("it prepared them itself") };
            assert!(!(ids[1] == 1 && self.0 == At::Classify), "a defect");
            vec![vec![0.0, ids[0] as f32 - 40.0]]
        };
        Ok(batch.iter().map(score).collect())
    }
}

/// The artefact that such a model is loaded of.
pub(super) fn artefact(dir: &Path) -> Artefact {
    let taxonomy = Taxonomy::by_label_set("vulnerable@1").unwrap();
    let manifest = serde_json::json!({
        "format": 1, "model_id": "letters", "family": "encoder", "max_tokens": 8,
        "reads": { "least_words": 2 },
        "heads": [{ "task": "vulnerable", "kind": "flag", "label_set": "vulnerable@1",
            "labels": taxonomy.leaves(), "temperature": 1.0,
            "thresholds": { "possible": 0.4, "vulnerable": 0.9 } }],
    });
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join("ombud.json"), manifest.to_string()).unwrap();
    std::fs::write(dir.join("model.safetensors"), "letters").unwrap();
    Artefact::open(dir).unwrap()
}

/// A sink of routes.
pub(super) struct Routes {
    pub(super) sink: Box<dyn Sink<Sent>>,
    pub(super) has_defect: bool,
}

impl Sink<Sent> for Routes {
    fn send(&mut self, record: Outgoing, token: Sent) -> Result<(), Refused<Sent>> {
        assert!(!(self.has_defect && record.key.as_deref() == Some(FATAL.as_bytes())), "a defect");
        self.sink.send(record, token)
    }

    fn purge(&mut self) {
        self.sink.purge();
    }
}

/// A store of cases.
pub(super) struct Cases {
    pub(super) cases: Box<dyn CaseStore>,
    pub(super) has_defect: bool,
}

impl CaseStore for Cases {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        let is_fatal = |row: &Row| matches!(row, Row::CaseEvent(event) if event.complaint_id == FATAL);
        assert!(!(self.has_defect && rows.iter().any(is_fatal)), "a defect");
        self.cases.write(rows)
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        self.cases.case(complaint_id)
    }

    fn queue(&mut self, team: &str, day: Date) -> Result<Vec<QueueEntry>, Outage> {
        self.cases.queue(team, day)
    }

    fn feedback(&mut self, day: Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        self.cases.feedback(day, each)
    }

    fn decisions(
        &mut self,
        id: &str,
        version: &str,
        day: Date,
        each: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
        self.cases.decisions(id, version, day, each)
    }
}
