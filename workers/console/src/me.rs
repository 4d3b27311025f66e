//! `GET /api/me`, `GET /api/teams` and `GET /api/taxonomy`: who asks, and the names that everything else uses.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use ombud_launch::guard::{Caller, Teams};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    refused::{Problem, Refusals},
    state::RequestState,
};

/// No strategy has this version.
pub(crate) const NO_VERSION: i64 = -1;

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// Pseudonym of the person, or the token's name: what records are signed with.
    name: String,
    /// How they came in: session, proxy, token, command or none.
    source: &'static str,
    /// Roles of a person, or scopes of a token, sorted.
    roles: Vec<String>,
    /// For whose complaints; null for those of every team.
    #[schema(required)]
    teams: Option<Vec<String>>,
}

/// Say who asks, and what they are there for.
#[utoipa::path(
    operation_id = "show_me",
    get, path = "/api/me", tag = "names",
    responses(
        (status = 200, description = "Who asks", body = Me),
        Refusals,
    ),
    security(("token" = []))
)]
pub(crate) async fn me(Extension(caller): Extension<Caller>) -> Json<Me> {
    let teams = match caller.teams() {
        Some(Teams::All) => None,
        Some(Teams::Only(teams)) => Some(teams.iter().cloned().collect()),
        None => Some(Vec::new()),
    };
    Json(Me {
        name: caller.signature("").to_owned(),
        source: caller.source(),
        roles: caller.roles_text(),
        teams,
    })
}

/// A team.
#[derive(Serialize, ToSchema)]
pub(crate) struct Team {
    /// Its name, as queues have it.
    team: String,
    /// Whether the one who asks works for it.
    yours: bool,
}

/// Every team that the strategy in force routes to.
#[derive(Serialize, ToSchema)]
pub(crate) struct TeamList {
    /// By name.
    teams: Vec<Team>,
}

/// List the teams that the strategy in force routes to.
#[utoipa::path(
    operation_id = "list_teams",
    get, path = "/api/teams", tag = "names",
    responses(
        (status = 200, description = "By name", body = TeamList),
        Refusals,
    ),
    security(("token" = []))
)]
pub(crate) async fn teams(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<TeamList>, Problem> {
    let known = tokio::task::block_in_place(|| (state.teams)(NO_VERSION))?;
    let team = |team: String| Team { yours: caller.works_for(&team), team };
    Ok(Json(TeamList { teams: known.into_iter().flatten().map(team).collect() }))
}
