//! Why a request is not taken, approved or closed.

use ombud_models::{ChangeError, StrategyRefusal};
use ombud_store::RequestState;
use ombud_stream::Outage;

use crate::strategies::publish::Refusal;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestRefusal {
    /// There is none of this id.
    #[error("find request {id}: `ombud strategy requests` lists those that are open")]
    Unknown {
        /// As it was given.
        id: String,
    },
    /// It is open no more.
    #[error("answer request {id}: it is {} already", state_name(*state))]
    Ended {
        /// Its id.
        id: String,
        /// What became of it.
        state: RequestState,
    },
    /// Who asked can't approve.
    #[error("approve request {id}: {by} asked for it, so another person must approve it")]
    Own {
        /// Its id.
        id: String,
        /// Who asked.
        by: String,
    },
    /// Another version was published since it was asked for.
    #[error(
        "approve request {id}: it was asked for after strategy {base}, and {by} has published strategy {newest} since: look at \
         `ombud strategy diff {base} {newest}`, close it with `ombud strategy refuse {id}` and ask for it again"
    )]
    Stale {
        /// Its id.
        id: String,
        /// The version that it changes.
        base: i64,
        /// The newest.
        newest: i64,
        /// Who published that.
        by: String,
    },
    /// A name that can't stand on a record.
    #[error("sign as `{name}`: a name is a line of 1 to 200 bytes, with no blanks around it")]
    Name {
        /// As it was given.
        name: String,
    },
    /// Too many wait.
    #[error("keep the request: {open} are open already; approve or refuse some of them first")]
    TooMany {
        /// How many are open.
        open: usize,
    },
    /// The change can't be made.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// It must not be published, or another was faster, or it came too late.
    #[error(transparent)]
    Publish(#[from] Refusal),
}

impl From<StrategyRefusal> for RequestRefusal {
    fn from(refusal: StrategyRefusal) -> Self {
        Self::Publish(refusal.into())
    }
}

impl From<anyhow::Error> for RequestRefusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Publish(error.into())
    }
}

impl From<Outage> for RequestRefusal {
    fn from(outage: Outage) -> Self {
        anyhow::Error::from(outage).into()
    }
}

fn state_name(state: RequestState) -> &'static str {
    match state {
        RequestState::Open => "open",
        RequestState::Published => "published",
        RequestState::Closed => "closed",
    }
}
