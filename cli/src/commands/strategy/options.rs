//! How a change of the strategy is signed and published.

use anyhow::{Result, bail};
use clap::Args;
use ombud_models::{ALL, Signature};

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

/// The options of whoever answers a request.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AnswerOptions {
    /// Who [default: the login name]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,

    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// The options of whoever asks for a change.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RequestOptions {
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    #[command(flatten)]
    pub(crate) answer: AnswerOptions,
}

impl ChangeOptions {
    pub(super) fn signature(&self, now_ms: i64) -> Result<Signature> {
        let by = signer(self.by.as_deref())?;
        Ok(Signature { by, reason: self.reason.clone(), now_ms, from: self.from })
    }
}

/// Who signs: the one who was named, or the login name.
pub(super) fn signer(by: Option<&str>) -> Result<String> {
    let login = || ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok());
    let by = by.map(str::to_owned).or_else(login).unwrap_or_default().trim().to_owned();
    if by.is_empty() {
        bail!("sign the change: say who you are with --by NAME, for the environment has no LOGNAME")
    }
    Ok(by)
}

/// Basis points of `10%`.
pub(super) fn share(text: &str) -> Result<i32, String> {
    let wrong = || format!("{text} is no share: write percent, such as 10% or 0.5%");
    let percent: f64 = text.strip_suffix('%').ok_or_else(wrong)?.trim().parse().map_err(|_| wrong())?;
    let basis_points = percent * 100.0;
    if !(1.0..=f64::from(ALL)).contains(&basis_points) {
        return Err(format!("{text} is out of range: write 0.01% to 100%"));
    }
    match (basis_points - basis_points.round()).abs() < 1e-6 {
        true => Ok(basis_points.round() as i32),
        false => Err(format!("{text} is too exact: shares have two decimals, such as 0.25%")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_said_in_percent() {
        for (text, basis_points) in
            [("10%", 1_000), ("0.5%", 50), ("100 %", 10_000), ("0.07%", 7), ("33.33%", 3_333)]
        {
            assert_eq!(share(text), Ok(basis_points), "{text}");
        }
        for (text, why) in [
            ("10", "write percent"),
            ("0%", "out of range"),
            ("101%", "out of range"),
            ("NaN%", "out of range"),
            ("0.125%", "two decimals"),
        ] {
            assert!(share(text).is_err_and(|error| error.contains(why)), "{text}");
        }
    }
}
