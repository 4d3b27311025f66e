//! Where finished spans go: a bounded queue, and batches of OTLP over HTTP on a thread of its own.

use std::{
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanExporter, SpanProcessor},
};

/// Spans that wait for the receiver at most, about 1 kB each.
const QUEUED_SPANS_MAX: usize = 8_192;
/// How often it is logged that the receiver takes nothing.
const WARN_INTERVAL: Duration = Duration::from_secs(60);

static INSTALLED: OnceLock<Exporting> = OnceLock::new();

/// Where spans go now; `None` before traces are installed and after they are shut down.
pub(crate) fn installed() -> Option<&'static Exporting> {
    INSTALLED.get().filter(|exporting| !exporting.ended.load(Ordering::Relaxed))
}

/// The one receiver of this process.
#[derive(Debug)]
pub(crate) struct Exporting {
    processor: BatchSpanProcessor,
    ratio: f64,
    system: &'static str,
    ended: AtomicBool,
}

impl Exporting {
    /// Spans go to `exporter` from now on; `None` where they go somewhere already.
    pub(crate) fn install(
        exporter: opentelemetry_otlp::SpanExporter,
        resource: &Resource,
        ratio: f64,
        system: &'static str,
    ) -> Option<&'static Self> {
        if INSTALLED.get().is_some() {
            return None;
        }
        let queue = BatchConfigBuilder::default().with_max_queue_size(QUEUED_SPANS_MAX).build();
        let exporter = Counted { exporter, warned: Mutex::new(None) };
        let mut processor = BatchSpanProcessor::builder(exporter).with_batch_config(queue).build();
        processor.set_resource(resource);
        let exporting = Self { processor, ratio, system, ended: AtomicBool::new(false) };
        INSTALLED.set(exporting).ok()?;
        INSTALLED.get()
    }

    /// Share of the traces that begin here which are kept.
    pub(crate) fn ratio(&self) -> f64 {
        self.ratio
    }

    /// What the log is, as OpenTelemetry names messaging systems.
    pub(crate) fn system(&self) -> &'static str {
        self.system
    }

    /// Takes a finished span, unless the queue is full.
    pub(crate) fn take(&self, span: SpanData) {
        self.processor.on_end(span);
    }

    /// Takes no more spans, and gives those that wait at most `within` to leave.
    pub(crate) fn end(&self, within: Duration) {
        if !self.ended.swap(true, Ordering::Relaxed) {
            // What did not leave is counted and logged by the exporter.
            let _ = self.processor.shutdown_with_timeout(within);
        }
    }
}

/// Counts what the receiver does not take, and logs it now and then.
#[derive(Debug)]
struct Counted {
    exporter: opentelemetry_otlp::SpanExporter,
    warned: Mutex<Option<Instant>>,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let sent = self.exporter.export(batch).await;
        if let Err(error) = &sent {
            metrics::counter!("ombud_spans_lost_total").increment(spans as u64);
            let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
            if warned.is_none_or(|at| at.elapsed() >= WARN_INTERVAL) {
                *warned = Some(Instant::now());
                tracing::warn!(spans, %error, "traces not taken; work goes on without them");
            }
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
