//! Keeps requests, and publishes one when enough persons have approved it.

use anyhow::Context;
use ombud_launch::config::Settings;
use ombud_models::{Signature, StrategyChange, StrategyRefusal, is_person, is_same_person, with_approvals};
use ombud_store::{ChangeRequest, RequestState, Requests};
use ombud_stream::{Clock, Outage};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use utoipa::ToSchema;

use super::{
    audit::RequestAct,
    refusal::RequestRefusal,
    view::{LogState, RequestView, approvers},
};
use crate::{
    log::{audit::Actor, backend::Backend},
    strategies::publish::{Refusal, StrategyPublisher},
};

/// More than wait for answers in any bank; a list is read as a whole.
const MOST_OPEN: usize = 200;
/// Of its SHA-256 in hex: short enough to be typed.
const ID_DIGITS: usize = 12;

/// Opens the store of requests. Called when it is needed first, and again until it answers: it may be down at the start.
pub(crate) type OpenRequests = Box<dyn Fn() -> Result<Box<dyn Requests>, Outage> + Send>;

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = RequestDraft)]
pub(crate) struct RequestDraft {
    /// The change: an object such as {"change": "canary", "task": "issue", "model": "complaints@08364c3c8331",
    /// "basis_points": 1000}; also shadow, promote (task, arm, evaluation, forced), roll-back (to), replace (a whole strategy).
    #[schema(value_type = Object)]
    pub(crate) change: StrategyChange,
    /// Why; without it, the change in words.
    pub(crate) reason: Option<String>,
    /// Who asks; counts only with the operator's own token.
    #[serde(default)]
    pub(crate) by: String,
}

/// An approval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApprovalDraft)]
pub(crate) struct ApprovalDraft {
    /// Who approves; counts only with the operator's own token.
    #[serde(default)]
    pub(crate) by: String,
    /// From when on it shall decide, in milliseconds since 1970; without it, as soon as every worker knows.
    pub(crate) from: Option<i64>,
}

/// A refusal, or a request that is taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ClosingDraft)]
pub(crate) struct ClosingDraft {
    /// Who closes it; counts only with the operator's own token.
    #[serde(default)]
    pub(crate) by: String,
}

/// All requests, and what publishes them.
pub(crate) struct RequestBook {
    open: OpenRequests,
    store: Option<Box<dyn Requests>>,
    publisher: StrategyPublisher,
}

impl RequestBook {
    /// The requests beside the log of `backend`.
    pub(crate) fn open(
        backend: &Backend,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let view = backend.view();
        let open: OpenRequests = Box::new(move || view.requests().map_err(unopened));
        let publisher = StrategyPublisher::open(backend, settings, clock)?;
        Ok(Self::new(open, publisher))
    }

    /// Requests of another store.
    pub(crate) fn new(open: OpenRequests, publisher: StrategyPublisher) -> Self {
        Self { open, store: None, publisher }
    }

    /// Keeps what `draft` asks for, if it could be published now.
    pub(super) fn ask(&mut self, draft: &RequestDraft, actor: &Actor) -> Result<RequestView, RequestRefusal> {
        check_name(actor)?;
        let log = self.log()?;
        let now_ms = self.publisher.now_ms();
        let signature =
            Signature { by: actor.name.clone(), reason: draft.reason.clone(), now_ms, from: None };
        let next = draft.change.next(&log.strategies, &log.registry, &signature)?;
        log.strategies.gate_request(&next, &log.registry, now_ms)?;
        let change = draft.change.pinned(&log.strategies, &log.registry)?;
        let change = serde_json::to_string(&change).context("write the change as JSON")?;
        let base_version = next.version - 1;
        let request = ChangeRequest {
            request_id: request_id(&actor.name, now_ms, base_version, &change),
            requested_by: actor.name.clone(),
            requested_at: now_ms,
            reason: next.reason,
            base_version,
            change,
            approved_by: Vec::new(),
            state: RequestState::Open,
        };
        let open = self.store()?.open_requests()?.len();
        if open >= MOST_OPEN {
            return Err(RequestRefusal::TooMany { open });
        }
        self.record(RequestAct::Requested, &request.request_id, actor)?;
        self.store()?.ask(&request)?;
        Ok(log.view(&request, now_ms))
    }

    /// Publishes what `draft` asks for, where nobody else is needed; its version. It follows version `base` or none: nobody
    /// publishes what they have not seen.
    pub(super) fn publish(
        &mut self,
        draft: &RequestDraft,
        base: i64,
        actor: &Actor,
    ) -> Result<i64, RequestRefusal> {
        check_name(actor)?;
        let log = self.log()?;
        if let Some(newest) = log.strategies.newest().filter(|newest| newest.record.version != base) {
            let by = newest.record.changed_by.clone();
            return Err(StrategyRefusal::Lost { version: newest.record.version, by }.into());
        }
        let now_ms = self.publisher.now_ms();
        let signature =
            Signature { by: actor.name.clone(), reason: draft.reason.clone(), now_ms, from: None };
        let next = draft.change.next(&log.strategies, &log.registry, &signature)?;
        log.strategies.gate(&next, &log.registry, now_ms)?;
        let change = serde_json::to_string(&draft.change).context("write the change as JSON")?;
        let id = request_id(&actor.name, now_ms, base, &change);
        // It waits for nobody, so no store keeps it: its id leads from the version to what the audit says.
        let next = with_approvals(next, &id, &actor.name, &[]);
        let version = next.version;
        self.record(RequestAct::Requested, &id, actor)?;
        self.publisher.publish(&next, actor)?;
        self.record(RequestAct::Published(version), &id, actor)
            .with_context(|| format!("strategy {version} is published, and the audit does not say so"))?;
        Ok(version)
    }

    /// Those that are open, the oldest first.
    pub(super) fn list(&mut self) -> Result<Vec<RequestView>, RequestRefusal> {
        let log = self.log()?;
        let now_ms = self.publisher.now_ms();
        let open = self.store()?.open_requests()?;
        Ok(open.iter().map(|request| log.view(request, now_ms)).collect())
    }

    /// Adds the approval of `actor`, and publishes where that is enough, to begin at `from`.
    pub(super) fn approve(
        &mut self,
        id: &str,
        actor: &Actor,
        from: Option<i64>,
    ) -> Result<RequestView, RequestRefusal> {
        check_name(actor)?;
        let request = self.find(id)?;
        let log = self.log()?;
        if log.published(&request).is_some() {
            // Whoever published it died before it was marked; or it is approved once more.
            return self.settle(request, &log, actor);
        }
        check_open(&request)?;
        if is_same_person(&request.requested_by, &actor.name) {
            return Err(RequestRefusal::Own { id: id.to_owned(), by: request.requested_by });
        }
        let now_ms = self.publisher.now_ms();
        // Before the approval is kept: nobody approves what can't be published.
        let draft = log.draft(&request, from, now_ms)?;
        let request = self.add_approval(request, actor)?;
        let approvers = approvers(&request);
        if i32::try_from(approvers.len()).unwrap_or(i32::MAX) < draft.needed {
            return Ok(log.view(&request, now_ms));
        }
        let next = with_approvals(draft.next, id, &request.requested_by, &approvers);
        match self.publisher.publish(&next, actor) {
            // Another approver's process was faster, with this request or with another change.
            Ok(_) | Err(Refusal::StrategyRefusal(StrategyRefusal::Lost { .. })) => {}
            Err(refusal) => return Err(refusal.into()),
        }
        let log = self.log()?;
        match log.published(&request) {
            Some(_) => self.settle(request, &log, actor),
            None => {
                log.draft(&request, from, now_ms)?;
                let unseen = anyhow::anyhow!("read back strategy {}", next.version);
                Err(unseen.context("publish the strategy: look at `ombud strategy history`").into())
            }
        }
    }

    /// Ends a request that is open: the one who asked takes it back, or another refuses it.
    pub(super) fn close(&mut self, id: &str, actor: &Actor) -> Result<RequestView, RequestRefusal> {
        check_name(actor)?;
        let mut request = self.find(id)?;
        let log = self.log()?;
        if log.published(&request).is_some() {
            return Err(RequestRefusal::Ended { id: id.to_owned(), state: RequestState::Published });
        }
        check_open(&request)?;
        self.record(RequestAct::Closed, id, actor)?;
        if !self.store()?.end_request(id, RequestState::Closed)? {
            return Err(RequestRefusal::Ended { id: id.to_owned(), state: self.find(id)?.state });
        }
        request.state = RequestState::Closed;
        Ok(log.view(&request, self.publisher.now_ms()))
    }

    fn add_approval(
        &mut self,
        request: ChangeRequest,
        actor: &Actor,
    ) -> Result<ChangeRequest, RequestRefusal> {
        let id = &request.request_id;
        if request.approved_by.iter().any(|name| is_same_person(name, &actor.name)) {
            return Ok(request);
        }
        self.record(RequestAct::Approved, id, actor)?;
        match self.store()?.approve(id, &actor.name)? {
            Some(request) if request.state == RequestState::Open => Ok(request),
            Some(request) => Err(RequestRefusal::Ended { id: request.request_id, state: request.state }),
            None => Err(RequestRefusal::Ended { id: id.clone(), state: self.find(id)?.state }),
        }
    }

    /// Marks a request as published whose version is in the log.
    fn settle(
        &mut self,
        mut request: ChangeRequest,
        log: &LogState,
        actor: &Actor,
    ) -> Result<RequestView, RequestRefusal> {
        if request.state == RequestState::Open {
            self.record(RequestAct::Published(request.base_version + 1), &request.request_id, actor)?;
            // Last, so that whoever dies before it comes here again.
            self.store()?.end_request(&request.request_id, RequestState::Published)?;
            request.state = RequestState::Published;
        }
        Ok(log.view(&request, self.publisher.now_ms()))
    }

    /// What the log has now.
    pub(super) fn log(&mut self) -> anyhow::Result<LogState> {
        let (strategies, registry) = self.publisher.read()?;
        Ok(LogState { strategies, registry })
    }

    fn find(&mut self, id: &str) -> Result<ChangeRequest, RequestRefusal> {
        self.store()?.request(id)?.ok_or_else(|| RequestRefusal::Unknown { id: id.to_owned() })
    }

    fn record(&mut self, act: RequestAct, request_id: &str, actor: &Actor) -> anyhow::Result<()> {
        self.publisher.record(&act.entry(request_id, actor, self.publisher.now_ms()))
    }

    fn store(&mut self) -> Result<&mut Box<dyn Requests>, Outage> {
        Ok(match &mut self.store {
            Some(store) => store,
            none => none.insert((self.open)()?),
        })
    }
}

/// Why requests can't be read: an outage keeps whether it may pass.
fn unopened(error: anyhow::Error) -> Outage {
    match error.downcast() {
        Ok(outage) => outage,
        Err(error) => Outage::fatal("open the store of requests", error),
    }
}

fn check_name(actor: &Actor) -> Result<(), RequestRefusal> {
    if is_person(&actor.name) { Ok(()) } else { Err(RequestRefusal::Name { name: actor.name.clone() }) }
}

fn check_open(request: &ChangeRequest) -> Result<(), RequestRefusal> {
    match request.state {
        RequestState::Open => Ok(()),
        state => Err(RequestRefusal::Ended { id: request.request_id.clone(), state }),
    }
}

/// An id of what is asked for, by whom and when: the same request, kept twice, is one.
fn request_id(by: &str, at: i64, base_version: i64, change: &str) -> String {
    // Only the change may hold a line's end, and it comes last.
    let digest = Sha256::digest(format!("{at}\n{base_version}\n{by}\n{change}"));
    hex::encode(digest)[..ID_DIGITS].to_owned()
}
