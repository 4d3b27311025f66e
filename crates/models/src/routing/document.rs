//! The routing table as it is written, and every check between that and a table that may route.

use std::collections::BTreeMap;

use ombud_contract::taxonomy::{LabelTree, Taxonomy};
use ombud_contract::verdict::VULNERABLE;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{
    ClockDays, ISSUE, LabelSets, PRODUCT, Priorities, ProductTeam, Queue, RoutingError, RoutingTable,
    clock_document::ClocksDocument,
};
use crate::place::line_at;

/// Priorities are 1 to this; 0 is reserved for withdrawn complaints.
const MOST_URGENT: i32 = 100;

/// Days of 24 hours, where they are written.
type Days = Option<Spanned<u16>>;

/// The table as it is written; places are kept for errors.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoutingDocument {
    languages: Spanned<Vec<String>>,
    triage_desk: Spanned<String>,
    vulnerable_desk: Spanned<String>,
    label_sets: Spanned<LabelSets>,
    /// Trees that this version doesn't know: a joiner reads no model, which would bring them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    label_trees: Vec<Spanned<LabelTree>>,
    priorities: PrioritiesDocument,
    #[serde(default)]
    clocks: ClocksDocument,
    teams: Spanned<BTreeMap<Spanned<String>, String>>,
    products: Spanned<BTreeMap<Spanned<String>, ProductTeamDocument>>,
    #[serde(default)]
    queues: Vec<Spanned<QueueDocument>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PrioritiesDocument {
    routine: Spanned<i32>,
    triage: Spanned<i32>,
    vulnerable: Spanned<i32>,
    possible_raises: Spanned<i32>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductTeamDocument {
    team: Spanned<String>,
    resolve_by_days: Days,
    final_response_by_days: Days,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueueDocument {
    team: Spanned<String>,
    task: Option<Spanned<String>>,
    level: Option<Spanned<String>>,
    labels: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    products: Vec<Spanned<String>>,
    priority: Option<Spanned<i32>>,
}

impl RoutingDocument {
    /// Checks the table; `text` is what it was read from, for the lines.
    pub(crate) fn check(&self, text: &str) -> Result<RoutingTable, RoutingError> {
        let checks = Checks { document: self, text };
        checks.label_trees()?;
        let sets = self.label_sets.get_ref();
        let products = checks.taxonomy(&sets.product)?;
        let issues = checks.taxonomy(&sets.issue)?;
        checks.languages()?;
        checks.team(&self.triage_desk)?;
        checks.team(&self.vulnerable_desk)?;
        let priorities = checks.priorities()?;
        let days = (&self.clocks.resolve_by_days, &self.clocks.final_response_by_days);
        let clocks = checks.days(days, ClockDays::default())?;
        let clock_rules = self.clocks.check(text, products, issues)?;
        Ok(RoutingTable {
            languages: self.languages.get_ref().clone(),
            triage_desk: self.triage_desk.get_ref().clone(),
            vulnerable_desk: self.vulnerable_desk.get_ref().clone(),
            priorities,
            clocks,
            clock_rules,
            teams: self
                .teams
                .get_ref()
                .iter()
                .map(|(team, name)| (team.get_ref().clone(), name.clone()))
                .collect(),
            products: checks.products(products, clocks)?,
            queues: self
                .queues
                .iter()
                .map(|queue| checks.queue(queue, products, issues, priorities))
                .collect::<Result<_, _>>()?,
            label_sets: sets.clone(),
            issue_levels: issues.levels().rev().map(str::to_owned).collect(),
        })
    }
}

struct Checks<'a> {
    document: &'a RoutingDocument,
    text: &'a str,
}

impl Checks<'_> {
    fn refuse<T>(&self, place: std::ops::Range<usize>, what: String) -> Result<T, RoutingError> {
        Err(RoutingError { line: line_at(self.text, place.start), what })
    }

    fn label_trees(&self) -> Result<(), RoutingError> {
        for tree in &self.document.label_trees {
            if let Err(error) = Taxonomy::grow(tree.get_ref()) {
                return self.refuse(tree.span(), format!("label_trees: {error}"));
            }
        }
        Ok(())
    }

    fn taxonomy(&self, label_set: &str) -> Result<&'static Taxonomy, RoutingError> {
        match Taxonomy::by_label_set(label_set) {
            Some(taxonomy) => Ok(taxonomy),
            None => self.refuse(
                self.document.label_sets.span(),
                format!(
                    "label_sets: there is no taxonomy `{label_set}`: name one of schemas/taxonomy/, or write its tree \
                     in [[label_trees]]"
                ),
            ),
        }
    }

    fn languages(&self) -> Result<(), RoutingError> {
        let languages = &self.document.languages;
        let is_subtag = |l: &String| (2..=8).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_alphabetic());
        match languages.get_ref().iter().find(|language| !is_subtag(language)) {
            Some(wrong) => self.refuse(
                languages.span(),
                format!("languages: `{wrong}` is no language subtag: write `en`, or `und` for unknown"),
            ),
            None if languages.get_ref().is_empty() => {
                self.refuse(languages.span(), "languages is empty: name what the models read".to_owned())
            }
            None => Ok(()),
        }
    }

    fn team(&self, team: &Spanned<String>) -> Result<(), RoutingError> {
        if self.document.teams.get_ref().contains_key(team) {
            return Ok(());
        }
        self.refuse(team.span(), format!("team `{}` is not in [teams]: add it there", team.get_ref()))
    }

    fn priorities(&self) -> Result<Priorities, RoutingError> {
        let PrioritiesDocument { routine, triage, vulnerable, possible_raises } = &self.document.priorities;
        for priority in [routine, triage, vulnerable, possible_raises] {
            self.priority(priority)?;
        }
        let priorities = Priorities {
            routine: *routine.get_ref(),
            triage: *triage.get_ref(),
            vulnerable: *vulnerable.get_ref(),
            possible_raises: *possible_raises.get_ref(),
        };
        for usual in [routine, triage] {
            self.below_vulnerable(usual, priorities)?;
        }
        Ok(priorities)
    }

    fn priority(&self, priority: &Spanned<i32>) -> Result<(), RoutingError> {
        let value = *priority.get_ref();
        if (1..=MOST_URGENT).contains(&value) {
            return Ok(());
        }
        self.refuse(priority.span(), format!("priority {value} is out of range: write 1 to {MOST_URGENT}"))
    }

    // A customer who may be vulnerable never overtakes one who is.
    fn below_vulnerable(&self, priority: &Spanned<i32>, all: Priorities) -> Result<(), RoutingError> {
        let raised = *priority.get_ref() + all.possible_raises;
        if raised <= all.vulnerable {
            return Ok(());
        }
        self.refuse(
            priority.span(),
            format!(
                "priority {} raised by {} passes vulnerable, {}: lower it",
                priority.get_ref(),
                all.possible_raises,
                all.vulnerable
            ),
        )
    }

    /// The days that are written (resolve, final response), else `usual`; where both are, in their order.
    fn days(&self, (resolve, last): (&Days, &Days), usual: ClockDays) -> Result<ClockDays, RoutingError> {
        let days = |own: &Days| own.as_ref().map(|days| *days.get_ref());
        let clocks = ClockDays {
            resolve_by_days: days(resolve).or(usual.resolve_by_days),
            final_response_by_days: days(last).or(usual.final_response_by_days),
        };
        for own in [resolve, last].into_iter().flatten() {
            if self.document.clocks.has_rules() {
                let what = "days stand beside [clocks.rules]: write them as a rule, or leave the rules out"
                    .to_owned();
                return self.refuse(own.span(), what);
            }
            if *own.get_ref() == 0 {
                return self.refuse(own.span(), "0 days: leave it out where no clock runs".to_owned());
            }
            if let (Some(resolve), Some(last)) = (clocks.resolve_by_days, clocks.final_response_by_days)
                && resolve > last
            {
                let what = format!("resolve_by_days {resolve} is after final_response_by_days {last}");
                return self.refuse(own.span(), what);
            }
        }
        Ok(clocks)
    }

    fn products(
        &self,
        taxonomy: &Taxonomy,
        usual: ClockDays,
    ) -> Result<BTreeMap<String, ProductTeam>, RoutingError> {
        let mut teams = BTreeMap::new();
        for (product, own) in self.document.products.get_ref() {
            self.known_product(product, taxonomy)?;
            self.team(&own.team)?;
            let clocks = self.days((&own.resolve_by_days, &own.final_response_by_days), usual)?;
            let team = own.team.get_ref().clone();
            teams.insert(product.get_ref().clone(), ProductTeam { team, clocks });
        }
        match taxonomy.leaves().iter().find(|product| !teams.contains_key(*product)) {
            Some(product) => self.refuse(
                self.document.products.span(),
                format!("product `{product}` has no team: add \"{product}\" = {{ team = \"...\" }}"),
            ),
            None => Ok(teams),
        }
    }

    fn known_product(&self, product: &Spanned<String>, taxonomy: &Taxonomy) -> Result<(), RoutingError> {
        if taxonomy.leaves().contains(product.get_ref()) {
            return Ok(());
        }
        let set = &self.document.label_sets.get_ref().product;
        self.refuse(
            product.span(),
            format!("`{}` is no product of {set}: {}", product.get_ref(), taxonomy.leaves().join("; ")),
        )
    }

    fn queue(
        &self,
        place: &Spanned<QueueDocument>,
        products: &Taxonomy,
        issues: &Taxonomy,
        priorities: Priorities,
    ) -> Result<Queue, RoutingError> {
        let queue = place.get_ref();
        self.team(&queue.team)?;
        let task = queue.task.as_ref().map_or(ISSUE, |task| task.get_ref().as_str());
        if let Some(named) =
            queue.task.as_ref().filter(|named| [PRODUCT, VULNERABLE].contains(&named.get_ref().as_str()))
        {
            return self.refuse(
                named.span(),
                format!("queues can't take the task `{task}`: it has [products] or the vulnerable desk"),
            );
        }
        if queue.labels.get_ref().is_empty() {
            let what = "labels is empty: the queue would take nothing".to_owned();
            return self.refuse(queue.labels.span(), what);
        }
        let level = queue.level.as_ref().map_or(task, |level| level.get_ref().as_str());
        if task == ISSUE {
            self.issue_labels(queue, level, issues)?;
        }
        for product in &queue.products {
            self.known_product(product, products)?;
        }
        if let Some(priority) = &queue.priority {
            self.priority(priority)?;
            self.below_vulnerable(priority, priorities)?;
        }
        let plain = |list: &[Spanned<String>]| list.iter().map(|item| item.get_ref().clone()).collect();
        Ok(Queue {
            team: queue.team.get_ref().clone(),
            task: task.to_owned(),
            level: level.to_owned(),
            labels: plain(queue.labels.get_ref()),
            products: plain(&queue.products),
            priority: queue.priority.as_ref().map_or(priorities.routine, |priority| *priority.get_ref()),
        })
    }

    fn issue_labels(
        &self,
        queue: &QueueDocument,
        level: &str,
        issues: &Taxonomy,
    ) -> Result<(), RoutingError> {
        let set = &self.document.label_sets.get_ref().issue;
        let Some(known) = issues.labels(level) else {
            let place = queue.level.as_ref().map_or(queue.team.span(), Spanned::span);
            let levels = issues.levels().collect::<Vec<_>>().join(", ");
            return self.refuse(place, format!("level `{level}` is not in {set}: write one of {levels}"));
        };
        match queue.labels.get_ref().iter().find(|label| !known.contains(label.get_ref())) {
            Some(label) => self.refuse(
                label.span(),
                format!("`{}` is no {level} of {set}: write it as in schemas/taxonomy/", label.get_ref()),
            ),
            None => Ok(()),
        }
    }
}
