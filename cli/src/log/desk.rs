//! The stores of the desk (leases, sessions, requests, users) as a backend has them, beside the case store.

use anyhow::Result;
use ombud_local::LocalDesk;
use ombud_store::{CqlDesk, Leases, Requests, Sessions, Users};

use super::{backend::View, shared_desk::clock};

/// A handle of its own on the desk's stores.
enum StoreOfDesk {
    Local(LocalDesk),
    Cql(CqlDesk),
}

/// Each store, opened; whoever asks on another thread opens it once more.
impl View {
    /// Who works on what.
    pub(crate) fn leases(&self) -> Result<Box<dyn Leases>> {
        Ok(match self.desk()? {
            StoreOfDesk::Local(desk) => Box::new(desk),
            StoreOfDesk::Cql(desk) => Box::new(desk),
        })
    }

    /// Who is signed in.
    pub(crate) fn sessions(&self) -> Result<Box<dyn Sessions>> {
        Ok(match self.desk()? {
            StoreOfDesk::Local(desk) => Box::new(desk),
            StoreOfDesk::Cql(desk) => Box::new(desk),
        })
    }

    /// What waits for a second person.
    pub(crate) fn requests(&self) -> Result<Box<dyn Requests>> {
        Ok(match self.desk()? {
            StoreOfDesk::Local(desk) => Box::new(desk),
            StoreOfDesk::Cql(desk) => Box::new(desk),
        })
    }

    /// Who may sign in with a password.
    pub(crate) fn users(&self) -> Result<Box<dyn Users>> {
        Ok(match self.desk()? {
            StoreOfDesk::Local(desk) => Box::new(desk),
            StoreOfDesk::Cql(desk) => Box::new(desk),
        })
    }

    fn desk(&self) -> Result<StoreOfDesk> {
        Ok(match self {
            Self::Embedded(local) => StoreOfDesk::Local(local.desk(clock())?),
            Self::Brokers(cluster) => StoreOfDesk::Cql(cluster.desk.open(&cluster.settings)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ombud_launch::config::Settings;
    use ombud_store::{Claim, LeaseAnswer};

    use super::*;
    use crate::log::backend::Backend;

    #[test]
    fn what_one_handle_takes_another_finds_taken_beside_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
        let backend = Backend::embedded(&settings).unwrap();
        let claim = |lease_id: &str| Claim {
            complaint_id: "c-1".into(),
            lease_id: lease_id.into(),
            holder: "anna".into(),
            team: "cards".into(),
            revision: 1,
        };
        let take = |view: &View, lease_id: &str| {
            view.leases().unwrap().take(&claim(lease_id), Duration::from_secs(60)).unwrap()
        };
        assert!(matches!(take(&backend.view(), "a"), LeaseAnswer::Yours(_)));
        // As a command beside `up` opens it.
        assert!(matches!(take(&View::open(&settings).unwrap(), "b"), LeaseAnswer::Held(_)));
        backend.view().sessions().unwrap().save("d", "anna", b"body", Duration::from_secs(60)).unwrap();
        assert!(backend.view().users().unwrap().users().unwrap().is_empty());
        assert!(backend.view().requests().unwrap().open_requests().unwrap().is_empty());
    }
}
