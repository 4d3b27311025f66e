//! What a specialist says about a complaint: whether the customer is vulnerable, and whether our failure to respond to that is its
//! cause. And taking it back.

use std::time::Duration;

use axum::http::HeaderMap;
use ombud_launch::guard::Caller;

use super::{
    flag,
    opened::{CAUSED, NOT_CAUSED, newest_route},
};
use crate::{
    cases, feedback,
    own_writes::OwnWrites,
    pages::fields::Fields,
    refused::Problem,
    state::RequestState,
    verdict::{Kind, Verdict},
    work,
    work_report::{WorkReport, WorkReportKind},
};

/// How often a verdict is looked for that was given a moment ago, and is not archived yet.
const ATTEMPTS: usize = 20;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(100);

/// What the form says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Confirm,
    Refuse,
}

/// What was written.
pub(super) struct Decided {
    pub(super) headers: HeaderMap,
    /// The verdict: what an undo takes back.
    pub(super) feedback_id: String,
    /// The note on the cause, where one was asked for.
    pub(super) work_id: Option<String>,
}

impl Decision {
    /// What the button `action` means.
    pub(super) fn of(action: &str) -> Option<Self> {
        match action {
            "confirm" => Some(Self::Confirm),
            "refuse" => Some(Self::Refuse),
            _ => None,
        }
    }
}

/// The code of what `fields` say about the cause; `None` where they leave it open.
fn cause(decision: Decision, fields: &Fields) -> Result<Option<&'static str>, Problem> {
    match (fields.one("caused"), decision) {
        (None | Some("open"), _) => Ok(None),
        (Some("no"), _) => Ok(Some(NOT_CAUSED)),
        (Some("yes"), Decision::Confirm) => Ok(Some(CAUSED)),
        (Some("yes"), Decision::Refuse) => Err(Problem::wrong(
            "caused",
            "cause-of-nothing",
            "say no, or leave it open: who is not vulnerable was not failed in that",
        )),
        (Some(_), _) => Err(Problem::wrong("caused", "unknown-symbol", "give yes, no or open")),
    }
}

/// Records it: the verdict first, then the note. Whoever sends the form again after only the first was taken does no harm.
pub(super) async fn decide(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    (complaint_id, decision): (&str, Decision),
    fields: &Fields,
) -> Result<Decided, Problem> {
    let cause = cause(decision, fields)?;
    let found = cases::find(state, caller, &own, complaint_id).await?;
    let route = newest_route(&found.events).ok_or_else(|| {
        Problem::absent("route-unknown", "find where this complaint went: ask again in a moment")
    })?;
    if fields.one("read").is_some_and(|read| read != route.input_sha256) {
        let error = "read it again: the customer has written something else since";
        return Err(Problem::new(axum::http::StatusCode::CONFLICT, "another-text", error));
    }
    let verdict = flag::verdict(&route, decision == Decision::Confirm);
    let (headers, given) = feedback::give(state, caller, own.clone(), vec![verdict]).await?;
    let feedback_id = given.into_iter().next().map(|given| given.feedback_id).unwrap_or_default();
    let Some(code) = cause else { return Ok(Decided { headers, feedback_id, work_id: None }) };
    let own = own.and(&headers);
    let note =
        WorkReport { reason_code: code.to_owned(), ..WorkReport::new(complaint_id, WorkReportKind::Noted) };
    let (headers, noted) = work::report(state, caller, own, vec![note]).await?;
    let work_id = noted.into_iter().next().map(|noted| noted.work_id);
    Ok(Decided { headers, feedback_id, work_id })
}

/// Takes back what was just said: the verdict, and the note where there was one.
pub(super) async fn take_back(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    complaint_id: &str,
    fields: &Fields,
) -> Result<HeaderMap, Problem> {
    // Nothing of another team's is looked for.
    cases::find(state, caller, &own, complaint_id).await?;
    let retraction = Verdict {
        retracts: Some(fields.typed("verdict").to_owned()),
        ..Verdict::new(complaint_id, Kind::Retracted, "")
    };
    let mut headers = retry("verdict-unknown", || {
        let (own, retraction) = (own.clone(), retraction.clone());
        async move { feedback::give(state, caller, own, vec![retraction]).await.map(|(headers, _)| headers) }
    })
    .await?;
    if let Some(work_id) = fields.one("note") {
        let own = own.and(&headers);
        let undoing = WorkReport {
            undoes: Some(work_id.to_owned()),
            ..WorkReport::new(complaint_id, WorkReportKind::Undone)
        };
        headers = retry("work-unknown", || {
            let (own, undoing) = (own.clone(), undoing.clone());
            async move { work::report(state, caller, own, vec![undoing]).await.map(|(headers, _)| headers) }
        })
        .await?;
    }
    Ok(headers)
}

/// Asks again while the answer is `code`: the archive is a moment behind what was written.
async fn retry<F>(code: &str, mut ask: impl FnMut() -> F) -> Result<HeaderMap, Problem>
where
    F: Future<Output = Result<HeaderMap, Problem>>,
{
    for _ in 1..ATTEMPTS {
        match ask().await {
            Err(problem) if problem.body().code.as_deref() == Some(code) => tokio::time::sleep(PAUSE).await,
            answer => return answer,
        }
    }
    ask().await
}
