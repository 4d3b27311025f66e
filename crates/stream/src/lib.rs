//! Moving records without losing any: envelope, receipt, ledger, flow, and the seams to the world.
//!
//! Knows neither Kafka nor complaints.

mod drive;
mod flow;
mod frontier;
mod in_flight;
mod ledger;
mod readiness;
mod record;
mod retried_call;
mod seam;
mod secrecy;
#[cfg(feature = "testing")]
pub mod testing;
mod vitals;

pub use drive::{Drive, DriveLimits, Wiring};
pub use flow::{Flow, Product, SharedReceipt, Stage, Verdict};
pub use frontier::Frontier;
pub use ledger::Ledger;
pub use readiness::{Readiness, Waiting};
pub use record::{
    CARRIED_BYTES, Envelope, Header, Outgoing, Receipt, Record, TopicPartition, content_sha256,
};
pub use retried_call::RetriedCall;
pub use seam::{
    Clock, Committer, Delivery, Event, GroupMember, ManualClock, Outage, Position, Reader, Refused, Sink,
    Source, Start, Stretch, SystemClock,
};
pub use secrecy::{Exposed, is_own_address, may_carry_secret, names_user, without_user};
pub use vitals::{PartitionStatus, Vitals};
