//! Which of the three ways `explain` goes.

use std::io::Write;

use anyhow::Result;
use ombud_launch::config::Loaded;

#[cfg(feature = "torch")]
use super::rows;
use super::{args::Explain, case};
#[cfg(feature = "torch")]
use crate::serve;
use crate::{Done, output::terminal::Terminal};

/// Explains a case or the complaints of a file, or serves.
pub(crate) fn explain(
    args: &Explain,
    loaded: &Loaded,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let settings = &loaded.settings;
    match (&args.id, args.file()) {
        (Some(id), _) => case::explain_case(id, args, settings, terminal, out),
        #[cfg(feature = "torch")]
        (None, Some(file)) => rows::explain_rows(file, args, settings, terminal, out),
        #[cfg(feature = "torch")]
        (None, None) => serve::serve_explanations(loaded, args.child, out),
        #[cfg(not(feature = "torch"))]
        _ => unreachable!("handed over"),
    }
}
