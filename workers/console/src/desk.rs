//! The desk's rule of claiming: who works on which complaint, and what the records say about it. Plain functions over the store's
//! leases and the worklist; routes, pages and commands call the same.
//!
//! next: own unfinished work, else the first in the queue's order that nobody has -> one conditional write -> CLAIMED
//! finish: one conditional write -> the closing event -> nobody gets the complaint until every view knows of it
//!
//! What is returned as events is appended before the answer goes out. A process that dies in between loses nothing: the same
//! call again gives the same lease and the same events, whose ids come of the lease.

mod claimant;
mod claims;
mod history;
mod lease_id;
mod limits;
mod next;
#[cfg(test)]
mod simulation;

pub use claimant::Claimant;
pub use claims::{ClaimAnswer, Claims, Finish};
pub use history::ran_out;
pub use lease_id::LeaseId;
pub use limits::ClaimLimits;
pub use next::{NextAnswer, Queue, ReadPage};
