//! A record -> decoded -> questions -> the models that answer them -> tokenised, or seen to be unreadable -> one request a
//! model.

use std::{sync::Arc, time::Instant};

use metrics::histogram;
use ombud_contract::validate::complaint_of;
use ombud_models::Reading;
use ombud_stream::{Clock, Envelope, Outage, Verdict};

use crate::{
    admission::Admission,
    question::{Question, Tasks, questions},
    request::{ComplaintContext, ModelInput, ModelRequest},
    served::Served,
    serving::{Bringer, Serving, Unanswered},
};

/// Makes requests of records; shared by the threads that tokenise.
pub(crate) struct Prepare {
    pub(crate) tasks: Tasks,
    pub(crate) serving: Arc<Serving>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Prepare {
    /// One request for each model that has a question to answer. A raw record that can't be read is settled here: join
    /// alone parks it.
    pub(crate) fn requests(
        &self,
        envelope: Envelope<Admission>,
    ) -> Result<Vec<Verdict<ModelRequest>>, Outage> {
        let Envelope { body: Admission { strategy, bringer, read_at }, record, receipt } = envelope;
        let readable = complaint_of(record.key.as_deref(), record.value.as_deref()).ok();
        // Unreadable, or nothing left to decide: join parks the one and routes the other without us.
        let Some(complaint) = readable.filter(|complaint| !complaint.withdrawn) else {
            return Ok(vec![Verdict::Settle(receipt)]);
        };
        let questions = questions(&self.tasks, &strategy, &complaint.complaint_id);
        let context = ComplaintContext::new(&complaint, &record, &questions, read_at, &self.clock);
        let (context, receipt) = (Arc::new(context), Arc::new(receipt));
        let reading = Reading::of(&complaint.narrative, &complaint.language);
        let mut requests: Vec<ModelRequest> = Vec::new();
        for mut question in questions {
            let model = self.model_for(&mut question, bringer)?;
            if let Some((_, head)) = model.as_ref().and_then(|model| model.head(&question.task)) {
                question.evidence = head.evidence_in(&complaint.narrative);
            }
            let version = model.as_ref().map_or("", |model| model.artefact.version.as_str());
            match requests.iter_mut().find(|request| request.version() == version) {
                Some(request) => request.questions.push(question),
                None => requests.push(ModelRequest {
                    complaint: Arc::clone(&context),
                    strategy_version: strategy.record.version,
                    questions: vec![question],
                    input: model.map(|model| input(model, &reading)),
                    receipt: Arc::clone(&receipt),
                }),
            }
        }
        match Arc::into_inner(receipt) {
            // No request holds it: the strategy has no question for this group.
            Some(receipt) => Ok(vec![Verdict::Settle(receipt)]),
            None => Ok(requests.into_iter().map(Verdict::Next).collect()),
        }
    }

    /// The model that answers `question`; `None` where none can. What stands in answers under its own name.
    fn model_for(&self, question: &mut Question, bringer: Bringer) -> Result<Option<Arc<Served>>, Outage> {
        match self.serving.for_arm(&question.task, &question.arm, bringer) {
            Ok(answering) => {
                if let Some(arm) = answering.stands_in_as {
                    question.arm = arm;
                }
                Ok(Some(answering.served))
            }
            Err(Unanswered::Unserved(_)) => Ok(None),
            Err(stopped @ Unanswered::Stopped) => {
                let action = format!("answer {} {}", question.task, question.arm.name);
                Err(Outage::passing(action, stopped))
            }
        }
    }
}

/// The narrative as `model` reads it, and whether it can.
fn input(model: Arc<Served>, reading: &Reading<'_>) -> ModelInput {
    let started = Instant::now();
    let prepared = model.model.prepare(reading.text());
    let unread = reading.unread(&model.reads, &prepared);
    histogram!("ombud_infer_prepare_seconds").record(started.elapsed().as_secs_f64());
    ModelInput { model, prepared, unread }
}
