//! Which of librdkafka's errors pass, and how long they are waited for.

use std::time::Duration;

use backon::{BlockingRetryable, ExponentialBuilder};
use ombud_stream::Outage;
use rdkafka::error::{KafkaError as Cause, RDKafkaErrorCode};

/// Whether trying again can't help.
pub(crate) fn is_fatal(cause: &Cause) -> bool {
    matches!(
        cause.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::Fatal
                | RDKafkaErrorCode::Fenced
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::MessageSizeTooLarge
                | RDKafkaErrorCode::InvalidMessageSize
                | RDKafkaErrorCode::InvalidRecord
                | RDKafkaErrorCode::UnsupportedVersion
        )
    ) || matches!(cause, Cause::MessageConsumptionFatal(_))
}

/// The outage that `cause` is.
pub(crate) fn of(action: String, cause: Cause) -> Outage {
    if is_fatal(&cause) { Outage::fatal(action, cause) } else { Outage::passing(action, cause) }
}

/// Asks again while a broker may come back: after a restart, a coordinator answers "not yet" for some seconds.
pub(crate) fn patiently<T>(
    within: Duration,
    action: impl Fn() -> String,
    ask: impl FnMut() -> Result<T, Cause>,
) -> Result<T, Outage> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(1))
        .with_jitter()
        .without_max_times()
        .with_total_delay(Some(within));
    ask.retry(backoff).when(|cause| !is_fatal(cause)).call().map_err(|cause| of(action(), cause))
}
