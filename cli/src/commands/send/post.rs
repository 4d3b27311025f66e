//! Complaints to a running `up`, which alone writes the embedded log: one POST each, over its HTTP port.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use ombud_contract::catalogue::Topic;
use ombud_launch::{config::Secret, shutdown::Shutdown};
use ombud_stream::{Delivery, Outage, Outgoing, Refused, Sink, TopicPartition};
use serde::Deserialize;
use ureq::Agent;

use crate::running_up::{agent, bearer};

/// Requests at once: `up` syncs the file once for all that wait.
const LANES: usize = 8;
/// Complaints that wait for their turn in one lane.
const QUEUE: usize = 16;
/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait after `up` failed to answer.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// How often it is logged that `up` does not answer.
const WARN_EVERY: Duration = Duration::from_secs(30);

/// A complaint on its way.
struct Post<T> {
    record: Outgoing,
    token: T,
}

/// Appends by requests; each complaint keeps to one lane, so that its submissions stay in order.
pub(crate) struct PostSink<T> {
    lanes: Vec<Sender<Post<T>>>,
}

/// The answer when it is durable.
#[derive(Deserialize)]
struct Accepted {
    partition: i32,
    offset: i64,
}

impl<T: Send + 'static> PostSink<T> {
    /// Posts to `url`, where somebody must answer; lanes end with their senders.
    pub(crate) fn start(
        url: &str,
        token: &Secret,
        shutdown: &Shutdown,
    ) -> Result<(Self, Receiver<Delivery<T>>)> {
        let bearer = bearer(url, token)?;
        let agent = agent(url, TIMEOUT);
        agent.get(format!("{url}/healthz")).call().with_context(|| {
            format!("reach `ombud up` at {url}: start it, for it alone writes the embedded log; or name Kafka with --kafka")
        })?;
        let (delivered, deliveries) = bounded(LANES * QUEUE);
        let mut lanes = Vec::with_capacity(LANES);
        for number in 0..LANES {
            let (lane, posts_of_lane) = bounded(QUEUE);
            let delivered = delivered.clone();
            let poster = Poster {
                agent: agent.clone(),
                url: url.to_owned(),
                bearer: bearer.clone(),
                shutdown: shutdown.clone(),
            };
            // Not awaited: it ends with its lane, and what it still does then nobody waits for.
            thread::Builder::new()
                .name(format!("post-{number}"))
                .spawn(move || poster.work(&posts_of_lane, &delivered))
                .context("start a thread")?;
            lanes.push(lane);
        }
        Ok((Self { lanes }, deliveries))
    }
}

impl<T: Send + 'static> Sink<T> for PostSink<T> {
    fn send(&mut self, record: Outgoing, token: T) -> Result<(), Refused<T>> {
        let key = record.key.as_deref().unwrap_or_default();
        // Any spread will do that is the same for the same complaint.
        let hash =
            key.iter().fold(0_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(*byte)));
        let lane = &self.lanes[hash % self.lanes.len()];
        lane.try_send(Post { record, token }).map_err(|refused| match refused {
            TrySendError::Full(Post { record, token }) => Refused { record, token, outage: None },
            TrySendError::Disconnected(Post { record, token }) => {
                let outage = Some(Outage::fatal("post a complaint", "its thread has ended"));
                Refused { record, token, outage }
            }
        })
    }
}

struct Poster {
    agent: Agent,
    url: String,
    /// What shows its token, where one is set.
    bearer: Option<String>,
    shutdown: Shutdown,
}

/// Why a complaint was not accepted.
enum PostError {
    /// It may be, next time.
    Passing(String),
    /// It never will be.
    Final(String),
}

impl Poster {
    fn work<T>(&self, posts: &Receiver<Post<T>>, delivered: &Sender<Delivery<T>>) {
        for Post { record, token } in posts {
            let result = self.deliver(&record);
            if delivered.send(Delivery { token, result }).is_err() {
                return;
            }
        }
    }

    /// Posts until it is accepted, or the run is stopped.
    fn deliver(&self, record: &Outgoing) -> Result<(TopicPartition, i64), Outage> {
        let action = || format!("post a complaint to {}", self.url);
        let value = record.value.as_deref().unwrap_or_default();
        let body =
            ombud_contract::to_json(Topic::Raw, value).map_err(|error| Outage::fatal(action(), error))?;
        let body = body.to_string();
        let mut said: Option<Instant> = None;
        loop {
            let why = match self.post(record, &body) {
                Ok(Accepted { partition, offset }) => {
                    return Ok((TopicPartition::new(Arc::clone(&record.topic), partition), offset));
                }
                Err(PostError::Final(why)) => return Err(Outage::fatal(action(), why)),
                Err(PostError::Passing(why)) => why,
            };
            if said.is_none_or(|said| said.elapsed() > WARN_EVERY) {
                said = Some(Instant::now());
                tracing::warn!(url = self.url, why, "up accepts nothing now: waiting");
            }
            if self.shutdown.wait(RETRY_DELAY) {
                return Err(Outage::passing(action(), why));
            }
        }
    }

    fn post(&self, record: &Outgoing, body: &str) -> Result<Accepted, PostError> {
        let mut request =
            self.agent.post(format!("{}/api/complaints", self.url)).content_type("application/json");
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        for (name, value) in record.headers.iter().filter(|(name, _)| name.starts_with("trace")) {
            request = request.header(name, value.as_deref().unwrap_or_default());
        }
        let not_yet = |error: ureq::Error| PostError::Passing(error.to_string());
        let mut answer = request.send(body).map_err(not_yet)?;
        let status = answer.status();
        let text = answer.body_mut().read_to_string().map_err(not_yet)?;
        if status.is_success() {
            return serde_json::from_str(&text)
                .map_err(|_| PostError::Final("its answer names no offset: is it `ombud up`?".into()));
        }
        // The body may quote what it was sent, so it is not repeated.
        let why = format!("it answered {status}");
        Err(if status.is_server_error() { PostError::Passing(why) } else { PostError::Final(why) })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
    };

    use ombud_contract::records::RawComplaint;

    use super::*;
    use crate::log::publish::outgoing;

    /// Answers one request after another with these statuses, each on a connection of its own; returns what was asked.
    fn answering(statuses: &'static [&'static str]) -> (String, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, asked) = bounded(statuses.len());
        thread::spawn(move || {
            for status in statuses {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = vec![0; 4_096];
                let mut length = 0;
                // A body ends with its brace; a request without one with an empty line.
                while !request[..length].ends_with(b"}") && !request[..length].ends_with(b"\r\n\r\n")
                    || request[..length].starts_with(b"POST") && !request[..length].ends_with(b"}")
                {
                    length += stream.read(&mut request[length..]).unwrap();
                }
                let body = r#"{"complaint_id": "c-1", "partition": 3, "offset": 17}"#;
                let head =
                    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}", body.len());
                stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
                requests.send(String::from_utf8_lossy(&request[..length]).into_owned()).unwrap();
            }
        });
        (url, asked)
    }

    fn record() -> Outgoing {
        let complaint = RawComplaint::new("c-1", "They charged me twice.", 1_770_000_000_000);
        let mut record = outgoing(&"complaints.raw".into(), "c-1", &complaint).unwrap();
        record.headers.push(("traceparent".to_owned(), Some("00-1-2-01".into())));
        record
    }

    #[test]
    fn a_complaint_is_posted_until_it_is_taken() {
        let (url, asked) = answering(&["404 Not Found", "503 Service Unavailable", "202 Accepted"]);
        let (mut posts, deliveries) = PostSink::start(&url, &"sesame".into(), &Shutdown::default()).unwrap();
        assert!(asked.recv().unwrap().starts_with("GET /healthz"));
        posts.send(record(), 7).unwrap();
        let Delivery { token, result } = deliveries.recv().unwrap();
        assert_eq!((token, result.unwrap()), (7, (TopicPartition::new("complaints.raw", 3), 17)));
        let (first, second) = (asked.recv().unwrap(), asked.recv().unwrap());
        assert_eq!(first.split("\r\n\r\n").last(), second.split("\r\n\r\n").last());
        assert!(first.starts_with("POST /api/complaints") && first.contains("traceparent: 00-1-2-01"));
        assert!(first.contains("authorization: Bearer sesame"), "{first}");
        assert!(first.contains(r#""complaint_id":"c-1""#));
    }

    #[test]
    fn what_is_refused_for_good_is_not_posted_again() {
        let (url, _asked) = answering(&["200 OK", "422 Unprocessable Entity"]);
        let (mut posts, deliveries) = PostSink::start(&url, &"sesame".into(), &Shutdown::default()).unwrap();
        posts.send(record(), ()).unwrap();
        let outage = deliveries.recv().unwrap().result.unwrap_err();
        assert!(outage.fatal && outage.cause.to_string().contains("422"), "{outage:?}");
    }

    #[test]
    fn without_up_it_is_said_who_writes() {
        // Port 9 (discard) is nobody's here.
        let error = PostSink::<()>::start("http://127.0.0.1:9", &Secret::default(), &Shutdown::default())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("ombud up") && error.contains("--kafka"), "{error}");
    }
}
