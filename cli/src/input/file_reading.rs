//! How a file is read where its content doesn't show it: the order of its dates, and when complaints were received.

use std::{io::Write as _, path::Path};

use anyhow::Result;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser as _},
};
use ombud_intake::{DateOrder, FileDefaults, Rejections, Undated};
use ombud_launch::config::Settings;

use crate::{
    input::when::{When, when},
    output::{screen::Screen, terminal::Escaped},
};

/// The flags for the dates of a file.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Dates {
    /// The order of dates such as 03/04/2026 [default: intake.dates, else what the whole file shows]
    #[arg(long = "dates", value_name = "ORDER", value_parser = PossibleValuesParser::new(["day-first", "month-first", "iso"]).try_map(|name| DateOrder::named(&name).ok_or("it is no order")))]
    pub(crate) order: Option<DateOrder>,
}

impl Dates {
    /// As the flag has it, else the settings; `None` where the file is to show it.
    pub(crate) fn order(self, settings: &Settings) -> Option<DateOrder> {
        self.order.or_else(|| DateOrder::named(settings.intake.dates.name()))
    }
}

/// The flags for a file whose complaints are sent.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct FileReading {
    #[command(flatten)]
    pub(crate) dates: Dates,

    /// When complaints were received whose file has no dates: the file's time of change, now, or a time such as 2026-01-31
    #[arg(long, value_name = "file|now|TIME", value_parser = received_at)]
    pub(crate) received_at: Option<ReceivedAt>,
}

/// When the complaints of a file without dates were received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReceivedAt {
    /// When the file was changed last.
    File,
    /// At this time.
    Time(When),
}

fn received_at(text: &str) -> Result<ReceivedAt, String> {
    match text {
        "file" => Ok(ReceivedAt::File),
        "now" => Ok(ReceivedAt::Time(When::Ago(0))),
        time => when(time)
            .map(ReceivedAt::Time)
            .map_err(|_| "no time: say file, now, or a time such as 2026-01-31".to_owned()),
    }
}

impl FileReading {
    /// What holds for the file at `path`.
    pub(crate) fn defaults(&self, path: &Path, settings: &Settings, now: i64) -> Result<FileDefaults> {
        let undated = match self.received_at {
            None => Undated::Refused,
            Some(ReceivedAt::File) => Undated::ReceivedAt(FileDefaults::changed(path)?),
            Some(ReceivedAt::Time(time)) => Undated::ReceivedAt(time.ms(now)),
        };
        Ok(FileDefaults { dates: self.dates.order(settings), undated, language: None })
    }
}

/// Prints on stderr why rows were rejected, where some were.
pub(crate) fn print_rejections(rejections: &Rejections) -> Result<()> {
    if rejections.count() > 0 {
        let plain = Screen::new(0, false);
        let mut err = Escaped::new(std::io::stderr().lock(), plain);
        write!(err, "{rejections}")?;
        err.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use ombud_launch::config::Dates as Said;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        reading: FileReading,
    }

    fn defaults(words: &[&str], said: Said) -> FileDefaults {
        let words = Words::try_parse_from([&["x"][..], words].concat()).unwrap();
        let mut settings = Settings::default();
        settings.intake.dates = said;
        words.reading.defaults(Path::new("nowhere.csv"), &settings, 1_000).unwrap()
    }

    #[test]
    fn a_flag_wins_over_the_setting_and_without_both_the_file_tells() {
        assert_eq!(defaults(&[], Said::Found).dates, None);
        assert_eq!(defaults(&[], Said::DayFirst).dates, Some(DateOrder::DayFirst));
        assert_eq!(defaults(&["--dates", "iso"], Said::DayFirst).dates, Some(DateOrder::Iso));
        assert!(Words::try_parse_from(["x", "--dates", "us"]).is_err());
    }

    #[test]
    fn a_time_for_complaints_without_one_is_said_or_such_files_are_refused() {
        let undated = |words: &[&str]| defaults(words, Said::Found).undated;
        assert_eq!(undated(&[]), Undated::Refused);
        assert_eq!(undated(&["--received-at", "now"]), Undated::ReceivedAt(1_000));
        let day = undated(&["--received-at", "2026-01-31"]);
        assert_eq!(day, Undated::ReceivedAt(1_769_817_600_000));
        assert!(Words::try_parse_from(["x", "--received-at", "monday"]).is_err());
    }
}
