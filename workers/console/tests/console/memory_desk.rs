//! A desk of changes in memory: what the real one does, by the same functions of `ombud_models`, by a clock of its own.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::{Arc, Mutex, MutexGuard};

use axum::http::StatusCode;
use ombud_console::pages::{ChangeDesk, ChangeRefusal, OpenRequest, PageSources, RolloutLog};
use ombud_contract::records::{ModelEvaluation, ModelVersion, Strategy};
use ombud_launch::guard::Caller;
use ombud_models::{
    Artefact, Description, FirstStrategy, Registry, Signature, Strategies, StrategyChange, differences,
    evaluated, is_same_person, model_version_record, with_approvals,
};
use ombud_stream::Outage;

use crate::{bank::NOW, no_sources::no_sources};

/// The version of the challenger that e-1 has evaluated.
pub(crate) const CHALLENGER: &str = "abababababababababababababababababababababababababababababababab";

/// The bank's first strategy, a challenger, and the requests that wait.
pub(crate) struct MemoryDesk(Mutex<Kept>);

struct Kept {
    log: RolloutLog,
    requests: Vec<OpenRequest>,
    asked: usize,
}

fn refusal(status: StatusCode, error: &impl ToString) -> ChangeRefusal {
    ChangeRefusal { status, text: error.to_string() }
}

fn wrong(error: impl ToString) -> ChangeRefusal {
    refusal(StatusCode::UNPROCESSABLE_ENTITY, &error)
}

/// `complaints` as the shipped strategy names it, from a small artefact; the strategy asks for `approvals`.
fn first(approvals: i32) -> (Strategy, ModelVersion) {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("complaints");
    std::fs::create_dir(&model).unwrap();
    let manifest = include_str!("../../../../models/complaints-bag/ombud.json");
    let manifest = manifest.replacen("\"complaints-bag\"", "\"complaints\"", 1);
    std::fs::write(model.join("ombud.json"), manifest).unwrap();
    std::fs::write(model.join("model.safetensors"), [7; 64]).unwrap();
    let file = folder.path().join("strategy.toml");
    std::fs::write(&file, include_str!("../../../../models/strategy.toml")).unwrap();
    let read = FirstStrategy::read(&file, folder.path(), "setup", 1_000).unwrap();
    let artefact = Artefact::open(&model).unwrap();
    (Strategy { approvals, ..read.record }, model_version_record(&artefact, "setup", 1))
}

impl MemoryDesk {
    pub(crate) fn asking_for(approvals: i32) -> Arc<Self> {
        let (first, champion) = first(approvals);
        let mut strategies = Strategies::default();
        strategies.push(first).unwrap();
        let mut registry = Registry::default();
        let challenger = ModelVersion {
            model_id: "challenger".into(),
            version: CHALLENGER.into(),
            created_by: "<i>ann</i>".into(),
            created_at: 2,
            ..champion.clone()
        };
        let evaluation = ModelEvaluation {
            evaluation_id: "e-1".into(),
            kind: "data".into(),
            data: "d".repeat(64),
            rows: 412,
            against_version: None,
            figures: [("product.accuracy".to_owned(), 0.8125)].into(),
            evaluated_by: "ann".into(),
            evaluated_at: NOW,
        };
        registry.apply(evaluated(&challenger, evaluation).unwrap());
        registry.apply(champion);
        let log = RolloutLog { strategies, registry };
        Arc::new(Self(Mutex::new(Kept { log, requests: Vec::new(), asked: 0 })))
    }

    pub(crate) fn sources(self: &Arc<Self>) -> PageSources {
        PageSources { changes: Arc::clone(self) as Arc<dyn ChangeDesk>, ..no_sources() }
    }

    pub(crate) fn newest(&self) -> Strategy {
        self.kept().log.strategies.newest().unwrap().record.clone()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.kept().requests.len()
    }

    /// Whatever the registry has of a version from now on.
    pub(crate) fn register(&self, version: ModelVersion) {
        self.kept().log.registry.apply(version);
    }

    pub(crate) fn champion(&self) -> ModelVersion {
        let log = &self.kept().log;
        log.registry.versions().find(|known| known.model_id == "complaints").unwrap().clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }
}

impl Kept {
    /// A minute passes from one version to the next, so that each decides something.
    fn now_ms(&self) -> i64 {
        NOW + 60_000 * (self.log.strategies.iter().count() as i64 - 1)
    }

    fn next(
        &self,
        change: &StrategyChange,
        by: &str,
        reason: Option<String>,
    ) -> Result<Strategy, ChangeRefusal> {
        let signature = Signature { by: by.to_owned(), reason, now_ms: self.now_ms(), from: None };
        change.next(&self.log.strategies, &self.log.registry, &signature).map_err(wrong)
    }

    fn push(&mut self, next: Strategy) -> Result<i64, ChangeRefusal> {
        let gated = self.log.strategies.gate(&next, &self.log.registry, self.now_ms());
        gated.map_err(|error| refusal(StatusCode::FORBIDDEN, &error))?;
        Ok(self.log.strategies.push(next).map_err(wrong)?.record.version)
    }
}

impl ChangeDesk for MemoryDesk {
    fn log(&self) -> Result<RolloutLog, Outage> {
        Ok(self.kept().log.clone())
    }

    fn requests(&self) -> Result<Vec<OpenRequest>, ChangeRefusal> {
        let kept = self.kept();
        let newest = kept.log.strategies.newest().unwrap().record.version;
        let shown = |request: &OpenRequest| OpenRequest {
            is_stale: request.base_version != newest,
            ..request.clone()
        };
        Ok(kept.requests.iter().map(shown).collect())
    }

    fn description(&self, model_id: &str, _: &str) -> Option<Description> {
        (model_id == "complaints").then(|| Description {
            manifest: serde_json::from_str(include_str!("../../../../models/complaints/ombud.json")).ok(),
            card: Some(include_str!("../../../../models/complaints/README.md").to_owned()),
        })
    }

    fn ask(
        &self,
        change: StrategyChange,
        reason: Option<String>,
        by: &Caller,
    ) -> Result<String, ChangeRefusal> {
        let mut kept = self.kept();
        let requested_by = by.signature("").to_owned();
        let next = kept.next(&change, &requested_by, reason)?;
        let newest = kept.log.strategies.newest().unwrap().record.clone();
        kept.asked += 1;
        let request_id = format!("r-{}", kept.asked);
        kept.requests.push(OpenRequest {
            request_id: request_id.clone(),
            requested_by,
            requested_at: NOW,
            reason: next.reason.clone(),
            base_version: newest.version,
            change: Some(change),
            approved_by: Vec::new(),
            approvals_needed: newest.approvals.max(1),
            is_stale: false,
            problem: None,
            differences: differences(&newest, &next),
        });
        Ok(request_id)
    }

    fn publish(
        &self,
        change: StrategyChange,
        reason: Option<String>,
        base: i64,
        by: &Caller,
    ) -> Result<i64, ChangeRefusal> {
        let mut kept = self.kept();
        let next = kept.next(&change, by.signature(""), reason)?;
        if next.version != base + 1 {
            return Err(refusal(StatusCode::CONFLICT, &"somebody else was faster"));
        }
        kept.push(next)
    }

    fn approve(&self, id: &str, _: Option<i64>, by: &Caller) -> Result<Option<i64>, ChangeRefusal> {
        let mut kept = self.kept();
        let unknown = || refusal(StatusCode::NOT_FOUND, &"there is no such request");
        let at = kept.requests.iter().position(|one| one.request_id == id).ok_or_else(unknown)?;
        let request = kept.requests[at].clone();
        if is_same_person(&request.requested_by, by.signature("")) {
            return Err(refusal(StatusCode::FORBIDDEN, &"another person must approve it"));
        }
        let next = kept.next(&request.change.unwrap(), &request.requested_by, Some(request.reason))?;
        let approvers = [by.signature("").to_owned()];
        let version = kept.push(with_approvals(next, id, &request.requested_by, &approvers))?;
        kept.requests.remove(at);
        Ok(Some(version))
    }

    fn close(&self, id: &str, _: &Caller) -> Result<(), ChangeRefusal> {
        self.kept().requests.retain(|one| one.request_id != id);
        Ok(())
    }
}
