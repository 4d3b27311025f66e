//! What the threads of one process know of each other: how far each partition goes, and who owns what.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::group::Group;

/// Shared by the writer, the members and the readers; whoever changes it wakes the others.
pub(crate) struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

/// What stands on the board.
pub(crate) struct State {
    /// The offset after the last durable record, by partition id.
    pub(crate) ends: Vec<i64>,
    groups: BTreeMap<Arc<str>, Group>,
}

impl State {
    /// The group of that name; empty at first.
    pub(crate) fn group(&mut self, name: &Arc<str>) -> &mut Group {
        self.groups.entry(Arc::clone(name)).or_default()
    }
}

impl Board {
    pub(crate) fn new(ends: Vec<i64>) -> Self {
        Self { state: Mutex::new(State { ends, groups: BTreeMap::new() }), changed: Condvar::new() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the board and wakes whoever waits on it.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.lock());
        self.wake();
        result
    }

    /// Wakes whoever waits on the board.
    pub(crate) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Waits for the next change, at most until `deadline`; `false` when it has passed.
    pub(crate) fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        deadline: Instant,
    ) -> (MutexGuard<'a, State>, bool) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left == Duration::ZERO {
            return (state, false);
        }
        let (state, _) = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        (state, true)
    }
}
