//! What an evidence table finds in labelled complaints, as the page beside it: `schemas/evidence/vulnerable-2.md`.
//!
//! `cargo run --release -p ombud-learn --example evidence -- vulnerable@2 FILE...`; with `--read N` it prints N places of
//! each category instead, drawn by hash, for somebody to judge. Of public data alone: what it prints is narrative.
#![allow(clippy::print_stdout, reason = "its whole purpose")]

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    path::Path,
    time::{Duration, Instant},
};

use ombud_intake::{FileDefaults, Rows};
use ombud_models::{Category, EvidenceTable};
use sha2::{Digest, Sha256};

/// What was found of one category and strength.
#[derive(Clone, Copy, Default)]
struct Count {
    narratives: usize,
    tagged: usize,
    labelled: usize,
}

#[derive(Default)]
struct Found {
    /// All narratives, and those with a usable tag.
    all: Count,
    spent: Duration,
    by_category: BTreeMap<(String, bool), Count>,
    /// Of all categories together, by strength.
    any: BTreeMap<bool, Count>,
    places: BTreeMap<(String, bool), BTreeMap<[u8; 32], String>>,
}

impl Count {
    fn add(&mut self, vulnerable: Option<bool>) {
        self.narratives += 1;
        self.labelled += usize::from(vulnerable.is_some());
        self.tagged += usize::from(vulnerable == Some(true));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let read = arguments.iter().position(|argument| argument == "--read");
    let read =
        read.map(|at| arguments.drain(at..at + 2).nth(1).unwrap_or_default().parse::<usize>()).transpose()?;
    let [table, files @ ..] = &arguments[..] else { return Err("give a table and files".into()) };
    let table = EvidenceTable::by_name(table).ok_or("there is no such table")?;
    let mut found = Found::default();
    for file in files {
        let path = Path::new(file);
        for row in Rows::open(path, FileDefaults::of(path)?)? {
            let Ok(row) = row? else { continue };
            found.look(table, &row.complaint.narrative, row.labels.vulnerable);
        }
    }
    match read {
        Some(places) => found.print_places(places),
        None => found.print(table, files),
    }
    Ok(())
}

impl Found {
    fn look(&mut self, table: &EvidenceTable, narrative: &str, vulnerable: Option<bool>) {
        let started = Instant::now();
        let evidence = table.find(narrative);
        self.spent += started.elapsed();
        self.all.add(vulnerable);
        let kinds: BTreeSet<(String, bool)> =
            evidence.iter().map(|one| (one.category.clone(), one.explicit)).collect();
        for strength in kinds.iter().map(|(_, explicit)| *explicit).collect::<BTreeSet<_>>() {
            self.any.entry(strength).or_default().add(vulnerable);
        }
        for kind in kinds {
            let first = evidence.iter().find(|one| (&one.category, one.explicit) == (&kind.0, kind.1));
            let place = first.map(|one| around(narrative, one.start as usize, one.end as usize));
            let drawn = Sha256::digest(narrative).into();
            self.places.entry(kind.clone()).or_default().insert(drawn, place.unwrap_or_default());
            self.by_category.entry(kind).or_default().add(vulnerable);
        }
    }

    fn print_places(&self, most: usize) {
        for ((category, explicit), places) in &self.places {
            println!("\n{category} {}", strength(*explicit));
            places.values().take(most).for_each(|place| println!("- {place}"));
        }
    }

    fn print(&self, table: &EvidenceTable, files: &[String]) {
        let names: Vec<&str> = files.iter().map(|file| file.rsplit('/').next().unwrap_or(file)).collect();
        println!("# What {} finds\n", table.name());
        println!("Written by `cargo run --release -p ombud-learn --example evidence`, not by hand.\n");
        println!("## Categories\n\n| category | driver | means | from |\n|---|---|---|---|");
        for category in table.categories() {
            let Category { name, driver, definition, source, .. } = category;
            println!("| {name} | {driver} | {definition} | {source} |");
        }
        println!("\n## Figures\n");
        let base = percent(self.all.tagged, self.all.labelled);
        println!(
            "In {}: {} narratives, of which {} have a usable tag, and {} of those ({base}) are tagged Older American or \
            Servicemember. Precision and recall are against that tag, which the customer sets: it says nothing of health, \
            bereavement and the rest, and many who could set it don't. {:.0} µs a narrative.\n",
            names.join(" and "),
            self.all.narratives,
            self.all.labelled,
            self.all.tagged,
            self.spent.as_secs_f64() * 1e6 / self.all.narratives.max(1) as f64,
        );
        println!("| category | strength | narratives | share | with a usable tag | precision | recall |");
        println!("|---|---|---:|---:|---:|---:|---:|");
        for category in table.categories() {
            for explicit in [true, false] {
                if let Some(count) = self.by_category.get(&(category.name.clone(), explicit)) {
                    self.print_row(&category.name, explicit, count);
                }
            }
        }
        for (explicit, count) in self.any.iter().rev() {
            self.print_row("any", *explicit, count);
        }
    }

    fn print_row(&self, name: &str, explicit: bool, count: &Count) {
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} |",
            strength(explicit),
            count.narratives,
            percent(count.narratives, self.all.narratives),
            count.labelled,
            percent(count.tagged, count.labelled),
            percent(count.tagged, self.all.tagged),
        );
    }
}

fn strength(explicit: bool) -> &'static str {
    if explicit { "explicit" } else { "hint" }
}

fn percent(part: usize, whole: usize) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}

/// The place in brackets, with what stands around it.
fn around(narrative: &str, start: usize, end: usize) -> String {
    const SIDE: usize = 100;
    let part = |from: usize, to: usize| -> String {
        narrative
            .chars()
            .skip(from)
            .take(to - from)
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .collect()
    };
    format!("{}[{}]{}", part(start.saturating_sub(SIDE), start), part(start, end), part(end, end + SIDE))
}
