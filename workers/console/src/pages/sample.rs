//! The audit sample, blind: a judge reads the narrative alone and answers as the models were asked; what they said is shown after
//! that. Some are read by another person too, and how often two people agree is counted.
//!
//! Before one's own answer nothing of a route or a prediction reaches the page: the handlers below read the narrative and whether
//! the complaint was drawn, and the order is one of the judge's own.

mod agreement;
mod answer;
mod list_view;
mod one_view;
mod queue;
mod reading;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use ombud_launch::guard::Caller;
use ombud_measure::case::CaseWithVerdicts;
use tokio::task::block_in_place;

use super::{
    PageState,
    address::{encoded, led_to},
    fields::{Fields, FormFields, Named, QueryFields},
    frame::Frame,
    vulnerable::{input_of, newest_route, problem_page},
};
use crate::{
    blind::{has_seen, is_judge_of},
    cases::{self, FoundCase, Narrative},
    feedback,
    own_writes::OwnWrites,
    refused::Problem,
    state::RequestState,
};
use answer::Answer;
use reading::{Reading, readings};

/// What the words of these pages begin with.
const PAGE: &str = "sample";
/// Where the list is.
const LIST: &str = "/sample";
/// How often an answer is looked for that was given a moment ago: the archive is a moment behind.
const ATTEMPTS: usize = 40;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(50);

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new().route(LIST, get(list)).route("/sample/{complaint_id}", get(one).post(answered))
}

/// Where the page of one complaint is.
fn address(complaint_id: &str) -> String {
    format!("{LIST}/{}", encoded(complaint_id))
}

/// A complaint of the sample before one judge.
enum Seen {
    /// They have not answered: what the customer wrote, and what is known of the text by its content alone.
    Unanswered { narrative: Narrative, read: String },
    /// They have: all that was said about it.
    Answered(Box<Comparison>),
    /// They have a moment ago, and it is not archived yet.
    Pending,
}

/// What was said about one text, once its judge has answered.
struct Comparison {
    complaint_id: String,
    own: Reading,
    others: Vec<Reading>,
    route: ombud_contract::records::RoutedComplaint,
}

async fn list(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    own: Result<OwnWrites, Problem>,
    QueryFields(asked): QueryFields,
) -> Response {
    let answer = async {
        let own = own?;
        own.wait(&state.api).await?;
        let is_second = asked.one("read") == Some("second");
        let sample = block_in_place(|| queue::Sample::of(&state.api, &frame.caller))?;
        let entries = if is_second { &sample.second } else { &sample.waiting };
        if asked.one("go") == Some("next") {
            let passed = asked.one("passed");
            let next = entries.iter().find(|entry| passed != Some(entry.complaint_id.as_str()));
            let path = next.map_or(LIST.to_owned(), |entry| address(&entry.complaint_id));
            let query = Fields::default().with("read", is_second.then_some("second"));
            return Ok(led_to(HeaderMap::new(), &query.address(&path)));
        }
        Ok::<_, Problem>(list_view::page(&frame, &sample, is_second))
    };
    answer.await.unwrap_or_else(|problem: Problem| problem_page(&frame, PAGE, &problem))
}

async fn one(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    own: Result<OwnWrites, Problem>,
    Named(complaint_id): Named,
    QueryFields(asked): QueryFields,
) -> Response {
    let answer = async {
        let was_given = asked.one("done").is_some();
        let seen = see(&state.api, &frame.caller, &own?, &complaint_id, was_given).await?;
        Ok::<_, Problem>(match seen {
            Seen::Unanswered { narrative, read } => {
                one_view::question(&frame, &narrative, &read, &asked, None)
            }
            Seen::Answered(comparison) => one_view::comparison(&frame, &comparison, &asked),
            Seen::Pending => one_view::pending(&frame, &complaint_id),
        })
    };
    answer.await.unwrap_or_else(|problem: Problem| problem_page(&frame, PAGE, &problem))
}

async fn answered(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    own: Result<OwnWrites, Problem>,
    Named(complaint_id): Named,
    FormFields(fields): FormFields,
) -> Response {
    let own = match own {
        Ok(own) => own,
        Err(problem) => return problem_page(&frame, PAGE, &problem),
    };
    match give(&state.api, &frame.caller, own.clone(), &complaint_id, &fields).await {
        Ok(headers) => {
            let query = Fields::default().with("done", Some("sample-given")).with("read", fields.one("read"));
            led_to(headers, &query.address(&address(&complaint_id)))
        }
        Err(problem) => {
            // With what was typed, where the text may still be shown.
            match see(&state.api, &frame.caller, &own, &complaint_id, false).await {
                Ok(Seen::Unanswered { narrative, read }) => {
                    one_view::question(&frame, &narrative, &read, &fields, Some(&problem))
                }
                _ => problem_page(&frame, PAGE, &problem),
            }
        }
    }
}

/// A complaint of the sample, as `caller` may see it now.
async fn see(
    state: &RequestState,
    caller: &Caller,
    own: &OwnWrites,
    complaint_id: &str,
    was_given: bool,
) -> Result<Seen, Problem> {
    let found = cases::find(state, caller, own, complaint_id).await?;
    let case = judged_by(caller, &found)?;
    if let Some(comparison) = compare(caller, complaint_id, &case) {
        return Ok(Seen::Answered(Box::new(comparison)));
    }
    if was_given {
        return wait_for_own(state, caller, complaint_id).await;
    }
    if has_seen(caller, &found.events) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "sample-seen",
            "take another one: you have seen what the models answered about this one",
        ));
    }
    if !queue::is_open_to(caller, &found, &case) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "sample-judged",
            "take another one: others have judged it",
        ));
    }
    let narrative = cases::open_narrative(state, caller, &found).await?;
    let read = input_of(&found.events, &narrative.origin).unwrap_or_default();
    Ok(Seen::Unanswered { narrative, read })
}

/// The verdicts on a complaint that `caller` may judge blind. One that was not drawn is absent, as one of another team is.
fn judged_by(caller: &Caller, found: &FoundCase) -> Result<CaseWithVerdicts, Problem> {
    let is_drawn = found.item.as_ref().is_some_and(|item| item.audit_sample);
    if !is_drawn || !is_judge_of(caller, &found.team) {
        let error = "find this complaint in the audit sample: none that you may judge has this id";
        return Err(Problem::absent("sample-unknown", error));
    }
    Ok(CaseWithVerdicts::of(&found.events))
}

/// All that was said about the newest text, where `caller` has answered.
fn compare(caller: &Caller, complaint_id: &str, case: &CaseWithVerdicts) -> Option<Comparison> {
    let newest = case.routes.iter().max_by_key(|route| route.revision)?;
    let of_text = readings(case).into_iter().filter(|reading| reading.input == newest.input_sha256);
    let (mut own, others): (Vec<Reading>, Vec<Reading>) =
        of_text.partition(|reading| reading.judge == caller.signature(""));
    let own = (!own.is_empty()).then(|| own.remove(0))?;
    let route = case.routes.iter().find(|route| route.revision == own.revision)?.clone();
    Some(Comparison { complaint_id: complaint_id.to_owned(), own, others, route })
}

/// Waits until the archive has the answer that `caller` gave a moment ago.
async fn wait_for_own(state: &RequestState, caller: &Caller, complaint_id: &str) -> Result<Seen, Problem> {
    for _ in 0..ATTEMPTS {
        let case = block_in_place(|| state.cases.find(complaint_id))?;
        if let Some(comparison) = compare(caller, complaint_id, &case) {
            return Ok(Seen::Answered(Box::new(comparison)));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(Seen::Pending)
}

/// Records an answer as the verdicts that it comes to: only now is it compared with what was decided.
async fn give(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    complaint_id: &str,
    fields: &Fields,
) -> Result<HeaderMap, Problem> {
    let found = cases::find(state, caller, &own, complaint_id).await?;
    let case = judged_by(caller, &found)?;
    if has_seen(caller, &found.events) {
        let error = "take another one: you have seen what the models answered about this one";
        return Err(Problem::new(StatusCode::CONFLICT, "sample-seen", error));
    }
    if compare(caller, complaint_id, &case).is_some() {
        // The form was sent twice. The first answer was blind, and stays.
        return Ok(HeaderMap::new());
    }
    // Whoever knows the strategy knows the label trees that its routing table brings.
    block_in_place(|| (state.teams)(i64::MIN))?;
    let answer = Answer::read(fields).map_err(Problem::from)?;
    let route = newest_route(&found.events);
    let route = route.filter(|route| fields.one("text") == Some(route.input_sha256.as_str()));
    let route = route.ok_or_else(|| {
        let error = "read it again: the customer has written something else since";
        Problem::new(StatusCode::CONFLICT, "another-text", error)
    })?;
    let is_second = readings(&case).iter().any(|reading| reading.input == route.input_sha256);
    let verdicts = answer.verdicts(&route, is_second);
    feedback::give(state, caller, own, verdicts).await.map(|(headers, _)| headers)
}
