//! Whether the brokers are there, and what their errors mean for the flow.

use std::time::{Duration, Instant};

use ombud_contract::access::Operation;
use ombud_stream::Outage;
use rdkafka::{
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError as Cause, RDKafkaErrorCode},
};
use tracing::debug;

use super::KafkaMember;
use crate::{
    client::client,
    context::LibrdkafkaLog,
    error::KafkaError,
    offsets,
    outage::{self, Right},
    widths,
};

/// How long all brokers may be gone before that is reported: a restart of one takes less, where there are several.
pub(super) const AWAY_AFTER: Duration = Duration::from_secs(3);
/// How long brokers that were gone are waited for when they are asked whether they are back.
const METADATA_TIMEOUT: Duration = Duration::from_millis(500);
/// How long nothing may come from the brokers before they are asked.
const SILENT_AFTER: Duration = Duration::from_secs(10);
/// How long all brokers may be gone before a new client is asked whether it reaches them, and from one time to the next.
const LOST_AFTER: Duration = Duration::from_secs(30);
/// How long brokers may take to answer such a question; twice that is well below a session.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// When the brokers were last heard of, and since when they are away.
pub(super) struct Contact {
    /// When anything last came, or the brokers last answered.
    heard_at: Instant,
    /// Since when they are known to be away: librdkafka has said so, or they did not answer.
    away_since: Option<Instant>,
    /// When a new client was last asked whether it reaches the brokers that this one does not.
    new_client_tried_at: Option<Instant>,
}

impl Contact {
    /// The brokers count as heard from now on.
    pub(super) fn new() -> Self {
        Self { heard_at: Instant::now(), away_since: None, new_client_tried_at: None }
    }

    /// Something came from them.
    pub(super) fn heard(&mut self) {
        self.heard_at = Instant::now();
    }

    /// They are not away.
    pub(super) fn are_back(&mut self) {
        self.away_since = None;
    }

    fn are_away(&mut self) {
        self.away_since.get_or_insert_with(Instant::now);
    }
}

impl KafkaMember {
    /// What an error between two records means for the flow.
    pub(super) fn take_error(&mut self, cause: Cause) -> Result<(), Outage> {
        match cause.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => {
                self.contact.are_away();
                Ok(())
            }
            Some(RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset) => {
                Err(offsets::lost(&self.subscription.group, cause))
            }
            Some(RDKafkaErrorCode::InvalidSessionTimeout) => {
                Err(outage::session_refused(&self.subscription.group, cause))
            }
            _ if outage::is_fatal(&cause) => {
                let right = self.lacked(&cause);
                Err(outage::of(format!("read as {}", self.subscription.group), cause, &right))
            }
            // librdkafka goes on by itself when the brokers are back.
            _ => {
                debug!(group = self.subscription.group, error = %cause, "the cluster does not answer");
                Ok(())
            }
        }
    }

    /// Asks brokers that have been gone for a while whether they are back, and those that nothing has come from for long
    /// whether they are there: an idle member would never hear of it.
    pub(super) fn look_for_brokers(&mut self) -> Result<(), Outage> {
        let within = match self.contact.away_since {
            Some(since) if since.elapsed() >= AWAY_AFTER => METADATA_TIMEOUT,
            None if self.contact.heard_at.elapsed() >= SILENT_AFTER => ANSWER_TIMEOUT,
            Some(_) | None => return Ok(()),
        };
        match self.consumer.fetch_metadata(Some(&self.subscription.topics[0]), within) {
            Ok(_) => {
                self.contact.heard();
                self.contact.are_back();
                Ok(())
            }
            Err(cause) => {
                self.contact.are_away();
                self.try_new_client()?;
                Err(outage::of(
                    format!("reach the brokers as {}", self.subscription.group),
                    cause,
                    &self.right(),
                ))
            }
        }
    }

    /// Asks by a client that is made for it. librdkafka loses a cluster for good that named no broker when it came back
    /// (confluentinc/librdkafka#5301): where a new client finds one, it is this process that has to be restarted, since
    /// its producer is as old.
    fn try_new_client(&mut self) -> Result<(), Outage> {
        let is_lost = self.contact.away_since.is_some_and(|since| since.elapsed() >= LOST_AFTER);
        if !is_lost || self.contact.new_client_tried_at.is_some_and(|at| at.elapsed() < LOST_AFTER) {
            return Ok(());
        }
        self.contact.new_client_tried_at = Some(Instant::now());
        let asking: BaseConsumer<_> =
            client(&self.brokers.admin(), LibrdkafkaLog::default()).map_err(|cause| {
                Outage::fatal(format!("reach the brokers as {}", self.subscription.group), cause)
            })?;
        if asking.fetch_metadata(Some(&self.subscription.topics[0]), ANSWER_TIMEOUT).is_err() {
            return Ok(());
        }
        // In between this client may have found them by itself.
        if self.consumer.fetch_metadata(Some(&self.subscription.topics[0]), ANSWER_TIMEOUT).is_ok() {
            self.contact.are_back();
            return Ok(());
        }
        let why =
            "a new client reaches them, and this one does not any more: the process has to be started again";
        Err(Outage::fatal(format!("reach the brokers as {}", self.subscription.group), why))
    }

    /// What this user lacks where the brokers have refused a call with `cause`: of several topics, the right to those that
    /// they don't show it. librdkafka has said which one it was, and that does not come as far as here.
    fn lacked(&self, cause: &Cause) -> Right {
        let topics = &self.subscription.topics;
        let is_about_a_topic = cause.rdkafka_error_code() == Some(RDKafkaErrorCode::TopicAuthorizationFailed);
        let is_hidden = |topic: &&String| {
            let found = widths::count(&self.consumer, topic, Operation::Read, METADATA_TIMEOUT);
            matches!(found, Err(KafkaError::Hidden { .. }))
        };
        let hidden: Vec<&str> = match is_about_a_topic && topics.len() > 1 {
            true => topics.iter().filter(is_hidden).map(String::as_str).collect(),
            false => Vec::new(),
        };
        match hidden.is_empty() {
            true => self.right(),
            false => Right::read(&hidden.join(", ")).of_group(&self.subscription.group),
        }
    }

    pub(super) fn right(&self) -> Right {
        Right::read(&self.subscription.topics.join(", ")).of_group(&self.subscription.group)
    }
}
