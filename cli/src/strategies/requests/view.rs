//! A request as it is shown: what it would change, who has approved it, and what keeps it from being published.

use ombud_contract::records::Strategy;
use ombud_models::{
    Difference, Registry, Signature, Strategies, StrategyChange, differences, is_same_person,
};
use ombud_store::{ChangeRequest, RequestState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refusal::RequestRefusal;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RequestStatus {
    /// It waits for approvals.
    Open,
    /// It waits, and another version was published since: it can only be closed.
    Stale,
    /// It was published.
    Published,
    /// It was refused or taken back.
    Closed,
}

impl RequestStatus {
    /// In one word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Stale => "stale",
            Self::Published => "published",
            Self::Closed => "closed",
        }
    }
}

/// A request, and what stands around it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ChangeRequest)]
pub(crate) struct RequestView {
    /// Its id.
    pub(crate) request_id: String,
    /// Who asked.
    pub(crate) requested_by: String,
    /// When, in milliseconds since 1970.
    pub(crate) requested_at: i64,
    /// Why, or what, in words.
    pub(crate) reason: String,
    /// The version that it changes.
    pub(crate) base_version: i64,
    /// The change.
    #[schema(value_type = Object)]
    pub(crate) change: serde_json::Value,
    /// Who has approved it, in that order.
    pub(crate) approved_by: Vec<String>,
    /// How many must.
    pub(crate) approvals_needed: i32,
    /// What became of it.
    pub(crate) state: RequestStatus,
    /// The version that it became.
    pub(crate) strategy_version: Option<i64>,
    /// From when on that decides, in milliseconds since 1970.
    pub(crate) effective_from: Option<i64>,
    /// Why it can't be published as things are.
    pub(crate) problem: Option<String>,
    /// What differs from the version that it changes: `place`, `before`, `after`. Nothing where it can't be published.
    #[schema(value_type = Vec<Object>)]
    pub(crate) differences: Vec<Difference>,
}

/// What the log holds: every strategy, and every model version.
pub(super) struct LogState {
    pub(super) strategies: Strategies,
    pub(super) registry: Registry,
}

/// The version that a request would become, and how many must approve it.
pub(super) struct Draft {
    pub(super) next: Strategy,
    pub(super) needed: i32,
}

impl LogState {
    /// The version that `request` became.
    pub(super) fn published(&self, request: &ChangeRequest) -> Option<&Strategy> {
        let next = &self.strategies.version(request.base_version + 1)?.record;
        (next.request_id.as_deref() == Some(&request.request_id)).then_some(next)
    }

    /// What `request` would become now, signed by who asked; `from` is from when on.
    pub(super) fn draft(
        &self,
        request: &ChangeRequest,
        from: Option<i64>,
        now_ms: i64,
    ) -> Result<Draft, RequestRefusal> {
        let (id, base) = (&request.request_id, request.base_version);
        if let Some(newest) = self.strategies.newest().filter(|newest| newest.record.version != base) {
            let (newest, by) = (newest.record.version, newest.record.changed_by.clone());
            return Err(RequestRefusal::Stale { id: id.clone(), base, newest, by });
        }
        let change: StrategyChange = serde_json::from_str(&request.change).map_err(|error| {
            anyhow::Error::from(error).context(format!("read what request {id} asks for"))
        })?;
        let signature = Signature { by: request.requested_by.clone(), reason: None, now_ms, from };
        let next = change.next(&self.strategies, &self.registry, &signature)?;
        let next = Strategy { reason: request.reason.clone(), ..next };
        // Where a version asks for none, whoever asks for a change all the same waits for one.
        let needed = self.strategies.gate_request(&next, &self.registry, now_ms)?.max(1);
        Ok(Draft { next, needed })
    }

    /// `request` as it is shown.
    pub(super) fn view(&self, request: &ChangeRequest, now_ms: i64) -> RequestView {
        let base = self.strategies.version(request.base_version).map(|base| &base.record);
        let changes = |next: &Strategy| base.map(|base| differences(base, next)).unwrap_or_default();
        let mut view = RequestView {
            request_id: request.request_id.clone(),
            requested_by: request.requested_by.clone(),
            requested_at: request.requested_at,
            reason: request.reason.clone(),
            base_version: request.base_version,
            change: serde_json::from_str(&request.change).unwrap_or_default(),
            approved_by: approvers(request),
            approvals_needed: base.map_or(1, |base| base.approvals.max(1)),
            state: match request.state {
                RequestState::Open => RequestStatus::Open,
                RequestState::Published => RequestStatus::Published,
                RequestState::Closed => RequestStatus::Closed,
            },
            strategy_version: None,
            effective_from: None,
            problem: None,
            differences: Vec::new(),
        };
        if let Some(published) = self.published(request) {
            view.state = RequestStatus::Published;
            (view.strategy_version, view.effective_from) =
                (Some(published.version), Some(published.effective_from));
            view.differences = changes(published);
        } else if request.state == RequestState::Open {
            match self.draft(request, None, now_ms) {
                Ok(Draft { next, needed }) => {
                    (view.differences, view.approvals_needed) = (changes(&next), needed);
                }
                Err(refusal) => {
                    if matches!(refusal, RequestRefusal::Stale { .. }) {
                        view.state = RequestStatus::Stale;
                    }
                    view.problem = Some(format!("{:#}", anyhow::Error::from(refusal)));
                }
            }
        }
        view
    }
}

/// Who has approved `request`: each person once, and never the one who asked.
pub(super) fn approvers(request: &ChangeRequest) -> Vec<String> {
    let mut approvers: Vec<String> = Vec::new();
    for name in &request.approved_by {
        let is_known = approvers.iter().any(|known| is_same_person(known, name));
        if !is_known && !is_same_person(name, &request.requested_by) {
            approvers.push(name.clone());
        }
    }
    approvers
}
