//! A batch -> scored -> predicted -> counted -> encoded

use std::{sync::Arc, time::Instant};

use metrics::histogram;
use ombud_contract::{
    codec,
    records::{Prediction, TimestampMs},
};
use ombud_models::Logits;
use ombud_stream::{Clock, Outage, Outgoing, Product, Verdict};

use crate::{drift, predict::predictions, replicas::Replicas, request::ModelRequest};

/// One model thread: its replicas, and how what they answer becomes records.
pub(crate) struct Classify {
    pub(crate) replicas: Replicas,
    pub(crate) clock: Arc<dyn Clock>,
    /// complaints.predictions, with its prefix.
    pub(crate) topic: Arc<str>,
}

/// A request with what its model answered.
struct ScoredRequest {
    request: ModelRequest,
    /// `None` where the text can't be scored, or nobody scores it.
    logits: Option<Logits>,
}

/// A request with its predictions, one a question.
struct AnsweredRequest {
    request: ModelRequest,
    predictions: Vec<Prediction>,
}

impl Classify {
    /// The predictions of one batch, all of one model version, as records.
    pub(crate) fn batch(&mut self, batch: Vec<ModelRequest>) -> Result<Vec<Verdict<Product>>, Outage> {
        let scored = scored(&mut self.replicas, batch);
        let predicted = predicted(scored, self.clock.now_ms());
        encoded(counted(predicted), &self.topic)
    }
}

/// Scores the texts of a batch together.
fn scored(replicas: &mut Replicas, batch: Vec<ModelRequest>) -> Vec<ScoredRequest> {
    let started = Instant::now();
    for request in &batch {
        let waited = started.saturating_duration_since(request.complaint.read_at.instant);
        histogram!("ombud_infer_queue_seconds").record(waited.as_secs_f64());
    }
    let logits = replicas.score(&batch);
    histogram!("ombud_infer_batch_seconds").record(started.elapsed().as_secs_f64());
    batch.into_iter().zip(logits).map(|(request, logits)| ScoredRequest { request, logits }).collect()
}

/// Turns logits, and what a narrative says outright, into answers.
fn predicted(scored: Vec<ScoredRequest>, now: TimestampMs) -> Vec<AnsweredRequest> {
    let answered = scored.into_iter().map(|ScoredRequest { request, logits }| {
        let predictions = predictions(&request, logits.as_ref(), now);
        AnsweredRequest { request, predictions }
    });
    answered.collect()
}

/// Counts what was answered and what could not be read.
fn counted(answered: Vec<AnsweredRequest>) -> Vec<AnsweredRequest> {
    for AnsweredRequest { request, predictions } in &answered {
        if let Some(unread) = request.unread_by_deciding_model() {
            drift::count_unread(unread);
        }
        predictions.iter().for_each(drift::count);
    }
    answered
}

/// The records, on the raw record's partition, each with the receipt that it settles.
fn encoded(answered: Vec<AnsweredRequest>, topic: &Arc<str>) -> Result<Vec<Verdict<Product>>, Outage> {
    let mut products = Vec::with_capacity(answered.len());
    for AnsweredRequest { request, predictions } in answered {
        for prediction in predictions {
            // Our own record that won't encode is a defect, not data: the worker ends and reports it.
            let value = codec::encode(&prediction).map_err(|error| {
                Outage::fatal(format!("encode prediction for task {}", prediction.task), error)
            })?;
            let key = Some(prediction.complaint_id.into_bytes().into());
            let partition = Some(request.complaint.raw_partition);
            let headers = &request.complaint.headers;
            let record = Outgoing::stamped(Arc::clone(topic), partition, key, value, "infer", headers);
            products.push(Verdict::Next((record, Arc::clone(&request.receipt))));
        }
    }
    Ok(products)
}
