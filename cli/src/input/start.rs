//! Where a consumer group starts that has no offsets yet.

use clap::Args;
use ombud_stream::Start;

/// The start of a consumer group on brokers.
#[derive(Args, Debug)]
pub(crate) struct GroupStart {
    /// Where a group without offsets starts: earliest, latest, or a time such as 2026-01-31T09:00Z
    #[arg(long, value_parser = start, default_value = "earliest", value_name = "WHERE")]
    pub(crate) start: Start,
}

fn start(text: &str) -> Result<Start, String> {
    match text {
        "earliest" => Ok(Start::Earliest),
        "latest" => Ok(Start::Latest),
        time => time
            .parse::<jiff::Timestamp>()
            .map(|time| Start::Time(time.as_millisecond()))
            .map_err(|error| format!("neither earliest nor latest, and no time: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        group: GroupStart,
    }

    #[test]
    fn a_group_starts_at_an_end_or_at_a_time() {
        for (text, expected) in [
            ("earliest", Some(Start::Earliest)),
            ("latest", Some(Start::Latest)),
            ("2026-01-31T09:00Z", Some(Start::Time(1_769_850_000_000))),
            ("2026-01-31T10:00+01:00", Some(Start::Time(1_769_850_000_000))),
            ("Latest", None),
            ("yesterday", None),
        ] {
            assert_eq!(start(text).ok(), expected, "{text}");
        }
        let Words { group } = Words::try_parse_from(["join"]).unwrap();
        assert_eq!(group.start, Start::Earliest, "nothing that lies in the log is passed over unasked");
    }
}
