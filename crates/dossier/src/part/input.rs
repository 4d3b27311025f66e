//! Part 4: what was judged. The text itself only where a reason was given.

use std::collections::BTreeMap;

use ombud_contract::records::{RawComplaint, TimestampMs};
use ombud_store::CaseEvent;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::DATA;
use crate::case::Case;

#[derive(Serialize)]
pub(crate) struct InputPart {
    pub(crate) answers: [&'static str; 1],
    pub(crate) notes: Vec<String>,
    /// What identifies all that was judged.
    pub(crate) input_sha256: String,
    /// `None` where the archive has it no longer.
    pub(crate) submission: Option<Submission>,
    /// Why the text is in it, as a code; `None`: it is not.
    pub(crate) text_reason: Option<String>,
    /// What the customer wrote.
    pub(crate) text: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Submission {
    /// `topic/partition/offset`.
    pub(crate) origin: String,
    /// SHA-256 of the narrative's UTF-8.
    pub(crate) narrative_sha256: String,
    /// In code points.
    pub(crate) narrative_length: usize,
    pub(crate) received_at: TimestampMs,
    pub(crate) submission: i32,
    pub(crate) withdrawn: bool,
    pub(crate) bulk: bool,
    pub(crate) channel: String,
    pub(crate) language: String,
    pub(crate) legal_entity: Option<String>,
    pub(crate) customer_ref: Option<String>,
    pub(crate) external_ref: Option<String>,
    pub(crate) known_product: Option<String>,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) regulator_sent_at: Option<TimestampMs>,
    pub(crate) notice_at: Option<TimestampMs>,
}

impl InputPart {
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let mut notes = Vec::new();
        let reason = case.sources.text_reason.clone();
        let read = case.submission.as_ref();
        if read.is_none() {
            notes.push("The submission that was judged is not in the archive as it was judged.".to_owned());
        } else if reason.is_none() {
            notes.push("What the customer wrote is not in this file: its SHA-256 is, and whoever has the text can compare \
                        it.".to_owned());
        }
        Self {
            answers: [DATA],
            notes,
            input_sha256: case.route().input_sha256.clone(),
            text: reason.as_ref().and(read).map(|(_, raw)| raw.narrative.clone()),
            text_reason: reason,
            submission: read.map(|(event, raw)| Submission::of(event, raw)),
        }
    }
}

impl Submission {
    fn of(event: &CaseEvent, raw: &RawComplaint) -> Self {
        // Named one by one, so that a new field does not compile until somebody has thought of it here.
        let RawComplaint {
            complaint_id: _,
            narrative,
            received_at,
            submission,
            withdrawn,
            bulk,
            channel,
            language,
            legal_entity,
            customer_ref,
            external_ref,
            known_product,
            attributes,
            regulator_sent_at,
            notice_at,
        } = raw.clone();
        Self {
            origin: event.origin.clone(),
            narrative_sha256: hex::encode(Sha256::digest(narrative.as_bytes())),
            narrative_length: narrative.chars().count(),
            received_at,
            submission,
            withdrawn,
            bulk,
            channel,
            language,
            legal_entity,
            customer_ref,
            external_ref,
            known_product,
            attributes,
            regulator_sent_at,
            notice_at,
        }
    }
}
