//! `POST /desk/{complaint_id}/decide`: a verdict on what the reader saw, and on to the next complaint.
//!
//! keep the lease -> the verdict -> give the complaint back -> the next and its lease

use std::sync::Arc;

use axum::{Form, extract::State, http::StatusCode, response::Response};
use ombud_contract::verdict::{NO, VULNERABLE, YES, is_code};
use ombud_store::WorkItem;
use serde::Deserialize;
use tokio::task::block_in_place;

use super::{
    address::{Address, Skipped, Written},
    case::{self, Opening},
    in_force::InForce,
    problem, show,
    take::{Before, lead_on},
};
use crate::{
    cases,
    claims::{give_back, keep},
    feedback::give,
    own_writes::OwnWrites,
    pages::{PageState, frame::Frame},
    refused::Problem,
    request::Segment,
    verdict::{Kind, Verdict},
};

/// Why a complaint is given back after a decision.
const DECIDED: &str = "DECIDED";
/// Why a complaint was sent on by its number.
const LIKELIEST: &str = "LIKELIEST";

/// What was decided, by the button that was pressed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DecideForm {
    decision: String,
    /// The route that the reader saw.
    revision: String,
    team: String,
    reason: String,
    team_1: String,
    product_1: String,
    team_2: String,
    product_2: String,
    team_3: String,
    product_3: String,
    skipped: String,
}

/// A decision of the reader's.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decision {
    /// The team that has it is right.
    Confirm,
    /// Another team gets it, for a product where one was named.
    Send {
        team: String,
        product: Option<String>,
        reason: String,
    },
    NoComplaint,
    /// The customer is vulnerable; this desk gets the complaint, where it has not got it.
    Vulnerable {
        desk: Option<String>,
    },
    NotVulnerable,
}

impl DecideForm {
    fn numbered(&self, team: &str, product: &str, item: &WorkItem) -> Result<Decision, Problem> {
        if team.is_empty() {
            return Err(Problem::wrong("decision", "unknown-symbol", "press a button of the page"));
        }
        if team == item.team {
            return Ok(Decision::Confirm);
        }
        let product = Some(product.to_owned()).filter(|product| !product.is_empty());
        Ok(Decision::Send { team: team.to_owned(), product, reason: LIKELIEST.to_owned() })
    }

    /// What was decided of `item`, where `vulnerable_desk` takes the vulnerable.
    fn decision(&self, item: &WorkItem, vulnerable_desk: Option<&str>) -> Result<Decision, Problem> {
        match &*self.decision {
            "confirm" => Ok(Decision::Confirm),
            "1" => self.numbered(&self.team_1, &self.product_1, item),
            "2" => self.numbered(&self.team_2, &self.product_2, item),
            "3" => self.numbered(&self.team_3, &self.product_3, item),
            "no-complaint" => Ok(Decision::NoComplaint),
            "vulnerable" => {
                let desk = vulnerable_desk.filter(|desk| *desk != item.team).map(str::to_owned);
                Ok(Decision::Vulnerable { desk })
            }
            "not-vulnerable" => Ok(Decision::NotVulnerable),
            "move" if self.team.is_empty() => {
                Err(Problem::wrong("team", "to-team-missing", "say which team gets the complaint"))
            }
            "move" if self.reason.is_empty() || !is_code(&self.reason) => {
                let fix = "give a code: at most 64 letters, digits, dots, dashes and underscores";
                Err(Problem::wrong("reason_code", "no-code", fix))
            }
            "move" => {
                Ok(Decision::Send { team: self.team.clone(), product: None, reason: self.reason.clone() })
            }
            _ => Err(Problem::wrong("decision", "unknown-symbol", "press a button of the page")),
        }
    }
}

impl Decision {
    /// As records have it; `revision` is the route that was seen.
    fn verdict(&self, complaint_id: &str, revision: i64) -> Verdict {
        let of = |kind| Verdict { revision: Some(revision), ..Verdict::new(complaint_id, kind, "") };
        match self {
            Self::Confirm => of(Kind::Confirmed),
            Self::Send { team, product, reason } => Verdict {
                to_team: Some(team.clone()),
                label_after: product.clone(),
                reason_code: reason.clone(),
                ..of(Kind::Reallocated)
            },
            Self::NoComplaint => of(Kind::NotAComplaint),
            Self::Vulnerable { desk: Some(desk) } => Verdict {
                task: Some(VULNERABLE.to_owned()),
                to_team: Some(desk.clone()),
                label_after: Some(YES.to_owned()),
                reason_code: "VULNERABLE".to_owned(),
                ..of(Kind::Reallocated)
            },
            Self::Vulnerable { desk: None } => {
                Verdict { label_after: Some(YES.to_owned()), ..of(Kind::Vulnerability) }
            }
            Self::NotVulnerable => Verdict { label_after: Some(NO.to_owned()), ..of(Kind::Vulnerability) },
        }
    }

    /// Whether the reader has more to say about the same complaint: whose it is.
    fn leaves_open(&self) -> bool {
        matches!(self, Self::NotVulnerable | Self::Vulnerable { desk: None })
    }

    /// What the catalogue's `done-` calls it.
    fn done(&self) -> &'static str {
        match self {
            Self::Confirm => "desk-confirmed",
            Self::Send { .. } => "desk-sent",
            Self::NoComplaint => "desk-no-complaint",
            Self::Vulnerable { .. } => "desk-vulnerable",
            Self::NotVulnerable => "desk-not-vulnerable",
        }
    }
}

pub(super) async fn decide(
    State(pages): State<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Segment(complaint_id): Segment,
    Form(form): Form<DecideForm>,
) -> Response {
    let mut written = Written::new(own);
    let skipped = Skipped::read(&form.skipped);
    let (decision, feedback_id) = match settle(&pages, &frame, &mut written, &complaint_id, &form).await {
        Ok(settled) => settled,
        Err(problem) => return again(&pages, &frame, written, &complaint_id, &form, &problem).await,
    };
    let (done, undo) = (Some(decision.done()), Some((&*feedback_id, &*complaint_id)));
    if decision.leaves_open() {
        return written.lead_to(&Address { complaint_id: Some(&complaint_id), done, undo, skipped });
    }
    let given_back = give_back(&pages.api, &frame.caller, written.own(), &complaint_id, DECIDED).await;
    // It was decided. A lease that could not be given back runs out.
    let _ = written.take(given_back.map(|headers| (headers, ())));
    lead_on(&pages, &frame, written, Before { done, undo }, skipped.without(&complaint_id)).await
}

/// Keeps the complaint, and gives the verdict: what it was, and its id.
async fn settle(
    pages: &PageState,
    frame: &Frame,
    written: &mut Written,
    complaint_id: &str,
    form: &DecideForm,
) -> Result<(Decision, String), Problem> {
    let (state, caller) = (&*pages.api, &frame.caller);
    written.take(keep(state, caller, written.own(), complaint_id).await)?;
    let found = cases::find(state, caller, &written.own(), complaint_id).await?;
    let item = found.item.ok_or_else(|| {
        Problem::absent("case-unknown", "find this complaint: it is read in a moment, ask again")
    })?;
    if form.revision.parse() != Ok(item.revision) {
        let error = "take this decision: the complaint has changed since you saw it, look at it again";
        return Err(Problem::new(StatusCode::CONFLICT, "changed", error));
    }
    let decision = {
        let in_force = block_in_place(|| InForce::read(pages));
        form.decision(&item, in_force.vulnerable_desk())?
    };
    let verdict = decision.verdict(complaint_id, item.revision);
    let given = written.take(give(state, caller, written.own(), vec![verdict]).await)?;
    let feedback_id = given.into_iter().next().map(|given| given.feedback_id).unwrap_or_default();
    Ok((decision, feedback_id))
}

/// The complaint again with why nothing was decided, and with what was typed.
async fn again(
    pages: &PageState,
    frame: &Frame,
    written: Written,
    complaint_id: &str,
    form: &DecideForm,
    why: &Problem,
) -> Response {
    let opened = case::open(pages, frame, &written.own(), complaint_id).await;
    let Ok(Opening::Shown(case)) = opened else { return written.with(problem::page(frame, why)) };
    let beside = show::Beside {
        problem: Some(problem::sentence(frame, why)),
        typed_team: &form.team,
        typed_reason: &form.reason,
        skipped: Skipped::read(&form.skipped),
        ..show::Beside::default()
    };
    written.with(show::page(frame, why.status(), &case, &beside))
}

#[cfg(test)]
mod tests {
    use ombud_contract::{records::Vulnerability, work::Phase};

    use super::*;

    fn item() -> WorkItem {
        WorkItem {
            complaint_id: "c-1".into(),
            team: "triage-desk".into(),
            state: Phase::Open,
            due: None,
            clocks: Vec::new(),
            revision: 7,
            route_id: "r".into(),
            priority: 40,
            vulnerability: Vulnerability::Possible,
            vulnerability_judged: false,
            needs_human: true,
            human_reasons: Vec::new(),
            audit_sample: false,
            product: None,
            issue: None,
            legal_entity: None,
            customer_ref: None,
            external_ref: None,
            received_at: 0,
            changed_at: 0,
            claimed_by: None,
            out_of_order: 0,
        }
    }

    fn form(decision: &str) -> DecideForm {
        let [team_1, product_1] = ["card-services", "Credit card or prepaid card"].map(str::to_owned);
        DecideForm { decision: decision.into(), team_1, product_1, ..DecideForm::default() }
    }

    fn decided(form: &DecideForm) -> Verdict {
        form.decision(&item(), Some("vulnerable-customers")).unwrap().verdict("c-1", 7)
    }

    #[test]
    fn a_number_sends_the_complaint_to_its_team_for_its_product_and_confirms_the_team_that_has_it() {
        let sent = decided(&form("1"));
        assert_eq!((sent.kind, sent.to_team.as_deref()), (Kind::Reallocated, Some("card-services")));
        assert_eq!(
            (sent.label_after.as_deref(), sent.revision),
            (Some("Credit card or prepaid card"), Some(7))
        );
        let here = DecideForm { team_1: "triage-desk".into(), ..form("1") };
        assert_eq!(decided(&here).kind, Kind::Confirmed);
    }

    #[test]
    fn the_vulnerable_go_to_their_desk_and_stay_there() {
        let sent = decided(&form("vulnerable"));
        assert_eq!((sent.kind, sent.task.as_deref()), (Kind::Reallocated, Some(VULNERABLE)));
        assert_eq!(
            (sent.to_team.as_deref(), sent.label_after.as_deref()),
            (Some("vulnerable-customers"), Some(YES))
        );
        let there = form("vulnerable").decision(&item(), Some("triage-desk")).unwrap();
        assert!(there.leaves_open() && there.verdict("c-1", 7).kind == Kind::Vulnerability);
    }

    #[test]
    fn what_no_button_says_decides_nothing() {
        let wrong = [
            (form(""), "unknown-symbol"),
            (form("2"), "unknown-symbol"),
            (form("move"), "to-team-missing"),
            (DecideForm { team: "cards".into(), ..form("move") }, "no-code"),
            (DecideForm { team: "cards".into(), reason: "a text".into(), ..form("move") }, "no-code"),
        ];
        for (form, code) in wrong {
            let problem = form.decision(&item(), None).unwrap_err();
            assert_eq!(problem.body().code.as_deref(), Some(code), "{form:?}");
        }
    }
}
