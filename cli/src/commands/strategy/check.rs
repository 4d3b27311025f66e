//! `ombud strategy check`: a strategy file, as the first one of a new log, or as the next one of this log.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Result;
use ombud_contract::records::Strategy;
use ombud_launch::config::Settings;
use ombud_models::{ActiveStrategy, ChangeError, FirstStrategy, Signature, StrategyChange, StrategyDraft};
use ombud_stream::Clock;

use crate::{Done, strategies::LogSnapshot};

/// Checks the file and prints what is wrong with it.
pub(super) fn check(
    file: Option<PathBuf>,
    settings: &Settings,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> Result<Done> {
    let file = file.unwrap_or_else(|| settings.models.join("strategy.toml"));
    let now_ms = clock.now_ms();
    // Brokers that can't be reached are an error; a folder without a log has nothing to follow.
    let known = match LogSnapshot::read(settings) {
        Err(error) if !settings.kafka_bootstrap.is_empty() => return Err(error),
        known => known.ok().filter(|known| known.newest().is_ok()),
    };
    let checked = match known {
        Some(known) => following(&known, &file, now_ms),
        None => FirstStrategy::read(&file, &settings.models, "ombud strategy check", now_ms)
            .map(|first| (first.record, 0))
            .map_err(Into::into),
    };
    match checked {
        Ok((record, needed)) => {
            let tasks: Vec<&str> = record.tasks.iter().map(|task| task.task.as_str()).collect();
            writeln!(out, "{}: well-formed; tasks {}", file.display(), tasks.join(", "))?;
            if needed > 0 {
                let file = file.display();
                writeln!(out, "{needed} more must approve it: ask with `ombud strategy request set {file}`")?;
            }
            let clocks = ActiveStrategy::new(record)?.routing.clock_rules;
            if !clocks.is_empty() {
                let names: Vec<&str> = clocks.rules.keys().map(String::as_str).collect();
                writeln!(out, "clocks {}", names.join(", "))?;
            }
            for end in clocks.calendar_ends(now_ms).iter().filter(|end| end.is_near()) {
                let (calendar, last_day) = (&end.calendar, end.last_day);
                writeln!(out, "{calendar} ends with {last_day}: name its next number soon (docs/clocks.md)")?;
            }
            Ok(Done::Well)
        }
        Err(error) => {
            writeln!(out, "{error:#}")?;
            Ok(Done::Wanting)
        }
    }
}

/// What `set` would publish, and how many others must approve it.
fn following(known: &LogSnapshot, file: &Path, now_ms: i64) -> Result<(Strategy, i32)> {
    let draft = StrategyDraft::read(file, &known.registry, &known.newest()?.record)?.record;
    let signature = Signature { by: "ombud strategy check".to_owned(), reason: None, now_ms, from: None };
    let next = StrategyChange::Replace(Box::new(draft.clone())).next(
        known.strategies(),
        &known.registry,
        &signature,
    );
    match next {
        Err(ChangeError::Nothing { .. }) => Ok((draft, 0)),
        next => {
            let next = next?;
            let needed = known.strategies().gate_request(&next, &known.registry, now_ms)?;
            Ok((next, needed))
        }
    }
}
