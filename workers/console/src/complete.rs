//! From what somebody says of a complaint to the verdict on its route: the case fills in the rest, and nobody may
//! contradict it. Labels are read in any case and by their older names, and written as the label trees have them.
//!
//! Pure. Whether a route was drawn for the audit sample is what the route says, so nobody can choose what counts as
//! unbiased.

use ombud_contract::{
    codec::{self, Record},
    ids,
    records::{Feedback, FeedbackKind, RoutedComplaint, TimestampMs},
    taxonomy::label_or_name,
    truth::{CaseTruth, PRODUCT, case_truth},
    verdict::VULNERABLE,
};
use ombud_store::{CaseEvent, Kind as EventKind};
use tracing::warn;

use crate::{
    refused::Refused,
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

/// What a verdict is held against: where a complaint went, and what was said of that.
#[derive(Clone, Debug, Default)]
pub struct KnownCase {
    /// All its routes, in any order.
    pub routes: Vec<RoutedComplaint>,
    /// All verdicts on them, in any order.
    pub verdicts: Vec<Feedback>,
}

impl KnownCase {
    /// What the events of a case say. One that can't be read any more is passed over.
    pub fn of(events: &[CaseEvent]) -> Self {
        Self {
            routes: records_of(events, EventKind::Routed),
            verdicts: records_of(events, EventKind::Feedback),
        }
    }

    /// Whether it was drawn at random, is judged, and nobody has said whether the customer is vulnerable.
    pub fn lacks_vulnerability(&self) -> bool {
        let CaseTruth::Judged(judgement) = case_truth(&self.verdicts, &self.routes) else { return false };
        self.routes.iter().any(RoutedComplaint::is_audited) && judgement.vulnerable().is_none()
    }
}

/// The records of one kind. One that can't be read any more is passed over.
fn records_of<T: Record>(events: &[CaseEvent], kind: EventKind) -> Vec<T> {
    let records = events.iter().filter(|event| event.kind == kind);
    records
        .filter_map(|event| match codec::decode(&event.body) {
            Ok(record) => Some(record),
            Err(why) => {
                warn!(?event, %why, "a stored record can't be read");
                None
            }
        })
        .collect()
}

/// The verdict that `said` is, on one of the routes of `case`.
///
/// # Errors
/// The first field that contradicts the case or breaks a rule of [`Feedback::admit`].
pub fn complete(
    said: &Verdict,
    case: &KnownCase,
    source: Source<'_>,
    now: TimestampMs,
) -> Result<Feedback, Refused> {
    if said.kind == Kind::Retracted {
        return retraction(said, case, source, now);
    }
    let route = judged(said, &case.routes)?;
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
    let flag = (task == Some(VULNERABLE)).then(|| route.vulnerability.symbol().to_owned());
    let label_before = flag.or_else(|| decision.and_then(|decision| decision.label.clone()));
    let of_task = task.unwrap_or(PRODUCT);
    let feedback = Feedback {
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
        label_after: said.label_after.as_deref().map(|label| label_or_name(of_task, label).to_owned()),
        from_team: Some(route.team.clone()),
        to_team: said.to_team.clone(),
        reason_code: said.reason_code.clone(),
        actor: said.actor.clone(),
        actor_role: said.actor_role.clone(),
        source: named(said, source)?,
        audit_sample: route.is_audited(),
        decided_at: said.decided_at.unwrap_or(now),
        retracts: said.retracts.clone(),
    };
    agrees(said, &feedback)?;
    identified(feedback, now)
}

/// Takes back a verdict of the case, on the route that it judged.
fn retraction(
    said: &Verdict,
    case: &KnownCase,
    source: Source<'_>,
    now: TimestampMs,
) -> Result<Feedback, Refused> {
    let known = |id: &String| case.verdicts.iter().find(|verdict| verdict.feedback_id == *id);
    let retracted = match &said.retracts {
        // What is missing is told by the rules of all verdicts.
        None => None,
        Some(id) => match known(id) {
            None => {
                return Err(Refused::new(
                    "retracts",
                    "verdict-unknown",
                    "check the id: no such verdict on this complaint is archived; one that was given just now, send again in a moment",
                ));
            }
            Some(verdict) if verdict.kind == FeedbackKind::Retracted => {
                return Err(Refused::new(
                    "retracts",
                    "retracts-a-retraction",
                    "say again what was taken back: a retraction stays",
                ));
            }
            known => known,
        },
    };
    let route = match retracted {
        Some(verdict) => case.routes.iter().find(|route| route.revision == verdict.revision),
        None => Some(judged(said, &case.routes)?),
    };
    let revision = retracted.map(|verdict| verdict.revision).or(route.map(|route| route.revision));
    let route_id = retracted.map(|verdict| &verdict.route_id).or(route.map(|route| &route.route_id));
    if said.revision.is_some() && said.revision != revision {
        return Err(contradiction("revision", "leave it out: the verdict that is taken back says it"));
    }
    if said.route_id.is_some() && said.route_id.as_ref() != route_id {
        return Err(contradiction("route_id", "leave it out: the verdict that is taken back says it"));
    }
    let feedback = Feedback {
        feedback_id: String::new(),
        complaint_id: said.complaint_id.clone(),
        route_id: route_id.cloned().unwrap_or_default(),
        revision: revision.unwrap_or_default(),
        kind: FeedbackKind::Retracted,
        task: said.task.clone(),
        prediction_id: None,
        model_id: None,
        model_version: None,
        label_before: None,
        label_after: said.label_after.clone(),
        from_team: route.map(|route| route.team.clone()),
        to_team: said.to_team.clone(),
        reason_code: said.reason_code.clone(),
        actor: said.actor.clone(),
        actor_role: said.actor_role.clone(),
        source: named(said, source)?,
        audit_sample: route.is_some_and(RoutedComplaint::is_audited),
        decided_at: said.decided_at.unwrap_or(now),
        retracts: said.retracts.clone(),
    };
    agrees(said, &feedback)?;
    identified(feedback, now)
}

/// With its id, if it keeps the rules.
fn identified(mut feedback: Feedback, now: TimestampMs) -> Result<Feedback, Refused> {
    feedback.feedback_id = ids::feedback_id(&feedback);
    feedback.admit(now)?;
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
    let task = feedback.task.as_deref().unwrap_or(PRODUCT);
    // POSSIBLE is no label of a tree.
    let label_before = said.label_before.as_deref().map(|label| match &feedback.label_before {
        Some(known) if known.eq_ignore_ascii_case(label) => known.clone(),
        _ => label_or_name(task, label).to_owned(),
    });
    let names = [
        ("prediction_id", &said.prediction_id, &feedback.prediction_id),
        ("model_id", &said.model_id, &feedback.model_id),
        ("model_version", &said.model_version, &feedback.model_version),
        ("label_before", &label_before, &feedback.label_before),
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
