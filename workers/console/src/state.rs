//! What all requests share: where they append, and what they ask.

use std::sync::{Arc, Mutex, PoisonError};

use ombud_intake::DateOrder;
use ombud_measure::case::CaseWithVerdicts;
use ombud_store::CaseStore;
use ombud_stream::{Clock, Outage};

use crate::{append::Appender, intake::KnownTeams};

/// Opens the case store. Called when it is needed first, and again until it answers: it may be down at the start.
pub type OpenCases = Box<dyn Fn() -> Result<Box<dyn CaseStore>, Outage> + Send>;

/// What all requests share.
pub(crate) struct RequestState {
    pub(crate) appender: Appender,
    pub(crate) cases: Cases,
    pub(crate) teams: KnownTeams,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dates: Option<DateOrder>,
    /// The name of complaints.raw.
    pub(crate) raw: Arc<str>,
    /// The name of complaints.feedback.
    pub(crate) feedback: Arc<str>,
}

/// The case store, opened when it is needed first.
pub(crate) struct Cases(Mutex<LazyStore>);

struct LazyStore {
    open: OpenCases,
    store: Option<Box<dyn CaseStore>>,
}

impl Cases {
    pub(crate) fn new(open: OpenCases) -> Self {
        Self(Mutex::new(LazyStore { open, store: None }))
    }

    /// The case of a complaint. Blocks: to be called where that may be.
    pub(crate) fn find(&self, complaint_id: &str) -> Result<CaseWithVerdicts, Outage> {
        let mut lazy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lazy = &mut *lazy;
        let store = match &mut lazy.store {
            Some(store) => store,
            none => none.insert((lazy.open)()?),
        };
        Ok(CaseWithVerdicts::of(&store.case(complaint_id)?))
    }
}
