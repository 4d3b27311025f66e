//! complaints.raw: what the CRM sends.

mod ids;
mod key;
mod read;
mod rules;

use std::collections::BTreeMap;

pub use ids::{complaint_id_of, input_sha256, is_unnamed, unnamed_id, written_id};
pub use key::{id_in_key, may_name};
pub use read::{Unreadable, case_id_of, complaint_of, id_of};
pub use rules::{
    EARLIEST_RECEIVED, Invalid, LATEST_RECEIVED, MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTE_NAME_BYTES,
    MAX_ATTRIBUTES, MAX_ID_BYTES, MAX_NARRATIVE_BYTES, MAX_TEXT_BYTES, NOTICE_TOLERANCE_MS,
};
pub(crate) use rules::{check_id, check_text};
use serde::{Deserialize, Serialize};

use super::{TimestampMs, defaults};
use crate::{catalogue::Topic, codec::Record};

/// One submission of a complaint, as the CRM sends it. Key: `complaint_id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawComplaint {
    /// The CRM's id of the complaint, stable over its submissions.
    pub complaint_id: String,
    /// What the customer wrote. The only field with free text; never logged.
    pub narrative: String,
    /// Business time; never used for deadlines.
    pub received_at: TimestampMs,
    /// The CRM's edit number.
    #[serde(default = "defaults::one")]
    pub submission: i32,
    /// The customer took the complaint back.
    #[serde(default)]
    pub withdrawn: bool,
    /// Part of a backfill: no deadline.
    #[serde(default)]
    pub bulk: bool,
    /// How it came in (`web`, `phone`, ...); an open vocabulary.
    #[serde(default = "defaults::unknown")]
    pub channel: String,
    /// BCP 47 tag of the narrative's language; `und` where the CRM doesn't know.
    #[serde(default = "defaults::und")]
    pub language: String,
    /// The company of the group that the complaint is against.
    pub legal_entity: Option<String>,
    /// Pseudonym of the customer.
    pub customer_ref: Option<String>,
    /// The id in the sending system, if another than `complaint_id`.
    pub external_ref: Option<String>,
    /// The product, where the CRM knows it for certain.
    pub known_product: Option<String>,
    /// What else the CRM wants to travel along. No free text.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// When a regulator or an ombudsman sent the complaint on, where one did: clocks may begin there.
    pub regulator_sent_at: Option<TimestampMs>,
    /// When the customer gave notice of an error, where that was before the complaint: clocks may begin there.
    pub notice_at: Option<TimestampMs>,
}

impl RawComplaint {
    /// A first submission that says no more than it must; everything else has its default.
    pub fn new(
        complaint_id: impl Into<String>,
        narrative: impl Into<String>,
        received_at: TimestampMs,
    ) -> Self {
        Self {
            complaint_id: complaint_id.into(),
            narrative: narrative.into(),
            received_at,
            submission: defaults::one(),
            withdrawn: false,
            bulk: false,
            channel: defaults::unknown(),
            language: defaults::und(),
            legal_entity: None,
            customer_ref: None,
            external_ref: None,
            known_product: None,
            attributes: BTreeMap::new(),
            regulator_sent_at: None,
            notice_at: None,
        }
    }
}

impl Record for RawComplaint {
    const TOPIC: Topic = Topic::Raw;
}
