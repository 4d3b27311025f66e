//! A receiver of traces that is down costs the spans, and nothing else.

use std::net::TcpListener;

use ombud_launch::{
    config::Settings,
    telemetry::{Hop, Metrics, Traces},
};

#[test]
fn a_receiver_that_is_down_costs_its_spans_which_are_counted() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let metrics = Metrics::install().unwrap();
    let mut settings = Settings::default();
    settings.telemetry.otlp_endpoint = format!("http://{nobody}/v1/traces");
    let traces = Traces::install(&settings, "ombud-test").unwrap();
    for offset in 0..3 {
        let mut hop = Hop::send("http", "complaints.raw", &[], offset);
        hop.say(ombud_launch::telemetry::HopAttribute::Offset(offset));
        hop.end_at(offset + 1);
    }
    traces.shutdown();
    let text = metrics.render();
    assert!(text.contains("ombud_spans_lost_total 3"), "{text}");
}
