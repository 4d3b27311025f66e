//! What a narrative says outright: phrases of a numbered table, found by category, with their places and nothing else.
//!
//! fold the narrative to words -> which categories occur at all (one pass) -> their places, less what is taken back
//!
//! A table is data, `schemas/evidence/`; its README says how phrases are read. All of it takes time linear in the
//! narrative, and the whole narrative is read, also what lies beyond a model's longest input.

mod document;
mod driver;
mod fold;
mod pattern;

use std::{iter::Peekable, sync::LazyLock};

pub use driver::Driver;
use ombud_contract::records::Evidence;
use regex::{Regex, RegexSet};

use document::Document;
use fold::Folded;

/// The most places of one category and strength that are given: a prediction has a size to keep, and the ninth place
/// makes nothing clearer.
const MOST_PLACES: usize = 8;

/// A numbered table of phrases that say something outright.
#[derive(Debug)]
pub struct EvidenceTable {
    name: String,
    task: String,
    categories: Vec<Category>,
    /// For each category, in their order, whether any of its phrases occurs.
    occurs: RegexSet,
}

/// One kind of evidence.
#[derive(Debug)]
pub struct Category {
    /// Its name, such as `armed_forces`.
    pub name: String,
    /// What it means, in a sentence.
    pub definition: String,
    /// Where the idea comes from.
    pub source: String,
    /// Under which driver of FG21/1 it is counted.
    pub driver: Driver,
    explicit: Option<Regex>,
    hint: Option<Regex>,
    /// What takes a phrase back that it overlaps.
    unless: Regex,
}

impl EvidenceTable {
    /// The table of that name, such as `vulnerable@1`; `None` for one that this version does not know.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let mut tables = DOCUMENTS.iter().zip(&TABLES);
        tables.find(|(document, _)| document.name() == name).map(|(_, table)| &**table)
    }

    /// The newest table for `task`, for a model that is being made; `None` where the task has none.
    pub fn newest_for(task: &str) -> Option<&'static Self> {
        let mut tables = DOCUMENTS.iter().zip(&TABLES).rev();
        tables.find(|(document, _)| document.task == task).map(|(_, table)| &**table)
    }

    /// Its name, such as `vulnerable@1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The task that it answers.
    pub fn task(&self) -> &str {
        &self.task
    }

    /// Its categories, in the order of the file.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// What `narrative` says outright, in its order. Case, accents and punctuation make no difference.
    pub fn find(&self, narrative: &str) -> Vec<Evidence> {
        let folded = Folded::of(narrative);
        let mut found = Vec::new();
        for at in self.occurs.matches(folded.text()) {
            self.categories[at].find(&folded, &mut found);
        }
        found.sort_by(|a, b| (a.start, a.end, &a.category).cmp(&(b.start, b.end, &b.category)));
        found
    }
}

impl Category {
    fn find(&self, folded: &Folded, found: &mut Vec<Evidence>) {
        let text = folded.text();
        let explicit = standing(&self.explicit, &self.unless, text);
        let hints = standing(&self.hint, &self.unless, text);
        // A hint inside of what is explicit adds nothing.
        let hints = apart(hints, explicit.clone());
        let one = |(start, end), explicit| {
            let (start, end) = folded.place(start, end)?;
            Some(Evidence { category: self.name.clone(), explicit, start, end })
        };
        found.extend(explicit.into_iter().take(MOST_PLACES).filter_map(|span| one(span, true)));
        found.extend(hints.into_iter().take(MOST_PLACES).filter_map(|span| one(span, false)));
    }
}

type Span = (usize, usize);

/// Where `phrases` stand in `text` and nothing takes them back.
fn standing(phrases: &Option<Regex>, unless: &Regex, text: &str) -> Vec<Span> {
    let Some(phrases) = phrases else { return Vec::new() };
    let spans: Vec<Span> = phrases.find_iter(text).map(|found| (found.start(), found.end())).collect();
    if spans.is_empty() {
        return spans;
    }
    apart(spans, unless.find_iter(text).map(|found| (found.start(), found.end())))
}

/// Those of `spans` that overlap none of `others`; both in order and each without overlaps of its own.
fn apart(spans: Vec<Span>, others: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut others = others.into_iter().peekable();
    let clear = |&(start, end): &Span| {
        pass_by(&mut others, start);
        others.peek().is_none_or(|other| other.0 >= end)
    };
    spans.into_iter().filter(clear).collect()
}

fn pass_by(others: &mut Peekable<impl Iterator<Item = Span>>, start: usize) {
    while others.next_if(|other| other.1 <= start).is_some() {}
}

/// In the order of their numbers, those of a task.
const FILES: [&str; 2] = [
    include_str!("../../../schemas/evidence/vulnerable-1.toml"),
    include_str!("../../../schemas/evidence/vulnerable-2.toml"),
];

/// What the files say, as [`FILES`].
static DOCUMENTS: LazyLock<[Document; FILES.len()]> =
    LazyLock::new(|| FILES.map(|text| known(Document::read(text))));

/// Their tables, as [`FILES`]. Each is compiled when it is asked for: that takes longer than anything else here, and a process
/// whose models name one table needs no other.
static TABLES: [LazyLock<EvidenceTable>; FILES.len()] =
    [LazyLock::new(|| table(0)), LazyLock::new(|| table(1))];

fn table(at: usize) -> EvidenceTable {
    let document = &DOCUMENTS[at];
    known(document.table(|category| Driver::of(&document.name(), category)))
}

fn known<T>(read: Result<T, String>) -> T {
    read.unwrap_or_else(|what| {
        unreachable!("the evidence tables are compiled in and a test reads all of them, yet: {what}")
    })
}

#[cfg(test)]
mod tests;
