//! Brokers for a test, where the environment names some.

use ombud_contract::catalogue::Topic;
use ombud_kafka::{Admin, Mode, Registry, Wish};
use ombud_launch::config::Settings;

use crate::connect;

/// Topics and schemas of its own on the brokers that the environment names; `None` where it names none.
pub(crate) fn on_brokers(dir: &tempfile::TempDir) -> Option<Settings> {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(kafka_bootstrap), Some(registry_url)) =
        (named("OMBUD_KAFKA_BOOTSTRAP"), named("OMBUD_REGISTRY_URL"))
    else {
        eprintln!(
            "skipped: no brokers; run scripts/services start and export what scripts/services env prints"
        );
        return None;
    };
    let folder = dir.path().file_name().unwrap().to_string_lossy().into_owned();
    let prefix = format!("command-{}-", folder.trim_start_matches('.'));
    let mut settings =
        Settings { data: dir.path().to_owned(), kafka_bootstrap, registry_url, ..Settings::default() };
    settings.topics.prefix = prefix.clone();
    let connection = connect::kafka(&settings).unwrap();
    let wish = Wish { partitions: Some(4), replication: Some(1) };
    Admin::connect(&connection.brokers).unwrap().ensure_topics(&prefix, wish, Mode::Apply).unwrap();
    let registry = Registry::connect(&connection.registry).unwrap();
    for topic in Topic::ALL {
        registry.register(topic, &prefix, Mode::Apply).unwrap();
    }
    Some(settings)
}
