//! Logs: fields on stderr, for people or as one JSON object a line.

use std::{fmt, sync::OnceLock};

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::{Format, Json, Writer},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use super::repeats::Repeats;
use crate::{
    Error,
    config::{LogFormat, Settings},
};

/// As this process logs, and as whom.
static FORMAT: OnceLock<(LogFormat, &'static str)> = OnceLock::new();

/// Stands before the setting's filter: libraries say what is wrong, and more only where the setting names them.
const LIBRARIES: &str = "scylla=warn,rdkafka=warn,librdkafka=warn,reqwest=warn,hyper=warn,hyper_util=warn,\
    opentelemetry=warn,opentelemetry_sdk=warn,opentelemetry_otlp=warn,schema_registry_converter=warn";

/// Writes log events to `writer`, as the settings say; in JSON each carries `service`, such as `ombud-join`. Stdout
/// is left to what the user asked for, so `writer` is `std::io::stderr`, or a progress bar that gives way to each line.
///
/// # Errors
/// Logs are set up already in this process, or the filter is invalid.
pub fn log_to<W>(writer: W, settings: &Settings, service: &'static str) -> Result<(), Error>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let refused = |cause| Error::Telemetry { what: "log", cause };
    let filter = filter(&settings.log).map_err(|cause| refused(cause.into()))?;
    let repeats = Repeats::start().map_err(|cause| refused(cause.into()))?;
    let events = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        // Where stderr is closed there is nobody to tell.
        .log_internal_errors(false);
    match settings.log_format {
        LogFormat::Human => events.with_ansi(false).with_target(false).finish().with(repeats).try_init(),
        LogFormat::Json => {
            let each = Format::default().json().flatten_event(true);
            events.json().event_format(OfService { service, each }).finish().with(repeats).try_init()
        }
    }
    .map_err(|cause| refused(cause.into()))?;
    FORMAT.get_or_init(|| (settings.log_format, service));
    Ok(())
}

/// As this process logs, and as whom; `None` before [`log_to`].
pub fn log_format() -> Option<(LogFormat, &'static str)> {
    FORMAT.get().copied()
}

/// Logs each panic of this process by its thread and place in the source, in place of what Rust prints: a panic's message
/// may quote what the code choked on, such as a narrative.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        tracing::error!(thread = thread.name().unwrap_or_default(), place, "panicked");
    }));
}

fn filter(setting: &str) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    EnvFilter::try_new(format!("{LIBRARIES},{setting}"))
}

/// A JSON object that begins with the service's name.
struct OfService {
    service: &'static str,
    each: Format<Json>,
}

impl<S, N> FormatEvent<S, N> for OfService
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut object = String::new();
        self.each.format_event(context, Writer::new(&mut object), event)?;
        write!(writer, "{{\"service\":{:?},{}", self.service, object.trim_start_matches('{'))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn events_are_fields_in_one_json_object_a_line_and_filtered() {
        let lines = Lines::default();
        let writer = lines.clone();
        let settings = Settings { log: "warn".into(), log_format: LogFormat::Json, ..Settings::default() };
        log_to(move || writer.clone(), &settings, "ombud-infer").unwrap();

        tracing::info!(rows = 1, "batch classified");
        tracing::warn!(rows = 2, "batch late");

        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&event["rows"], &event["message"]), (&2.into(), &"batch late".into()));
        assert_eq!(event["service"], "ombud-infer");
        assert!(log_to(io::stderr, &settings, "ombud").unwrap_err().to_string().contains("log"));
    }

    #[test]
    fn a_panic_is_logged_by_its_place_and_without_its_message() {
        let (lines, before) = (Lines::default(), std::panic::take_hook());
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        log_panics();
        let narrative = "I am blind";
        let ended = tracing::subscriber::with_default(subscriber, || {
            std::panic::catch_unwind(|| assert!(narrative.is_empty(), "cannot split {narrative:?}"))
        });
        std::panic::set_hook(before);
        assert!(ended.is_err());
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("panicked") && text.contains("log.rs:") && !text.contains("blind"), "{text}");
    }

    #[test]
    fn libraries_are_quiet_until_the_setting_names_them() {
        let shown = filter("debug").unwrap().to_string();
        assert!(shown.contains("scylla=warn") && shown.contains("debug"), "{shown}");
        let shown = filter("info,scylla=debug").unwrap().to_string();
        assert!(shown.contains("scylla=debug") && !shown.contains("scylla=warn"), "{shown}");
    }
}
