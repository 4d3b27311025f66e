//! `ombud setup --widen N`: partitions are added to every topic that shares their numbers, and nothing else is touched.

use anyhow::Result;
use ombud_kafka::{Admin, Mode, State};
use ombud_launch::config::Settings;

use super::{Item, item};
use crate::log::connect;

/// Gives every complaints topic that `settings` name `to` partitions.
pub(crate) fn widen(to: i32, mode: Mode, settings: &Settings) -> Result<Vec<Item>> {
    if settings.kafka_bootstrap.is_empty() {
        return Ok(vec![embedded(to, settings)]);
    }
    let outcomes = Admin::connect(&connect::brokers(settings)?)?.widen(&settings.topics.prefix, to, mode)?;
    Ok(outcomes.into_iter().map(|outcome| item("topic", outcome)).collect())
}

/// The embedded log has all its partitions from the beginning.
fn embedded(to: i32, settings: &Settings) -> Item {
    let partitions = settings.embedded.partitions;
    let state = if to == partitions { State::Unchanged } else { State::Refused };
    let why = format!(
        "no Kafka is named, and an embedded log has nothing to widen: its topics keep their {partitions} partitions; \
         name brokers with --kafka"
    );
    Item { what: "log", name: settings.data.display().to_string(), state, details: vec![why] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedded_log_has_nothing_to_widen_and_says_so() {
        let settings = Settings::default();
        let partitions = settings.embedded.partitions;
        for (to, state) in [(partitions, State::Unchanged), (partitions + 2, State::Refused)] {
            let items = widen(to, Mode::Apply, &settings).unwrap();
            assert_eq!((items.len(), items[0].state), (1, state));
            let why = &items[0].details[0];
            assert!(why.contains("nothing to widen") && why.contains("--kafka"), "{why}");
        }
    }
}
