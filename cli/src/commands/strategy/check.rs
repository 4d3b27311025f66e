//! `ombud strategy check`: a strategy file, as the first one of a new log, or as the next one of this log.

use std::{io::Write, path::PathBuf};

use anyhow::Result;
use ombud_contract::records::Strategy;
use ombud_launch::config::Settings;
use ombud_models::{ChangeError, FirstStrategy, Signature, StrategyChange, StrategyDraft};
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
            .map(|first| first.record)
            .map_err(Into::into),
    };
    match checked {
        Ok(record) => {
            let tasks: Vec<&str> = record.tasks.iter().map(|task| task.task.as_str()).collect();
            writeln!(out, "{}: well-formed; tasks {}", file.display(), tasks.join(", "))?;
            Ok(Done::Well)
        }
        Err(error) => {
            writeln!(out, "{error:#}")?;
            Ok(Done::Wanting)
        }
    }
}

/// What `set` would publish.
fn following(known: &LogSnapshot, file: &std::path::Path, now_ms: i64) -> Result<Strategy> {
    let draft = StrategyDraft::read(file, &known.registry)?.record;
    let signature = Signature { by: "ombud strategy check".to_owned(), reason: None, now_ms, from: None };
    let next = StrategyChange::Replace(Box::new(draft.clone())).next(
        known.strategies(),
        &known.registry,
        &signature,
    );
    match next {
        Err(ChangeError::Nothing { .. }) => Ok(draft),
        next => {
            let next = next?;
            known.strategies().gate(&next, &known.registry, now_ms)?;
            Ok(next)
        }
    }
}
