//! The registry's calls: each within its timeout, and an answer never taken for none, nor none for an answer.

mod answer;
#[cfg(test)]
pub(crate) mod fake;
mod subject;
#[cfg(test)]
mod tests;

use std::{fs, time::Duration};

use apache_avro::Schema;
use backon::{BlockingRetryable, ExponentialBuilder};
use ombud_stream::may_carry_secret;
use reqwest::{
    Certificate, Url,
    blocking::{Client, ClientBuilder, RequestBuilder},
};
use schema_registry_converter::{
    blocking::schema_registry::{
        SrSettings, get_all_subjects, get_all_versions, get_schema_by_id, is_compatible_schema,
        perform_sr_call, post_schema,
    },
    schema_registry_common::{RegisteredSchema, SchemaType, SrCall, SuppliedSchema},
};
use serde::Deserialize;
use serde_json::json;

use crate::{connection::RegistryConnection, error::KafkaError};

pub(crate) use answer::CallError;
pub(crate) use subject::subject;

/// What the registry's API speaks.
const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// The wait before a call that failed at once is tried again; doubles.
const RETRY_BACKOFF: Duration = Duration::from_millis(100);
/// Tries of a call, the first one included.
const TRIES: usize = 3;

/// A schema registry that speaks the Confluent API. Blocks: never to be called by a task of an async runtime.
#[derive(Clone)]
pub struct Registry {
    settings: SrSettings,
    /// For what the converter has no call: compatibility levels.
    http: Client,
    connection: RegistryConnection,
}

/// One version of a subject.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) id: u32,
    pub(crate) version: u32,
    /// The text, where it is Avro that stands for itself.
    pub(crate) avro: Option<String>,
}

/// What an id stands for.
#[derive(Debug)]
pub(crate) enum SchemaText {
    /// Avro that stands for itself.
    Avro(String),
    /// Avro that refers to other subjects.
    Leaning,
    /// No Avro, but this.
    Other(&'static str),
}

#[derive(Deserialize)]
struct Level {
    #[serde(rename = "compatibilityLevel")]
    level: String,
}

impl Registry {
    /// A client; nothing is asked yet, so that workers can start while the registry is down.
    ///
    /// # Errors
    /// A URL or the authority's file is wrong.
    pub fn connect(connection: &RegistryConnection) -> Result<Self, KafkaError> {
        let wrong = |action: String, cause: Box<dyn std::error::Error + Send + Sync>| KafkaError::Registry {
            action,
            cause,
        };
        for url in &connection.urls {
            let parsed = Url::parse(url)
                .map_err(|cause| wrong("read registry_url (--registry)".to_owned(), cause.into()))?;
            if !parsed.username().is_empty() || parsed.password().is_some() {
                // A URL is shown; a password never is.
                let cause = "set registry.username and registry.password instead".into();
                return Err(wrong("accept a user or a password in registry_url".to_owned(), cause));
            }
            if connection.credentials.is_some() {
                may_carry_secret(url).map_err(|cause| {
                    wrong(
                        "send registry.username and its password to registry_url (--registry)".to_owned(),
                        cause.into(),
                    )
                })?;
            }
        }
        let [first, others @ ..] = connection.urls.as_slice() else {
            let cause = "set registry_url (--registry)".into();
            return Err(wrong("find a schema registry".to_owned(), cause));
        };
        let mut settings = SrSettings::new_builder(first.clone());
        for url in others {
            settings.add_url(url.clone());
        }
        if let Some((user, password)) = &connection.credentials {
            settings.set_basic_authorization(user, Some(password));
        }
        settings.set_timeout(connection.timeout);
        let made = settings.build_with(builder(connection)?);
        let settings =
            made.map_err(|cause| wrong("make a client of the schema registry".to_owned(), cause.into()))?;
        let http = builder(connection)?
            .build()
            .map_err(|cause| wrong("make a client of the schema registry".to_owned(), cause.into()))?;
        Ok(Self { settings, http, connection: connection.clone() })
    }

    /// Where it is, as it may be shown.
    pub fn address(&self) -> String {
        self.connection.urls.join(",")
    }

    /// Asks it for the names of its subjects.
    ///
    /// # Errors
    /// It doesn't answer, or refuses us.
    pub fn subjects(&self) -> Result<Vec<String>, KafkaError> {
        let asked = patiently(|| get_all_subjects(&self.settings).map_err(CallError::from));
        asked.map_err(|error| self.failed("list the subjects", error))
    }

    /// What `id` stands for.
    pub(crate) fn schema(&self, id: u32) -> Result<SchemaText, CallError> {
        patiently(|| get_schema_by_id(id, &self.settings).map_err(CallError::from)).map(SchemaText::of)
    }

    /// The id of `schema` in `subject`.
    pub(crate) fn id_of(&self, subject: &str, schema: &Schema) -> Result<u32, CallError> {
        let body = json!({"schema": text(schema), "schemaType": "AVRO"}).to_string();
        let call = SrCall::PostForVersion(subject, &body);
        let found = patiently(|| perform_sr_call(&self.settings, call).map_err(CallError::from));
        match found {
            Ok(found) => found.id.ok_or(CallError::Absent),
            // Some registries look for the very text: the same schema may be there in other words.
            Err(CallError::Absent) => {
                let versions = self.versions(subject)?;
                let same = versions.iter().find(|version| version.is(schema));
                same.map(|version| version.id).ok_or(CallError::Absent)
            }
            Err(error) => Err(error),
        }
    }

    /// Every version of `subject`, oldest first; none where there is no such subject.
    fn versions(&self, subject: &str) -> Result<Vec<Registered>, CallError> {
        let numbers =
            patiently(|| get_all_versions(&self.settings, subject.to_owned()).map_err(CallError::from));
        let numbers = match numbers {
            Err(CallError::Absent) => return Ok(Vec::new()),
            numbers => numbers?,
        };
        let get = |version| {
            let call = SrCall::GetBySubjectAndVersion(subject, version);
            let raw = patiently(|| perform_sr_call(&self.settings, call).map_err(CallError::from))?;
            let is_avro = raw.schema_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("avro"));
            let alone = raw.references.is_none_or(|references| references.is_empty());
            let avro = raw.schema.filter(|_| is_avro && alone);
            Ok(Registered { id: raw.id.ok_or(CallError::Absent)?, version, avro })
        };
        numbers.into_iter().map(get).collect()
    }

    /// What `subject` is held to; `None` where nobody said.
    fn level(&self, subject: &str) -> Result<Option<String>, CallError> {
        let asked = patiently(|| self.config(subject, |url| self.http.get(url)));
        match asked {
            Ok(level) => Ok(Some(level.level)),
            Err(CallError::Absent) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Holds `subject` to `level` from now on.
    fn set_level(&self, subject: &str, level: &str) -> Result<(), CallError> {
        let body = json!({"compatibility": level}).to_string();
        patiently(|| {
            self.each_url(subject, |url| {
                let put = self.http.put(url).header("content-type", CONTENT_TYPE);
                self.send(put.body(body.clone())).map(drop)
            })
        })
    }

    /// Adds `schema` to `subject`, under its newest version's number where it is there already.
    fn add(&self, subject: &str, schema: &Schema) -> Result<u32, CallError> {
        let add = || post_schema(&self.settings, subject.to_owned(), supplied(schema));
        patiently(|| add().map_err(CallError::from)).map(|registered| registered.id)
    }

    /// Whether `subject` would take `schema`.
    fn would_take(&self, subject: &str, schema: &Schema) -> Result<bool, CallError> {
        let ask = || is_compatible_schema(&self.settings, subject.to_owned(), supplied(schema));
        match patiently(|| ask().map_err(CallError::from)) {
            Err(CallError::Absent) => Ok(true),
            answer => answer,
        }
    }

    fn config(&self, subject: &str, ask: impl Fn(String) -> RequestBuilder) -> Result<Level, CallError> {
        self.each_url(subject, |url| {
            let answer = self.send(ask(url))?;
            answer.json().map_err(|cause| CallError::silent(&cause))
        })
    }

    /// The first answer about a subject's configuration, asking one registry after the other.
    fn each_url<T>(
        &self,
        subject: &str,
        ask: impl Fn(String) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let mut answer = Err(CallError::Absent);
        for url in &self.connection.urls {
            answer = ask(format!("{}/config/{subject}", url.trim_end_matches('/')));
            if !matches!(answer, Err(CallError::Silent { .. })) {
                break;
            }
        }
        answer
    }

    fn send(&self, request: RequestBuilder) -> Result<reqwest::blocking::Response, CallError> {
        let request = match &self.connection.credentials {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        };
        let response = request.send().map_err(|cause| CallError::silent(&cause))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        Err(CallError::refused(status.as_u16(), response.json().ok()))
    }

    /// The error that says that `action` failed: `failed("register a schema", ..)`.
    fn failed(&self, action: &str, error: CallError) -> KafkaError {
        let fix = error.fix();
        KafkaError::Registry {
            action: format!("{action} at the schema registry {}: {fix}", self.address()),
            cause: error.into(),
        }
    }
}

impl Registered {
    /// Whether it is `schema`, docs aside.
    fn is(&self, schema: &Schema) -> bool {
        let parsed = self.avro.as_deref().and_then(|text| Schema::parse_str(text).ok());
        parsed.is_some_and(|parsed| subject::bones(&parsed) == subject::bones(schema))
    }
}

/// Tries again what failed at once. What has used up its timeout isn't: whoever waits has waited.
fn patiently<T>(call: impl FnMut() -> Result<T, CallError>) -> Result<T, CallError> {
    let backoff =
        ExponentialBuilder::default().with_min_delay(RETRY_BACKOFF).with_max_times(TRIES - 1).with_jitter();
    call.retry(backoff).when(CallError::is_worth_retrying).call()
}

fn builder(connection: &RegistryConnection) -> Result<ClientBuilder, KafkaError> {
    let builder = Client::builder().timeout(connection.timeout).connect_timeout(connection.timeout);
    let Some(ca) = &connection.ca else { return Ok(builder) };
    let action = || format!("read registry.ca {}: it must be a PEM file", ca.display());
    let pem = fs::read(ca).map_err(|cause| KafkaError::Registry { action: action(), cause: cause.into() })?;
    let authorities = Certificate::from_pem_bundle(&pem)
        .map_err(|cause| KafkaError::Registry { action: action(), cause: cause.into() })?;
    Ok(builder.tls_certs_only(authorities))
}

impl SchemaText {
    fn of(registered: RegisteredSchema) -> Self {
        match registered.schema_type {
            SchemaType::Avro if registered.references.is_empty() => Self::Avro(registered.schema),
            SchemaType::Avro => Self::Leaning,
            SchemaType::Json => Self::Other("JSON Schema"),
            SchemaType::Protobuf => Self::Other("Protobuf"),
            _ => Self::Other("of a kind that Ombud does not know"),
        }
    }
}

fn supplied(schema: &Schema) -> SuppliedSchema {
    SuppliedSchema::new(None, SchemaType::Avro, text(schema))
}

/// A schema as JSON, with its docs.
fn text(schema: &Schema) -> String {
    serde_json::to_string(schema)
        .unwrap_or_else(|error| unreachable!("the catalogue's schemas came from JSON, yet: {error}"))
}
