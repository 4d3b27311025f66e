//! What would change of one complaint, and how many change how.

use std::collections::BTreeMap;

use ombud_contract::records::{Decision, Outcome, Vulnerability};
use ombud_models::VULNERABLE;
use serde::Serialize;

use super::decide::Side;

/// Where a complaint goes.
pub(super) const TEAM: &str = "team";
/// Which clocks run for it.
pub(super) const CLOCKS: &str = "clocks";
/// How its customer is treated: what the route says, not only the model.
pub(super) const VULNERABILITY: &str = "vulnerability";

/// The same of both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Both<T> {
    /// By who decides now.
    pub champion: T,
    /// With the candidate.
    pub candidate: T,
}

impl<T: PartialEq> Both<T> {
    fn differ(&self) -> bool {
        self.champion != self.candidate
    }
}

/// One side's answer to a task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SideAnswer {
    /// Labelled, abstained or failed.
    pub outcome: Outcome,
    /// The label, or of an abstained answer the best guess.
    pub label: Option<String>,
    /// Its taxonomy level.
    pub level: String,
    /// Calibrated, 0 to 1.
    pub confidence: f32,
}

impl SideAnswer {
    /// What a route reads of it: the label, or that there is none.
    pub fn answer(&self, task: &str) -> String {
        match (self.outcome, &self.label) {
            (Outcome::Labelled, Some(label)) if self.level == task => label.clone(),
            (Outcome::Labelled, Some(label)) => format!("{label} ({})", self.level),
            (Outcome::Abstained, _) => "unsure".to_owned(),
            _ => "no answer".to_owned(),
        }
    }
}

/// A complaint that would be decided otherwise. No narrative: an id, labels and figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangedComplaint {
    /// The complaint.
    pub complaint_id: String,
    /// What would change of it.
    pub changed: Vec<String>,
    /// Where it goes.
    pub team: Both<String>,
    /// The rules of its clocks, sorted.
    pub clocks: Both<Vec<String>>,
    /// How its customer is treated.
    pub vulnerability: Both<String>,
    /// Whether a human looks at the allocation.
    pub needs_human: Both<bool>,
    /// By task, what was answered.
    pub answers: BTreeMap<String, Both<SideAnswer>>,
}

/// From what to what, and how many; those that stay are among them.
pub(super) type Moves = BTreeMap<(String, String), usize>;

/// What was counted of some complaints.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ChangeCounts {
    pub(super) complaints: usize,
    /// By what is compared.
    pub(super) moves: BTreeMap<String, Moves>,
    pub(super) needs_human: (usize, usize),
    pub(super) changed: Vec<ChangedComplaint>,
}

impl ChangeCounts {
    /// Counts one complaint; `tasks` are those that are compared.
    pub(super) fn add(&mut self, complaint_id: &str, sides: Both<&Side>, tasks: &[&str]) {
        let compared = compare(complaint_id, &sides, tasks);
        self.complaints += 1;
        self.needs_human.0 += usize::from(compared.needs_human.champion);
        self.needs_human.1 += usize::from(compared.needs_human.candidate);
        for (aspect, both) in aspects(&compared) {
            *self.moves.entry(aspect).or_default().entry((both.champion, both.candidate)).or_default() += 1;
        }
        if !compared.changed.is_empty() {
            self.changed.push(compared);
        }
    }

    /// With what another thread has counted.
    pub(super) fn join(&mut self, other: Self) {
        self.complaints += other.complaints;
        self.needs_human.0 += other.needs_human.0;
        self.needs_human.1 += other.needs_human.1;
        for (aspect, moves) in other.moves {
            let own = self.moves.entry(aspect).or_default();
            for (way, complaints) in moves {
                *own.entry(way).or_default() += complaints;
            }
        }
        self.changed.extend(other.changed);
    }
}

fn compare(complaint_id: &str, sides: &Both<&Side>, tasks: &[&str]) -> ChangedComplaint {
    let both =
        |of: fn(&Side) -> String| Both { champion: of(sides.champion), candidate: of(sides.candidate) };
    let answers = tasks.iter().filter_map(|task| {
        let said = Both { champion: said(sides.champion, task)?, candidate: said(sides.candidate, task)? };
        Some(((*task).to_owned(), said))
    });
    let mut compared = ChangedComplaint {
        complaint_id: complaint_id.to_owned(),
        changed: Vec::new(),
        team: both(|side| side.route.team.clone()),
        clocks: Both { champion: rules(sides.champion), candidate: rules(sides.candidate) },
        vulnerability: both(|side| treated(side.route.vulnerability)),
        needs_human: Both {
            champion: sides.champion.route.needs_human,
            candidate: sides.candidate.route.needs_human,
        },
        answers: answers.collect(),
    };
    compared.changed =
        aspects(&compared).into_iter().filter(|(_, both)| both.differ()).map(|(aspect, _)| aspect).collect();
    compared
}

/// Everything that is compared of a complaint. The answer about vulnerability counts by what the route makes of it.
pub(super) fn aspects(compared: &ChangedComplaint) -> Vec<(String, Both<String>)> {
    let mut aspects = vec![(TEAM.to_owned(), compared.team.clone())];
    aspects.extend(compared.answers.iter().filter(|(task, _)| *task != VULNERABLE).map(|(task, said)| {
        let both = Both { champion: said.champion.answer(task), candidate: said.candidate.answer(task) };
        (task.clone(), both)
    }));
    aspects.push((VULNERABILITY.to_owned(), compared.vulnerability.clone()));
    let Both { champion, candidate } = &compared.clocks;
    if !champion.is_empty() || !candidate.is_empty() {
        let named = |rules: &[String]| if rules.is_empty() { "none".to_owned() } else { rules.join(", ") };
        let both = Both { champion: named(champion), candidate: named(candidate) };
        aspects.push((CLOCKS.to_owned(), both));
    }
    aspects
}

/// Both sides have one table, so that clocks of one name are alike.
fn rules(side: &Side) -> Vec<String> {
    let mut names: Vec<String> = side.route.clocks.iter().map(|clock| clock.name.clone()).collect();
    names.sort();
    names
}

fn treated(vulnerability: Vulnerability) -> String {
    vulnerability.symbol().to_owned()
}

fn said(side: &Side, task: &str) -> Option<SideAnswer> {
    let decision: &Decision = side.decisions.iter().find(|decision| decision.task == task)?;
    Some(SideAnswer {
        outcome: decision.outcome,
        label: decision.label.clone(),
        level: decision.level.clone(),
        confidence: decision.confidence,
    })
}

#[cfg(test)]
mod tests {
    use ombud_models::Route;

    use super::*;

    fn side(team: &str, answers: &[(&str, Outcome, &str, &str)]) -> Side {
        let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
        let route: ombud_contract::records::RoutedComplaint = serde_json::from_str(example).unwrap();
        let decision = |(task, outcome, level, label): &(&str, Outcome, &str, &str)| Decision {
            task: (*task).into(),
            outcome: *outcome,
            level: (*level).into(),
            label: Some((*label).into()),
            ..route.decisions[0].clone()
        };
        Side {
            decisions: answers.iter().map(decision).collect(),
            route: Route {
                clocks: Vec::new(),
                clock_attributes: Default::default(),
                team: team.into(),
                priority: 1,
                vulnerability: Vulnerability::Possible,
                needs_human: team == "triage",
                human_reasons: Vec::new(),
                resolve_by: None,
                final_response_by: None,
            },
        }
    }

    const LABELLED: Outcome = Outcome::Labelled;

    fn tally(sides: &[(Side, Side)]) -> ChangeCounts {
        let mut tally = ChangeCounts::default();
        for (at, (champion, candidate)) in sides.iter().enumerate() {
            tally.add(&format!("c-{at}"), Both { champion, candidate }, &["issue", "product", "vulnerable"]);
        }
        tally
    }

    #[test]
    fn what_a_route_reads_counts_and_a_guess_or_a_confidence_does_not() {
        let cards = || {
            side(
                "cards",
                &[
                    ("product", LABELLED, "product", "Credit card"),
                    ("issue", Outcome::Abstained, "intent", "Fees"),
                ],
            )
        };
        let mut surer = cards();
        surer.decisions[0].confidence = 0.99;
        surer.decisions[1].label = Some("Fraud".into());
        let coarser = side(
            "cards",
            &[("product", LABELLED, "product", "Credit card"), ("issue", LABELLED, "intent", "Fees")],
        );
        let elsewhere = side(
            "triage",
            &[
                ("product", LABELLED, "product", "A new label"),
                ("issue", Outcome::Abstained, "intent", "Fees"),
            ],
        );
        let counted = tally(&[(cards(), surer), (cards(), coarser), (cards(), elsewhere)]);
        assert_eq!((counted.complaints, counted.needs_human), (3, (0, 1)));
        let changed: Vec<_> =
            counted.changed.iter().map(|one| (one.complaint_id.as_str(), one.changed.clone())).collect();
        let named = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(changed, [("c-1", named(&["issue"])), ("c-2", named(&["team", "product"]))]);
        let moved = |aspect: &str, from: &str, to: &str| {
            counted.moves[aspect].get(&(from.to_owned(), to.to_owned())).copied()
        };
        assert_eq!(moved("issue", "unsure", "Fees (intent)"), Some(1));
        assert_eq!(moved("issue", "unsure", "unsure"), Some(2));
        assert_eq!(moved("team", "cards", "triage"), Some(1));
        assert_eq!(moved("product", "Credit card", "A new label"), Some(1));
        assert_eq!(moved("vulnerability", "POSSIBLE", "POSSIBLE"), Some(3));
    }

    #[test]
    fn a_rule_that_runs_on_one_side_alone_is_a_change() {
        let clock = |name: &str| ombud_contract::records::Clock {
            name: name.into(),
            starts: 0,
            due: 1,
            rule: String::new(),
            calendar: None,
            beyond_calendar: false,
        };
        let with = |names: &[&str]| {
            let mut side = side("cards", &[]);
            side.route.clocks = names.iter().map(|name| clock(name)).collect();
            side
        };
        let counted = tally(&[
            (with(&["b", "a"]), with(&["a", "b"])),
            (with(&["a"]), with(&["a", "b"])),
            (with(&[]), with(&["a"])),
            (with(&[]), with(&[])),
        ]);
        let changed: Vec<_> =
            counted.changed.iter().map(|one| (one.complaint_id.as_str(), &one.changed)).collect();
        let clocks = vec!["clocks".to_owned()];
        assert_eq!(changed, [("c-1", &clocks), ("c-2", &clocks)]);
        let moved =
            |from: &str, to: &str| counted.moves[CLOCKS].get(&(from.to_owned(), to.to_owned())).copied();
        assert_eq!(
            (moved("a, b", "a, b"), moved("a", "a, b"), moved("none", "a")),
            (Some(1), Some(1), Some(1))
        );
    }

    #[test]
    fn counting_apart_and_together_is_the_same() {
        let product = |label| side("cards", &[("product", LABELLED, "product", label)]);
        let pairs = [("a", "b"), ("a", "a"), ("b", "a")].map(|(a, b)| (product(a), product(b)));
        let whole = tally(&pairs);
        let mut joined = tally(&pairs[..1]);
        let mut rest = ChangeCounts::default();
        for (at, (champion, candidate)) in pairs.iter().enumerate().skip(1) {
            rest.add(&format!("c-{at}"), Both { champion, candidate }, &["product"]);
        }
        joined.join(rest);
        assert_eq!(joined, whole);
    }
}
