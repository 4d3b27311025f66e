//! Brokers for a test: those that the environment names.

use ombud_contract::catalogue::Topic;
use ombud_kafka::{Admin, Mode, Registry, Wish};
use ombud_launch::config::Settings;
use ombud_stream::testing::server_address;

use crate::log::connect;

/// Topics and schemas of its own on the brokers that the environment names.
pub(crate) fn on_brokers(dir: &tempfile::TempDir) -> Settings {
    let folder = dir.path().file_name().unwrap().to_string_lossy().into_owned();
    let prefix = format!("command-{}-", folder.trim_start_matches('.'));
    let mut settings = Settings {
        data: dir.path().to_owned(),
        kafka_bootstrap: server_address("OMBUD_KAFKA_BOOTSTRAP"),
        registry_url: server_address("OMBUD_REGISTRY_URL"),
        ..Settings::default()
    };
    settings.topics.prefix = prefix.clone();
    let connection = connect::kafka(&settings).unwrap();
    let wish = Wish { partitions: Some(4), replication: Some(1) };
    Admin::connect(&connection.brokers).unwrap().ensure_topics(&prefix, wish, Mode::Apply).unwrap();
    let registry = Registry::connect(&connection.registry).unwrap();
    for topic in Topic::ALL {
        registry.register(topic, &prefix, Mode::Apply).unwrap();
    }
    settings
}
