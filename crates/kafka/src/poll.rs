//! One wait on a consumer's queue.

use std::time::Duration;

use rdkafka::{
    consumer::{BaseConsumer, ConsumerContext},
    error::KafkaResult,
    message::BorrowedMessage,
};

/// What `consumer` has, waiting for about `wait` at most.
pub(crate) fn poll<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    wait: Duration,
) -> Option<KafkaResult<BorrowedMessage<'_>>> {
    consumer.poll(whole_ms(wait))
}

/// `wait` up to the next whole millisecond. librdkafka waits in those; rust-rdkafka asks it without waiting, again and
/// again, for what is left below one: a twentieth of a core in a consumer with nothing to do.
fn whole_ms(wait: Duration) -> Duration {
    Duration::from_millis(wait.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_never_cut_and_never_in_parts_of_a_millisecond() {
        assert_eq!(whole_ms(Duration::ZERO), Duration::ZERO);
        assert_eq!(whole_ms(Duration::from_nanos(1)), Duration::from_millis(1));
        assert_eq!(whole_ms(Duration::from_micros(19_999)), Duration::from_millis(20));
        assert_eq!(whole_ms(Duration::from_millis(20)), Duration::from_millis(20));
        assert_eq!(whole_ms(Duration::MAX), Duration::from_millis(u64::MAX));
    }
}
