//! How a cluster and its registry are reached: what is configured, and what Ombud's promises need besides.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use ombud_stream::without_user;
use rdkafka::ClientConfig;

/// How brokers and registry are reached.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The brokers.
    pub brokers: Brokers,
    /// The schema registry.
    pub registry: RegistryConnection,
}

/// How brokers are reached.
#[derive(Clone)]
pub struct Brokers {
    /// `HOST:PORT`, separated by commas.
    pub bootstrap: String,
    /// Properties of librdkafka, by their names there; TLS and SASL among them.
    pub properties: BTreeMap<String, String>,
    /// How long a request may take before it counts as an outage.
    pub timeout: Duration,
}

/// How the registry is reached.
#[derive(Clone)]
pub struct RegistryConnection {
    /// Its Confluent API; more than one are tried in turn.
    pub urls: Vec<String>,
    /// User and password, or key and secret.
    pub credentials: Option<(String, String)>,
    /// PEM file of the authority that signed its certificate; `None` trusts the system's.
    pub ca: Option<PathBuf>,
    /// How long a call may take.
    pub timeout: Duration,
}

// Properties and credentials may be secret: only places are shown.

impl fmt::Debug for Brokers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.bootstrap)
    }
}

impl fmt::Debug for RegistryConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.urls.iter().map(|url| without_user(url)).collect();
        f.write_str(&shown.join(","))
    }
}

/// What a fetch brings of one partition: as much as brokers give.
const MOST_OF_A_PARTITION: &str = "1048576";
/// Where several topics are read whose records belong together: of a backlog all come in step then, and not one topic after the
/// other. What is brought is still some hundred records of each.
const LITTLE_OF_A_PARTITION: &str = "65536";

impl Brokers {
    /// A client's configuration: ours, then the operator's.
    fn client(&self, ours: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap);
        // Back soon after a broker is: the default waits up to 10 s between two attempts.
        config.set("reconnect.backoff.max.ms", "1000");
        // Partitions that are added are met soon: the default is to look every five minutes.
        config.set("topic.metadata.refresh.interval.ms", "10000");
        // A cluster that was away as a whole may have named no broker when it came back: the default waits five minutes
        // before it looks for one again.
        config.set("metadata.recovery.rebootstrap.trigger.ms", "10000");
        for (name, value) in ours {
            config.set(*name, *value);
        }
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config
    }

    /// For metadata and administration.
    pub(crate) fn admin(&self) -> ClientConfig {
        self.client(&[("client.id", "ombud-admin")])
    }

    /// For readers on behalf of `group`.
    pub(crate) fn consumer(&self, group: &str) -> ClientConfig {
        self.reading(group, MOST_OF_A_PARTITION)
    }

    /// `at_once`: bytes of one partition that a fetch brings at most; a larger batch still comes, alone.
    fn reading(&self, group: &str, at_once: &str) -> ClientConfig {
        let mut config = self.client(&[
            ("max.partition.fetch.bytes", at_once),
            ("client.id", "ombud"),
            // A pause purges what was fetched ahead, so that little is.
            ("queued.max.messages.kbytes", "4096"),
            // Bounds how long a partition waits that was just assigned; each fetch that finds nothing costs both sides.
            ("fetch.wait.max.ms", "250"),
            ("fetch.error.backoff.ms", "100"),
            // A fetch that fills the queue keeps its partition from the next for so long, however soon the queue is empty: the
            // default is a second.
            ("fetch.queue.backoff.ms", "10"),
            ("max.poll.interval.ms", "300000"),
        ]);
        // What Ombud's promises stand on is not the operator's to change.
        for (name, value) in [
            ("group.id", group),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "error"),
            ("partition.assignment.strategy", "cooperative-sticky"),
            // Reports when everything has come, also where no record lies at the end.
            ("enable.partition.eof", "true"),
        ] {
            config.set(name, value);
        }
        config
    }

    /// For a member of `group` that reads so many topics, whose partitions go to others after `session` without a heartbeat;
    /// `None` leaves that to the operator's properties.
    pub(crate) fn member(&self, group: &str, topics: usize, session: Option<Duration>) -> ClientConfig {
        let at_once = if topics > 1 { LITTLE_OF_A_PARTITION } else { MOST_OF_A_PARTITION };
        let mut config = self.reading(group, at_once);
        if let Some(session) = session {
            // After the operator's: whoever names a session counts on it.
            config.set("session.timeout.ms", session.as_millis().to_string());
            config.set("heartbeat.interval.ms", (session.as_millis() / 3).max(1).to_string());
        }
        config
    }

    /// For a sink that holds at most `capacity` records.
    pub(crate) fn producer(&self, capacity: usize) -> ClientConfig {
        let mut config = self.client(&[
            ("client.id", "ombud"),
            ("linger.ms", "2"),
            // A topic that is missing is reported soon.
            ("topic.metadata.propagation.max.ms", "10000"),
            ("compression.type", "lz4"),
            ("message.max.bytes", "16777216"),
        ]);
        for (name, value) in [
            ("enable.idempotence", "true"),
            ("acks", "all"),
            // Without end, and in order: the queue is bounded, so a dead broker stops the flow and memory stays.
            ("message.timeout.ms", "0"),
            // Java's choice, so that one complaint's records lie in one partition whoever produces.
            ("partitioner", "murmur2_random"),
        ] {
            config.set(name, value);
        }
        config.set("queue.buffering.max.messages", capacity.max(1).to_string());
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_a_session_gets_it_and_everybody_else_gets_the_operators() {
        let brokers = Brokers {
            bootstrap: "127.0.0.1:1".to_owned(),
            properties: [("session.timeout.ms", "60000"), ("heartbeat.interval.ms", "20000")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            timeout: Duration::from_secs(1),
        };
        // As librdkafka has understood it.
        let given = |session| {
            let config = brokers.member("ombud.join", 2, session).create_native_config().unwrap();
            ["session.timeout.ms", "heartbeat.interval.ms"].map(|name| config.get(name).unwrap())
        };
        assert_eq!(given(Some(Duration::from_secs(9))), ["9000", "3000"]);
        assert_eq!(given(None), ["60000", "20000"]);
    }
}
