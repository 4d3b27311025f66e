//! What a call to the registry came to, where it gave nothing.

use std::error::Error;

use schema_registry_converter::{error::SRCError, schema_registry_common::RawError};

/// Why a call to the registry gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// It says that it knows no such schema, version or subject.
    #[error("the schema registry knows no such thing")]
    Absent,
    /// It won't talk to us.
    #[error("the schema registry answers {status}")]
    Denied {
        /// 401 or 403.
        status: u16,
    },
    /// It won't take a schema beside those that are there.
    #[error("the schema registry finds it incompatible: {what}")]
    Incompatible {
        /// In the registry's words.
        what: String,
    },
    /// No answer, or none that means anything.
    #[error("the schema registry gives no answer")]
    Silent {
        /// Whether it was waited for as long as a call may take.
        waited: bool,
        /// What came instead.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl CallError {
    /// A request that failed on its way.
    pub(crate) fn silent(cause: &reqwest::Error) -> Self {
        Self::Silent { waited: cause.is_timeout(), cause: innermost(cause).into() }
    }

    /// An answer that is none of the good ones, with the registry's reason.
    pub(crate) fn refused(status: u16, answer: Option<RawError>) -> Self {
        match (status, answer) {
            // The registry's own codes. A bare 404 is a wrong URL's, and would make every record unknown.
            (404, Some(RawError { error_code: 40_401..=40_499, .. })) => Self::Absent,
            (401 | 403, _) => Self::Denied { status },
            (409, Some(RawError { message: what, .. })) => Self::Incompatible { what },
            (_, answer) => {
                let what = answer.map_or_else(String::new, |answer| format!(": {}", answer.message));
                Self::Silent { waited: false, cause: format!("HTTP status {status}{what}").into() }
            }
        }
    }

    /// Whether the same call may have an answer in a moment.
    pub(crate) fn is_worth_retrying(&self) -> bool {
        matches!(self, Self::Silent { waited: false, .. })
    }

    /// What to look at.
    pub(crate) fn fix(&self) -> &'static str {
        match self {
            Self::Denied { status: 401 } => "check registry.username and registry.password",
            Self::Denied { .. } => {
                "check registry.username and registry.password, and that this user may read subjects and schemas"
            }
            Self::Absent => "it isn't registered, `ombud setup` does that",
            Self::Incompatible { .. } => "the subject holds versions that contradict ours",
            Self::Silent { .. } => "check registry_url (--registry) and registry.ca, and that it runs",
        }
    }
}

impl From<SRCError> for CallError {
    fn from(error: SRCError) -> Self {
        let source = error.source();
        if let Some(cause) = source.and_then(|source| source.downcast_ref::<reqwest::Error>()) {
            return Self::Silent { waited: cause.is_timeout(), cause: innermost(cause).into() };
        }
        // The converter gives the status in its text only.
        let status = error.error.rsplit_once("failed with status ").and_then(|(_, status)| status.get(..3));
        match status.and_then(|status| status.parse().ok()) {
            Some(status) => {
                let answer = source.and_then(|source| source.downcast_ref::<RawError>());
                // The converter's stand-in for a body that is no registry's.
                Self::refused(status, answer.filter(|answer| answer.error_code != 0).cloned())
            }
            None => Self::Silent { waited: false, cause: error.error.into() },
        }
    }
}

/// What began it: the layers above say only that something did.
fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(below) = innermost.source() {
        innermost = below;
    }
    innermost.to_string()
}
