//! The console: what people and their systems send to Ombud over HTTP.
//!
//! sign_in -> who asks
//! POST /api/complaints -> complaints.raw      POST /api/feedback -> complete from the case -> complaints.feedback
//! GET /api/queues/{team} <- worklist          POST /api/leases/{id} -> one conditional write -> complaints.work
//! GET /api/cases/{id} <- case store           POST /api/work -> complete from the item -> complaints.work
//! POST /api/complaints/{id}/explain -> who has the weights, few at once      GET /api/complaints/{id}/dossier -> a signed file
//! whatever writes or opens something -> console.audit, before the answer
//!
//! complaints.routed, complaints.feedback, complaints.work -> worklist

mod append;
mod audit;
mod audit_page;
mod blind;
mod cases;
mod claimant;
mod claims;
mod complaints;
mod completion;
mod console;
pub mod desk;
mod dossier;
mod dossier_desk;
mod explain;
mod explain_desk;
mod feedback;
mod former_lease;
mod intake;
mod item;
mod me;
mod money;
mod openapi;
mod own_writes;
pub mod pages;
mod queue_query;
mod queues;
mod refused;
mod request;
mod search;
mod sign_in;
mod slow_lane;
mod state;
mod taxonomy;
mod timeline;
mod verdict;
mod work;
mod work_report;
mod worklist;

pub use append::{AppendResult, Waiter, answer};
pub use audit_page::{AuditLine, AuditPage};
pub use cases::{Case, CaseEvidence, ModelEvidence, Narrative, Phrase};
pub use claims::{GrantedLease, LeaseAction, LeaseAnswer, LeaseRequest};
pub use completion::{Source, complete};
pub use console::{Console, ConsoleRoutes};
pub use dossier_desk::{DossierAsk, DossierDesk, DossierRefusal, MadeDossier};
pub use explain::Explanations;
pub use explain_desk::{ExplainDesk, ExplainRefusal};
pub use feedback::{AcceptedVerdict, MOST_AT_ONCE, Refusal};
pub use intake::{CompleteVerdict, KnownTeams, VerdictIntake};
pub use item::{ClockStanding, Item, LeaseHolder, State};
pub use money::{AmountError, minor_units};
pub use openapi::document;
pub use pages::address::encoded;
pub use queues::{NextItem, NextRequest, QueueCounts, QueueList, QueuePage};
pub use refused::{NotTaken, Refusals, RefusedVerdict};
pub use search::SearchAnswer;
pub use sign_in::{
    ChangedUser, Entrance, EntranceParts, LocalUser, OpenSessions, OpenStore, OpenUsers, ProviderClientError,
    UserChange,
};
pub use state::{Open, OpenCases, OpenLeases, OpenTrail, Trail};
pub use timeline::{
    PredictionEntry, RouteEntry, SubmissionEntry, TimelineEntry, TimelineEvent, VerdictEntry, WorkEntry,
};
pub use verdict::{Kind, Verdict};
pub use work::AcceptedWork;
pub use work_report::{Answer, WorkReport, WorkReportKind};
pub use worklist::{
    Follower, PartitionCount, TeamExists, WorklistLag, WorklistProgress, read_clock, watch_lag,
};
