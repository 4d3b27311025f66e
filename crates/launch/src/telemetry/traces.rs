//! Traces: installed once a process, flushed when it ends.

use std::{env, time::Duration};

use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;

use super::export::Exporting;
use crate::{Error, config::Settings};

/// How long one batch may take to leave.
const SEND: Duration = Duration::from_secs(5);
/// How long the last spans may take to leave when the process ends.
const FLUSH: Duration = Duration::from_secs(3);

const TRACES_PATH: &str = "v1/traces";
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";

/// Spans of [`super::Hop`]s leave while it lives; what waits when it is dropped leaves within 3 s or is lost.
#[derive(Debug)]
#[must_use = "traces end when it is dropped"]
pub struct Traces(Option<&'static Exporting>);

impl Traces {
    /// Exports hops from now on, as spans of `service`, such as `ombud-infer`; `OTEL_SERVICE_NAME` wins over it. They
    /// go to the setting `telemetry.otlp_endpoint`, else where `OTEL_EXPORTER_OTLP_ENDPOINT` says; without either
    /// nothing is traced. A receiver that is down holds nothing up.
    ///
    /// # Errors
    /// The endpoint is no URL, or traces are installed already in this process.
    pub fn install(settings: &Settings, service: &str) -> Result<Self, Error> {
        let setting = &settings.telemetry.otlp_endpoint;
        if setting.is_empty() && !ENDPOINTS.into_iter().any(is_set) {
            return Ok(Self(None));
        }
        let mut builder = SpanExporter::builder().with_http().with_timeout(SEND);
        if !setting.is_empty() {
            builder = builder.with_endpoint(of_traces(setting));
        }
        let exporter = builder.build().map_err(|cause| Error::Traces(Box::new(cause)))?;
        let mut resource = Resource::builder().with_attributes([
            KeyValue::new("service.namespace", "ombud"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ]);
        if !is_set(SERVICE_NAME) {
            resource = resource.with_service_name(service.to_owned());
        }
        let system = if settings.kafka_bootstrap.is_empty() { "ombud_local" } else { "kafka" };
        let ratio = settings.telemetry.sample_ratio;
        Exporting::install(exporter, &resource.build(), ratio, system)
            .map(|exporting| Self(Some(exporting)))
            .ok_or_else(|| Error::Telemetry { what: "traces", cause: "installed twice".into() })
    }

    /// Whether hops are exported.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Gives the last spans at most 3 s to leave; later hops are not traced.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(exporting) = self.0 {
            exporting.end(FLUSH);
        }
    }
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// The path is OTLP's, and may be left out.
fn of_traces(endpoint: &str) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    if endpoint.ends_with(TRACES_PATH) { endpoint.to_owned() } else { format!("{endpoint}/{TRACES_PATH}") }
}
