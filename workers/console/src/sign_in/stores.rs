//! The stores that sign-in asks, opened when they are needed: any may be down at the start.

use std::sync::{Arc, Mutex, PoisonError};

use ombud_store::{Sessions, Users};
use ombud_stream::Outage;

/// How many opened stores are kept for the next who asks; more asked at once opens more for the while.
const KEPT: usize = 4;

/// Opens a store. May block.
pub type OpenStore<S> = Arc<dyn Fn() -> Result<Box<S>, Outage> + Send + Sync>;
/// Opens the store of sessions.
pub type OpenSessions = OpenStore<dyn Sessions>;
/// Opens the store of local users.
pub type OpenUsers = OpenStore<dyn Users>;

/// One kind of store, for all requests: each has one to itself while it asks.
pub(crate) struct Pool<S: ?Sized> {
    open: OpenStore<S>,
    kept: Mutex<Vec<Box<S>>>,
}

impl<S: ?Sized> Pool<S> {
    pub(crate) fn new(open: OpenStore<S>) -> Self {
        Self { open, kept: Mutex::default() }
    }

    /// What `ask` gets from a store. May block.
    pub(crate) fn ask<T>(&self, ask: impl FnOnce(&mut S) -> Result<T, Outage>) -> Result<T, Outage> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut store = match kept {
            Some(store) => store,
            None => (self.open)()?,
        };
        let answer = ask(&mut *store);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(store);
        }
        answer
    }
}
