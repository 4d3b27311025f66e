//! How a wait for something outside the process learns that the process stops.

use std::{fmt, sync::Arc};

/// Whether to stop; clones ask the same question.
#[derive(Clone)]
pub struct Stop(Arc<dyn Fn() -> bool + Send + Sync>);

impl Stop {
    /// Once `requested` says so. It is asked several times a second, by threads that wait.
    pub fn when(requested: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(requested))
    }

    /// Never: what waits is bounded by its own deadline alone. For commands, which a signal ends.
    pub fn never() -> Self {
        Self::when(|| false)
    }

    /// Whether a stop was requested.
    pub fn requested(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.requested()).finish()
    }
}
