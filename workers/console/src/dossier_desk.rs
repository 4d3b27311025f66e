//! Who makes dossiers for the console, and why there is none.

/// Makes dossiers. A call may block: a dossier holds explanations, which are computed for it.
pub trait DossierDesk: Send + Sync {
    /// The file that `ask` asks for.
    ///
    /// # Errors
    /// See [`DossierRefusal`].
    fn make(&self, ask: &DossierAsk) -> Result<MadeDossier, DossierRefusal>;
}

/// Which dossier is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierAsk {
    /// The complaint.
    pub complaint_id: String,
    /// Only records that were appended until then, in milliseconds since 1970; `None` for all.
    pub as_of: Option<i64>,
    /// Why what the customer wrote is to be in it, as a code; `None`: its hash alone is in it.
    pub reason_code: Option<String>,
    /// Whether who asks may see what a customer was called vulnerable for. Where not, no category and no phrase is in the file:
    /// neither in an explanation nor in a record.
    pub with_evidence: bool,
    /// Who asks, by the name that records have.
    pub asked_by: String,
    /// Their roles; of a system, its scopes.
    pub roles: Vec<String>,
    /// How they came in, as the audit has it: `session`, `token`, `command`.
    pub source: String,
}

/// A dossier as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeDossier {
    /// The whole file.
    pub file: Vec<u8>,
}

/// Why there is no dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DossierRefusal {
    /// No key is set, so nobody signs here.
    NotAvailable,
    /// There are as many in the making as are made at once; to be asked again.
    Busy,
    /// There is no such complaint, or nothing was decided about it until then.
    NothingDecided,
    /// It can't be made.
    Refused {
        /// A code that stays the same.
        code: String,
        /// What is wrong and what would be right; never what a customer wrote.
        error: String,
    },
    /// Something that it needs does not answer.
    Outage(String),
}
