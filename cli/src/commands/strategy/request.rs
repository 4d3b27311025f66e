//! `ombud strategy request`, `requests`, `approve` and `refuse`: a change that one person asks for and another approves.

use std::{io::Write, sync::Arc};

use anyhow::Result;
use jiff::Timestamp;
use ombud_launch::config::Settings;
use ombud_models::StrategyChange;
use ombud_stream::Clock;

use super::{
    changes::RequestCommand,
    diff::rows,
    options::{AnswerOptions, RequestOptions, signer},
};
use crate::{
    Done,
    output::terminal::table,
    strategies::{
        LogSnapshot,
        requests::{self, ApprovalDraft, ClosingDraft, RequestDraft, RequestStatus, RequestView},
    },
};

/// Asks for what `command` says.
pub(super) fn request(
    command: RequestCommand,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    out: &mut impl Write,
) -> Result<Done> {
    let (change, options): (StrategyChange, RequestOptions) = match command {
        RequestCommand::Set { change, options } => (change.change(&LogSnapshot::read(settings)?)?, options),
        RequestCommand::Canary { change, options } => (change.into(), options),
        RequestCommand::Shadow { change, options } => (change.into(), options),
        RequestCommand::Promote { change, options } => (change.into(), options),
        RequestCommand::RollBack { change, options } => (change.into(), options),
    };
    let draft = RequestDraft { change, reason: options.reason, by: signer(options.answer.by.as_deref())? };
    print(&requests::ask(&draft, settings, clock)?, options.answer.json, out)
}

/// Lists those that are open.
pub(super) fn list(
    json: bool,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    out: &mut impl Write,
) -> Result<Done> {
    let open = requests::open_requests(settings, clock)?;
    if json {
        for request in &open {
            writeln!(out, "{}", serde_json::to_string(request)?)?;
        }
        return Ok(Done::Well);
    }
    if open.is_empty() {
        writeln!(out, "no change waits for approval")?;
        return Ok(Done::Well);
    }
    let mut table = table(["request", "asked", "by", "after strategy", "change", "approvals", "state"]);
    for request in open {
        table.add_row([
            request.request_id.clone(),
            Timestamp::from_millisecond(request.requested_at)?.to_string(),
            request.requested_by.clone(),
            request.base_version.to_string(),
            request.reason.clone(),
            approvals(&request),
            state(&request).to_owned(),
        ]);
    }
    writeln!(out, "{table}")?;
    Ok(Done::Well)
}

/// Approves `id`, to begin at `from`.
pub(super) fn approve(
    id: &str,
    from: Option<i64>,
    options: &AnswerOptions,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    out: &mut impl Write,
) -> Result<Done> {
    let draft = ApprovalDraft { by: signer(options.by.as_deref())?, from };
    print(&requests::approve(id, &draft, settings, clock)?, options.json, out)
}

/// Refuses `id`, or takes it back.
pub(super) fn refuse(
    id: &str,
    options: &AnswerOptions,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    out: &mut impl Write,
) -> Result<Done> {
    let draft = ClosingDraft { by: signer(options.by.as_deref())? };
    print(&requests::close(id, &draft, settings, clock)?, options.json, out)
}

fn print(request: &RequestView, json: bool, out: &mut impl Write) -> Result<Done> {
    if json {
        writeln!(out, "{}", serde_json::to_string(request)?)?;
        return Ok(Done::Well);
    }
    let RequestView { request_id: id, requested_by: by, reason, .. } = request;
    match request.state {
        RequestStatus::Published => {
            let version = request.strategy_version.unwrap_or(request.base_version + 1);
            let from = Timestamp::from_millisecond(request.effective_from.unwrap_or_default())?;
            writeln!(out, "request {id} of {by} is strategy {version}, effective from {from}: {reason}")?;
        }
        RequestStatus::Closed => writeln!(out, "request {id} of {by} is closed: {reason}")?,
        RequestStatus::Open | RequestStatus::Stale => {
            writeln!(out, "request {id} of {by}, {} approvals: {reason}", approvals(request))?;
            writeln!(out, "another person approves it with `ombud strategy approve {id}`")?;
        }
    }
    if let Some(problem) = &request.problem {
        writeln!(out, "as things are it can't be published: {problem}")?;
    }
    if !request.differences.is_empty() {
        write!(out, "{}", rows(&request.differences))?;
    }
    Ok(Done::Well)
}

/// `1 of 2`.
fn approvals(request: &RequestView) -> String {
    format!("{} of {}", request.approved_by.len(), request.approvals_needed)
}

fn state(request: &RequestView) -> &'static str {
    match request.problem {
        Some(_) if request.state == RequestStatus::Open => "can't be published",
        _ => request.state.name(),
    }
}
