//! One row of the worklist: all that is known of a complaint as one value, behind its digest.

use ombud_contract::ids::row_sha256;
use ombud_store::ItemSource;
use rusqlite::{ErrorCode, Row};
use serde_json::Value;

/// Why the worklist can't be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    /// SQLite refused.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// It is not what was written, or what this build writes.
    #[error("the worklist is damaged ({0}): it is made again")]
    Damaged(&'static str),
    /// A page starts where no page of this order does.
    #[error("the page begins nowhere: ask for the first one")]
    PageStart,
}

impl RowError {
    /// Whether the file has to be made again.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Sql(cause) => is_damage(cause),
            Self::Damaged(_) => true,
            Self::PageStart => false,
        }
    }
}

fn is_damage(cause: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    let code = cause.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
        || matches!(
            cause,
            FromSqlConversionFailure(..)
                | IntegralValueOutOfRange(..)
                | InvalidColumnType(..)
                | Utf8Error(..)
        )
}

/// What is known of `complaint_id`, out of the columns `source` and `digest`, the first two of `row`.
pub(super) fn source_of(complaint_id: &str, row: &Row<'_>) -> Result<ItemSource, RowError> {
    let (source, digest) = (row.get_ref(0)?, row.get_ref(1)?);
    let bytes = source.as_blob().map_err(|_| RowError::Damaged("a value is none"))?;
    let digest = digest.as_blob().map_err(|_| RowError::Damaged("a digest is none"))?;
    if digest != digest_of(complaint_id, bytes) {
        return Err(RowError::Damaged("a value is not what was written"));
    }
    serde_json::from_slice(bytes).map_err(|_| RowError::Damaged("a value can't be read"))
}

/// A value as it is written, and its digest.
pub(super) fn encode(complaint_id: &str, source: &ItemSource) -> Result<(Vec<u8>, [u8; 32]), RowError> {
    let unwritable = |_| RowError::Damaged("a value can't be written");
    let bytes = if source.work.is_empty() {
        serde_json::to_vec(source)
    } else {
        // Most of what an event may have is absent.
        serde_json::to_value(source).map(without_nulls).and_then(|value| serde_json::to_vec(&value))
    };
    let bytes = bytes.map_err(unwritable)?;
    let digest = digest_of(complaint_id, &bytes);
    Ok((bytes, digest))
}

fn digest_of(complaint_id: &str, source: &[u8]) -> [u8; 32] {
    row_sha256(&[Some(complaint_id.as_bytes()), Some(source)])
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
