//! Connections of a port: each has a seat, and a bounded time for the head of its next request.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};
use tower::ServiceExt as _;
use tracing::warn;

use crate::{
    seats::{Seat, Seats},
    shutdown::Shutdown,
};

/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How long no connection is accepted after the system refused one, for lack of file descriptors for instance.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(10);

/// Answers with `app` until shutdown; connections that are answered may finish. The head of a request comes within
/// `head_timeout`, or its connection ends.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    seats: Arc<Seats>,
    head_timeout: Duration,
    shutdown: Shutdown,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.asked() => break,
            // Reaped, whatever became of it: that is between it and its client.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let bound = stream.local_addr().ok().map(|address| address.ip());
                    let (seat, closed) = seats.take(bound);
                    connections.spawn(converse(
                        stream,
                        app.clone(),
                        (seat, closed),
                        head_timeout,
                        shutdown.clone(),
                    ));
                }
                Err(error) => {
                    warn!(%error, "a connection was not taken");
                    seats.make_room();
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Answers one connection until its end, the shutdown, or somebody who needs its seat.
async fn converse(
    stream: TcpStream,
    app: Router,
    (seat, closed): (Seat, oneshot::Receiver<Infallible>),
    head_timeout: Duration,
    shutdown: Shutdown,
) {
    let answer = service_fn(move |mut request: Request<Incoming>| {
        seat.heard();
        request.extensions_mut().insert(seat.clone());
        app.clone().oneshot(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_timeout).max_buf_size(HEAD_BYTES_MAX);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answer));
    let mut closed = pin!(closed);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closed.as_mut() => return,
        () = shutdown.asked() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = connection => {}
        _ = closed => {}
    }
}
