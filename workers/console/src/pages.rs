//! Pages for people who have no shell: plain forms that work without script, then keys and live updates.
//!
//! guard -> who asks, and may they -> `frame::Frame` -> a page's own module asks the functions of the API -> markup in the frame
//! one event stream a browser -> `events` -> badges of queues that have changed
//!
//! A page shows nothing that the API would not answer to the same person, and does nothing that it would not do.

pub(crate) mod address;
mod alike;
mod archived;
mod assets;
mod blind_gate;
pub(crate) mod choice;
mod complaint;
mod desk;
mod events;
mod fields;
mod frame;
#[cfg(test)]
mod given;
mod health;
mod item_words;
mod models;
mod not_ours_fields;
mod packed;
mod parts;
mod quality;
mod rail;
pub(crate) mod refusal;
mod sample;
mod settings;
pub(crate) mod shell;
mod sources;
mod strategy;
mod team;
mod team_names;
mod trail;
mod trouble;
mod vulnerable;
pub(crate) mod words;

use std::sync::Arc;

use axum::{Router, extract::FromRequestParts, http::request::Parts, middleware::from_fn};

pub use alike::{AlikeBoard, AlikeWatch, OpenSketches};
pub use health::{
    Answered, DeadLetters, DoctorLine, Examination, Grade, GroupStatus, Known, LetterFate, LetterLine,
    ModelStatus, ModelUse, PartReach, ReachPart, RedrivenLetter, SystemStatus,
};
pub use quality::{LiveQuality, QualitySource};
pub use refusal::{nowhere, refuse};
pub use sources::{ChangeDesk, ChangeRefusal, OpenRequest, Operations, PageSources, RolloutLog};

use crate::{own_writes::OwnWrites, refused::Problem, state::RequestState};

/// What all pages share.
pub(crate) struct PageState {
    /// What the API has.
    pub(crate) api: Arc<RequestState>,
    /// What it has not.
    pub(crate) sources: PageSources,
    /// What teams are called.
    pub(crate) names: team_names::KnownNames,
}

impl PageState {
    pub(crate) fn new(api: Arc<RequestState>, sources: PageSources) -> Self {
        Self { api, sources, names: team_names::KnownNames::default() }
    }
}

impl FromRequestParts<Arc<PageState>> for OwnWrites {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<PageState>) -> Result<Self, Problem> {
        Self::from_request_parts(parts, &state.api).await
    }
}

/// Every page behind a sign-in.
pub(crate) fn routes(state: Arc<PageState>) -> Router {
    Router::new()
        .merge(desk::routes())
        .merge(team::routes())
        .merge(vulnerable::routes())
        .merge(complaint::routes())
        .merge(sample::routes())
        .merge(trail::routes())
        .merge(models::routes())
        .merge(strategy::routes())
        .merge(quality::routes())
        .merge(alike::routes())
        .merge(health::routes())
        .merge(settings::routes())
        .merge(events::routes())
        .layer(from_fn(packed::packed))
        .with_state(state)
}

/// The files that pages load, and that stand before a sign-in.
pub fn assets() -> Router {
    assets::routes()
}
