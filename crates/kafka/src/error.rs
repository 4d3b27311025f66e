//! Why brokers or registry can't be used.

use rdkafka::error::KafkaError as Cause;

/// Why brokers or registry can't be used; completes "failed to ...".
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// A client can't be made: a property is wrong.
    #[error("make a Kafka client: check the properties in [kafka.properties]")]
    Client(#[source] Cause),
    /// Nobody answers, or not to us.
    #[error("reach Kafka at {bootstrap}: {fix}")]
    Unreachable {
        /// Where it was looked for.
        bootstrap: String,
        /// What to look at.
        fix: String,
        /// The last thing that librdkafka said.
        #[source]
        cause: Cause,
    },
    /// A topic is missing.
    #[error("find topic {topic} on Kafka: create it with `ombud setup`")]
    NoTopic {
        /// Its name.
        topic: String,
    },
    /// A topic is there, or isn't: the brokers don't say.
    #[error("look at topic {topic}: {fix} (docs/access.md)")]
    Hidden {
        /// Its name.
        topic: String,
        /// What to grant.
        fix: String,
    },
    /// Groups are there, or aren't: the brokers don't say.
    #[error(
        "look at the groups {prefix}*: the brokers refuse them to this user; allow it the operation Describe on the groups \
             {prefix}* (docs/access.md)"
    )]
    HiddenGroups {
        /// What their names begin with.
        prefix: String,
        /// What the broker said.
        #[source]
        cause: Cause,
    },
    /// Fewer partitions are asked for than there are.
    #[error(
        "widen the topics to {to} partitions: {raw} has {found}, and none can be taken away; say --widen {found} or more"
    )]
    Narrower {
        /// complaints.raw with its prefix.
        raw: String,
        /// Its number of partitions.
        found: i32,
        /// What was asked for.
        to: i32,
    },
    /// Partitions were added and are not to be seen in time.
    #[error(
        "see {to} partitions of {topic}: the brokers have added them and don't show them yet; say it again"
    )]
    Unseen {
        /// Its name.
        topic: String,
        /// How many there should be.
        to: i32,
    },
    /// More copies are asked for than there are brokers.
    #[error(
        "keep {asked} copies of each partition of {topic}: the cluster has {brokers} broker(s), and each keeps one; say \
             --replication-factor {brokers}, or leave it out"
    )]
    TooFewBrokers {
        /// The topic that is to be made.
        topic: String,
        /// Copies that were asked for.
        asked: i32,
        /// Brokers that there are.
        brokers: i32,
    },
    /// Administration was refused.
    #[error("{action}")]
    Admin {
        /// What was tried: completes "failed to ...".
        action: String,
        /// What the broker said.
        #[source]
        cause: Cause,
    },
    /// The registry refuses or doesn't answer.
    #[error("{action}")]
    Registry {
        /// What was tried, with what to do where that is known.
        action: String,
        /// The cause below.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}
