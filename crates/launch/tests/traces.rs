//! Hops arrive at an OTLP receiver as one trace, and say nothing but ids, positions and codes.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod receiver;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use ombud_launch::{
    config::Settings,
    telemetry::{Hop, HopAttribute, Traces},
};
use ombud_stream::{Header, Record, TopicPartition};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{ResourceSpans, Span, span::SpanKind},
};

const NARRATIVE: &[u8] = b"they charged me twice and nobody answers";
const NOT_SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// What may stand on a span, and no more.
const SAID: [&str; 12] = [
    "messaging.system",
    "messaging.operation.type",
    "messaging.operation.name",
    "messaging.destination.name",
    "messaging.destination.partition.id",
    "messaging.kafka.offset",
    "ombud.complaint_id",
    "ombud.task",
    "ombud.model_version",
    "ombud.team",
    "ombud.revision",
    "error.type",
];

fn record(topic: &str, offset: i64, headers: Vec<Header>) -> Record {
    Record {
        source: TopicPartition::new(topic, 3),
        offset,
        appended_at: 1_000,
        key: Some("c-1".into()),
        value: Some(NARRATIVE.into()),
        headers,
        original: None,
    }
}

fn parent(text: &'static str) -> Vec<Header> {
    vec![("traceparent".to_owned(), Some(text.into()))]
}

fn said(span: &Span) -> BTreeMap<&str, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let value = |at: &'_ opentelemetry_proto::tonic::common::v1::KeyValue| {
        at.value.as_ref().and_then(|any| any.value.as_ref()).map(text).unwrap()
    };
    span.attributes.iter().map(|at| (at.key.as_str(), value(at))).collect()
}

fn spans(taken: &ExportTraceServiceRequest) -> BTreeMap<&str, &Span> {
    let [ResourceSpans { scope_spans, .. }] = taken.resource_spans.as_slice() else { panic!("{taken:?}") };
    scope_spans.iter().flat_map(|scope| &scope.spans).map(|span| (span.name.as_str(), span)).collect()
}

/// The hops of one complaint that came without a trace.
fn one_complaint() {
    let raw = record("complaints.raw", 7, Vec::new());
    let mut infer = Hop::process("infer", &raw, 1_005);
    infer.say(HopAttribute::Complaint("c-1"));
    infer.say(HopAttribute::Task("product"));
    infer.say(HopAttribute::Model("sha256:0a"));
    let prediction = record("complaints.predictions", 9, infer.carried(&raw.headers).into_owned());
    let mut join = Hop::process("join", &raw, 1_004);
    join.joined_by(&prediction.headers);
    join.say(HopAttribute::Team("cards"));
    join.say(HopAttribute::Revision(1));
    let route = record("complaints.routed", 4, join.carried(&raw.headers).into_owned());
    infer.end_at(1_020);
    join.end_at(1_030);
    let mut archive = Hop::process("archive", &route, 1_031);
    archive.say(HopAttribute::Failed("unreadable"));
    archive.end_at(1_040);
}

#[test]
fn one_complaint_is_one_trace_from_hop_to_hop() {
    let untraced = Hop::process("infer", &record("complaints.raw", 0, parent(NOT_SAMPLED)), 0);
    assert!(!untraced.is_kept(), "nothing is installed yet");

    let (address, taken) = receiver::start();
    let mut settings = Settings::default();
    settings.telemetry.otlp_endpoint = format!("http://{address}");
    settings.kafka_bootstrap = "one:9092".into();
    let traces = Traces::install(&settings, "ombud-test").unwrap();
    assert!(traces.is_on());
    assert!(Traces::install(&settings, "ombud-test").unwrap_err().to_string().contains("traces"));

    let unsampled = record("complaints.raw", 1, parent(NOT_SAMPLED));
    let hop = Hop::process("infer", &unsampled, 1_000);
    assert!(
        matches!(hop.carried(&unsampled.headers), Cow::Borrowed(_)),
        "the sender's wish goes on as it came"
    );
    hop.end_at(1_001);
    drop(Hop::process("forgotten", &record("complaints.raw", 2, Vec::new()), 1_000));
    one_complaint();
    let mut send = Hop::send("http", "complaints.raw", &[], 990);
    send.say(HopAttribute::Offset(7));
    send.end_at(1_000);
    traces.shutdown();
    assert!(!Hop::process("infer", &record("complaints.raw", 8, Vec::new()), 0).is_kept());

    let taken = taken.join().unwrap();
    let spans = spans(&taken);
    assert_eq!(
        spans.keys().copied().collect::<Vec<_>>(),
        ["archive complaints.routed", "infer complaints.raw", "join complaints.raw", "send complaints.raw"]
    );
    let (infer, join) = (spans["infer complaints.raw"], spans["join complaints.raw"]);
    let (archive, send) = (spans["archive complaints.routed"], spans["send complaints.raw"]);
    assert_eq!((&infer.trace_id, &archive.trace_id), (&join.trace_id, &join.trace_id));
    assert_ne!(send.trace_id, join.trace_id);
    assert!(infer.parent_span_id.is_empty() && join.parent_span_id.is_empty());
    assert_eq!(archive.parent_span_id, join.span_id);
    assert_eq!(join.links[0].span_id, infer.span_id);
    assert_eq!((infer.start_time_unix_nano, infer.end_time_unix_nano), (1_005_000_000, 1_020_000_000));
    assert_eq!((infer.kind(), send.kind()), (SpanKind::Consumer, SpanKind::Producer));
    assert_eq!(archive.status.as_ref().unwrap().message, "unreadable");

    let expected = [
        ("messaging.destination.name", "complaints.raw"),
        ("messaging.destination.partition.id", "3"),
        ("messaging.kafka.offset", "7"),
        ("messaging.operation.name", "infer"),
        ("messaging.operation.type", "process"),
        ("messaging.system", "kafka"),
        ("ombud.complaint_id", "c-1"),
        ("ombud.model_version", "sha256:0a"),
        ("ombud.task", "product"),
    ];
    assert_eq!(said(infer), expected.map(|(name, value)| (name, value.to_owned())).into());
    let all: BTreeSet<_> = spans.values().flat_map(|span| said(span).into_keys()).collect();
    assert!(all.iter().all(|name| SAID.contains(name)), "{all:?}");
    assert!(!format!("{taken:?}").contains("charged"));
    let resource = taken.resource_spans[0].resource.as_ref().unwrap();
    assert!(format!("{resource:?}").contains("ombud-test"), "{resource:?}");
}
