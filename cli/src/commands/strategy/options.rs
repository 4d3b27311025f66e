//! How a change of the strategy is signed and published.

use anyhow::{Result, bail};
use clap::Args;
use ombud_models::Signature;

use crate::input::when::moment;

/// The options of every change.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ChangeOptions {
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    /// Who [default: the login name]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,

    /// From when on, such as 2026-01-31T09:00Z [default: as soon as every worker knows, in some seconds]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) from: Option<i64>,

    /// Print what would be published, and publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

impl ChangeOptions {
    pub(super) fn signature(&self, now_ms: i64) -> Result<Signature> {
        let login = || ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok());
        let by = self.by.clone().or_else(login).unwrap_or_default().trim().to_owned();
        if by.is_empty() {
            bail!("sign the change: say who you are with --by NAME, for the environment has no LOGNAME")
        }
        Ok(Signature { by, reason: self.reason.clone(), now_ms, from: self.from })
    }
}
