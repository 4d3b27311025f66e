//! How faithful explanations are: what the served model loses with the words that they name first, beside SHAP and chance; how
//! exactly they add up; and whether they follow the model.
//!
//! `scripts/faithful` runs all of it, and says how long it takes.
//!
//! complaints of a split -> ours, and SHAP's by `scripts/partition_shap.py` -> words by rank -> the model without them -> figures

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod exact;
#[path = "../figures.rs"]
mod figures;
mod judge;
mod lines;
mod ours;
mod report;
mod sample;
mod sanity;
mod score;
mod served;
mod shuffled;
mod words;

use std::{env, io, path::Path};

use anyhow::{Context, Result, bail};

/// A folder keeps what a split's runs have found; each goes on where it was.
const USAGE: &str = "words SPLIT COUNT | score | explain SPLIT COUNT FOLDER | judge SPLIT COUNT FOLDER | report SPLIT FOLDER [CARD] | \
     sanity SPLIT COUNT FOLDER";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["words", split, count] => score::print_words(split, number(count)?, &mut io::stdout().lock()),
        ["score"] => score::score(&mut io::stdin().lock(), &mut io::stdout().lock()),
        ["explain", split, count, folder] => ours::explain(split, number(count)?, Path::new(folder)),
        ["judge", split, count, folder] => judge::judge(split, number(count)?, Path::new(folder)),
        ["report", split, folder] => report::report(split, Path::new(folder), None),
        ["report", split, folder, card] => report::report(split, Path::new(folder), Some(Path::new(card))),
        ["sanity", split, count, folder] => sanity::sanity(split, number(count)?, Path::new(folder)),
        // As `cargo bench` without arguments has it.
        [] => {
            println!("{USAGE}: scripts/faithful runs all of it");
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}

fn number(word: &str) -> Result<usize> {
    word.parse().with_context(|| format!("{word} is no number"))
}
