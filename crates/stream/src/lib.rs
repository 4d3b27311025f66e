//! Moving records without losing any: envelope, receipt, ledger, batch, flow, and the seams to the world.
//!
//! Knows neither Kafka nor complaints.

mod record;
mod seam;

pub use record::{Envelope, Header, Outgoing, Receipt, Record, TopicPartition};
pub use seam::{
    Clock, Committer, Delivery, Event, ManualClock, Outage, Position, Reader, Refused, Sink, Source, SystemClock,
};
