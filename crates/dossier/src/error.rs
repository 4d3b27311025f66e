//! What can be wrong with making or verifying a dossier. No error says what a customer wrote.

use crate::keys::KeyError;

/// Why a dossier is not made.
#[derive(Debug, thiserror::Error)]
pub enum DossierError {
    /// Nothing was routed until then.
    #[error("make a dossier: nothing was decided about the complaint until then")]
    NothingDecided,
    /// A part has no canonical form.
    #[error("write the dossier's JSON")]
    Unwritable(#[source] serde_json::Error),
    /// The key can't be written.
    #[error("sign the dossier")]
    Key(#[from] KeyError),
}

/// Why a file is refused, in a plain sentence that names the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {what}")]
pub struct VerifyError {
    /// Which part of the file, such as `signatures[0].keyid`.
    pub field: String,
    /// What is wrong with it.
    pub what: String,
}

impl VerifyError {
    pub(crate) fn new(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self { field: field.into(), what: what.into() }
    }
}
