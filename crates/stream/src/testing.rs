//! What every log has to keep, whoever implements the seams: one suite, run over each implementation.
//!
//! An implementation gives a [`World`] and calls [`log_keeps_its_promises!`](crate::log_keeps_its_promises).

#![expect(clippy::expect_used, reason = "every function below is the body of a test, or a step of one")]

mod members;
mod readers;
mod rebalances;
mod sinks;
mod steps;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crossbeam_channel::Receiver;

pub use members::{
    a_commit_is_stored_as_one, a_group_goes_on_where_it_committed,
    a_member_is_led_to_the_end_whatever_lies_there, a_partition_can_be_sought_back,
    a_paused_partition_waits_and_loses_nothing, a_waiting_poll_wakes_when_a_record_comes,
    nothing_comes_before_a_partition_is_started,
};
pub use readers::{
    a_reader_comes_to_the_end_whatever_lies_there, a_reader_finds_offsets_by_time,
    a_reader_seeks_back_whatever_it_has_read_ahead, a_stretch_leads_past_its_records_and_never_back,
};
pub use rebalances::{
    a_partition_that_comes_back_is_not_paused, a_second_member_takes_over_where_the_first_committed,
    what_is_not_owned_can_not_be_committed,
};
pub use sinks::{
    a_full_sink_gives_the_record_back, a_record_is_read_as_it_was_sent, an_unknown_partition_is_refused,
    deliveries_come_in_the_order_of_sending, one_key_always_goes_to_one_partition,
};

use crate::seam::{Committer, Delivery, Reader, Sink, Source};

/// The address of a server that a test needs, from the variable in which `scripts/services env` exports it.
///
/// # Panics
/// Where nobody has set it: a test that needs a server fails without one.
pub fn server_address(variable: &str) -> String {
    let address = std::env::var(variable).unwrap_or_default();
    assert!(
        !address.is_empty(),
        "{variable} is not set: run scripts/services start, and export what scripts/services env prints"
    );
    address
}

/// Asks a worker to stop however its test ends: the scope that it runs in waits for it, also after a panic.
pub struct StopOnDrop<'a>(
    /// What the worker looks at.
    pub &'a AtomicBool,
);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A log under test with one empty topic of two partitions.
pub trait World {
    /// Its sinks.
    type Sink: Sink<u64>;
    /// Its group members.
    type GroupMember: Source + Committer;
    /// Its readers.
    type Reader: Reader;

    /// The topic.
    fn topic(&self) -> Arc<str>;
    /// A sink that holds at most `capacity` records in flight.
    fn sink(&self, capacity: usize) -> (Self::Sink, Receiver<Delivery<u64>>);
    /// A member of `group` over the topic.
    fn member(&self, group: &str) -> Self::GroupMember;
    /// A reader.
    fn reader(&self) -> Self::Reader;
    /// Appends what no reader is given: in a log with transactions an aborted one, with its marker. A log that has
    /// nothing of that kind leaves it at nothing.
    fn append_unreadable(&self, _partition: i32) {}
}

/// Runs every promise as a test of its own over the worlds that `$fresh` (a function) makes.
#[macro_export]
macro_rules! log_keeps_its_promises {
    ($fresh:path: $($promise:ident),+ $(,)?) => {
        $(#[test] fn $promise() {
            $crate::testing::$promise(&$fresh());
        })+
    };
    ($fresh:path) => {
        $crate::log_keeps_its_promises!($fresh:
            a_record_is_read_as_it_was_sent,
            deliveries_come_in_the_order_of_sending,
            a_full_sink_gives_the_record_back,
            an_unknown_partition_is_refused,
            one_key_always_goes_to_one_partition,
            a_reader_finds_offsets_by_time,
            a_reader_comes_to_the_end_whatever_lies_there,
            a_stretch_leads_past_its_records_and_never_back,
            a_member_is_led_to_the_end_whatever_lies_there,
            nothing_comes_before_a_partition_is_started,
            a_group_goes_on_where_it_committed,
            a_commit_is_stored_as_one,
            a_partition_can_be_sought_back,
            a_paused_partition_waits_and_loses_nothing,
            a_partition_that_comes_back_is_not_paused,
            a_reader_seeks_back_whatever_it_has_read_ahead,
            what_is_not_owned_can_not_be_committed,
            a_second_member_takes_over_where_the_first_committed,
            a_waiting_poll_wakes_when_a_record_comes,
        );
    };
}
