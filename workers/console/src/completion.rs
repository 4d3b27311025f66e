//! From what is sent about a complaint to the verdict on its route: the case fills in the rest, and may not be
//! contradicted. Labels are read in any case and by their older names, and written as the label trees have them.
//!
//! Pure. Whether a route was drawn for the audit sample is what the route says, so nobody can choose what counts as
//! unbiased.

use ombud_contract::{
    ids,
    records::{Feedback, FeedbackKind, RoutedComplaint, TimestampMs},
    taxonomy::label_or_name,
    verdict::{PRODUCT, VULNERABLE},
};
use ombud_measure::case::CaseWithVerdicts;

use crate::{
    refused::RefusedVerdict,
    verdict::{Kind, Verdict},
};

/// The system that a verdict comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// It has shown a token, which says who it is.
    Known(&'a str),
    /// Nobody asked; this is it, unless the verdict says otherwise.
    Unasked(&'a str),
}

/// The whole verdict of `sent`, on one of the routes of `case`.
///
/// # Errors
/// The first field that contradicts the case or breaks a rule of [`Feedback::admit`].
pub fn complete(
    sent: &Verdict,
    case: &CaseWithVerdicts,
    source: Source<'_>,
    now: TimestampMs,
) -> Result<Feedback, RefusedVerdict> {
    if sent.kind == Kind::Retracted {
        return retraction(sent, case, source, now);
    }
    let route = judged(sent, &case.routes)?;
    let kind = FeedbackKind::from(sent.kind);
    let task = match kind {
        FeedbackKind::Vulnerability => Some(sent.task.as_deref().unwrap_or(VULNERABLE)),
        _ => sent.task.as_deref(),
    };
    let decision = task.and_then(|task| route.decisions.iter().find(|decision| decision.task == task));
    let about =
        |task| decision.is_some() || task == VULNERABLE || route.missing_tasks.iter().any(|one| one == task);
    if task.is_some_and(|task| !about(task)) {
        return Err(contradiction("task", "name a task of the route: `ombud show` lists them"));
    }
    let flag = (task == Some(VULNERABLE)).then(|| route.vulnerability.symbol().to_owned());
    let label_before = flag.or_else(|| decision.and_then(|decision| decision.label.clone()));
    let of_task = task.unwrap_or(PRODUCT);
    let feedback = Feedback {
        feedback_id: String::new(),
        complaint_id: sent.complaint_id.clone(),
        route_id: route.route_id.clone(),
        revision: route.revision,
        kind,
        task: task.map(str::to_owned),
        prediction_id: decision.map(|decision| decision.prediction_id.clone()),
        model_id: decision.map(|decision| decision.model_id.clone()),
        model_version: decision.map(|decision| decision.model_version.clone()),
        label_before,
        label_after: sent.label_after.as_deref().map(|label| label_or_name(of_task, label).to_owned()),
        from_team: Some(route.team.clone()),
        to_team: sent.to_team.clone(),
        reason_code: sent.reason_code.clone(),
        actor: sent.actor.clone(),
        actor_role: sent.actor_role.clone(),
        source: named(sent, source)?,
        audit_sample: route.is_audited(),
        decided_at: sent.decided_at.unwrap_or(now),
        retracts: sent.retracts.clone(),
    };
    agrees(sent, &feedback)?;
    identified(feedback, now)
}

/// Takes back a verdict of the case, on the route that it judged.
fn retraction(
    sent: &Verdict,
    case: &CaseWithVerdicts,
    source: Source<'_>,
    now: TimestampMs,
) -> Result<Feedback, RefusedVerdict> {
    let known = |id: &String| case.verdicts.iter().find(|verdict| verdict.feedback_id == *id);
    let retracted = match &sent.retracts {
        // The rules of all verdicts report what is missing.
        None => None,
        Some(id) => match known(id) {
            None => {
                return Err(RefusedVerdict::new(
                    "retracts",
                    "verdict-unknown",
                    "check the id: no such verdict on this complaint is archived; one that was given just now, send again in a moment",
                ));
            }
            Some(verdict) if verdict.kind == FeedbackKind::Retracted => {
                return Err(RefusedVerdict::new(
                    "retracts",
                    "retracts-a-retraction",
                    "give the retracted verdict again: a retraction stays",
                ));
            }
            known => known,
        },
    };
    let route = match retracted {
        Some(verdict) => case.routes.iter().find(|route| route.revision == verdict.revision),
        None => Some(judged(sent, &case.routes)?),
    };
    let revision = retracted.map(|verdict| verdict.revision).or(route.map(|route| route.revision));
    let route_id = retracted.map(|verdict| &verdict.route_id).or(route.map(|route| &route.route_id));
    if sent.revision.is_some() && sent.revision != revision {
        return Err(contradiction("revision", "leave it out: the retracted verdict has it"));
    }
    if sent.route_id.is_some() && sent.route_id.as_ref() != route_id {
        return Err(contradiction("route_id", "leave it out: the retracted verdict has it"));
    }
    let feedback = Feedback {
        feedback_id: String::new(),
        complaint_id: sent.complaint_id.clone(),
        route_id: route_id.cloned().unwrap_or_default(),
        revision: revision.unwrap_or_default(),
        kind: FeedbackKind::Retracted,
        task: sent.task.clone(),
        prediction_id: None,
        model_id: None,
        model_version: None,
        label_before: None,
        label_after: sent.label_after.clone(),
        from_team: route.map(|route| route.team.clone()),
        to_team: sent.to_team.clone(),
        reason_code: sent.reason_code.clone(),
        actor: sent.actor.clone(),
        actor_role: sent.actor_role.clone(),
        source: named(sent, source)?,
        audit_sample: route.is_some_and(RoutedComplaint::is_audited),
        decided_at: sent.decided_at.unwrap_or(now),
        retracts: sent.retracts.clone(),
    };
    agrees(sent, &feedback)?;
    identified(feedback, now)
}

/// With its id, if it keeps the rules.
fn identified(mut feedback: Feedback, now: TimestampMs) -> Result<Feedback, RefusedVerdict> {
    feedback.feedback_id = ids::feedback_id(&feedback);
    feedback.admit(now)?;
    Ok(feedback)
}

/// The route that is meant: the one that is named, else the newest.
fn judged<'a>(sent: &Verdict, routes: &'a [RoutedComplaint]) -> Result<&'a RoutedComplaint, RefusedVerdict> {
    if routes.is_empty() {
        return Err(RefusedVerdict::new(
            "complaint_id",
            "case-unknown",
            "check the id: no route of such a complaint is archived; one that came just now, send again in a moment",
        ));
    }
    let named = |route: &&RoutedComplaint| {
        sent.revision.is_none_or(|revision| revision == route.revision)
            && sent.route_id.as_ref().is_none_or(|id| *id == route.route_id)
    };
    routes.iter().filter(named).max_by_key(|route| route.revision).ok_or_else(|| {
        let field = if sent.revision.is_some() { "revision" } else { "route_id" };
        contradiction(field, "leave it out to judge the newest route: the case has none of this name")
    })
}

fn named(sent: &Verdict, source: Source<'_>) -> Result<String, RefusedVerdict> {
    match (source, &sent.source) {
        (Source::Known(name), Some(other)) if name != other => {
            Err(RefusedVerdict::new("source", "not-yours", "leave it out: the token says which system it is"))
        }
        (Source::Unasked(_), Some(name)) => Ok(name.clone()),
        (Source::Known(name) | Source::Unasked(name), _) => Ok(name.to_owned()),
    }
}

fn contradiction(field: &'static str, fix: &'static str) -> RefusedVerdict {
    RefusedVerdict::new(field, "contradicts-case", fix)
}

/// Whether every field that was sent agrees with the case.
fn agrees(sent: &Verdict, feedback: &Feedback) -> Result<(), RefusedVerdict> {
    let differs = |sent: &Option<String>, known: &Option<String>| sent.is_some() && sent != known;
    let task = feedback.task.as_deref().unwrap_or(PRODUCT);
    // POSSIBLE is no label of a tree.
    let label_before = sent.label_before.as_deref().map(|label| match &feedback.label_before {
        Some(known) if known.eq_ignore_ascii_case(label) => known.clone(),
        _ => label_or_name(task, label).to_owned(),
    });
    let names = [
        ("prediction_id", &sent.prediction_id, &feedback.prediction_id),
        ("model_id", &sent.model_id, &feedback.model_id),
        ("model_version", &sent.model_version, &feedback.model_version),
        ("label_before", &label_before, &feedback.label_before),
        ("from_team", &sent.from_team, &feedback.from_team),
    ];
    const FIX: &str = "leave it out, or name the revision that you judge: the route says otherwise";
    if let Some((field, ..)) = names.into_iter().find(|(_, sent, known)| differs(sent, known)) {
        return Err(contradiction(field, FIX));
    }
    if sent.audit_sample.is_some_and(|audited| audited != feedback.audit_sample) {
        return Err(contradiction(
            "audit_sample",
            "leave it out: the route says whether it was drawn at random",
        ));
    }
    Ok(())
}
