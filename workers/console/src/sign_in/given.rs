//! Tests alone: the desk's file in a folder of its own, by a clock that tests turn.

use std::{sync::Arc, time::Duration};

use ombud_local::LocalDesk;
use ombud_store::{Sessions, Users};
use ombud_stream::{Clock, ManualClock};
use tempfile::TempDir;

use super::{
    sessions::{SessionBook, SessionLimits},
    stores::{OpenSessions, OpenUsers, Pool},
};

/// A desk's file, for as many replicas as share it.
pub(crate) struct GivenDesk {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: TempDir,
}

impl GivenDesk {
    pub(crate) fn new() -> Self {
        Self { clock: Arc::new(ManualClock::at(1_700_000_000_000)), folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn time(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(i64::try_from(by.as_millis()).unwrap());
    }

    fn open(&self) -> impl Fn() -> LocalDesk + Send + Sync + use<> {
        let (folder, clock) = (self.folder.path().to_owned(), self.time());
        move || LocalDesk::open(&folder, Arc::clone(&clock)).unwrap()
    }

    pub(crate) fn sessions(&self) -> OpenSessions {
        let open = self.open();
        Arc::new(move || Ok(Box::new(open()) as Box<dyn Sessions>))
    }

    pub(crate) fn users(&self) -> OpenUsers {
        let open = self.open();
        Arc::new(move || Ok(Box::new(open()) as Box<dyn Users>))
    }

    /// What a replica knows of sessions: half an hour idle, half a day at most.
    pub(crate) fn book(&self) -> SessionBook {
        let limits =
            SessionLimits { idle: Duration::from_secs(1_800), absolute: Duration::from_secs(43_200) };
        SessionBook::new(Pool::new(self.sessions()), limits, self.time())
    }
}
