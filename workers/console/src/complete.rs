//! From what somebody says of a complaint to the verdict on its route: the case fills in the rest, and nobody may
//! contradict it.
//!
//! Pure. Whether a route was drawn for the audit sample is what the route says, so nobody can choose what counts as
//! unbiased.

use ombud_contract::{
    codec, ids,
    records::{Feedback, FeedbackKind, RoutedComplaint, TimestampMs},
    verdict::VULNERABLE,
};
use ombud_store::{CaseEvent, Kind as EventKind};
use tracing::warn;

use crate::{refused::Refused, verdict::Verdict};

/// The system that a verdict comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// It has shown a token, which says who it is.
    Known(&'a str),
    /// Nobody asked; this is it, unless the verdict says otherwise.
    Unasked(&'a str),
}

/// The routes of a case. One that can't be read any more is passed over.
pub fn routes_of(events: &[CaseEvent]) -> Vec<RoutedComplaint> {
    let routes = events.iter().filter(|event| event.kind == EventKind::Routed);
    routes
        .filter_map(|event| match codec::decode(&event.body) {
            Ok(route) => Some(route),
            Err(why) => {
                warn!(?event, %why, "a stored route can't be read");
                None
            }
        })
        .collect()
}

/// The verdict that `said` is, on one of `routes` (all of a case, in any order).
///
/// # Errors
/// The first field that contradicts the case or breaks a rule of [`Feedback::admit`].
pub fn complete(
    said: &Verdict,
    routes: &[RoutedComplaint],
    source: Source<'_>,
    now: TimestampMs,
) -> Result<Feedback, Refused> {
    let route = judged(said, routes)?;
    let kind = FeedbackKind::from(said.kind);
    let task = match kind {
        FeedbackKind::Vulnerability => Some(said.task.as_deref().unwrap_or(VULNERABLE)),
        _ => said.task.as_deref(),
    };
    let decision = task.and_then(|task| route.decisions.iter().find(|decision| decision.task == task));
    let about =
        |task| decision.is_some() || task == VULNERABLE || route.missing_tasks.iter().any(|one| one == task);
    if task.is_some_and(|task| !about(task)) {
        return Err(contradiction("task", "name a task of the route: `ombud show` lists them"));
    }
    let flag = (task == Some(VULNERABLE)).then(|| flag(route));
    let label_before = flag.or_else(|| decision.and_then(|decision| decision.label.clone()));
    let mut feedback = Feedback {
        feedback_id: String::new(),
        complaint_id: said.complaint_id.clone(),
        route_id: route.route_id.clone(),
        revision: route.revision,
        kind,
        task: task.map(str::to_owned),
        prediction_id: decision.map(|decision| decision.prediction_id.clone()),
        model_id: decision.map(|decision| decision.model_id.clone()),
        model_version: decision.map(|decision| decision.model_version.clone()),
        label_before,
        label_after: said.label_after.clone(),
        from_team: Some(route.team.clone()),
        to_team: said.to_team.clone(),
        reason_code: said.reason_code.clone(),
        actor: said.actor.clone(),
        actor_role: said.actor_role.clone(),
        source: named(said, source)?,
        audit_sample: route.is_audited(),
        decided_at: said.decided_at.unwrap_or(now),
    };
    agrees(said, &feedback)?;
    feedback.feedback_id = ids::feedback_id(&feedback);
    feedback.admit()?;
    Ok(feedback)
}

/// The route that is meant: the one that is named, else the newest.
fn judged<'a>(said: &Verdict, routes: &'a [RoutedComplaint]) -> Result<&'a RoutedComplaint, Refused> {
    if routes.is_empty() {
        return Err(Refused::new(
            "complaint_id",
            "case-unknown",
            "check the id: no route of such a complaint is archived; one that came just now, send again in a moment",
        ));
    }
    let named = |route: &&RoutedComplaint| {
        said.revision.is_none_or(|revision| revision == route.revision)
            && said.route_id.as_ref().is_none_or(|id| *id == route.route_id)
    };
    routes.iter().filter(named).max_by_key(|route| route.revision).ok_or_else(|| {
        let field = if said.revision.is_some() { "revision" } else { "route_id" };
        contradiction(field, "leave it out to judge the newest route: the case has none of this name")
    })
}

fn flag(route: &RoutedComplaint) -> String {
    use ombud_contract::records::Vulnerability;
    match route.vulnerability {
        Vulnerability::NotIndicated => "NOT_INDICATED",
        Vulnerability::Possible => "POSSIBLE",
        Vulnerability::Vulnerable => "VULNERABLE",
    }
    .to_owned()
}

fn named(said: &Verdict, source: Source<'_>) -> Result<String, Refused> {
    match (source, &said.source) {
        (Source::Known(name), Some(other)) if name != other => {
            Err(Refused::new("source", "not-yours", "leave it out: the token says which system it is"))
        }
        (Source::Unasked(_), Some(name)) => Ok(name.clone()),
        (Source::Known(name) | Source::Unasked(name), _) => Ok(name.to_owned()),
    }
}

fn contradiction(field: &'static str, mend: &'static str) -> Refused {
    Refused::new(field, "contradicts-case", mend)
}

/// Whatever was said of what the case knows is so.
fn agrees(said: &Verdict, feedback: &Feedback) -> Result<(), Refused> {
    let differs = |said: &Option<String>, known: &Option<String>| said.is_some() && said != known;
    let names = [
        ("prediction_id", &said.prediction_id, &feedback.prediction_id),
        ("model_id", &said.model_id, &feedback.model_id),
        ("model_version", &said.model_version, &feedback.model_version),
        ("label_before", &said.label_before, &feedback.label_before),
        ("from_team", &said.from_team, &feedback.from_team),
    ];
    const MEND: &str = "leave it out, or name the revision that you judge: the route says otherwise";
    if let Some((field, ..)) = names.into_iter().find(|(_, said, known)| differs(said, known)) {
        return Err(contradiction(field, MEND));
    }
    if said.audit_sample.is_some_and(|audited| audited != feedback.audit_sample) {
        return Err(contradiction(
            "audit_sample",
            "leave it out: the route says whether it was drawn at random",
        ));
    }
    Ok(())
}
