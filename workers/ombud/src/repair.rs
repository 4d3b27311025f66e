//! `ombud repair`: what the data folder has lost of what was acknowledged, and going on without it.

use std::io::Write;

use anyhow::Result;
use clap::Args;
use ombud_launch::config::Settings;
use ombud_local::{Gap, Local, Repaired};
use ombud_stream::Clock;

use crate::{Done, backup::ensure_embedded};

/// What is said to `repair`.
#[derive(Args, Debug)]
pub(crate) struct Repair {
    /// Go on without what is lost; it is written down for ever
    #[arg(long)]
    pub(crate) accept_loss: bool,
}

/// Says what is lost; accepts it where that is asked for.
pub(crate) fn repair(
    args: &Repair,
    settings: &Settings,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> Result<Done> {
    ensure_embedded(settings)?;
    let folder = settings.data.display();
    if !args.accept_loss {
        let Some(loss) = Local::loss(&settings.data)? else {
            writeln!(out, "{folder}: nothing that was acknowledged is lost")?;
            return Ok(Done::Well);
        };
        writeln!(out, "{folder}: {loss}")?;
        writeln!(
            out,
            "put a backup back with `ombud restore`, or go on without with `ombud repair --accept-loss`"
        )?;
        return Ok(Done::Wanting);
    }
    let Some(Repaired { loss, aside }) = Local::accept_loss(&settings.data, clock.now_ms())? else {
        writeln!(out, "{folder}: nothing that was acknowledged is lost")?;
        return Ok(Done::Well);
    };
    for gap in &loss.gaps {
        let Gap { from, to, .. } = gap;
        writeln!(out, "lost: {gap} ({} records)", to - from)?;
    }
    if loss.gaps.is_empty() {
        writeln!(out, "lost: {loss}")?;
    }
    if let Some(aside) = aside {
        writeln!(out, "the damaged log lies in {}", aside.display())?;
    }
    writeln!(out, "{folder} goes on without; `ombud doctor` keeps saying what was lost")?;
    Ok(Done::Well)
}
