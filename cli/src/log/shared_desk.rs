//! The one connection with the CQL server that all stores of the desk share.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use ombud_launch::config::Settings;
use ombud_store::{CqlDesk, CqlError};
use ombud_stream::{Clock, Outage, SystemClock};

use super::connect;

/// One connection with the CQL server for all stores of the desk; made when it is needed first, and again until it is there.
#[derive(Clone, Default)]
pub(super) struct SharedDesk(Arc<Mutex<Option<CqlDesk>>>);

impl SharedDesk {
    pub(super) fn open(&self, settings: &Settings) -> Result<CqlDesk> {
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = &*desk {
            return Ok(desk.clone());
        }
        let connected = CqlDesk::connect(&connect::cql(settings)?, clock()).map_err(unopened)?;
        Ok(desk.insert(connected).clone())
    }
}

pub(super) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// Why a store on the CQL server was not opened. One that is down now is an outage like any later one.
pub(super) fn unopened(error: CqlError) -> anyhow::Error {
    match error {
        CqlError::Unreachable { .. } => Outage::passing("reach the case store", error).into(),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_store_that_nobody_answers_for_is_an_outage_that_may_pass() {
        let away = CqlError::Unreachable { nodes: "one:9042".into(), cause: "connection refused".into() };
        assert!(unopened(away).downcast_ref::<Outage>().is_some_and(|outage| !outage.fatal));
        let refused = CqlError::Refused { nodes: "one:9042".into(), cause: "bad password".into() };
        assert!(unopened(refused).downcast_ref::<Outage>().is_none(), "trying again does not help");
    }
}
