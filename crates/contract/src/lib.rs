//! What travels on the topics: records, their Avro schemas, their ids and the rules that make them valid.

pub mod access;
pub mod calendar;
pub mod catalogue;
pub mod codec;
mod hash;
mod json;
pub mod records;
pub mod shown;
pub mod task;
pub mod taxonomy;

pub use json::to_json;

/// Ids are hashes of content: the same work done twice carries the same id, whoever does it.
///
/// Every id is SHA-256 in lower-case hexadecimal over parts that each follow their own length (eight bytes, big-endian).
/// Each is made beside its record.
pub mod ids {
    pub use crate::{
        hash::{basis_point, complaint_hash, row_sha256},
        records::{
            dead_letter::dead_letter_id,
            feedback::feedback_id,
            prediction::prediction_id,
            raw::{complaint_id_of, input_sha256, is_unnamed, unnamed_id, written_id},
            routed::route_id,
            work::work_id,
        },
    };
}

/// Which complaint the key of a raw record names, however its producer framed it.
pub mod key {
    pub use crate::records::raw::{id_in_key, may_name};
}

/// The rules of raw complaints, and the one reader of complaints.raw.
pub mod validate {
    pub use crate::records::raw::{
        EARLIEST_RECEIVED, Invalid, LATEST_RECEIVED, MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTE_NAME_BYTES,
        MAX_ATTRIBUTES, MAX_ID_BYTES, MAX_NARRATIVE_BYTES, MAX_TEXT_BYTES, NOTICE_TOLERANCE_MS, Unreadable,
        case_id_of, complaint_of, id_of,
    };
}

/// The rules of verdicts, the one reader of complaints.feedback, and the audit sample.
pub mod verdict {
    pub use crate::{
        records::{
            feedback::{
                CLOCK_SKEW_MS, InvalidFeedback, MAX_CODE_BYTES, NEW_LABEL, UNKNOWN_TEAM, UnreadableFeedback,
                feedback_of, is_code,
            },
            routed::{AUDIT_SAMPLE, NO, YES, is_drawn},
        },
        task::{PRODUCT, VULNERABLE},
    };
}

pub mod work;

/// How a record that nobody can read is parked, and the headers of one that is sent again.
pub mod dead_letter {
    pub use crate::records::dead_letter::{Fault, LETTER_HEADER, REDRIVES_HEADER, UnreadableRecord};
}
