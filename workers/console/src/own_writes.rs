//! A reader sees what it has written, whichever replica answers. An answer to a write says where its records lie, in the header
//! `ombud-after`; a read that brings that header waits until the worklist has read as far, for two seconds at most. A browser
//! brings it by itself: to one who is signed in, it goes as a cookie too.
//!
//! It holds for what the worklist shows (queues, items, search). The timeline of a case comes from the archive.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
};
use ombud_launch::guard::Caller;
use ombud_stream::TopicPartition;

use crate::{refused::Problem, state::RequestState};

/// The header of answers and requests, and the cookie.
pub(crate) const AFTER: &str = "ombud-after";
/// How long a read waits for the worklist. Longer, and people wait before a page that could say why.
const WAIT: Duration = Duration::from_secs(2);
/// Positions in one request; others are refused. So many partitions can one client have written to in [`KEPT_SECONDS`].
const MOST: usize = 256;
/// How long a browser keeps where it has written. The worklist is behind by less, or readiness says so.
const KEPT_SECONDS: u32 = 60;

/// What a request has written before: per topic and partition, the offset of the latest record.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnWrites(BTreeMap<(String, i32), i64>);

impl FromRequestParts<Arc<RequestState>> for OwnWrites {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<RequestState>) -> Result<Self, Problem> {
        let followed = |topic: &str| state.followed().any(|known| **known == *topic);
        let mut found = Self::default();
        for cookies in parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let kept = cookies.split(';').filter_map(|cookie| cookie.trim().strip_prefix("ombud-after="));
            // A cookie of before a topic had another name, or cut short, says nothing.
            for (topic, partition, offset) in kept.flat_map(|kept| kept.split('|')).filter_map(position) {
                if followed(topic) && found.0.len() < MOST {
                    found.add(topic, partition, offset);
                }
            }
        }
        for text in parts.headers.get_all(AFTER) {
            let text = text.to_str().map_err(|_| malformed())?;
            for one in text.split(',').map(str::trim) {
                let (topic, partition, offset) = position(one).ok_or_else(malformed)?;
                if !followed(topic) || found.0.len() >= MOST {
                    return Err(malformed());
                }
                found.add(topic, partition, offset);
            }
        }
        Ok(found)
    }
}

fn malformed() -> Problem {
    Problem::wrong(
        AFTER,
        "after-malformed",
        "repeat the header of an answer as it was: TOPIC/PARTITION/OFFSET, with commas between",
    )
}

fn position(text: &str) -> Option<(&str, i32, i64)> {
    let (topic, place) = text.split_once('/')?;
    let (partition, offset) = place.split_once('/')?;
    let (partition, offset) = (partition.parse().ok()?, offset.parse().ok()?);
    (partition >= 0 && offset >= 0).then_some((topic, partition, offset))
}

impl OwnWrites {
    fn add(&mut self, topic: &str, partition: i32, offset: i64) {
        let known = self.0.entry((topic.to_owned(), partition)).or_insert(offset);
        *known = offset.max(*known);
    }

    /// Waits until the worklist has read all of it.
    pub(crate) async fn wait(&self, state: &RequestState) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let place = |((topic, partition), offset): (&(String, i32), &i64)| {
            (TopicPartition::new(topic.as_str(), *partition), *offset)
        };
        let places: Vec<_> = self.0.iter().map(place).collect();
        if state.worklist_progress.wait_until(&places, WAIT).await {
            return Ok(());
        }
        Err(Problem::later(
            "view-behind",
            "the worklist has not read yet what you wrote: ask again in a moment, or without the header to see what it has",
        ))
    }

    /// With what an answer whose headers are `headers` has written: for whoever does several things in one request.
    pub(crate) fn and(mut self, headers: &HeaderMap) -> Self {
        let written = headers.get(AFTER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        for (topic, partition, offset) in written.split(',').filter_map(position) {
            self.add(topic, partition, offset);
        }
        self
    }

    /// The headers of an answer of `caller`'s that has written `places`.
    pub(crate) fn headers(mut self, caller: &Caller, places: &[(TopicPartition, i64)]) -> HeaderMap {
        let mut written = Self::default();
        for (at, offset) in places {
            written.add(&at.topic, at.partition, *offset);
            self.add(&at.topic, at.partition, *offset);
        }
        let mut headers = HeaderMap::new();
        let mut put = |name: HeaderName, value: String| {
            // Names of topics and numbers: always a value of a header.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        if !places.is_empty() {
            put(HeaderName::from_static(AFTER), written.text(","));
        }
        if caller.person().is_some() && !places.is_empty() {
            let cookie = format!(
                "{AFTER}={}; Path=/; Max-Age={KEPT_SECONDS}; HttpOnly; SameSite=Strict",
                self.text("|")
            );
            put(header::SET_COOKIE, cookie);
        }
        headers
    }

    fn text(&self, between: &str) -> String {
        let one =
            |((topic, partition), offset): (&(String, i32), &i64)| format!("{topic}/{partition}/{offset}");
        self.0.iter().map(one).collect::<Vec<_>>().join(between)
    }
}
