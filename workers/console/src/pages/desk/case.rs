//! What the desk knows of one complaint. That its narrative was opened is recorded first.

use ombud_contract::records::{Prediction, RoutedComplaint};
use ombud_measure::case::records_of;
use ombud_store::{ItemFilter, ItemOrder, Kind, Lease, WorkItem};
use tokio::task::block_in_place;

use super::{
    in_force::InForce,
    likely::{LikelyTeam, likely_teams},
    pile::{Left, Pile},
    tally::Tally,
    unread::Unread,
};
use crate::{
    blind::is_unjudged,
    cases::{self, CaseEvidence, FoundCase},
    claimant::claimant_of,
    item::{Item, LeaseHolder},
    own_writes::OwnWrites,
    pages::{PageState, frame::Frame},
    refused::Problem,
};

/// The most other complaints of a customer that are shown.
const MOST_OTHERS: usize = 20;
const PRODUCT: &str = "product";

/// Who has the complaint.
pub(super) enum Holder {
    /// The reader, by the lease of this id.
    Reader(String),
    Other(LeaseHolder),
    Nobody,
}

/// What is shown of a complaint.
pub(super) struct DeskCase {
    pub(super) complaint_id: String,
    pub(super) item: Item,
    pub(super) narrative: String,
    pub(super) unread: Unread,
    /// For whoever may see it alone.
    pub(super) evidence: Option<CaseEvidence>,
    /// Of the models that decided.
    pub(super) answers: Vec<Prediction>,
    pub(super) likely: Vec<LikelyTeam>,
    /// It is not yet with a team that would work on it.
    pub(super) is_undecided: bool,
    pub(super) in_force: InForce,
    /// Every team and its name.
    pub(super) teams: Vec<(String, String)>,
    /// Other open complaints of the customer.
    pub(super) others: Vec<Item>,
    pub(super) holder: Holder,
    pub(super) now: i64,
}

/// What opening a complaint at the desk comes to.
pub(super) enum Opening {
    Shown(Box<DeskCase>),
    /// It was drawn at random: it is judged on another page, where the models' answers come after the reader's.
    Blind,
}

/// What stands beside it.
#[derive(Default)]
pub(super) struct Strip {
    pub(super) decided_today: Option<usize>,
    pub(super) left: Option<Left>,
}

impl Strip {
    /// Blocks. What can't be read is not shown.
    pub(super) fn read(pages: &PageState, frame: &Frame, in_force: &InForce, tally: &Tally) -> Self {
        let pile = Pile::of(&frame.caller, in_force);
        Self {
            decided_today: tally.of(&pages.api, frame.caller.signature("")),
            left: pile.left(&*pages.api.worklist).ok(),
        }
    }
}

/// The complaint, where the reader may work on it. Its narrative counts as opened from here on.
pub(super) async fn open(
    pages: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    complaint_id: &str,
) -> Result<Opening, Problem> {
    let (state, caller) = (&*pages.api, &frame.caller);
    let found = cases::find(state, caller, own, complaint_id).await?;
    let item = found.item.clone().ok_or_else(|| {
        let error = "find this complaint in the worklist: it is read in a moment, ask again";
        Problem::absent("case-unknown", error)
    })?;
    if !caller.works_for(&item.team) {
        let error = "work on this complaint: it lies with a team that you do not work for";
        return Err(Problem::forbidden("not-your-team", error));
    }
    if is_unjudged(&item) {
        return Ok(Opening::Blind);
    }
    let narrative = cases::open_narrative(state, caller, &found).await?;
    let evidence = match caller.sees_evidence() {
        true => Some(cases::open_evidence(state, caller, &found).await?),
        false => None,
    };
    block_in_place(|| gather(pages, frame, &found, item, narrative, evidence))
        .map(|case| Opening::Shown(Box::new(case)))
}

/// Everything else of it. Blocks.
fn gather(
    pages: &PageState,
    frame: &Frame,
    found: &FoundCase,
    item: WorkItem,
    narrative: cases::Narrative,
    evidence: Option<CaseEvidence>,
) -> Result<DeskCase, Problem> {
    let (state, now) = (&*pages.api, pages.api.clock.now_ms());
    let in_force = InForce::read(pages);
    let route = newest_route(found);
    let answers = route.as_ref().map(|route| answers_of(found, route)).unwrap_or_default();
    let product = answers.iter().find(|answer| answer.task == PRODUCT);
    let decisions = route.as_ref().map(|route| &*route.decisions).unwrap_or_default();
    let likely = match (product, in_force.table()) {
        (Some(product), Some(table)) => likely_teams(product, decisions, table),
        _ => Vec::new(),
    };
    let unread = Unread::of(&narrative.narrative, &narrative.language, &answers, |answer| {
        in_force.reads_words(answer)
    });
    let lease = state.leases.ask(|leases| leases.held(std::slice::from_ref(&item.complaint_id)))?;
    let lease = lease.get(&item.complaint_id);
    let others = others(pages, frame, &item)?;
    Ok(DeskCase {
        complaint_id: item.complaint_id.clone(),
        is_undecided: in_force.triage_desk() == Some(&*item.team),
        holder: holder(lease, &claimant_of(&frame.caller, None)?.name),
        teams: in_force.teams(pages),
        narrative: narrative.narrative,
        item: Item::of(item, lease, now),
        unread,
        evidence,
        answers,
        likely,
        in_force,
        others,
        now,
    })
}

fn holder(lease: Option<&Lease>, reader: &str) -> Holder {
    match lease {
        Some(lease) if !lease.finished && lease.claim.holder == reader => {
            Holder::Reader(lease.claim.lease_id.clone())
        }
        Some(lease) => Holder::Other(LeaseHolder::from(lease)),
        None => Holder::Nobody,
    }
}

fn newest_route(found: &FoundCase) -> Option<RoutedComplaint> {
    let routes: Vec<RoutedComplaint> = records_of(&found.events, Kind::Routed);
    routes.into_iter().max_by_key(|route| route.revision)
}

/// The answers on which `route` rests, one a task.
fn answers_of(found: &FoundCase, route: &RoutedComplaint) -> Vec<Prediction> {
    let mut answers: Vec<Prediction> = records_of(&found.events, Kind::Prediction);
    answers.retain(|answer| {
        route.decisions.iter().any(|decision| decision.prediction_id == answer.prediction_id)
    });
    answers.sort_by(|one, other| one.task.cmp(&other.task));
    answers.dedup_by(|one, other| one.prediction_id == other.prediction_id);
    answers
}

/// What else the customer complains of and is open, as far as the reader may see it. Blocks.
fn others(pages: &PageState, frame: &Frame, item: &WorkItem) -> Result<Vec<Item>, Problem> {
    let Some(customer_ref) = &item.customer_ref else { return Ok(Vec::new()) };
    let filter = ItemFilter { customer_ref: Some(customer_ref.clone()), ..ItemFilter::default() };
    let page = pages.api.worklist.page(&filter, ItemOrder::Due, None, MOST_OTHERS)?;
    let now = pages.api.clock.now_ms();
    let others = page.items.into_iter();
    let others =
        others.filter(|other| other.complaint_id != item.complaint_id && frame.caller.sees(&other.team));
    Ok(others.map(|other| Item::of(other, None, now)).collect())
}
