//! What comes from outside the joiner: complaints, answers, erasures.

use std::sync::Arc;

use ombud_contract::records::{Outcome, Prediction, Role};

use crate::{
    event::{ComplaintDetails, Submission, SubmissionKind},
    rules::Rules,
    sim::{
        rules::BRANCH,
        world::{PredictionRecord, RawRecord, RoutedRecord, World},
    },
};

impl World {
    /// Appends a raw record: a new complaint, the same again, an edit, a withdrawal, or garbage.
    pub(crate) fn complain(&mut self) {
        let again = self.complaints > 0 && self.rng.chance(self.profile.resubmit);
        let number = if again { self.rng.below(self.complaints) } else { self.complaints };
        self.complaints = self.complaints.max(number + 1);
        let id: Arc<str> = format!("c{number}").into();
        let edit = self.edits.entry(number).or_insert(0);
        let edited = again && self.rng.chance(60);
        if edited && self.rng.chance(20) && *edit > 0 {
            // Back to what it was before.
            *edit -= 1;
        } else if edited {
            *edit += 1;
        }
        let edit = *edit;
        let offset = self.raw.len();
        let appended_at = self.now - self.behind;
        let kind = if self.rng.chance(self.profile.unreadable) {
            SubmissionKind::Unreadable
        } else if again && self.rng.chance(self.profile.withdrawn) {
            SubmissionKind::Withdrawn
        } else {
            SubmissionKind::Complaint
        };
        let what = match kind {
            SubmissionKind::Unreadable => {
                Submission::unreadable(&id, &format!("{id}?{}", self.rng.below(2)), appended_at)
            }
            SubmissionKind::Complaint | SubmissionKind::Withdrawn => {
                let taken_back = if kind == SubmissionKind::Withdrawn { "w" } else { "" };
                Submission {
                    complaint_id: Arc::clone(&id),
                    input: format!("{id}.{edit}{taken_back}").into(),
                    kind,
                    bulk: self.rng.chance(self.profile.bulk),
                    about: ComplaintDetails {
                        legal_entity: Some(format!("entity of {id}.{edit}")),
                        regulator_sent_at: edit.is_multiple_of(2).then_some(1_000 * edit as i64),
                        notice_at: Some(edit as i64),
                        attributes: [BRANCH, "not looked at"]
                            .map(|name| (name.into(), format!("{edit}")))
                            .into(),
                        received_at: self.now,
                        channel: "web".into(),
                        language: "en".into(),
                        customer_ref: None,
                        external_ref: None,
                        known_product: None,
                    },
                }
            }
        };
        self.say(|_| format!("raw@{offset} {} {kind:?}{}", what.input, if what.bulk { " bulk" } else { "" }));
        if kind == SubmissionKind::Complaint {
            let required = self.rules.plan(appended_at).required;
            for task in ["issue", "product", "vulnerable"] {
                let never = self.rng.chance(self.profile.never);
                if !never && required.iter().any(|t| t == task) {
                    self.unanswered.push((offset, task));
                }
            }
        }
        self.raw.push(RawRecord { appended_at, what });
    }

    /// One of the oldest questions is answered; now and then twice, by another model, or not to be used.
    pub(crate) fn infer(&mut self) {
        if self.unanswered.is_empty() {
            return;
        }
        let at = self.rng.below(self.unanswered.len().min(6));
        let (offset, task) = self.unanswered[at];
        if self.rng.chance(self.profile.odd) {
            self.odd_prediction(offset, task);
        }
        let again = self.rng.chance(self.profile.odd);
        if !again {
            self.unanswered.remove(at);
        }
        self.predict(offset, task, Role::Deciding);
    }

    fn odd_prediction(&mut self, offset: usize, task: &'static str) {
        match self.rng.below(4) {
            0 => {
                self.say(|w| format!("prediction@{} garbage", w.predictions.len()));
                self.predictions.push(PredictionRecord { appended_at: self.now, body: None });
            }
            1 => self.predict(offset, task, Role::Shadow),
            2 => self.predict(offset, "language", Role::Deciding),
            _ => self.predict(offset, task, Role::Deciding),
        }
    }

    fn predict(&mut self, offset: usize, task: &'static str, role: Role) {
        let model = if self.rng.chance(self.profile.odd) { "m2" } else { "m1" };
        let what = &self.raw[offset].what;
        // A model says the same of the same content, whenever it is asked.
        let digest = what.input.bytes().chain(task.bytes()).chain(model.bytes());
        let digest = digest.fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let outcome = match digest % 10 {
            0 => Outcome::Failed,
            1 => Outcome::Abstained,
            _ => Outcome::Labelled,
        };
        let labels: [&str; 2] = if task == "vulnerable" { ["no", "yes"] } else { ["cards", "loans"] };
        let label = (outcome != Outcome::Failed).then(|| labels[(digest / 10 % 2) as usize].to_owned());
        let prediction_id = format!("{}/{task}/{model}", what.input);
        let body = Prediction {
            prediction_id,
            complaint_id: what.complaint_id.to_string(),
            input_sha256: what.input.to_string(),
            raw_partition: self.partition,
            raw_offset: offset as i64,
            task: task.to_owned(),
            model_id: String::new(),
            model_version: model.to_owned(),
            strategy_version: 1,
            arm: String::new(),
            role,
            outcome,
            label,
            level: String::new(),
            path: Vec::new(),
            confidence: 0.9,
            logits: Vec::new(),
            label_set: String::new(),
            threshold: 0.5,
            tokens: 1,
            truncated_tokens: 0,
            windows: 1,
            failure: None,
            predicted_at: self.now,
            score: None,
            evidence: Vec::new(),
            evidence_table: String::new(),
            unseen_tokens: 0,
            unread: None,
            arithmetic: "FLOAT".into(),
        };
        self.say(|w| {
            format!("prediction@{} of raw@{offset} {} {role:?}", w.predictions.len(), body.prediction_id)
        });
        self.predictions.push(PredictionRecord { appended_at: self.now, body: Some(Box::new(body)) });
    }

    /// Raw gets another leader, whose clock is right or behind.
    pub(crate) fn set_clock(&mut self) {
        let behind = if self.rng.chance(40) { 0 } else { self.rng.below(4_000) as i64 };
        self.faults.steps_back += u64::from(behind > self.behind);
        self.behind = behind;
        self.say(|_| format!("raw's clock is {behind} ms behind"));
    }

    /// Somebody asks to be forgotten.
    pub(crate) fn erase(&mut self) {
        if self.complaints == 0 {
            return;
        }
        let id: Arc<str> = format!("c{}", self.rng.below(self.complaints)).into();
        self.faults.erasures += 1;
        self.say(|w| format!("routed@{} tombstone {id} by the bank", w.routed.len()));
        self.routed.push(RoutedRecord { appended_at: self.now, complaint_id: id, record: None });
    }
}
