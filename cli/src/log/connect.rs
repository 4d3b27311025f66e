//! From settings to the connections with Kafka, its registry and the CQL server.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail};
use ombud_kafka::{Brokers, Connection, RegistryConnection};
use ombud_launch::config::{Secret, Settings};
use ombud_store::CqlConnection;

/// How Kafka and its registry are reached.
///
/// # Errors
/// One of them isn't named.
pub(crate) fn kafka(settings: &Settings) -> Result<Connection> {
    Ok(Connection { brokers: brokers(settings)?, registry: registry(settings)? })
}

/// How the schema registry is reached.
///
/// # Errors
/// It isn't named.
pub(crate) fn registry(settings: &Settings) -> Result<RegistryConnection> {
    if settings.registry_url.is_empty() {
        bail!("find the schema registry: name it with --registry or OMBUD_REGISTRY_URL");
    }
    Ok(RegistryConnection {
        urls: list(&settings.registry_url),
        credentials: credentials(&settings.registry.username, &settings.registry.password),
        ca: file(&settings.registry.ca),
        timeout: Duration::from_millis(settings.registry.timeout_ms),
    })
}

/// How brokers are reached, by what needs no registry.
///
/// # Errors
/// None is named.
pub(crate) fn brokers(settings: &Settings) -> Result<Brokers> {
    if settings.kafka_bootstrap.is_empty() {
        bail!("find Kafka: name brokers with --kafka or OMBUD_KAFKA_BOOTSTRAP");
    }
    Ok(Brokers {
        bootstrap: settings.kafka_bootstrap.clone(),
        properties: settings.kafka.properties.clone(),
        timeout: Duration::from_millis(settings.kafka.timeout_ms),
    })
}

/// How the CQL server is reached.
///
/// # Errors
/// It isn't named.
pub(crate) fn cql(settings: &Settings) -> Result<CqlConnection> {
    if settings.cql_nodes.is_empty() {
        bail!("find the CQL server: name nodes with --cql or OMBUD_CQL_NODES");
    }
    let section = &settings.cql;
    let narrative_ttl = Duration::from_secs(section.narrative_ttl_s.into());
    Ok(CqlConnection {
        nodes: list(&settings.cql_nodes),
        keyspace: section.keyspace.clone(),
        datacenter: (!section.datacenter.is_empty()).then(|| section.datacenter.clone()),
        credentials: credentials(&section.username, &section.password),
        ca: file(&section.ca),
        timeout: Duration::from_millis(section.timeout_ms),
        concurrency: section.concurrency,
        narrative_ttl: (!narrative_ttl.is_zero()).then_some(narrative_ttl),
    })
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}

fn credentials(user: &str, password: &Secret) -> Option<(String, String)> {
    (!user.is_empty()).then(|| (user.to_owned(), password.reveal().to_owned()))
}

fn file(path: &Path) -> Option<PathBuf> {
    (!path.as_os_str().is_empty()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_not_there() {
        let settings = Settings {
            kafka_bootstrap: "one:9092,two:9092".into(),
            registry_url: "http://one:8081".into(),
            cql_nodes: "one:9042, two:9042".into(),
            ..Settings::default()
        };
        let connection = kafka(&settings).unwrap();
        assert_eq!(connection.brokers.bootstrap, "one:9092,two:9092");
        assert!(connection.registry.credentials.is_none() && connection.registry.ca.is_none());
        let cql = cql(&settings).unwrap();
        assert_eq!(cql.nodes, ["one:9042", "two:9042"]);
        assert!(cql.credentials.is_none() && cql.datacenter.is_none() && cql.narrative_ttl.is_none());
    }

    #[test]
    fn who_is_not_named_is_asked_for() {
        assert!(kafka(&Settings::default()).unwrap_err().to_string().contains("--kafka"));
        assert!(cql(&Settings::default()).unwrap_err().to_string().contains("--cql"));
        let without_registry = Settings { kafka_bootstrap: "one:9092".into(), ..Settings::default() };
        assert!(kafka(&without_registry).unwrap_err().to_string().contains("--registry"));
    }
}
