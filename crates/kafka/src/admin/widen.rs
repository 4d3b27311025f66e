//! Adding partitions to the topics that share their numbers with complaints.raw. None is ever taken away.

use std::cmp::Ordering;

use backon::BlockingRetryable;
use futures_executor::block_on;
use ombud_contract::{access::Operation, catalogue::Topic};
use rdkafka::admin::NewPartitions;

use super::{Admin, done, flat};
use crate::{
    error::KafkaError,
    outcome::{Mode, Outcome, State},
};

impl Admin {
    /// Gives every topic of more than one partition `to` of them; one that has more keeps them. complaints.raw comes last, so that no
    /// worker finds a partition there that another topic lacks.
    ///
    /// # Errors
    /// complaints.raw has more already, a topic is missing, or the brokers don't answer or don't allow it. What was done
    /// until then stays, and the next run goes on from there.
    pub fn widen(&self, prefix: &str, to: i32, mode: Mode) -> Result<Vec<Outcome>, KafkaError> {
        let widths = self.widths(prefix)?;
        refuse_fewer(&widths, prefix, to)?;
        let mut outcomes = Vec::new();
        for (topic, found) in widths {
            let name = topic.name(prefix);
            if found < to {
                self.add_partitions(&name, to, mode)?;
            }
            outcomes.push(outcome(name, found, to));
        }
        Ok(outcomes)
    }

    /// How many partitions each of these topics has, in the order in which they are widened.
    fn widths(&self, prefix: &str) -> Result<Vec<(Topic, i32)>, KafkaError> {
        let metadata = self.metadata()?;
        let width = |topic: Topic| {
            let name = topic.name(prefix);
            let found = metadata.topics().iter().find(|it| it.name() == name);
            let count = found.and_then(|it| i32::try_from(it.partitions().len()).ok());
            match count.filter(|count| *count > 0) {
                Some(count) => Ok((topic, count)),
                None => self.ensure_not_hidden(&name).and(Err(KafkaError::NoTopic { topic: name })),
            }
        };
        in_order().map(width).collect()
    }

    fn add_partitions(&self, name: &str, to: i32, mode: Mode) -> Result<(), KafkaError> {
        let new = NewPartitions::new(name, usize::try_from(to).unwrap_or(0));
        let results = block_on(self.client.create_partitions([&new], &self.options(mode)));
        let action = || format!("widen topic {name} to {to} partitions");
        flat(results.map(done), (Operation::Alter, name), action)?;
        match mode {
            Mode::Apply => self.wait_for_partitions(name, to),
            Mode::DryRun => Ok(()),
        }
    }

    /// Returns when the brokers show all of them, each with its leader.
    fn wait_for_partitions(&self, name: &str, to: i32) -> Result<(), KafkaError> {
        let look = || {
            let metadata = self.metadata()?;
            let found = metadata.topics().iter().find(|it| it.name() == name);
            let led = found.map_or(0, |it| it.partitions().iter().filter(|one| one.leader() >= 0).count());
            match i32::try_from(led) {
                Ok(led) if led < to => Err(KafkaError::Unseen { topic: name.to_owned(), to }),
                _ => Ok(()),
            }
        };
        look.retry(self.looks()).when(|error| matches!(error, KafkaError::Unseen { .. })).call()
    }
}

/// Every topic of more than one partition, complaints.raw last.
fn in_order() -> impl Iterator<Item = Topic> {
    let others =
        Topic::ALL.into_iter().filter(|topic| *topic != Topic::Raw && topic.settings().partitions > 1);
    others.chain([Topic::Raw])
}

fn refuse_fewer(widths: &[(Topic, i32)], prefix: &str, to: i32) -> Result<(), KafkaError> {
    match widths.iter().find(|(topic, found)| *topic == Topic::Raw && *found > to) {
        Some((raw, found)) => Err(KafkaError::Narrower { raw: raw.name(prefix), found: *found, to }),
        None => Ok(()),
    }
}

/// What becomes of a topic with `found` partitions.
fn outcome(name: String, found: i32, to: i32) -> Outcome {
    let (state, details) = match found.cmp(&to) {
        Ordering::Less => (State::Changed, vec![format!("partitions {found} -> {to}")]),
        Ordering::Equal => (State::Unchanged, Vec::new()),
        Ordering::Greater => (State::Unchanged, vec![format!("it has {found} partitions, which is enough")]),
    };
    Outcome { name, state, details, fix: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_raw_is_widened_last_and_topics_of_one_order_never() {
        let order: Vec<Topic> = in_order().collect();
        assert_eq!(order.last(), Some(&Topic::Raw));
        assert_eq!(order.len(), 7, "{order:?}");
        assert!(!order.contains(&Topic::Strategy) && !order.contains(&Topic::Registry));
    }

    #[test]
    fn fewer_partitions_than_complaints_raw_has_are_refused_with_its_number() {
        let widths = [(Topic::Routed, 8), (Topic::Raw, 6)];
        let refused = refuse_fewer(&widths, "test-", 4).unwrap_err().to_string();
        assert!(refused.contains("test-complaints.raw has 6") && refused.contains("--widen 6"), "{refused}");
        assert!(refuse_fewer(&widths, "test-", 6).is_ok(), "another topic may have more");
    }

    #[test]
    fn a_topic_that_is_wide_enough_is_left_as_it_is() {
        for (found, state, detail) in [
            (4, State::Changed, Some("partitions 4 -> 6")),
            (6, State::Unchanged, None),
            (8, State::Unchanged, Some("it has 8 partitions, which is enough")),
        ] {
            let outcome = outcome("t".into(), found, 6);
            assert_eq!((outcome.state, outcome.details.first().map(String::as_str)), (state, detail));
        }
    }
}
