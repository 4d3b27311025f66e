//! The vulnerability desk: which complaints are called vulnerable or may be, why, and whether that is so. For whoever may see
//! evidence; others get nothing of it from here.
//!
//! list by due moment -> one complaint, narrative and evidence each recorded before it is shown -> a verdict -> the next

mod decide;
mod flag;
mod list;
mod list_view;
mod marks;
mod one_view;
mod opened;
mod problem;

use std::sync::Arc;

use axum::{Router, extract::State, http::HeaderMap, response::Response, routing::get};
use ombud_contract::records::Vulnerability;

pub(super) use flag::verdict as flag_verdict;
pub(super) use opened::{input_of, newest_route};
pub(super) use problem::{page as problem_page, sentence as problem_sentence};

use super::{
    PageState,
    address::{encoded, led_to},
    fields::{Fields, FormFields, Named, QueryFields},
    frame::Frame,
};
use crate::{blind, own_writes::OwnWrites, refused::Problem};
use decide::{Decided, Decision};

/// What the words of these pages begin with.
const PAGE: &str = "vulnerable";
/// Where the list is.
const LIST: &str = "/vulnerable";

/// The routes.
pub(super) fn routes() -> Router<Arc<PageState>> {
    Router::new().route(LIST, get(list)).route("/vulnerable/{complaint_id}", get(one).post(said))
}

/// Where the page of one complaint is.
fn address(complaint_id: &str) -> String {
    format!("{LIST}/{}", encoded(complaint_id))
}

async fn list(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    own: Result<OwnWrites, Problem>,
    QueryFields(asked): QueryFields,
) -> Response {
    let answer = async {
        let own = own?;
        if asked.one("go") == Some("next") {
            let next = list::next(&state.api, &frame.caller, &own, asked.one("passed")).await?;
            return Ok(led_to(HeaderMap::new(), &next.map_or(LIST.to_owned(), |id| address(&id))));
        }
        let least = match asked.one("flag") {
            Some("vulnerable") => Vulnerability::Vulnerable,
            _ => Vulnerability::Possible,
        };
        let page = list::page(&state.api, &frame.caller, &own, (least, asked.one("after"))).await?;
        Ok::<_, Problem>(list_view::page(&frame, &page, least, &asked))
    };
    answer.await.unwrap_or_else(|problem: Problem| problem::page(&frame, PAGE, &problem))
}

async fn one(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    own: Result<OwnWrites, Problem>,
    Named(complaint_id): Named,
    QueryFields(asked): QueryFields,
) -> Response {
    let answer = async {
        match opened::open(&state.api, &frame.caller, &own?, &complaint_id).await {
            Err(problem) if problem.body().code.as_deref() == Some(blind::CODE) => {
                Ok(one_view::kept(&frame, &complaint_id, problem.status(), &asked))
            }
            opened => Ok::<_, Problem>(one_view::page(&frame, &opened?, &asked, None)),
        }
    };
    answer.await.unwrap_or_else(|problem: Problem| problem::page(&frame, PAGE, &problem))
}

async fn said(
    State(state): State<Arc<PageState>>,
    frame: Frame,
    own: Result<OwnWrites, Problem>,
    Named(complaint_id): Named,
    FormFields(fields): FormFields,
) -> Response {
    let (api, caller) = (&state.api, &frame.caller);
    // Whoever may give verdicts may post here, and not all of them may see evidence.
    let own = match own {
        Ok(own) if caller.sees_evidence() => own,
        Ok(_) => {
            let error = "see why a complaint was called vulnerable: the vulnerability desk may";
            return problem::page(&frame, PAGE, &Problem::forbidden("specialists-only", error));
        }
        Err(problem) => return problem::page(&frame, PAGE, &problem),
    };
    if fields.one("action") == Some("undo") {
        return match decide::take_back(api, caller, own, &complaint_id, &fields).await {
            Ok(headers) => led_to(headers, &format!("{}?done=vulnerable-undone", address(&complaint_id))),
            Err(problem) => problem::page(&frame, PAGE, &problem),
        };
    }
    let Some(decision) = fields.one("action").and_then(Decision::of) else {
        let problem = Problem::wrong("action", "unknown-symbol", "give confirm, refuse or undo");
        return problem::page(&frame, PAGE, &problem);
    };
    // While it is still in the list. A list that can't be read now keeps nobody from deciding.
    let next = list::next(api, caller, &own, Some(&complaint_id)).await.ok().flatten();
    match decide::decide(api, caller, own.clone(), (&complaint_id, decision), &fields).await {
        Ok(decided) => after(&complaint_id, decision, decided, next),
        Err(problem) => match opened::open(api, caller, &own, &complaint_id).await {
            Ok(opened) => one_view::page(&frame, &opened, &fields, Some(&problem)),
            Err(_) => problem::page(&frame, PAGE, &problem),
        },
    }
}

/// Leads to the next complaint, where what was just said can be undone.
fn after(complaint_id: &str, decision: Decision, decided: Decided, next: Option<String>) -> Response {
    let done = match decision {
        Decision::Confirm => "vulnerable-confirmed",
        Decision::Refuse => "vulnerable-refused",
    };
    let query = Fields::default()
        .with("done", Some(done))
        .with("of", Some(complaint_id))
        .with("undo", Some(&decided.feedback_id))
        .with("note", decided.work_id.as_deref());
    let path = next.map_or(LIST.to_owned(), |id| address(&id));
    led_to(decided.headers, &query.address(&path))
}
