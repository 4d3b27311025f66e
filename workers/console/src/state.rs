//! What all requests share: where they append, and what they ask.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ombud_intake::DateOrder;
use ombud_measure::case::CaseWithVerdicts;
use ombud_store::{CaseEvent, CaseStore, Leases, Worklist};
use ombud_stream::{Clock, Outage, Reader, TopicPartition};

use crate::{
    append::Appender,
    audit::AuditLog,
    desk::ClaimLimits,
    dossier_desk::DossierDesk,
    explain_desk::ExplainDesk,
    intake::KnownTeams,
    slow_lane::SlowLane,
    worklist::{WorklistLag, WorklistProgress},
};

/// Opens a store. Called when it is needed first, and again until it answers: it may be down at the start.
pub type Open<T> = Box<dyn Fn() -> Result<Box<T>, Outage> + Send>;
/// Opens the case store.
pub type OpenCases = Open<dyn CaseStore>;
/// Opens the store of leases.
pub type OpenLeases = Open<dyn Leases>;
/// Begins to read console.audit: a reader, and each partition with its end.
pub type OpenTrail = Box<dyn Fn() -> Result<Trail, Outage> + Send + Sync>;

/// console.audit, to be read.
pub struct Trail {
    /// Reads its partitions.
    pub reader: Box<dyn Reader>,
    /// Each partition with the offset of its next record, by number.
    pub ends: Vec<(TopicPartition, i64)>,
}

/// What all requests share.
pub(crate) struct RequestState {
    pub(crate) appender: Appender,
    pub(crate) audit: AuditLog,
    pub(crate) trail: OpenTrail,
    pub(crate) cases: Cases,
    pub(crate) worklist: Arc<dyn Worklist>,
    pub(crate) worklist_progress: WorklistProgress,
    pub(crate) leases: OnDemand<dyn Leases>,
    pub(crate) limits: ClaimLimits,
    pub(crate) teams: KnownTeams,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dates: Option<DateOrder>,
    pub(crate) explain: Option<Arc<dyn ExplainDesk>>,
    pub(crate) dossiers: Option<Arc<dyn DossierDesk>>,
    /// Where both are computed.
    pub(crate) slow_lane: SlowLane,
    /// The name of complaints.raw.
    pub(crate) raw: Arc<str>,
    /// The name of complaints.feedback.
    pub(crate) feedback: Arc<str>,
    /// The name of complaints.work.
    pub(crate) work: Arc<str>,
    /// The name of complaints.routed.
    pub(crate) routed: Arc<str>,
}

impl RequestState {
    /// The topics that the worklist reads.
    pub(crate) fn followed(&self) -> impl Iterator<Item = &Arc<str>> {
        [&self.routed, &self.feedback, &self.work].into_iter()
    }

    /// How far the worklist is behind its topics.
    pub(crate) fn lag(&self) -> WorklistLag {
        self.worklist_progress.lag(self.clock.now_ms())
    }

    /// How far the worklist may be behind; for ever, where nobody can say.
    pub(crate) fn behind(&self) -> Duration {
        let lag = self.lag();
        let seconds = lag.seconds.filter(|_| lag.is_complete);
        seconds.map_or(Duration::MAX, |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }
}

/// A store, opened when it is needed first.
pub(crate) struct OnDemand<T: ?Sized>(Mutex<Opening<T>>);

struct Opening<T: ?Sized> {
    open: Open<T>,
    store: Option<Box<T>>,
}

impl<T: ?Sized> OnDemand<T> {
    pub(crate) fn new(open: Open<T>) -> Self {
        Self(Mutex::new(Opening { open, store: None }))
    }

    /// What `call` is answered. Blocks, for as long as the store lets one wait: to be called where that may be.
    pub(crate) fn ask<R>(&self, call: impl FnOnce(&mut T) -> Result<R, Outage>) -> Result<R, Outage> {
        let mut opening = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let opening = &mut *opening;
        let store = match &mut opening.store {
            Some(store) => store,
            none => none.insert((opening.open)()?),
        };
        call(&mut **store)
    }
}

/// The case store.
pub(crate) struct Cases(OnDemand<dyn CaseStore>);

impl Cases {
    pub(crate) fn new(open: OpenCases) -> Self {
        Self(OnDemand::new(open))
    }

    /// The case of a complaint. Blocks: to be called where that may be.
    pub(crate) fn find(&self, complaint_id: &str) -> Result<CaseWithVerdicts, Outage> {
        Ok(CaseWithVerdicts::of(&self.events(complaint_id)?))
    }

    /// All that is archived of a complaint. Blocks: to be called where that may be.
    pub(crate) fn events(&self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        self.0.ask(|cases| cases.case(complaint_id))
    }
}
