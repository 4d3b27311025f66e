//! What the value of a setting may be, and how that is said to who wrote another.

use std::{fmt, net::SocketAddr, ops::RangeInclusive};

use config::{Value, ValueKind};
use tracing_subscriber::EnvFilter;

/// What is right for one setting.
pub(crate) enum Right {
    /// A whole number of something, in a range.
    Whole(RangeInclusive<i64>, &'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A path.
    Path,
    /// Where to listen.
    Address,
    /// What a topic name may begin with, or nothing.
    TopicPrefix,
    /// A filter of log events.
    LogFilter,
}

/// Every setting and what is right for it.
pub(crate) const RULES: &[(&str, Right)] = &[
    ("data", Right::Path),
    ("models", Right::Path),
    ("log", Right::LogFilter),
    ("log_format", Right::OneOf(&["human", "json"])),
    ("topics.prefix", Right::TopicPrefix),
    ("http.address", Right::Address),
    ("http.body_bytes", Right::Whole(1_024..=1 << 30, "bytes")),
    ("infer.tokenizer_threads", Right::Whole(1..=64, "threads")),
    ("infer.replicas", Right::Whole(1..=256, "replicas")),
    ("infer.token_budget", Right::Whole(128..=65_536, "tokens")),
    ("infer.batch", Right::Whole(1..=4_096, "complaints")),
    ("infer.window", Right::Whole(1..=4_096, "complaints")),
    ("infer.queue", Right::Whole(1..=65_536, "complaints")),
    ("join.open_cap", Right::Whole(1..=10_000_000, "complaints")),
    ("join.closed_cap", Right::Whole(1..=10_000_000, "complaints")),
    ("join.early_cap", Right::Whole(1..=10_000_000, "predictions")),
    ("join.grace_ms", Right::Whole(0..=600_000, "milliseconds")),
    ("join.hard_cap_ms", Right::Whole(0..=3_600_000, "milliseconds")),
    ("join.bulk_wait_ms", Right::Whole(1_000..=7 * 24 * 3_600_000, "milliseconds")),
    // With the producer's 15 s it must stay below the session's 45 s, or two owners write at once.
    ("join.lease_ms", Right::Whole(1_000..=29_000, "milliseconds")),
    ("join.drain_ms", Right::Whole(100..=22_000, "milliseconds")),
    ("archive.batch", Right::Whole(1..=100_000, "records")),
    ("archive.batch_bytes", Right::Whole(1_024..=1 << 30, "bytes")),
    ("archive.attempts", Right::Whole(1..=1_000, "attempts")),
    ("archive.retry_after_ms", Right::Whole(1..=60_000, "milliseconds")),
    ("embedded.partitions", Right::Whole(1..=1_024, "partitions")),
];

/// The rule of `setting`, where there is such a setting.
pub(crate) fn of(setting: &str) -> Option<&'static Right> {
    RULES.iter().find(|(name, _)| *name == setting).map(|(_, right)| right)
}

/// Whether settings are nested under `name`.
pub(crate) fn is_section(name: &str) -> bool {
    RULES.iter().any(|(known, _)| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The known setting whose name is most similar to `name`.
pub(crate) fn nearest(name: &str) -> &'static str {
    let similarity = |known: &str| strsim::jaro_winkler(name, known);
    let nearest = RULES.iter().max_by(|(a, _), (b, _)| similarity(a).total_cmp(&similarity(b)));
    nearest.map_or("", |(known, _)| known)
}

impl Right {
    /// Whether `value` can be taken. Variables and flags are text, so numbers may come as text.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        if let Self::Whole(range, _) = self {
            // Not `Value::into_int`: it rounds 2.7 and reads "yes" as 1.
            return match &value.kind {
                ValueKind::I64(number) => range.contains(number),
                ValueKind::U64(number) => i64::try_from(*number).is_ok_and(|number| range.contains(&number)),
                ValueKind::String(text) => text.parse().is_ok_and(|number| range.contains(&number)),
                _ => false,
            };
        }
        let ValueKind::String(text) = &value.kind else { return false };
        match self {
            Self::Whole(..) => false,
            Self::OneOf(words) => words.contains(&text.as_str()),
            Self::Path => !text.is_empty(),
            Self::Address => text.parse::<SocketAddr>().is_ok(),
            Self::TopicPrefix => text.len() <= 100 && text.chars().all(may_be_in_topic_name),
            Self::LogFilter => EnvFilter::try_new(text).is_ok(),
        }
    }
}

fn may_be_in_topic_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(range, unit) => {
                write!(f, "a whole number of {unit} from {} to {}", range.start(), range.end())
            }
            Self::OneOf(words) => write!(f, "one of: {}", words.join(", ")),
            Self::Path => f.write_str("a path"),
            Self::Address => f.write_str("an IP address and a port, such as 127.0.0.1:8080"),
            Self::TopicPrefix => f.write_str("at most 100 letters, digits, dots, dashes and underscores"),
            Self::LogFilter => f.write_str("a filter of log events, such as info or warn,ombud_join=debug"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Right {
        Right::Whole(1..=8, "replicas")
    }

    #[test]
    fn a_number_may_come_as_text_but_not_rounded_or_as_a_word() {
        for right in [Value::from(3_i64), Value::from(3_u64), Value::from("3")] {
            assert!(whole().accepts(&right), "{right:?}");
        }
        for wrong in
            [Value::from(9_i64), Value::from("0"), Value::from(2.7), Value::from("yes"), Value::from(true)]
        {
            assert!(!whole().accepts(&wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_topic_prefix_may_be_empty_but_has_no_slash() {
        assert!(Right::TopicPrefix.accepts(&Value::from("")));
        assert!(Right::TopicPrefix.accepts(&Value::from("megabank.")));
        assert!(!Right::TopicPrefix.accepts(&Value::from("megabank/")));
    }

    #[test]
    fn the_nearest_setting_is_found_for_a_typing_error() {
        assert_eq!(nearest("infer.replcas"), "infer.replicas");
        assert_eq!(nearest("http.addr"), "http.address");
        assert_eq!(nearest("dta"), "data");
    }
}
