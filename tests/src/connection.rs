//! How promises connect to the brokers and the registry of a deployment.

use std::time::Duration;

use anyhow::Result;
use ombud_kafka::{Brokers, Connection, Kafka, RegistryConnection};

use crate::Deployment;

/// How long a call to brokers or registry may take: they are killed under some promises.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The deployment's brokers and registry, in the clear.
///
/// # Errors
/// They don't answer.
pub fn kafka(deployment: &Deployment) -> Result<Kafka> {
    let variable = |name: &str| deployment.variable(name);
    let plain = variable("TEST_PLAIN_BOOTSTRAP").or_else(|_| variable("OMBUD_KAFKA_BOOTSTRAP"))?;
    let connection = Connection {
        brokers: Brokers { bootstrap: plain, properties: [].into(), timeout: CALL_TIMEOUT },
        registry: RegistryConnection {
            urls: vec![variable("OMBUD_REGISTRY_URL")?],
            credentials: None,
            ca: None,
            timeout: CALL_TIMEOUT,
        },
    };
    Ok(Kafka::connect(&connection, &deployment.prefix)?)
}
