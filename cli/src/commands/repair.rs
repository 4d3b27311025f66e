//! `ombud repair`: what the data folder has lost of what was acknowledged, and continuing without it.

use std::io::Write;

use anyhow::Result;
use clap::Args;
use ombud_launch::config::Settings;
use ombud_local::{Gap, Local, Repaired};
use ombud_stream::Clock;

use crate::{
    Done,
    data_folder::ensure_embedded,
    input::examples::{Example, examples_text},
};

const EXAMPLES: [Example; 2] = [
    ("Report what is lost, and change nothing", "ombud repair"),
    ("Continue without what is lost", "ombud repair --accept-loss"),
];

/// The arguments of `repair`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Repair {
    /// Continue without what is lost; it is written down for ever
    #[arg(long)]
    pub(crate) accept_loss: bool,
}

/// Reports what is lost; accepts it where that is asked for.
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
            "put a backup back with `ombud restore`, or continue without it by `ombud repair --accept-loss`"
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
    writeln!(out, "{folder} is open again without it; `ombud doctor` keeps reporting what was lost")?;
    Ok(Done::Well)
}
