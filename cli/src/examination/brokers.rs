//! Kafka, its topics and groups, and the schema registry.

use ombud_contract::catalogue::Topic;
use ombud_kafka::{Admin, Brokers, Group, Mode, Outcome, Registry, RegistryConnection, State, Wish};
use ombud_launch::config::Settings;

use super::{Finding, clocks};
use crate::log::connect;

const SET_UP: &str = "run `ombud setup`";
/// What every group of ours is called before its work.
const OURS: &str = "ombud.";
/// What works wherever complaints are triaged: the group, and the command that joins it.
const NEEDED: [(&str, &str); 3] = [
    ("ombud.infer.", "ombud infer --task all"),
    ("ombud.join", "ombud join"),
    ("ombud.archive", "ombud archive"),
];

pub(super) fn check(settings: &Settings, findings: &mut Vec<Finding>) {
    let connection = match connect::kafka(settings) {
        Ok(connection) => connection,
        Err(error) => return findings.push(Finding::failed("kafka", error)),
    };
    let prefix = &settings.topics.prefix;
    kafka(&connection.brokers, prefix, findings);
    clocks::brokers(&connection, prefix, findings);
    registry(&connection.registry, prefix, findings);
}

fn kafka(brokers: &Brokers, prefix: &str, findings: &mut Vec<Finding>) {
    let admin = match Admin::connect(brokers) {
        Ok(admin) => admin,
        Err(error) => return findings.push(Finding::failed("kafka", error)),
    };
    findings.push(match admin.brokers() {
        Ok(found) => Finding::ok("kafka", format!("brokers {}", found.join(", "))),
        Err(error) => Finding::failed("kafka", error),
    });
    match admin.ensure_topics(prefix, Wish::default(), Mode::DryRun) {
        Ok(outcomes) => outcomes_of("topics", "topics as the catalogue has them", &outcomes, findings),
        Err(error) => findings.push(Finding::failed("topics", error)),
    }
    match admin.groups(OURS, prefix) {
        Ok(found) => groups(&found, findings),
        Err(error) => findings.push(Finding::failed("groups", error)),
    }
}

fn registry(connection: &RegistryConnection, prefix: &str, findings: &mut Vec<Finding>) {
    let registry =
        match Registry::connect(connection).and_then(|registry| registry.subjects().map(|_| registry)) {
            Ok(registry) => registry,
            Err(error) => return findings.push(Finding::failed("registry", error)),
        };
    findings.push(Finding::ok("registry", registry.address()));
    let found: Result<Vec<_>, _> =
        Topic::ALL.into_iter().map(|topic| registry.register(topic, prefix, Mode::DryRun)).collect();
    match found {
        Ok(outcomes) => outcomes_of("schemas", "subjects hold the catalogue's schemas", &outcomes, findings),
        Err(error) => findings.push(Finding::failed("schemas", error)),
    }
}

/// One line for all that is well, and one for each that isn't.
fn outcomes_of(what: &'static str, well: &str, outcomes: &[Outcome], findings: &mut Vec<Finding>) {
    let unchanged = outcomes.iter().filter(|outcome| outcome.state == State::Unchanged).count();
    if unchanged > 0 {
        findings.push(Finding::ok(what, format!("{unchanged} {well}")));
    }
    for Outcome { name, state, details, fix } in outcomes {
        let details = details.join("; ");
        findings.push(match state {
            State::Unchanged if details.is_empty() => continue,
            State::Unchanged => Finding::ok(what, format!("{name}: {details}")),
            State::Created => Finding::bad(what, format!("{name} is missing"), SET_UP),
            State::Changed => Finding::bad(what, format!("{name} differs: {details}"), SET_UP),
            State::Refused => {
                let fix = fix.as_deref().unwrap_or("as said there");
                Finding::bad(what, format!("{name} differs: {details}"), fix)
            }
        });
    }
}

fn groups(found: &[Group], findings: &mut Vec<Finding>) {
    for (name, command) in NEEDED {
        if !found.iter().any(|group| group.name.starts_with(name)) {
            let found = format!("nobody has worked as {} yet", name.trim_end_matches('.'));
            findings.push(Finding::warn("groups", found, format!("start `{command}`")));
        }
    }
    for group in found {
        findings.push(group_finding(group));
    }
}

fn group_finding(group: &Group) -> Finding {
    let Group { name, state, members, topics } = group;
    let lags = topics.iter().map(|topic| format!("{} behind in {}", topic.lag, topic.topic));
    let lags = lags.collect::<Vec<_>>().join(", ");
    let lags = if lags.is_empty() { "no position yet".to_owned() } else { lags };
    let found = format!("{name}: {}, members {members}, {lags}", state.to_lowercase());
    let lost: Vec<String> = topics
        .iter()
        .filter(|topic| !topic.lost.is_empty())
        .map(|topic| format!("{} {:?}", topic.topic, topic.lost))
        .collect();
    if !lost.is_empty() {
        let lost = lost.join(", ");
        let fix =
            "records were dropped unread: set the group's offsets by hand, then look for what is missing";
        return Finding::bad("groups", format!("{found}; its positions are gone in partitions {lost}"), fix);
    }
    if *members == 0 && topics.iter().any(|topic| topic.lag > 0) {
        return Finding::warn("groups", found, "records wait and nobody works: start its workers");
    }
    Finding::ok("groups", found)
}

#[cfg(test)]
mod tests {
    use ombud_kafka::Lag;

    use super::*;
    use crate::examination::Health;

    fn group(members: usize, lag: i64, lost: Vec<i32>) -> Group {
        let topics = vec![Lag { topic: "complaints.raw".into(), lag, committed: 1, partitions: 1, lost }];
        Group { name: "ombud.join".into(), state: "Stable".into(), members, topics }
    }

    #[test]
    fn a_group_without_members_is_no_fault_while_nothing_waits() {
        assert_eq!(group_finding(&group(0, 0, Vec::new())).health, Health::Ok);
        assert_eq!(group_finding(&group(0, 1, Vec::new())).health, Health::Warn);
        assert_eq!(group_finding(&group(2, 1_000, Vec::new())).health, Health::Ok);
    }

    #[test]
    fn lost_positions_are_bad() {
        let finding = group_finding(&group(1, 0, vec![3]));
        assert_eq!(finding.health, Health::Bad);
        assert!(finding.found.contains("complaints.raw [3]"), "{}", finding.found);
    }

    #[test]
    fn who_never_worked_is_named_with_the_command() {
        let mut findings = Vec::new();
        groups(&[group(1, 0, Vec::new())], &mut findings);
        let fixes: Vec<&str> = findings.iter().filter_map(|finding| finding.fix.as_deref()).collect();
        assert_eq!(fixes, ["start `ombud infer --task all`", "start `ombud archive`"]);
    }

    #[test]
    fn a_missing_topic_is_bad_and_the_rest_is_one_line() {
        let outcome = |state| Outcome { name: "t".into(), state, details: Vec::new(), fix: None };
        let mut findings = Vec::new();
        let outcomes = [outcome(State::Unchanged), outcome(State::Created), outcome(State::Unchanged)];
        outcomes_of("topics", "topics are well", &outcomes, &mut findings);
        assert_eq!((findings.len(), findings[0].found.as_str()), (2, "2 topics are well"));
        assert_eq!((findings[1].health, findings[1].fix.as_deref()), (Health::Bad, Some(SET_UP)));
    }

    #[test]
    fn a_topic_that_is_too_narrow_is_bad_and_comes_with_the_command() {
        let (details, fix) = (vec!["it has 4 partitions".into()], Some("run `ombud setup --widen 6`".into()));
        let narrow = Outcome { name: "complaints.routed".into(), state: State::Refused, details, fix };
        let mut findings = Vec::new();
        outcomes_of("topics", "topics are well", &[narrow], &mut findings);
        assert_eq!(findings[0].health, Health::Bad);
        assert_eq!(findings[0].fix.as_deref(), Some("run `ombud setup --widen 6`"));
        assert!(findings[0].found.contains("complaints.routed differs: it has 4"), "{}", findings[0].found);
    }
}
