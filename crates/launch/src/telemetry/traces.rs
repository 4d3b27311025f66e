//! Traces: installed once a process, flushed when it ends.

use std::{env, time::Duration};

use ombud_stream::{Exposed, may_carry_secret, names_user};
use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;

use super::export::Exporting;
use crate::{
    Error,
    config::{Settings, property},
};

/// How long one batch may take to leave.
const SEND: Duration = Duration::from_secs(5);
/// How long the last spans may take to leave when the process ends.
const FLUSH: Duration = Duration::from_secs(3);

const TRACES_PATH: &str = "v1/traces";
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const HEADERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
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
    /// The endpoint is no URL, a token would go there over plain HTTP, or traces are installed already in this process.
    pub fn install(settings: &Settings, service: &str) -> Result<Self, Error> {
        let setting = &settings.telemetry.otlp_endpoint;
        if setting.is_empty() && !ENDPOINTS.into_iter().any(is_set) {
            return Ok(Self(None));
        }
        let said = |variable: &str| env::var(variable).ok().filter(|value| !value.is_empty());
        let named = ENDPOINTS.into_iter().find_map(said).filter(|_| setting.is_empty());
        let headers: Vec<String> = HEADERS.into_iter().filter_map(said).collect();
        keep_secret(named.as_ref().unwrap_or(setting), &headers.join(","))
            .map_err(|cause| Error::Traces(Box::new(cause)))?;
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

/// Refuses to send a user, or `headers` of which one shows a token, to `endpoint` where others could read it.
fn keep_secret(endpoint: &str, headers: &str) -> Result<(), Exposed> {
    let is_telling = |name: &str| name == "authorization" || property::is_secret(name);
    let names = headers.split(',').filter_map(|header| header.split_once('='));
    let mut names = names.map(|(name, _)| name.trim().to_ascii_lowercase());
    if names_user(endpoint) || names.any(|name| is_telling(&name)) {
        may_carry_secret(endpoint)
    } else {
        Ok(())
    }
}

/// The path is OTLP's, and may be left out.
fn of_traces(endpoint: &str) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    if endpoint.ends_with(TRACES_PATH) { endpoint.to_owned() } else { format!("{endpoint}/{TRACES_PATH}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_for_the_receiver_goes_over_tls_or_stays_on_this_machine() {
        let (near, far, safe) = ("http://127.0.0.1:4318", "http://otlp.example:4318", "https://otlp.example");
        for telling in ["Authorization=Bearer%20x", "x-scope-orgid=bank, x-api-key=x", "access-token=x"] {
            assert!(keep_secret(near, telling).is_ok() && keep_secret(safe, telling).is_ok(), "{telling}");
            assert!(keep_secret(far, telling).is_err(), "{telling}");
        }
        for plain in ["", "x-scope-orgid=bank"] {
            assert!(keep_secret(far, plain).is_ok(), "{plain}");
        }
        assert!(keep_secret("http://me:x@otlp.example", "").is_err());
    }
}
