//! Moving records without losing any: envelope, receipt, ledger, batch, flow, and the seams to the world.
//!
//! Knows neither Kafka nor complaints.

mod batch;
mod drive;
mod flow;
mod frontier;
mod in_flight;
mod ledger;
mod passing;
mod readiness;
mod record;
mod seam;
mod secrecy;
#[cfg(feature = "testing")]
pub mod testing;
mod vitals;

pub use batch::{Batch, Limit, pack_by_length};
pub use drive::{Drive, Limits, Wiring};
pub use flow::{Flow, Product, SharedReceipt, Stage, Verdict};
pub use frontier::Frontier;
pub use ledger::Ledger;
pub use passing::Passing;
pub use readiness::{Readiness, Waiting};
pub use record::{CARRIED_BYTES, Envelope, Header, Outgoing, Receipt, Record, TopicPartition};
pub use seam::{
    Clock, Committer, Delivery, Event, ManualClock, Member, Outage, Position, Reader, Refused, Sink, Source,
    Start, Stretch, SystemClock,
};
pub use secrecy::{Exposed, is_own_address, may_carry_secret, names_user, without_user};
pub use vitals::{Standing, Vitals};
