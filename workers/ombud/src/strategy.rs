//! `ombud strategy`: the strategy in force, as the log has it; and a strategy file, checked.

use std::{io::Write, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Result, bail};
use ombud_contract::catalogue::Topic;
use ombud_launch::config::Settings;
use ombud_models::{FirstStrategy, StrategyFeed};
use ombud_stream::{Clock, SystemClock};

use crate::{
    Done,
    terminal::table,
    world::{READER, View},
};

/// Prints the newest strategy that has begun.
pub(crate) fn show(json: bool, settings: &Settings, out: &mut impl Write) -> Result<()> {
    let reader = View::open(settings)?.reader(READER)?;
    let clock = Arc::new(SystemClock);
    let topic = Topic::Strategy.name(&settings.topics.prefix);
    // Printed once, so that its age doesn't matter.
    let mut feed =
        StrategyFeed::new(reader, &topic, Arc::<SystemClock>::clone(&clock)).max_age(Duration::MAX);
    feed.refresh()?;
    let Some(strategy) = feed.strategies().at(clock.now_ms()) else {
        bail!(
            "find a strategy: none is published yet; `ombud up`, and `ombud setup` on brokers, publish the first"
        );
    };
    let record = &strategy.record;
    if json {
        writeln!(out, "{}", serde_json::to_string(record)?)?;
        return Ok(());
    }
    let mut table = table(["task", "required", "review below", "arm", "role", "share", "model", "version"]);
    for task in &record.tasks {
        for arm in &task.arms {
            table.add_row([
                task.task.clone(),
                if task.required { "yes" } else { "no" }.to_owned(),
                format!("{:.2}", task.review_below),
                arm.name.clone(),
                format!("{:?}", arm.role).to_lowercase(),
                format!("{:.2} %", f64::from(arm.basis_points) / 100.0),
                arm.model_id.clone(),
                arm.model_version.chars().take(12).collect(),
            ]);
        }
    }
    let from = jiff::Timestamp::from_millisecond(record.effective_from)?;
    writeln!(out, "strategy {} by {}, effective from {from}", record.version, record.changed_by)?;
    writeln!(
        out,
        "deadline {:?}, amend window {:?}, audit {:.2} %",
        Duration::from_millis(record.deadline_ms.unsigned_abs()),
        Duration::from_millis(record.amend_window_ms.unsigned_abs()),
        f64::from(record.audit_basis_points) / 100.0,
    )?;
    writeln!(out, "{table}\n\n{}", record.routing.trim_end())?;
    Ok(())
}

/// Checks a strategy file and says what is wrong with it.
pub(crate) fn check(file: Option<PathBuf>, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let file = file.unwrap_or_else(|| settings.models.join("strategy.toml"));
    match FirstStrategy::read(&file, &settings.models, "ombud strategy check", SystemClock.now_ms()) {
        Ok(first) => {
            let tasks: Vec<&str> = first.record.tasks.iter().map(|task| task.task.as_str()).collect();
            writeln!(out, "{}: well-formed; tasks {}", file.display(), tasks.join(", "))?;
            Ok(Done::Well)
        }
        Err(error) => {
            writeln!(out, "{:#}", anyhow::Error::from(error))?;
            Ok(Done::Wanting)
        }
    }
}
