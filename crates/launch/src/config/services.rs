//! The connections to services: Kafka, the schema registry, the CQL store, what explains, and the receiver of traces.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{property, secret::Secret};
use crate::Error;

/// The fewest characters of the secret that questions are signed by: `openssl rand -hex 16` prints as many.
const EXPLAIN_SECRET_BYTES: usize = 32;

/// Kafka. TLS and SASL are properties of librdkafka.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// How long one request to the brokers may take, in milliseconds.
    pub timeout_ms: u64,
    /// File that holds `sasl.password`; empty where the property is written out or not needed.
    pub password_file: PathBuf,
    /// Passed on to librdkafka unchanged, such as `security.protocol` = `SASL_SSL`;
    /// `OMBUD_KAFKA__PROPERTIES__SECURITY_PROTOCOL` in the environment.
    #[serde(serialize_with = "property::shown")]
    pub properties: BTreeMap<String, String>,
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka")
            .field("timeout_ms", &self.timeout_ms)
            .field("password_file", &self.password_file)
            .field("properties", &property::Shown(&self.properties))
            .finish()
    }
}

impl Default for Kafka {
    fn default() -> Self {
        Self { timeout_ms: 10_000, password_file: PathBuf::new(), properties: BTreeMap::new() }
    }
}

/// The schema registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// For basic authentication; empty sends none.
    pub username: String,
    /// For basic authentication.
    pub password: Secret,
    /// File that holds the password; wins over `password`.
    pub password_file: PathBuf,
    /// PEM file of the authority that signed its certificate; empty trusts the system's authorities.
    pub ca: PathBuf,
    /// How long one call may take, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            username: String::new(),
            password: Secret::default(),
            password_file: PathBuf::new(),
            ca: PathBuf::new(),
            timeout_ms: 5_000,
        }
    }
}

/// The CQL store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cql {
    /// Keyspace of the cases.
    pub keyspace: String,
    /// Copies of each row in a datacenter, where `ombud setup` creates the keyspace.
    pub replication: u32,
    /// The datacenter whose nodes are used; empty where there is only one.
    pub datacenter: String,
    /// User; empty connects without a user.
    pub username: String,
    /// The user's password.
    pub password: Secret,
    /// File that holds the password; wins over `password`.
    pub password_file: PathBuf,
    /// PEM file of the authority that signed the nodes' certificates; empty connects without TLS.
    pub ca: PathBuf,
    /// How long one attempt of one statement may take, in milliseconds.
    pub timeout_ms: u64,
    /// Statements that may be under way at once; more loads the nodes, fewer waits longer.
    pub concurrency: usize,
    /// How long a narrative is kept, in seconds; 0 keeps it for ever.
    pub narrative_ttl_s: u32,
}

impl Default for Cql {
    fn default() -> Self {
        Self {
            keyspace: "ombud".into(),
            replication: 3,
            datacenter: String::new(),
            username: String::new(),
            password: Secret::default(),
            password_file: PathBuf::new(),
            ca: PathBuf::new(),
            timeout_ms: 5_000,
            concurrency: 64,
            narrative_ttl_s: 0,
        }
    }
}

/// Who explains decisions: `ombud explain --serve`, which the console asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// Its URL, such as `http://ombud-explain:8080`; empty explains nothing over HTTP, but `ombud up` starts one of its own.
    /// What is asked holds narratives: where the network is not trusted, put TLS before it and name its https URL.
    pub address: String,
    /// What questions are signed by, the same for who asks and who explains; at least 32 characters.
    pub secret: Secret,
    /// File that holds the secret; wins over `secret`.
    pub secret_file: PathBuf,
    /// How long one answer may take, in seconds, the wait behind others included.
    pub timeout_s: u64,
}

impl Explain {
    /// Checks what these settings may be together; each by itself is checked before.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.secret.is_empty() {
            return if self.address.is_empty() { Ok(()) } else { Err(Error::UnsignedExplain) };
        }
        if self.secret.reveal().len() < EXPLAIN_SECRET_BYTES {
            return Err(Error::ShortExplainSecret(EXPLAIN_SECRET_BYTES));
        }
        Ok(())
    }
}

impl Default for Explain {
    fn default() -> Self {
        Self {
            address: String::new(),
            secret: Secret::default(),
            secret_file: PathBuf::new(),
            timeout_s: 120,
        }
    }
}

/// Traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// The receiver of OTLP over HTTP, such as `http://127.0.0.1:4318`. Empty leaves it to the variable
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, and without that too nothing is traced.
    pub otlp_endpoint: String,
    /// Which share of the traces that begin here is kept, from 0 to 1; what comes with a trace follows its parent.
    pub sample_ratio: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { otlp_endpoint: String::new(), sample_ratio: 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn who_explains_is_asked_with_a_secret_that_nobody_guesses() {
        let explain = |address: &str, secret: &str| Explain {
            address: address.to_owned(),
            secret: secret.into(),
            ..Explain::default()
        };
        for right in [explain("", ""), explain("", SECRET), explain("http://ombud-explain:8080", SECRET)] {
            assert!(right.check().is_ok(), "{right:?}");
        }
        let unsigned = explain("http://ombud-explain:8080", "").check().unwrap_err().to_string();
        assert!(unsigned.contains("explain.secret_file"), "{unsigned}");
        let short = explain("", "sesame").check().unwrap_err().to_string();
        assert!(short.contains("32") && !short.contains("sesame"), "{short}");
    }
}
