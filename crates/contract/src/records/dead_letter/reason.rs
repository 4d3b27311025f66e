//! Why a record is parked: the reason that its dead letter gives, and what a person reads beside it.

use serde::{Deserialize, Serialize};

use crate::codec::CodecError;

/// Why a record could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeadReason {
    /// Written by a newer worker than the reader.
    #[default]
    Other,
    /// The bytes are not the schema's Avro.
    Undecodable,
    /// The schema id is not in the registry.
    UnknownSchema,
    /// Decoded, and breaks a rule of [`crate::validate`].
    Invalid,
    /// Larger than what a complaint may be.
    TooLarge,
    /// Not what was written, by its digest.
    Corrupt,
}

impl DeadReason {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Other, Self::Undecodable, Self::UnknownSchema, Self::Invalid, Self::TooLarge, Self::Corrupt];

    /// The value of the label `reason` of `ombud_dead_letters_total`.
    pub const fn metric_label(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Undecodable => "undecodable",
            Self::UnknownSchema => "unknownschema",
            Self::Invalid => "invalid",
            Self::TooLarge => "toolarge",
            Self::Corrupt => "corrupt",
        }
    }
}

/// What is wrong with a record that is parked, on whichever topic it lies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Fault {
    /// What its dead letter gives as its reason.
    pub reason: DeadReason,
    /// Names rules and fields, nothing of what stood there.
    pub detail: String,
}

impl From<CodecError> for Fault {
    fn from(error: CodecError) -> Self {
        Self { reason: error.dead_reason(), detail: error.to_string() }
    }
}

impl CodecError {
    /// What a dead letter gives as its reason.
    pub fn dead_reason(&self) -> DeadReason {
        match self {
            Self::Undecodable { .. } => DeadReason::Undecodable,
            Self::UnknownSchema { .. } | Self::Foreign { .. } => DeadReason::UnknownSchema,
            Self::Corrupt { .. } => DeadReason::Corrupt,
            Self::TooLarge { .. } => DeadReason::TooLarge,
            Self::Unencodable { .. } => DeadReason::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_calls_each_reason_by_its_name_in_lower_case() {
        for reason in DeadReason::ALL {
            assert_eq!(reason.metric_label(), format!("{reason:?}").to_lowercase());
        }
    }
}
