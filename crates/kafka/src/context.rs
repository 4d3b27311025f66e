//! What librdkafka reports from its own threads: its log, its errors, and rebalances to answer.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rdkafka::{
    ClientContext, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::{KafkaError, RDKafkaErrorCode},
    types::RDKafkaRespErr,
};

/// Writes what librdkafka logs to our log, and keeps its last complaint: its error codes alone don't tell a wrong password from
/// a broker that is down.
#[derive(Debug, Default)]
pub(crate) struct LibrdkafkaLog {
    complaint: Mutex<Option<String>>,
}

impl LibrdkafkaLog {
    /// The last error that was logged.
    pub(crate) fn complaint(&self) -> Option<String> {
        lock(&self.complaint).clone()
    }
}

impl ClientContext for LibrdkafkaLog {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if (level as i32) <= RDKafkaLogLevel::Error as i32 {
            *lock(&self.complaint) = Some(message.to_owned());
        }
        match level {
            RDKafkaLogLevel::Debug => tracing::trace!(target: "librdkafka", facility, message),
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Notice => {
                tracing::debug!(target: "librdkafka", facility, message);
            }
            // Whoever waits for a broker that went away reports that.
            _ => tracing::info!(target: "librdkafka", facility, message),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // Where a partition ends is no trouble.
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        *lock(&self.complaint) = Some(reason.to_owned());
        tracing::info!(target: "librdkafka", %error, reason, "client error");
    }
}

impl ConsumerContext for LibrdkafkaLog {}

/// A rebalance that waits for the member's answer.
#[derive(Debug)]
pub(crate) enum Rebalance {
    /// These come.
    Assign(TopicPartitionList),
    /// These go; `lost`: somebody else has them already.
    Revoke {
        /// Which.
        partitions: TopicPartitionList,
        /// Nothing may be committed any more.
        lost: bool,
    },
}

/// Hands rebalances over to the member instead of answering them: it answers when what is in flight is finished.
#[derive(Debug, Default)]
pub(crate) struct Rebalances {
    log: LibrdkafkaLog,
    rebalances: Mutex<VecDeque<Rebalance>>,
    leaving: AtomicBool,
}

impl Rebalances {
    /// The next rebalance to answer. librdkafka sends none before the one before is answered.
    pub(crate) fn take(&self) -> Option<Rebalance> {
        lock(&self.rebalances).pop_front()
    }

    /// From now on nobody polls any more: rebalances are answered at once.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
    }
}

impl ClientContext for Rebalances {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.log.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.log.error(error, reason);
    }
}

impl ConsumerContext for Rebalances {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        what: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let leaving = self.leaving.load(Ordering::SeqCst);
        let answered = match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS if leaving => {
                consumer.incremental_assign(&TopicPartitionList::new())
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                lock(&self.rebalances).push_back(Rebalance::Assign(partitions.clone()));
                Ok(())
            }
            _ if leaving => consumer.assignment().and_then(|all| consumer.incremental_unassign(&all)),
            _ => {
                let lost = consumer.assignment_lost();
                lock(&self.rebalances).push_back(Rebalance::Revoke { partitions: partitions.clone(), lost });
                Ok(())
            }
        };
        if let Err(error) = answered {
            tracing::warn!(%error, "rebalance not answered while leaving the group");
        }
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
