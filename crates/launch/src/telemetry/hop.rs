//! One hop of a record's trace: from reading it to the delivery of what follows from it.
//!
//! Names follow OpenTelemetry's conventions for messaging; what else a hop may say is a [`HopAttribute`].

use std::{
    borrow::Cow,
    fmt,
    time::{Duration, SystemTime},
};

use ombud_stream::{Header, Record};
use opentelemetry::{
    InstrumentationScope, KeyValue, Value,
    trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SpanData, SpanEvents, SpanLinks};

use super::{
    context,
    export::{self, Exporting},
};

/// Records that one hop names as its causes; more would say nothing more.
const LINKS_MAX: usize = 128;

/// What a hop says beside what it reads or sends: ids, positions and codes, never what a person wrote.
#[derive(Clone, Copy, Debug)]
pub enum HopAttribute<'a> {
    /// Which complaint.
    Complaint(&'a str),
    /// For which task.
    Task(&'a str),
    /// Which version of a model answered.
    Model(&'a str),
    /// To which team it went.
    Team(&'a str),
    /// Which revision of the route.
    Revision(i64),
    /// The partition of what was sent.
    Partition(i32),
    /// The offset of what was sent.
    Offset(i64),
    /// A fixed word for what went wrong; the hop counts as failed.
    Failed(&'static str),
}

/// A hop that is under way. One that is dropped without [`Hop::end_at`] is forgotten: whoever takes its record over
/// reports it. Costs nothing where nothing is traced.
#[derive(Default)]
pub struct Hop(State);

#[derive(Default)]
enum State {
    #[default]
    Untraced,
    /// It began a trace that is not kept; its headers tell those who follow.
    NotKept(Box<SpanContext>),
    Kept(Box<SpanData>),
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Untraced => f.write_str("Hop(untraced)"),
            State::NotKept(span) => write!(f, "Hop({}, not kept)", span.trace_id()),
            State::Kept(span) => write!(f, "Hop({})", span.span_context.trace_id()),
        }
    }
}

impl Hop {
    /// `worker` works on `record` since `started_ms`, in milliseconds since the Unix epoch. The hop's parent is the
    /// span that the record's headers name; without one, all groups that read the record share a trace.
    pub fn process(worker: &'static str, record: &Record, started_ms: i64) -> Self {
        let Some(exporting) = export::installed() else { return Self::default() };
        let name = || format!("{worker} {}", record.source.topic);
        let trace = || context::trace_of(record);
        let mut hop = Self::begin(exporting, &record.headers, trace, name, SpanKind::Consumer, started_ms);
        hop.set("messaging.operation.type", "process");
        hop.set("messaging.operation.name", worker);
        hop.destination(exporting, &record.source.topic);
        hop.say(HopAttribute::Partition(record.source.partition));
        hop.say(HopAttribute::Offset(record.offset));
        hop
    }

    /// `worker` sends a record to `topic` since `started_ms`, in milliseconds since the Unix epoch; `headers` are those
    /// of the request that it came with, if any.
    pub fn send(worker: &'static str, topic: &str, headers: &[Header], started_ms: i64) -> Self {
        let Some(exporting) = export::installed() else { return Self::default() };
        let name = || format!("send {topic}");
        let trace = || RandomIdGenerator::default().new_trace_id();
        let mut hop = Self::begin(exporting, headers, trace, name, SpanKind::Producer, started_ms);
        hop.set("messaging.operation.type", "send");
        hop.set("messaging.operation.name", worker);
        hop.destination(exporting, topic);
        hop
    }

    fn begin(
        exporting: &Exporting,
        headers: &[Header],
        trace: impl FnOnce() -> TraceId,
        name: impl FnOnce() -> String,
        span_kind: SpanKind,
        started_ms: i64,
    ) -> Self {
        let parent = context::named_in(headers);
        let span_id = || RandomIdGenerator::default().new_span_id();
        let (trace_id, parent_span_id, state) = match &parent {
            // Its headers are passed on as they are.
            Some(parent) if !parent.is_sampled() => return Self::default(),
            Some(parent) => (parent.trace_id(), parent.span_id(), parent.trace_state().clone()),
            None => (trace(), SpanId::INVALID, TraceState::NONE),
        };
        if parent.is_none() && !context::is_kept(trace_id, exporting.ratio()) {
            let not_kept = SpanContext::new(trace_id, span_id(), TraceFlags::NOT_SAMPLED, false, state);
            return Self(State::NotKept(Box::new(not_kept)));
        }
        let started = instant(started_ms);
        Self(State::Kept(Box::new(SpanData {
            span_context: SpanContext::new(trace_id, span_id(), TraceFlags::SAMPLED, false, state),
            parent_span_id,
            parent_span_is_remote: parent.is_some(),
            span_kind,
            name: Cow::Owned(name()),
            start_time: started,
            end_time: started,
            attributes: Vec::with_capacity(12),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::builder("ombud").build(),
        })))
    }

    fn destination(&mut self, exporting: &Exporting, topic: &str) {
        self.set("messaging.system", exporting.system());
        self.set_owned("messaging.destination.name", topic);
    }

    /// Says something of the hop.
    pub fn say(&mut self, attribute: HopAttribute<'_>) {
        match attribute {
            HopAttribute::Complaint(id) => self.set_owned("ombud.complaint_id", id),
            HopAttribute::Task(task) => self.set_owned("ombud.task", task),
            HopAttribute::Model(version) => self.set_owned("ombud.model_version", version),
            HopAttribute::Team(team) => self.set_owned("ombud.team", team),
            HopAttribute::Revision(revision) => self.set("ombud.revision", revision),
            HopAttribute::Offset(offset) => self.set("messaging.kafka.offset", offset),
            HopAttribute::Partition(partition) => {
                // The convention has it as text.
                if self.is_kept() {
                    self.set("messaging.destination.partition.id", partition.to_string());
                }
            }
            HopAttribute::Failed(what) => {
                self.set("error.type", what);
                if let State::Kept(span) = &mut self.0 {
                    span.status = Status::error(what);
                }
            }
        }
    }

    /// Another record took part: `headers` are its. A route follows from the complaint and from each prediction.
    pub fn joined_by(&mut self, headers: &[Header]) {
        let State::Kept(span) = &mut self.0 else { return };
        if span.links.links.len() < LINKS_MAX
            && let Some(other) = context::named_in(headers)
        {
            span.links.links.push(Link::with_context(other));
        }
    }

    /// The headers for the record that follows: they name this hop, or are those that were `read` where it is untraced.
    pub fn carried<'h>(&self, read: &'h [Header]) -> Cow<'h, [Header]> {
        match &self.0 {
            State::Untraced => Cow::Borrowed(read),
            State::NotKept(span) => Cow::Owned(context::headers_of(span)),
            State::Kept(span) => Cow::Owned(context::headers_of(&span.span_context)),
        }
    }

    /// Whether it will be exported; what only a trace needs is worth computing then.
    pub fn is_kept(&self) -> bool {
        matches!(self.0, State::Kept(_))
    }

    /// It ended at `ended_ms`, in milliseconds since the Unix epoch. Never blocks: a span that finds the queue full is
    /// lost.
    pub fn end_at(self, ended_ms: i64) {
        let (State::Kept(mut span), Some(exporting)) = (self.0, export::installed()) else { return };
        span.end_time = instant(ended_ms).max(span.start_time);
        exporting.take(*span);
    }

    fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        if let State::Kept(span) = &mut self.0 {
            span.attributes.push(KeyValue::new(name, value));
        }
    }

    fn set_owned(&mut self, name: &'static str, text: &str) {
        if let State::Kept(span) = &mut self.0 {
            span.attributes.push(KeyValue::new(name, text.to_owned()));
        }
    }
}

fn instant(ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
