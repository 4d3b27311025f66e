//! Which of librdkafka's errors pass, how long they are waited for, and which permission would fix the others.

use std::time::Duration;

use backon::{BlockingRetryable, ExponentialBuilder};
use ombud_contract::access::Operation;
use ombud_stream::Outage;
use rdkafka::error::{KafkaError as Cause, RDKafkaErrorCode};

/// What a client must be allowed to do for a call, in the words of Kafka's ACLs.
#[derive(Clone, Debug)]
pub(crate) struct Right {
    operation: Operation,
    topics: String,
    group: String,
}

impl Right {
    /// To read `topics` (names, separated by commas).
    pub(crate) fn read(topics: &str) -> Self {
        Self { operation: Operation::Read, topics: topics.to_owned(), group: String::new() }
    }

    /// To append to `topic`.
    pub(crate) fn write(topic: &str) -> Self {
        Self { operation: Operation::Write, ..Self::read(topic) }
    }

    /// As a member of `group`, or to ask where it stands.
    pub(crate) fn of_group(self, group: &str) -> Self {
        Self { group: group.to_owned(), ..self }
    }

    /// What to grant where the broker answered `code`; `None` where it was no refusal.
    fn missing(&self, code: RDKafkaErrorCode) -> Option<String> {
        let Self { operation, topics, group } = self;
        Some(match code {
            RDKafkaErrorCode::TopicAuthorizationFailed => {
                format!("allow it the operation {operation} on topic {topics}")
            }
            RDKafkaErrorCode::GroupAuthorizationFailed => {
                format!("allow it the operation Read on group {group}")
            }
            RDKafkaErrorCode::ClusterAuthorizationFailed => format!(
                "allow it the operation Write on topic {topics}, and before Kafka 2.8 IdempotentWrite on the cluster"
            ),
            RDKafkaErrorCode::TransactionalIdAuthorizationFailed => {
                "allow it the operation Write on its transactional id".to_owned()
            }
            RDKafkaErrorCode::SaslAuthenticationFailed | RDKafkaErrorCode::Authentication => {
                "check sasl.mechanism, sasl.username and sasl.password".to_owned()
            }
            _ => return None,
        })
    }
}

/// What to grant where the brokers refused a question about `topic` that `operation` allows, in the words of Kafka's ACLs.
pub(crate) fn allow(operation: Operation, topic: &str) -> String {
    let implied = match operation {
        Operation::Describe => ", which Read, Write and Alter imply",
        Operation::DescribeConfigs => ", which AlterConfigs implies",
        _ => "",
    };
    format!(
        "the brokers refuse it to this user; allow it the operation {operation} on topic {topic}{implied}"
    )
}

/// Whether the broker knows us and won't have us do it, or doesn't want to know us.
pub(crate) fn is_refusal(cause: &Cause) -> bool {
    cause.rdkafka_error_code().is_some_and(|code| Right::read("").missing(code).is_some())
}

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
        || is_refusal(cause)
}

/// The outage that `cause` is, for a call that needs `right`.
pub(crate) fn of(action: String, cause: Cause, right: &Right) -> Outage {
    match cause.rdkafka_error_code().and_then(|code| right.missing(code)) {
        Some(fix) => Outage::fatal(format!("{action}: the brokers refuse it to this user; {fix}"), cause),
        None if is_fatal(&cause) => Outage::fatal(action, cause),
        None => Outage::passing(action, cause),
    }
}

/// A group that can't be joined: brokers bound how long its members may be silent.
pub(crate) fn session_refused(group: &str, cause: Cause) -> Outage {
    let fix = "set join.session_timeout_ms for the joiner, session.timeout.ms in [kafka.properties] for the others, within \
                the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms";
    Outage::fatal(format!("join {group}: the brokers refuse its session timeout; {fix}"), cause)
}

/// What became of a record that librdkafka threw away: it does so only when the producer is broken for good, and it is
/// broken from the start where a user may write nowhere.
pub(crate) fn thrown_away(topic: &str, cause: Cause) -> Outage {
    let why = "the producer is broken for good, and what it held was thrown away";
    let fix = "see that this user is allowed the operation Write on topic";
    Outage::fatal(format!("append to {topic}: {why}; {fix} {topic}"), cause)
}

/// Asks again while a broker may come back: after a restart, a coordinator answers "not yet" for some seconds.
pub(crate) fn patiently<T>(
    within: Duration,
    right: &Right,
    action: impl Fn() -> String,
    ask: impl FnMut() -> Result<T, Cause>,
) -> Result<T, Outage> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(1))
        .with_jitter()
        .without_max_times()
        .with_total_delay(Some(within));
    ask.retry(backoff).when(|cause| !is_fatal(cause)).call().map_err(|cause| of(action(), cause, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_right_implies_is_asked_for_with_the_right_that_roles_have() {
        let alter = allow(Operation::Describe, "complaints.raw");
        assert!(
            alter.ends_with("operation Describe on topic complaints.raw, which Read, Write and Alter imply")
        );
        let settings = allow(Operation::DescribeConfigs, "complaints.raw");
        assert!(settings.ends_with("on topic complaints.raw, which AlterConfigs implies"), "{settings}");
        assert!(allow(Operation::Create, "t").ends_with("the operation Create on topic t"));
    }

    #[test]
    fn a_missing_permission_is_fatal_and_named() {
        let right = Right::read("complaints.raw").of_group("ombud.join");
        let refused = |code| of("read".to_owned(), Cause::MessageConsumption(code), &right);
        for (code, named) in [
            (RDKafkaErrorCode::TopicAuthorizationFailed, "Read on topic complaints.raw"),
            (RDKafkaErrorCode::GroupAuthorizationFailed, "Read on group ombud.join"),
            (RDKafkaErrorCode::ClusterAuthorizationFailed, "IdempotentWrite on the cluster"),
            (RDKafkaErrorCode::TransactionalIdAuthorizationFailed, "transactional id"),
            (RDKafkaErrorCode::SaslAuthenticationFailed, "sasl.password"),
        ] {
            let outage = refused(code);
            assert!(outage.fatal && outage.action.contains(named), "{code}: {outage}");
        }
        assert!(!refused(RDKafkaErrorCode::AllBrokersDown).fatal);
    }
}
