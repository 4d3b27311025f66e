//! Without a receiver nothing is traced, and a trace that came is handed on.

use std::borrow::Cow;

use ombud_launch::{
    config::Settings,
    telemetry::{Hop, Traces},
};

#[test]
fn without_a_receiver_headers_go_on_as_they_came() {
    let traces = Traces::install(&Settings::default(), "ombud-test").unwrap();
    assert!(!traces.is_on());
    let parent = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".as_slice();
    let headers = [("traceparent".to_owned(), Some(parent.into()))];
    let hop = Hop::send("http", "complaints.raw", &headers, 0);
    assert!(matches!(hop.carried(&headers), Cow::Borrowed(same) if *same == headers));
    hop.end_at(1);
}
