//! Which rule of the routing table decided the team, in a plain sentence, and which clocks run.

use std::collections::BTreeMap;

use ombud_contract::records::{Decision, RawComplaint, RoutedComplaint, Why};
use ombud_models::{Facts, PRODUCT, Queue, TeamRule, VULNERABLE};

/// What was known when a complaint was routed, but for what the models said.
pub(crate) fn facts<'a>(
    raw: &'a RawComplaint,
    route: &'a RoutedComplaint,
    decisions: &'a [Decision],
) -> Facts<'a> {
    Facts {
        complaint_id: &raw.complaint_id,
        language: &raw.language,
        known_product: raw.known_product.as_deref(),
        received_at: raw.received_at,
        regulator_sent_at: raw.regulator_sent_at,
        notice_at: raw.notice_at,
        legal_entity: raw.legal_entity.as_deref(),
        attributes: &raw.attributes,
        decisions,
        missing_tasks: &route.missing_tasks,
        unreadable: route.why == Why::Unreadable,
        withdrawn: route.why == Why::Withdrawn,
    }
}

/// The rule that decided, in a plain sentence.
pub(crate) fn rule_sentence(facts: &Facts<'_>, route: &RoutedComplaint, rule: TeamRule<'_>) -> String {
    let team = &route.team;
    match route.why {
        Why::Withdrawn => {
            return format!("The customer took the complaint back, so it stays with {team}, which had it.");
        }
        Why::Unreadable => {
            return format!(
                "The newest submission could not be read, so it went to {team}: the team that had the complaint, or else people who look."
            );
        }
        _ => {}
    }
    match rule {
        TeamRule::VulnerableDesk => {
            let says = |decision: &&Decision| decision.task == VULNERABLE && decision.explicit_evidence;
            let because = if facts.decisions.iter().any(|decision| says(&decision)) {
                "a narrative that says so outright"
            } else {
                "the answer VULNERABLE"
            };
            format!("{team} gets every complaint of a customer who counts as vulnerable, here by {because}.")
        }
        TeamRule::Queue(queue) => {
            let label = taken(queue, facts.decisions).unwrap_or("it");
            format!(
                "{}, and the queue of {team} takes {label} ({}, level {}).",
                product(facts),
                queue.task,
                queue.level
            )
        }
        TeamRule::Product(..) => {
            format!(
                "{}, whose complaints go to {team}; no queue takes anything else that was answered.",
                product(facts)
            )
        }
        TeamRule::Triage => {
            let why = triage(route);
            let because = if why.is_empty() { String::new() } else { format!(" ({})", why.join("; ")) };
            format!("Which team it is for is not sure{because}, so it went to {team}, where people look.")
        }
    }
}

/// The clocks of a route, by name; those of a table without named rules go by the fields that have them.
pub(crate) fn clocks(route: &RoutedComplaint) -> Vec<(String, i64)> {
    if !route.clocks.is_empty() {
        return route.clocks.iter().map(|clock| (clock.name.clone(), clock.due)).collect();
    }
    let fields = [("resolve-by", route.resolve_by), ("final-response-by", route.final_response_by)];
    fields.into_iter().filter_map(|(name, due)| Some((name.to_owned(), due?))).collect()
}

fn product(facts: &Facts<'_>) -> String {
    if let Some(known) = facts.known_product {
        return format!("The product is {known}, as the CRM said");
    }
    let decision = facts.decisions.iter().find(|decision| decision.task == PRODUCT);
    let label = decision.and_then(|decision| decision.label.as_deref()).unwrap_or("not known");
    format!("The product is {label}")
}

/// The label for which a queue took the complaint.
fn taken<'a>(queue: &Queue, decisions: &'a [Decision]) -> Option<&'a str> {
    let decision = decisions.iter().find(|decision| decision.task == queue.task)?;
    let labels = decision.path.iter().chain(&decision.label);
    labels.map(String::as_str).find(|label| queue.labels.iter().any(|taken| taken == label))
}

/// Why a complaint went to triage: of a route's reasons those that can send it there.
fn triage(route: &RoutedComplaint) -> Vec<&'static str> {
    let reasons = BTreeMap::from([
        ("unreadable", "the submission could not be read"),
        ("missing-product", "no model answered the product in time"),
        ("abstained-product", "the model is not sure enough of the product"),
        ("unread-product", "the model of the product cannot read the text"),
        ("failed-product", "the model of the product failed"),
        ("unknown-product", "no team of the routing table has its product"),
        ("language-unread", "nobody but people is to read its language"),
    ]);
    route.human_reasons.iter().filter_map(|reason| reasons.get(reason.as_str()).copied()).collect()
}

/// The task whose answer holds the complaint with its team.
pub(crate) fn deciding_task<'a>(rule: TeamRule<'a>) -> &'a str {
    match rule {
        TeamRule::VulnerableDesk => VULNERABLE,
        TeamRule::Queue(queue) => &queue.task,
        TeamRule::Product(..) | TeamRule::Triage => PRODUCT,
    }
}
