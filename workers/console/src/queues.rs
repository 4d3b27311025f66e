//! `GET /api/queues`, `GET /api/queues/{team}` and `POST /api/queues/{team}/next`: what a team has to do, and the next of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use ombud_contract::work::Phase;
use ombud_launch::guard::Caller;
use serde::{Deserialize, Serialize};
use tokio::task::block_in_place;
use utoipa::ToSchema;

use crate::{
    audit::Action,
    blind::is_kept,
    claimant::claimant_of,
    claims::{GrantedLease, record_claim},
    desk::{Claimant, NextAnswer, Queue},
    former_lease::with_former_release,
    item::Item,
    own_writes::OwnWrites,
    queue_query::{Cursor, QueueQuery},
    refused::{Problem, Refusals},
    request::{Fields, Segment, Sent},
    state::RequestState,
    worklist::WorklistLag,
};

/// How many complaints a team has in each state.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct QueueCounts {
    /// The team.
    pub team: String,
    /// Nobody has done anything.
    pub open: u64,
    /// The customer knows that it was received.
    pub acknowledged: u64,
    /// The customer knows why there is no answer yet.
    pub waiting: u64,
    /// Answered or forwarded.
    pub answered: u64,
    /// The customer took it back.
    pub withdrawn: u64,
}

/// The queues that the one who asks may see.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct QueueList {
    /// By team.
    pub queues: Vec<QueueCounts>,
    /// How far the worklist is behind its topics.
    pub lag: WorklistLag,
}

/// Some of what a team has to do.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct QueuePage {
    /// In the order that was asked for.
    pub items: Vec<Item>,
    /// Where the next page begins: `after` of the next request. Null where these are the last.
    #[schema(required)]
    pub next: Option<String>,
    /// How far the worklist is behind its topics.
    pub lag: WorklistLag,
}

/// Asks for the next complaint of a team.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextRequest {
    /// Who asks, by a pseudonym such as agent-17. A person who is signed in leaves it out; of a system it is its token's name,
    /// where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Complaints that they do not want now, such as what they have just given back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 64)]
    pub skip: Vec<String>,
}

/// The most complaints that one request may leave out.
const MOST_SKIPPED: usize = 64;

/// The next complaint, and its lease.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NextItem {
    /// What is to be done.
    pub item: Item,
    /// The asker's for now.
    pub lease: GrantedLease,
}

/// How many complaints each team has in each state.
#[utoipa::path(
    operation_id = "list_queues",
    get, path = "/api/queues", tag = "work",
    params(("ombud-after" = Option<String>, Header, description = "What an answer to a write said: waits until the worklist shows it")),
    responses(
        (status = 200, description = "The queues that you may see, by team", body = QueueList),
        Refusals,
    ),
    security(("token" = []))
)]
pub(crate) async fn counts(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    own: OwnWrites,
) -> Result<Json<QueueList>, Problem> {
    list(&state, &caller, &own).await.map(Json)
}

/// How many complaints each team of `caller`'s has in each state.
pub(crate) async fn list(
    state: &RequestState,
    caller: &Caller,
    own: &OwnWrites,
) -> Result<QueueList, Problem> {
    own.wait(state).await?;
    block_in_place(|| {
        let mut queues: BTreeMap<String, QueueCounts> = BTreeMap::new();
        for (team, in_state, count) in state.worklist.counts()? {
            if !caller.sees(&team) {
                continue;
            }
            let queue =
                queues.entry(team.clone()).or_insert_with(|| QueueCounts { team, ..QueueCounts::default() });
            let counted = match in_state {
                Phase::Open => &mut queue.open,
                Phase::Acknowledged => &mut queue.acknowledged,
                Phase::Waiting => &mut queue.waiting,
                Phase::Answered => &mut queue.answered,
                Phase::Withdrawn => &mut queue.withdrawn,
            };
            *counted += count;
        }
        Ok(QueueList { queues: queues.into_values().collect(), lag: state.lag() })
    })
}

/// What a team has to do, a page at a time.
#[utoipa::path(
    operation_id = "show_queue",
    get, path = "/api/queues/{team}", tag = "work",
    params(
        ("team" = String, Path, description = "The team, as GET /api/teams has it", example = "triage-desk"),
        QueueQuery,
        ("ombud-after" = Option<String>, Header, description = "What an answer to a write said: waits until the worklist shows it"),
    ),
    responses(
        (status = 200, description = "A page", body = QueuePage),
        Refusals,
    ),
    security(("token" = []))
)]
pub(crate) async fn page(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    own: OwnWrites,
    Segment(team): Segment,
    Fields(query): Fields<QueueQuery>,
) -> Result<Json<QueuePage>, Problem> {
    show(&state, &caller, &own, &team, query).await.map(Json)
}

/// What a team of `caller`'s has to do, a page at a time.
pub(crate) async fn show(
    state: &RequestState,
    caller: &Caller,
    own: &OwnWrites,
    team: &str,
    query: QueueQuery,
) -> Result<QueuePage, Problem> {
    if !caller.sees(team) {
        return Err(no_queue());
    }
    let question = query.read(team)?;
    own.wait(state).await?;
    block_in_place(|| {
        let mut page =
            state.worklist.page(&question.filter, question.order, question.after.as_ref(), question.limit)?;
        // What is found by it has it.
        let asks_for_answers = question.filter.product.is_some() || question.filter.vulnerability.is_some();
        page.items.retain(|item| !(asks_for_answers && is_kept(caller, item)));
        let ids: Vec<String> = page.items.iter().map(|item| item.complaint_id.clone()).collect();
        let held = state.leases.ask(|leases| leases.held(&ids))?;
        Ok(QueuePage {
            items: Item::all(page.items, &held, state.clock.now_ms(), &|item| is_kept(caller, item)),
            next: page.next.map(|next| Cursor::text(&next)),
            lag: state.lag(),
        })
    })
}

/// Take the next complaint of a team: the item and its lease in one request. Whoever has unfinished work of the team gets
/// that again, so that a request may be repeated.
#[utoipa::path(
    operation_id = "take_next",
    post, path = "/api/queues/{team}/next", tag = "work",
    params(("team" = String, Path, description = "The team, as GET /api/teams has it", example = "triage-desk")),
    request_body = NextRequest,
    responses(
        (status = 200, description = "Yours for now: the item, and its lease", body = NextItem,
            headers(("ombud-after" = String, description = "Where the records of this lie"))),
        (status = 204, description = "There is nothing to do, or others have all of it"),
        Refusals,
    ),
    security(("token" = []))
)]
pub(crate) async fn next(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    own: OwnWrites,
    Segment(team): Segment,
    Sent(request): Sent<NextRequest>,
) -> Result<Response, Problem> {
    let (headers, next) = take_next(&state, &caller, own, &team, request).await?;
    Ok(match next {
        None => (StatusCode::NO_CONTENT, headers).into_response(),
        Some(next) => (headers, Json(next)).into_response(),
    })
}

/// Takes the next complaint of a team for `caller`: the item and its lease, where there is something to do; and the headers of
/// the answer.
pub(crate) async fn take_next(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    team: &str,
    request: NextRequest,
) -> Result<(HeaderMap, Option<NextItem>), Problem> {
    if !caller.works_for(team) {
        return Err(no_queue());
    }
    let claimant = claimant_of(caller, request.actor.as_deref())?;
    let skipped = skipped(request.skip)?;
    let everything = crate::queue_query::everything_of(team);
    own.wait(state).await?;
    let answer = block_in_place(|| {
        let mut queue = Queue {
            is_of: &|one| one == team,
            page: &mut |after, most| {
                state.worklist.page(&everything, ombud_store::ItemOrder::Next, after, most)
            },
            item: &mut |complaint_id| state.worklist.item(complaint_id),
            skipped: &skipped,
        };
        pick(state, &claimant, &mut queue)
    })?;
    hand_out(state, caller, own, answer).await
}

/// What somebody does not want now.
pub(crate) fn skipped(ids: Vec<String>) -> Result<BTreeSet<String>, Problem> {
    if ids.len() > MOST_SKIPPED {
        return Err(Problem::wrong("skip", "too-many", "leave out at most 64 complaints"));
    }
    Ok(ids.into_iter().collect())
}

/// Leases the next complaint of `queue` to `claimant`. Blocks.
pub(crate) fn pick(
    state: &RequestState,
    claimant: &Claimant,
    queue: &mut Queue<'_>,
) -> Result<NextAnswer, Problem> {
    Ok(match state.claim(claimant, |claims| claims.next(queue))? {
        NextAnswer::Yours { item, lease, events } => {
            let events = with_former_release(state, claimant, &lease, events);
            NextAnswer::Yours { item, lease, events }
        }
        answer => answer,
    })
}

/// Records what came of asking for the next complaint: the item and its lease, where there is one, and the headers of the answer.
pub(crate) async fn hand_out(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    answer: NextAnswer,
) -> Result<(HeaderMap, Option<NextItem>), Problem> {
    let (granted, events, problem) = match answer {
        NextAnswer::Yours { item, lease, events } => (Some((item, lease)), events, None),
        NextAnswer::Nothing(events) => (None, events, None),
        NextAnswer::Busy(events) => (
            None,
            events,
            Some(Problem::later("busy", "others were faster at all that was tried: ask again")),
        ),
        NextAnswer::Behind(_) => {
            let why = "the worklist is too far behind its topics to hand work out: ask again in a moment";
            (None, Vec::new(), Some(Problem::later("view-behind", why)))
        }
    };
    let headers = record_claim(state, caller, own, Action::LeaseTaken, events, "").await?;
    match (granted, problem) {
        (_, Some(problem)) => Err(problem),
        (None, None) => Ok((headers, None)),
        (Some((item, lease)), None) => {
            let now = state.clock.now_ms();
            let is_kept = is_kept(caller, &item);
            let item = Item::of(*item, Some(&lease), now);
            let item = if is_kept { item.kept() } else { item };
            Ok((headers, Some(NextItem { item, lease: GrantedLease::of(&lease) })))
        }
    }
}

/// Answers for a team that the one who asks does not work for, as for one that there is not.
pub(crate) fn no_queue() -> Problem {
    Problem::absent("team-unknown", "find this queue: name a team of yours, as GET /api/teams has it")
}
