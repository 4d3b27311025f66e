//! Clients of librdkafka, and the wait for the brokers' first answer.

use std::time::{Duration, Instant};

use rdkafka::{
    ClientConfig,
    config::FromClientConfigAndContext,
    consumer::{BaseConsumer, Consumer},
};
use tracing::warn;

use crate::{
    connection::Brokers,
    context::LibrdkafkaLog,
    error::KafkaError,
    logger::{self, OnClient},
};

/// How long one request to the brokers may take before librdkafka's complaints are read.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(1);
/// How long they may take before it is logged that they are waited for.
const LOG_AFTER: Duration = Duration::from_secs(3);

/// A client of this configuration, whose complaints go to our log.
pub(crate) fn client<C, M>(config: &ClientConfig, context: C) -> Result<M, KafkaError>
where
    C: rdkafka::ClientContext,
    M: FromClientConfigAndContext<C> + OnClient<C>,
{
    let made = M::from_config_and_context(config, context).map_err(KafkaError::Client)?;
    logger::quiet(made.on());
    Ok(made)
}

/// Waits for the brokers' first answer; what librdkafka complains of meanwhile says why there is none.
pub(crate) fn reach(brokers: &Brokers) -> Result<(), KafkaError> {
    reach_unless(brokers, &|| false).map(drop)
}

/// The same, unless `stopped` says so before; whether they have answered.
pub(crate) fn reach_unless(brokers: &Brokers, stopped: &dyn Fn() -> bool) -> Result<bool, KafkaError> {
    let consumer: BaseConsumer<_> = client(&brokers.admin(), LibrdkafkaLog::default())?;
    let (began, until) = (Instant::now(), Instant::now() + brokers.timeout);
    let mut is_logged = false;
    while !stopped() {
        let cause = match consumer.fetch_metadata(None, REQUEST_TIMEOUT.min(brokers.timeout)) {
            Ok(_) => return Ok(true),
            Err(cause) => cause,
        };
        // Serves librdkafka's callbacks, which bring the complaints.
        let _ = consumer.poll(Duration::ZERO);
        let complaint = consumer.context().complaint();
        let refused = complaint.as_deref().is_some_and(is_refusal);
        if refused || Instant::now() >= until {
            let fix = fix(complaint.as_deref());
            return Err(KafkaError::Unreachable { bootstrap: brokers.bootstrap.clone(), fix, cause });
        }
        if !is_logged && began.elapsed() >= LOG_AFTER {
            is_logged = true;
            warn!(bootstrap = brokers.bootstrap, within = ?brokers.timeout, "waiting for the brokers to answer");
        }
    }
    Ok(false)
}

/// Whether waiting can't help.
fn is_refusal(complaint: &str) -> bool {
    let complaint = complaint.to_lowercase();
    ["authentication", "ssl handshake", "certificate"].iter().any(|sign| complaint.contains(sign))
}

/// What to look at.
fn fix(complaint: Option<&str>) -> String {
    let Some(complaint) = complaint else {
        return "nobody answered: check kafka_bootstrap (--kafka), and that the brokers run".to_owned();
    };
    let lower = complaint.to_lowercase();
    let fix = if lower.contains("authentication") {
        "the broker refused the credentials: check sasl.mechanism, sasl.username and sasl.password"
    } else if lower.contains("ssl") || lower.contains("certificate") {
        "TLS failed: check security.protocol and ssl.ca.location"
    } else {
        "check kafka_bootstrap (--kafka) and security.protocol, and that the brokers run"
    };
    format!("{fix} (librdkafka says: {complaint})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_says_what_to_look_at() {
        let wrong = "SASL authentication error: Authentication failed due to invalid credentials";
        assert!(is_refusal(wrong) && fix(Some(wrong)).starts_with("the broker refused the credentials"));
        let handshake = "SSL handshake failed: certificate verify failed";
        assert!(is_refusal(handshake) && fix(Some(handshake)).starts_with("TLS failed"));
        assert!(!is_refusal("Connect to ipv4#127.0.0.1:1 failed: Connection refused"));
    }

    #[test]
    fn brokers_that_are_not_there_are_named() {
        let brokers = Brokers {
            bootstrap: "127.0.0.1:1".to_owned(),
            properties: [].into(),
            timeout: Duration::from_millis(300),
        };
        let error = reach(&brokers).unwrap_err().to_string();
        assert!(error.starts_with("reach Kafka at 127.0.0.1:1: check kafka_bootstrap"), "{error}");
    }

    #[test]
    fn whoever_has_to_stop_waits_for_no_brokers() {
        let (bootstrap, timeout) = ("127.0.0.1:1".to_owned(), Duration::from_secs(600));
        let brokers = Brokers { bootstrap, properties: [].into(), timeout };
        assert!(!reach_unless(&brokers, &|| true).unwrap());
    }

    #[test]
    fn an_unknown_property_is_refused() {
        let properties = [("no.such.property".to_owned(), "1".to_owned())].into();
        let brokers =
            Brokers { bootstrap: "127.0.0.1:1".to_owned(), properties, timeout: Duration::from_secs(1) };
        assert!(matches!(reach(&brokers), Err(KafkaError::Client(_))));
    }
}
