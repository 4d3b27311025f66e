//! `ombud strategy diff`: how one version differs from another.

use std::io::Write;

use anyhow::{Context, Result};
use ombud_launch::config::Settings;
use ombud_models::{Difference, differences};
use serde_json::json;

use crate::{
    Done,
    log::backend::View,
    output::terminal::table,
    strategies::{read_feed, unpublished},
};

/// Prints how version `after` differs from version `before`.
pub(super) fn diff(
    before: i64,
    after: i64,
    json: bool,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<Done> {
    let feed = read_feed(&View::open(settings)?, settings)?;
    let newest = feed.strategies().newest().ok_or_else(unpublished)?.record.version;
    let find = |version| {
        let found = feed.strategies().version(version);
        found.with_context(|| format!("find strategy {version}: the versions are 1 to {newest}"))
    };
    let differences = differences(&find(before)?.record, &find(after)?.record);
    if json {
        let report = json!({ "before": before, "after": after, "differences": differences });
        writeln!(out, "{report}")?;
    } else if differences.is_empty() {
        writeln!(out, "strategy {after} equals strategy {before}")?;
    } else {
        write!(out, "{}", rows(&differences))?;
    }
    Ok(Done::Well)
}

/// A table of differences; a model's version is cut to its first digits.
pub(super) fn rows(differences: &[Difference]) -> String {
    let mut table = table(["place", "before", "after"]);
    let short = |said: &Option<String>| match said.as_deref() {
        None => "-".to_owned(),
        Some(said) => match said.split_once('@') {
            Some((model, version)) if version.len() == 64 => format!("{model}@{}", &version[..12]),
            _ => said.to_owned(),
        },
    };
    for Difference { place, before, after } in differences {
        table.add_row([place.join(" / "), short(before), short(after)]);
    }
    format!("{table}\n")
}
