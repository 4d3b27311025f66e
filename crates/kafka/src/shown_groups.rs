//! Whether brokers show this user the groups that there are.

use std::time::{Duration, Instant};

use rdkafka::{consumer::BaseConsumer, error::RDKafkaErrorCode};

use crate::{client::client, connection::Brokers, context::LibrdkafkaLog, error::KafkaError, poll::poll};

/// How long brokers may take to refuse a group.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// Checks that brokers show this user groups whose names begin with `prefix`. They don't list what they refuse, which looks as
/// if nobody had ever worked; so one is asked for by name, and a poll then brings what came of that.
pub(crate) fn ensure_shown(brokers: &Brokers, prefix: &str) -> Result<(), KafkaError> {
    let asking: BaseConsumer<_> =
        client(&brokers.consumer(&format!("{prefix}any")), LibrdkafkaLog::default())?;
    let until = Instant::now() + REFUSAL_TIMEOUT.min(brokers.timeout);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if let Some(Err(cause)) = poll(&asking, left)
            && cause.rdkafka_error_code() == Some(RDKafkaErrorCode::GroupAuthorizationFailed)
        {
            return Err(KafkaError::HiddenGroups { prefix: prefix.to_owned(), cause });
        }
        if left.is_zero() {
            return Ok(());
        }
    }
}
