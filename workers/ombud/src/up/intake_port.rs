//! `POST /api/complaints`: one complaint as JSON, answered when it is durable.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use bytes::Bytes;
use crossbeam_channel::Receiver;
use ombud_contract::codec;
use ombud_intake::complaint_of_json;
use ombud_stream::{Clock, Delivery, Outage, Outgoing, Sink, TopicPartition};
use serde::Serialize;
use tokio::sync::oneshot;

/// Where the complaint lies once it is durable.
pub(crate) type Appended = Result<(TopicPartition, i64), Outage>;

/// What the port appends with.
pub(crate) struct Port<S> {
    sink: Mutex<S>,
    raw: Arc<str>,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
struct Accepted {
    complaint_id: String,
    partition: i32,
    offset: i64,
}

#[derive(Serialize)]
struct Refusal {
    error: String,
}

type Answer = Result<(StatusCode, Json<Accepted>), (StatusCode, Json<Refusal>)>;

fn refuse(status: StatusCode, error: impl ToString) -> (StatusCode, Json<Refusal>) {
    (status, Json(Refusal { error: error.to_string() }))
}

/// Answers each request whose complaint was delivered; ends when the sink is gone.
pub(crate) fn answer(deliveries: &Receiver<Delivery<oneshot::Sender<Appended>>>) {
    for delivery in deliveries {
        // A client that went away doesn't wait for its answer; its complaint is kept all the same.
        let _ = delivery.token.send(delivery.result);
    }
}

/// The route, appending to `raw` through `sink`.
pub(crate) fn routes<S: Sink<oneshot::Sender<Appended>> + 'static>(
    sink: S,
    raw: Arc<str>,
    clock: Arc<dyn Clock>,
) -> Router {
    let port = Arc::new(Port { sink: Mutex::new(sink), raw, clock });
    Router::new().route("/api/complaints", post(accept::<S>)).with_state(port)
}

async fn accept<S: Sink<oneshot::Sender<Appended>> + 'static>(
    State(port): State<Arc<Port<S>>>,
    body: Bytes,
) -> impl IntoResponse {
    let complaint = complaint_of_json(&body, port.clock.now_ms())
        .map_err(|error| refuse(StatusCode::UNPROCESSABLE_ENTITY, error))?;
    let value = codec::encode(&complaint).map_err(|error| refuse(StatusCode::UNPROCESSABLE_ENTITY, error))?;
    let key = Some(Bytes::copy_from_slice(complaint.complaint_id.as_bytes()));
    let record = Outgoing::stamped(Arc::clone(&port.raw), None, key, value, "ombud", &[]);
    let (told, appended) = oneshot::channel();
    // A sink may block for a moment when it is full.
    let sent = tokio::task::block_in_place(|| {
        port.sink.lock().unwrap_or_else(PoisonError::into_inner).send(record, told)
    });
    if let Err(refused) = sent {
        let why =
            refused.outage.map_or("busy: send it again in a moment".to_owned(), |outage| outage.to_string());
        return Err(refuse(StatusCode::SERVICE_UNAVAILABLE, why));
    }
    match appended.await {
        Ok(Ok((at, offset))) => {
            let complaint_id = complaint.complaint_id;
            let accepted = Accepted { complaint_id, partition: at.partition, offset };
            Answer::Ok((StatusCode::ACCEPTED, Json(accepted)))
        }
        Ok(Err(outage)) => Err(refuse(StatusCode::SERVICE_UNAVAILABLE, outage)),
        Err(_) => Err(refuse(StatusCode::SERVICE_UNAVAILABLE, "shutting down: send it again")),
    }
}
