//! Where one complaint goes: decisions in, queue out. Pure, and total: whatever comes, some team of the table gets it.
//!
//! | what is known | team | a human must look |
//! |---|---|---|
//! | VULNERABLE, or explicit evidence of it | the vulnerable desk | as below |
//! | unreadable, in a language that nobody is to read, product unread, unsure or without a team | the triage desk | yes |
//! | product sure, and a queue takes its issue | that queue | as below |
//! | product sure | the product's team | as below |
//!
//! Beside that, a human looks at the audit sample, at whatever a model failed or was too late to answer, and at a text
//! that the model for the vulnerable cannot read. An
//! issue or a vulnerability that was answered unsurely is noted only: the product is sure, so the allocation is,
//! and the team reads the complaint anyway; to send each of them to a human first would be every fourth complaint.

pub use ombud_contract::verdict::VULNERABLE;

use std::collections::BTreeMap;

use ombud_contract::records::{Clock, Decision, Outcome, Vulnerability};
use ombud_contract::verdict::{AUDIT_SAMPLE, is_drawn};

use crate::answer::vulnerability_of;
use crate::routing::{ClockFacts, ISSUE, PRODUCT, ProductTeam, Queue, RoutingTable, RunningClocks};
use crate::strategy::ActiveStrategy;

/// Withdrawn complaints wait behind all others.
const LOWEST: i32 = 0;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is known of a complaint when it is routed.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The complaint.
    pub complaint_id: &'a str,
    /// BCP 47 tag of the narrative's language.
    pub language: &'a str,
    /// The product, where the CRM knows it for certain: it overrides the model.
    pub known_product: Option<&'a str>,
    /// When the statutory clocks began, unless their rule says otherwise.
    pub received_at: i64,
    /// When a regulator sent it on, where one did.
    pub regulator_sent_at: Option<i64>,
    /// When the customer gave notice, where that was before.
    pub notice_at: Option<i64>,
    /// The company of the group that it is against.
    pub legal_entity: Option<&'a str>,
    /// What else the CRM said.
    pub attributes: &'a BTreeMap<String, String>,
    /// What the models said, at most one for each task.
    pub decisions: &'a [Decision],
    /// Required tasks without a decision.
    pub missing_tasks: &'a [String],
    /// The raw record could not be read.
    pub unreadable: bool,
    /// The customer took the complaint back.
    pub withdrawn: bool,
}

/// Where a complaint goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The queue.
    pub team: String,
    /// Greater is more urgent.
    pub priority: i32,
    /// Never below [`Vulnerability::Possible`] unless a model said so.
    pub vulnerability: Vulnerability,
    /// A human must look at the allocation.
    pub needs_human: bool,
    /// Why, and what else was unsure; sorted.
    pub human_reasons: Vec<String>,
    /// Statutory clock: resolve by.
    pub resolve_by: Option<i64>,
    /// Statutory clock: final response by.
    pub final_response_by: Option<i64>,
    /// The clocks that run, by due, the earliest first.
    pub clocks: Vec<Clock>,
    /// Those attributes that a clock of the strategy looks at.
    pub clock_attributes: BTreeMap<String, String>,
}

/// Routes one complaint. A withdrawn one goes to the queue of its decisions, behind all others and without clocks
/// or review; that queue only learns about it, and has nothing left to do.
pub fn route<'a>(facts: &Facts<'a>, strategy: &'a ActiveStrategy) -> Route {
    let table = &strategy.routing;
    let mut review = Review::default();

    let vulnerability = vulnerability(facts, table, &mut review);
    let product = product(facts, table, &mut review);
    let queue = product.and_then(|(product, _)| issue_queue(facts, table, product, &mut review));
    if is_drawn(facts.complaint_id, strategy.record.audit_basis_points) {
        review.must(AUDIT_SAMPLE);
    }

    let (team, base) = match TeamRule::of(vulnerability, queue, product) {
        TeamRule::VulnerableDesk => (&table.vulnerable_desk, table.priorities.vulnerable),
        TeamRule::Queue(queue) => (&queue.team, queue.priority),
        TeamRule::Product(_, desk) => (&desk.team, table.priorities.routine),
        TeamRule::Triage => (&table.triage_desk, table.priorities.triage),
    };
    if facts.withdrawn {
        return Route {
            team: team.clone(),
            priority: LOWEST,
            vulnerability,
            needs_human: false,
            human_reasons: Vec::new(),
            resolve_by: None,
            final_response_by: None,
            clocks: Vec::new(),
            clock_attributes: BTreeMap::new(),
        };
    }
    let raise = if vulnerability == Vulnerability::Possible { table.priorities.possible_raises } else { 0 };
    let RunningClocks { clocks, resolve_by, final_response_by } =
        running_clocks(facts, table, product.map(|(_, desk)| desk));
    let (needs_human, human_reasons) = review.finish();
    Route {
        team: team.clone(),
        priority: base + raise,
        vulnerability,
        needs_human,
        human_reasons,
        resolve_by,
        final_response_by,
        clocks,
        clock_attributes: table.clock_rules.attributes_of(facts.attributes),
    }
}

/// What decides the team: a row of the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamRule<'a> {
    /// The customer is vulnerable.
    VulnerableDesk,
    /// This queue takes what was answered.
    Queue(&'a Queue),
    /// This product has this team, and no queue takes what was answered.
    Product(&'a str, &'a ProductTeam),
    /// Nothing of that; a route's human reasons say why.
    Triage,
}

impl<'a> TeamRule<'a> {
    fn of(
        vulnerability: Vulnerability,
        queue: Option<&'a Queue>,
        product: Option<(&'a str, &'a ProductTeam)>,
    ) -> Self {
        match (vulnerability, queue, product) {
            (Vulnerability::Vulnerable, _, _) => Self::VulnerableDesk,
            (_, Some(queue), _) => Self::Queue(queue),
            (_, None, Some((product, desk))) => Self::Product(product, desk),
            (_, None, None) => Self::Triage,
        }
    }
}

/// The rule by which [`route`] chooses the team.
pub fn team_rule<'a>(facts: &Facts<'a>, strategy: &'a ActiveStrategy) -> TeamRule<'a> {
    let (table, mut review) = (&strategy.routing, Review::default());
    let vulnerability = vulnerability(facts, table, &mut review);
    let product = product(facts, table, &mut review);
    let queue = product.and_then(|(product, _)| issue_queue(facts, table, product, &mut review));
    TeamRule::of(vulnerability, queue, product)
}

/// The clocks of a complaint that is not withdrawn. A table without rules has days of 24 hours, and no clock of a name.
fn running_clocks<'a>(
    facts: &Facts<'a>,
    table: &'a RoutingTable,
    desk: Option<&ProductTeam>,
) -> RunningClocks {
    if table.clock_rules.is_empty() {
        let days = desk.map_or(table.clocks, |desk| desk.clocks);
        let by =
            |days: Option<u16>| days.map(|days| facts.received_at.saturating_add(i64::from(days) * DAY_MS));
        return RunningClocks {
            clocks: Vec::new(),
            resolve_by: by(days.resolve_by_days),
            final_response_by: by(days.final_response_by_days),
        };
    }
    // Also where people have to look at it first: a clock runs by what the complaint is about, whoever has it.
    let known = match TaskAnswer::of(PRODUCT, facts) {
        TaskAnswer::Sure(_, label) => Some(label),
        _ => None,
    };
    let issue = |level: &str| match TaskAnswer::of(ISSUE, facts) {
        TaskAnswer::Sure(decision, _) => table.label_at(decision, level),
        _ => None,
    };
    table.clock_rules.run(&ClockFacts {
        received_at: facts.received_at,
        regulator_sent_at: facts.regulator_sent_at,
        notice_at: facts.notice_at,
        legal_entity: facts.legal_entity,
        attributes: facts.attributes,
        product: facts.known_product.or(known),
        issue: &issue,
    })
}

/// What is known about a task of one complaint.
enum TaskAnswer<'a> {
    Sure(&'a Decision, &'a str),
    Abstained,
    /// The model cannot read the text.
    Unread,
    Failed,
    /// Required, and not there.
    Missing,
    /// The strategy doesn't require it.
    Unasked,
}

impl<'a> TaskAnswer<'a> {
    fn of(task: &str, facts: &Facts<'a>) -> Self {
        let Some(decision) = facts.decisions.iter().find(|decision| decision.task == task) else {
            let required = facts.missing_tasks.iter().any(|missing| missing == task);
            return if required { Self::Missing } else { Self::Unasked };
        };
        match (decision.outcome, &decision.label) {
            (Outcome::Labelled, Some(label)) => Self::Sure(decision, label),
            (Outcome::Abstained, _) if decision.unread.is_some() => Self::Unread,
            (Outcome::Abstained, _) => Self::Abstained,
            (Outcome::Failed | Outcome::Labelled, _) => Self::Failed,
        }
    }
}

/// I10: only a model's clear no, on a text that it reads, is a no.
fn vulnerability(facts: &Facts<'_>, table: &RoutingTable, review: &mut Review) -> Vulnerability {
    let answered = match TaskAnswer::of(VULNERABLE, facts) {
        TaskAnswer::Sure(_, label) => vulnerability_of(label),
        unsure => {
            if !facts.unreadable {
                review.unanswered(VULNERABLE, &unsure);
            }
            Vulnerability::Possible
        }
    };
    // Needs no model, so it counts where the model failed as well.
    let explicit = |decision: &Decision| decision.task == VULNERABLE && decision.explicit_evidence;
    let answered = if facts.decisions.iter().any(explicit) { Vulnerability::Vulnerable } else { answered };
    if facts.unreadable || !table.reads(facts.language) {
        answered.max(Vulnerability::Possible)
    } else {
        answered
    }
}

/// The product that decides the team, and its desk; `None` sends the complaint to triage and says why.
fn product<'a>(
    facts: &Facts<'a>,
    table: &'a RoutingTable,
    review: &mut Review,
) -> Option<(&'a str, &'a ProductTeam)> {
    if facts.unreadable {
        review.must("unreadable");
        return None;
    }
    let product = match (facts.known_product, TaskAnswer::of(PRODUCT, facts)) {
        (Some(known), _) => Some(known),
        (None, TaskAnswer::Sure(_, label)) => Some(label),
        (None, TaskAnswer::Unasked) => {
            review.must("missing-product");
            None
        }
        (None, unsure) => {
            review.unanswered(PRODUCT, &unsure);
            review.needed = true;
            None
        }
    };
    let served = product.and_then(|product| Some((product, table.products.get(product)?)));
    if product.is_some() && served.is_none() {
        // The CRM's certainty, or a newer label set than the table's: a guess of another product would be wrong.
        review.must("unknown-product");
    }
    if !table.reads(facts.language) {
        review.must("language-unread");
        return None;
    }
    served
}

fn issue_queue<'t>(
    facts: &Facts<'_>,
    table: &'t RoutingTable,
    product: &str,
    review: &mut Review,
) -> Option<&'t Queue> {
    review.unanswered(ISSUE, &TaskAnswer::of(ISSUE, facts));
    let takes = |task: &str, level: &str, labels: &[String]| match TaskAnswer::of(task, facts) {
        TaskAnswer::Sure(decision, _) => {
            table.label_at(decision, level).is_some_and(|label| labels.iter().any(|l| l == label))
        }
        _ => false,
    };
    table
        .queues
        .iter()
        .filter(|queue| queue.products.is_empty() || queue.products.iter().any(|p| p == product))
        .find(|queue| takes(&queue.task, &queue.level, &queue.labels))
}

/// The team that a complaint goes to if its product is `product`, by that and by what was decided of its issue alone: what a
/// person is shown who is to say the product. `None` where the table has no such product.
pub fn team_of_product<'t>(
    table: &'t RoutingTable,
    product: &str,
    decisions: &[Decision],
) -> Option<&'t str> {
    let desk = table.products.get(product)?;
    let attributes = BTreeMap::new();
    let facts = Facts {
        complaint_id: "",
        language: "",
        known_product: Some(product),
        received_at: 0,
        regulator_sent_at: None,
        notice_at: None,
        legal_entity: None,
        attributes: &attributes,
        decisions,
        missing_tasks: &[],
        unreadable: false,
        withdrawn: false,
    };
    let queue = issue_queue(&facts, table, product, &mut Review::default());
    Some(queue.map_or(&desk.team, |queue| &queue.team))
}

/// What a human should know about the allocation.
#[derive(Default)]
struct Review {
    needed: bool,
    reasons: Vec<String>,
}

impl Review {
    fn must(&mut self, reason: &str) {
        self.needed = true;
        self.reasons.push(reason.to_owned());
    }

    /// An unsure answer is noted; none at all is for a human, who knows less than the team was promised.
    fn unanswered(&mut self, task: &str, answer: &TaskAnswer<'_>) {
        let (how, must) = match answer {
            TaskAnswer::Sure(..) | TaskAnswer::Unasked => return,
            TaskAnswer::Abstained => ("abstained", false),
            // Whether somebody is vulnerable is not left open because the product is known.
            TaskAnswer::Unread => ("unread", task == VULNERABLE),
            TaskAnswer::Failed => ("failed", true),
            TaskAnswer::Missing => ("missing", true),
        };
        self.needed |= must;
        self.reasons.push(format!("{how}-{task}"));
    }

    fn finish(mut self) -> (bool, Vec<String>) {
        self.reasons.sort();
        self.reasons.dedup();
        (self.needed, self.reasons)
    }
}
