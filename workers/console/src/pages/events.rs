//! `GET /events`: the one stream that a browser has; says which queues have changed.
//!
//! worklist has more -> counts of all teams, for all streams at once and at most once a second -> those that the caller sees
//! -> an event, where they differ from the last one; else a heartbeat
//!
//! A stream ends with the session, with the process, and with its client. It holds a connection and no seat of those that
//! work is done at.

mod loads;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use axum::{
    Extension, Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response, Sse},
    routing::get,
};
use futures_util::stream::unfold;
use ombud_launch::guard::{Caller, Recheck};
use tokio::sync::Semaphore;

use self::{loads::LoadBoard, stream::EventStream};
use super::PageState;
use crate::refused::Problem;

/// What all streams of a process share.
struct Streams {
    /// How many more may begin; made by the first, who knows how many there may be.
    room: OnceLock<Arc<Semaphore>>,
    board: Arc<LoadBoard>,
}

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    let streams = Streams { room: OnceLock::new(), board: Arc::default() };
    Router::new().route("/events", get(open)).layer(Extension(Arc::new(streams)))
}

async fn open(
    State(state): State<Arc<PageState>>,
    Extension(streams): Extension<Arc<Streams>>,
    Extension(caller): Extension<Caller>,
    Extension(recheck): Extension<Recheck>,
) -> Result<Response, Problem> {
    let room = streams.room.get_or_init(|| Arc::new(Semaphore::new(state.sources.event_streams)));
    let Ok(place) = Arc::clone(room).try_acquire_owned() else {
        return Err(Problem::later(
            "too-many-streams",
            "keep you informed: as many browsers as may be (console.event_streams) are; load the page again to see what is new",
        ));
    };
    let stream = EventStream::new(state, Arc::clone(&streams.board), caller, recheck, place);
    let events = Sse::new(unfold(stream, EventStream::next));
    // A proxy that gathers what it passes on would hold events back.
    let headers = [(header::CACHE_CONTROL.as_str(), "no-store"), ("x-accel-buffering", "no")];
    Ok((headers, events).into_response())
}
