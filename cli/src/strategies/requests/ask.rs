//! Requests as commands ask for them: of the `up` that writes the embedded log, or done here on brokers.

use std::sync::Arc;

use anyhow::Result;
use ombud_contract::{access::Operation, catalogue::Topic};
use ombud_launch::config::Settings;
use ombud_stream::Clock;

use super::{
    ApprovalDraft, ClosingDraft, PATH, RequestBook, RequestDraft, RequestView, refusal::RequestRefusal,
};
use crate::{
    log::{audit::Actor, backend::Backend},
    running_up,
};

/// Keeps a request.
pub(crate) fn ask(draft: &RequestDraft, settings: &Settings, clock: &Arc<dyn Clock>) -> Result<RequestView> {
    if is_embedded(settings) {
        return running_up::post(settings, PATH, draft);
    }
    here(settings, clock, |book| book.ask(draft, &Actor::of_command(&draft.by)))
}

/// Those that are open.
pub(crate) fn open_requests(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Vec<RequestView>> {
    if is_embedded(settings) {
        return running_up::get(settings, PATH);
    }
    here(settings, clock, RequestBook::list)
}

/// Approves a request, and publishes it where that is enough.
pub(crate) fn approve(
    id: &str,
    draft: &ApprovalDraft,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<RequestView> {
    if is_embedded(settings) {
        return running_up::post(settings, &format!("{PATH}/{}/approve", segment(id)?), draft);
    }
    here(settings, clock, |book| book.approve(id, &Actor::of_command(&draft.by), draft.from))
}

/// Refuses a request, or takes it back.
pub(crate) fn close(
    id: &str,
    draft: &ClosingDraft,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<RequestView> {
    if is_embedded(settings) {
        return running_up::post(settings, &format!("{PATH}/{}/close", segment(id)?), draft);
    }
    here(settings, clock, |book| book.close(id, &Actor::of_command(&draft.by)))
}

fn is_embedded(settings: &Settings) -> bool {
    settings.kafka_bootstrap.is_empty()
}

/// An id as a part of a path: those that are given out have letters and digits alone.
fn segment(id: &str) -> Result<&str, RequestRefusal> {
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_plain { Ok(id) } else { Err(RequestRefusal::Unknown { id: id.to_owned() }) }
}

fn here<T>(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    act: impl FnOnce(&mut RequestBook) -> Result<T, RequestRefusal>,
) -> Result<T> {
    let needs = [(Topic::Strategy, Operation::Write), (Topic::Audit, Operation::Write)];
    let backend = Backend::brokers(settings, &needs)?;
    Ok(act(&mut RequestBook::open(&backend, settings, Arc::clone(clock))?)?)
}
