//! Whether the disk has room, as the writer finds it, and as readiness shows it.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ombud_stream::{Readiness, Waiting};

/// As the writer found it.
#[derive(Default)]
pub(crate) struct Disk(Mutex<State>);

#[derive(Default)]
struct State {
    /// The disk was full at the last attempt.
    is_full: bool,
    waiting: Option<Waiting>,
}

impl Disk {
    /// Reports to `readiness` from now on.
    pub(crate) fn report_to(&self, readiness: &Readiness) {
        self.lock().waiting = Some(Waiting::at_once(readiness, "log"));
    }

    /// There is no room for the file at `path`.
    pub(crate) fn found_full(&self, path: &Path) {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.is_full, true) {
            tracing::error!(path = %path.display(), "disk full: nothing is taken until there is room");
        }
        if let Some(waiting) = &mut state.waiting {
            waiting.wait_for(&format!("disk full: room for {}", path.display()));
        }
    }

    /// Whether there was none at the last attempt that could tell.
    pub(crate) fn is_full(&self) -> bool {
        self.lock().is_full
    }

    /// Something was written.
    pub(crate) fn found_room(&self) {
        let mut state = self.lock();
        if std::mem::take(&mut state.is_full) {
            tracing::info!("the disk has room again");
            if let Some(waiting) = &mut state.waiting {
                waiting.over();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
