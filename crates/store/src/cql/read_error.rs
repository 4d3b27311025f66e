//! Why rows were not read.

use ombud_stream::Outage;
use scylla::errors::ExecutionError;

use crate::cql::error::{Cause, outage};

/// Why rows were not read.
pub(crate) enum ReadError {
    /// No answer came.
    Request(Box<ExecutionError>),
    /// One came, and is not what was asked for.
    Answer(Cause),
}

impl ReadError {
    pub(crate) fn request(cause: ExecutionError) -> Self {
        Self::Request(Box::new(cause))
    }

    pub(crate) fn answer(cause: impl Into<Cause>) -> Self {
        Self::Answer(cause.into())
    }

    pub(crate) fn outage(self, action: String) -> Outage {
        match self {
            Self::Request(cause) => outage(action, *cause),
            Self::Answer(cause) => Outage::fatal(action, cause),
        }
    }
}
