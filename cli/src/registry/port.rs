//! `POST /api/models`: adds a version that lies on the shelf to the registry, or retires one.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Extension, Json, Router, extract::State, http::StatusCode, routing::post};
use ombud_launch::{JsonRefusal, guard::Caller};
use ombud_models::ModelStore;
use ombud_stream::{Clock, Outage, Sink};

use super::{
    PATH,
    change::{ChangeOutcome, RegistryChange, RegistryEditor},
};
use crate::log::{
    audit::{Actor, AppendAudit},
    backend::View,
    publish::Publisher,
};

/// What the API changes the registry with.
pub(crate) struct RegistryApi<S> {
    pub(crate) view: View,
    pub(crate) shelf: ModelStore,
    pub(crate) prefix: String,
    pub(crate) clock: Arc<dyn Clock>,
    /// One change at a time: each is made from the registry before it.
    pub(crate) writer: Mutex<RegistryWriter<S>>,
}

/// Appends a change, and before it who makes it.
pub(crate) struct RegistryWriter<S> {
    pub(crate) publisher: Publisher<S>,
    pub(crate) audit: AppendAudit,
}

/// The route.
pub(crate) fn routes<S: Sink<()> + 'static>(port: RegistryApi<S>) -> Router {
    Router::new().route(PATH, post(change::<S>)).with_state(Arc::new(port))
}

async fn change<S: Sink<()> + 'static>(
    State(port): State<Arc<RegistryApi<S>>>,
    Extension(caller): Extension<Caller>,
    Json(change): Json<RegistryChange>,
) -> Result<Json<ChangeOutcome>, (StatusCode, Json<JsonRefusal>)> {
    let made = tokio::task::block_in_place(|| {
        let mut writer = port.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let RegistryWriter { publisher, audit } = &mut *writer;
        let RegistryApi { view, shelf, prefix, clock, .. } = &*port;
        // A change names nobody: it is signed by its token.
        let actor = Actor::of(&caller, "");
        let changing = RegistryEditor { view, shelf, prefix, clock: Arc::clone(clock), by: &actor.name };
        changing.make(&change, publisher, |record| {
            let (subject, at) = (format!("{}@{}", record.model_id, record.version), clock.now_ms());
            let once = format!("{subject} {at}");
            audit(&actor.entry(change.action(), &subject, None, at, &once))
        })
    });
    let refuse = |error: anyhow::Error| {
        // An outage is no verdict on the change: the same may be asked again.
        let status = match error.chain().any(|cause| cause.is::<Outage>()) {
            true => StatusCode::SERVICE_UNAVAILABLE,
            false => StatusCode::UNPROCESSABLE_ENTITY,
        };
        JsonRefusal::answer(status, format!("{error:#}"))
    };
    made.map(Json).map_err(refuse)
}

#[cfg(test)]
mod tests {
    use ombud_launch::config::Settings;
    use ombud_stream::ManualClock;

    use super::*;
    use crate::log::{audit::append_audit_to, backend::Backend};

    #[test]
    fn a_change_that_is_wrong_is_refused_with_its_reason_and_the_next_one_is_taken_up() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
        let backend = Backend::embedded(&settings).unwrap();
        let port = Arc::new(RegistryApi {
            view: backend.view(),
            shelf: ModelStore::new(dir.path().join("models")),
            prefix: String::new(),
            clock: Arc::new(ManualClock::at(7)),
            writer: Mutex::new(RegistryWriter {
                publisher: Publisher::new(backend.sink::<()>(1).unwrap()),
                audit: append_audit_to(&backend, "").unwrap(),
            }),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let names = || ("complaints".to_owned(), "0b57".repeat(16));
        let ((model_id, version), (added_id, added)) = (names(), names());
        let add =
            RegistryChange::Add { model_id: added_id, version: added, hub_id: None, hub_revision: None };
        for (wrong, reason) in [
            (RegistryChange::Retire { model_id, version }, "is not registered"),
            (add, "on the shelf of this data folder"),
        ] {
            let answer =
                runtime.block_on(change(State(Arc::clone(&port)), Extension(Caller::default()), Json(wrong)));
            let (status, Json(refusal)) = answer.err().unwrap();
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(refusal.error.contains(reason), "{}", refusal.error);
        }
    }
}
