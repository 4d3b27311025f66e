//! `GET /api/search`: complaints by their id, the customer's pseudonym or the sending system's id.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use ombud_launch::guard::Caller;
use serde::{Deserialize, Serialize};
use tokio::task::block_in_place;
use utoipa::{IntoParams, ToSchema};

use crate::{
    blind::is_kept,
    item::Item,
    own_writes::OwnWrites,
    refused::{Problem, Refusals},
    request::Fields,
    state::RequestState,
};

/// The most complaints of an answer.
const MOST: usize = 50;
/// As many are looked at: those of other teams are left out of the answer.
const MOST_FOUND: usize = 500;
/// The longest text that is looked for, in bytes.
const MOST_BYTES: usize = 256;

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// The whole id, customer_ref or external_ref.
    #[param(min_length = 1, max_length = 256)]
    q: Option<String>,
}

/// What was found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SearchAnswer {
    /// The latest received first; at most 50, and only of teams that you may see.
    pub items: Vec<Item>,
}

/// Find complaints by id, customer reference or external reference: those that you may see.
#[utoipa::path(
    operation_id = "search",
    get, path = "/api/search", tag = "work",
    params(SearchQuery, ("ombud-after" = Option<String>, Header, description = "What an answer to a write said: waits until the worklist shows it")),
    responses((status = 200, description = "The latest received first", body = SearchAnswer), Refusals),
    security(("token" = []))
)]
pub(crate) async fn search(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    own: OwnWrites,
    Fields(query): Fields<SearchQuery>,
) -> Result<Json<SearchAnswer>, Problem> {
    let items = find(&state, &caller, &own, query.q.as_deref().unwrap_or_default()).await?;
    Ok(Json(SearchAnswer { items }))
}

/// The complaints that have `text` as their id, their customer or their external reference, the latest received first: those
/// that `caller` may see.
pub(crate) async fn find(
    state: &RequestState,
    caller: &Caller,
    own: &OwnWrites,
    text: &str,
) -> Result<Vec<Item>, Problem> {
    let text = text.trim();
    if !(1..=MOST_BYTES).contains(&text.len()) {
        return Err(Problem::wrong(
            "q",
            "missing-field",
            "give a whole id, customer_ref or external_ref of 1 to 256 bytes",
        ));
    }
    own.wait(state).await?;
    block_in_place(|| {
        let mut found = state.worklist.search(text, MOST_FOUND)?;
        found.retain(|item| caller.sees(&item.team));
        found.truncate(MOST);
        let ids: Vec<String> = found.iter().map(|item| item.complaint_id.clone()).collect();
        let held = state.leases.ask(|leases| leases.held(&ids))?;
        Ok(Item::all(found, &held, state.clock.now_ms(), &|item| is_kept(caller, item)))
    })
}
