//! `POST /health/redrive`: chosen dead letters are sent again, each once; who did it is durable in console.audit before.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ombud_launch::guard::Right;
use ombud_stream::Outage;
use tokio::runtime::Handle;

use super::{
    super::{PageState, frame::Frame},
    LetterFate, RedrivenLetter, show,
};
use crate::{audit::Act, refused::Problem, state::RequestState};

/// The most letters of one form: as many as the page shows.
pub(super) const MOST_AT_ONCE: usize = 100;
/// The name of each chosen letter in the form.
pub(super) const FIELD: &str = "letter";
/// The length of a dead letter's id.
const ID_LENGTH: usize = 64;

/// How many letters became what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) sent: u32,
    pub(super) already: u32,
    pub(super) refused: u32,
}

impl Outcome {
    fn of(letters: &[RedrivenLetter]) -> Self {
        let count = |fate: LetterFate| {
            u32::try_from(letters.iter().filter(|letter| letter.fate == fate).count()).unwrap_or(u32::MAX)
        };
        Self {
            sent: count(LetterFate::Sent),
            already: count(LetterFate::Already),
            refused: count(LetterFate::Refused),
        }
    }

    /// Where the page says so.
    fn address(self) -> String {
        let Self { sent, already, refused } = self;
        let done = if sent > 0 { "redriven" } else { "redriven-none" };
        format!("/health?done={done}&sent={sent}&already={already}&refused={refused}")
    }
}

pub(super) async fn redrive(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    // The guard has asked; asked again, so that no other way in leads here.
    if !frame.caller.may(Right::Redrive) {
        return show(
            &state,
            &frame,
            StatusCode::FORBIDDEN,
            false,
            None,
            Some(&frame.say("health-not-yours")),
        )
        .await;
    }
    let fields = form.map(|Form(fields)| fields).unwrap_or_default();
    let chosen = fields.into_iter().filter(|(name, _)| name == FIELD).map(|(_, id)| id);
    let chosen: BTreeSet<String> = chosen.collect();
    let wrong = match chosen.len() {
        0 => Some("health-none-chosen"),
        1..=MOST_AT_ONCE if chosen.iter().all(|id| is_id(id)) => None,
        1..=MOST_AT_ONCE => Some("health-no-letter"),
        _ => Some("health-too-many"),
    };
    if let Some(wrong) = wrong {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show(&state, &frame, status, false, None, Some(&frame.say(wrong))).await;
    }
    match send(&state, &frame, chosen.into_iter().collect()).await {
        Ok(letters) => Redirect::to(&Outcome::of(&letters).address()).into_response(),
        Err(outage) => {
            let why = format!("{} {outage}", frame.say("health-not-sent"));
            show(&state, &frame, StatusCode::SERVICE_UNAVAILABLE, false, None, Some(&why)).await
        }
    }
}

fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn send(
    state: &Arc<PageState>,
    frame: &Frame,
    ids: Vec<String>,
) -> Result<Vec<RedrivenLetter>, Outage> {
    let operations = Arc::clone(&state.sources.operations);
    let (api, caller, runtime): (Arc<RequestState>, _, _) =
        (Arc::clone(&state.api), frame.caller.clone(), Handle::current());
    // Goes on where the browser goes away: what was begun is recorded and finished.
    let sending = tokio::task::spawn_blocking(move || {
        operations.redrive(&ids, &mut |sent| {
            let acts: Vec<Act> = sent.iter().map(|id| Act::redriven(id)).collect();
            runtime.block_on(api.audit.record(&api.appender, &caller, &acts)).map_err(unrecorded)
        })
    });
    sending.await.unwrap_or_else(|error| Err(Outage::passing("send them again", error.to_string())))
}

fn unrecorded(problem: Problem) -> Outage {
    Outage::passing("record who sends them again", problem.body().error.clone())
}
