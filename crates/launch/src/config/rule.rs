//! What the value of a setting may be, and how that is said to who wrote another.

use std::{fmt, net::SocketAddr, ops::RangeInclusive};

use axum::http::HeaderName;
use config::{Value, ValueKind};
use tracing_subscriber::EnvFilter;

use super::{
    host::{is_host, is_host_and_port, is_url},
    property,
};
use crate::guard::Scope;

/// What is right for one setting.
pub(crate) enum Right {
    /// A whole number of something, in a range.
    Whole(RangeInclusive<i64>, &'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A number from 0 to 1.
    Ratio,
    /// Any text, or nothing.
    Text,
    /// A path.
    Path,
    /// A path, or nothing.
    PathOrNothing,
    /// Hosts with their ports, or nothing.
    Hosts,
    /// Names and addresses of hosts, without ports, or nothing.
    Names,
    /// Where HTTP is spoken, or nothing.
    Url,
    /// What a keyspace may be called.
    Keyspace,
    /// Yes or no.
    Switch,
    /// The SHA-256 of a token.
    TokenDigest,
    /// What is passed on to librdkafka.
    Property,
    /// What a token opens.
    Scopes,
    /// Names of teams.
    TeamNames,
    /// Names of groups that a provider or a proxy gives, or nothing.
    Groups,
    /// The name of a header.
    HeaderName,
    /// The name of a claim.
    Claim,
    /// Where to listen.
    Address,
    /// Where to listen, or nothing.
    AddressOrNothing,
    /// What a topic name may begin with, or nothing.
    TopicPrefix,
    /// A filter of log events.
    LogFilter,
}

const TIMEOUT: Right = Right::Whole(100..=600_000, "milliseconds");

/// Every setting and what is right for it; properties of librdkafka have names of their own.
pub(crate) const RULES: &[(&str, Right)] = &[
    ("data", Right::Path),
    ("models", Right::Path),
    ("shared_models", Right::PathOrNothing),
    ("log", Right::LogFilter),
    ("log_format", Right::OneOf(&["human", "json"])),
    ("kafka_bootstrap", Right::Hosts),
    ("registry_url", Right::Url),
    ("cql_nodes", Right::Hosts),
    ("topics.prefix", Right::TopicPrefix),
    ("http.address", Right::Address),
    ("http.metrics_address", Right::AddressOrNothing),
    ("http.hosts", Right::Names),
    ("http.public_url", Right::Url),
    ("http.connections", Right::Whole(16..=65_536, "connections")),
    ("http.body_bytes", Right::Whole(1_024..=1 << 30, "bytes")),
    ("http.open", Right::Switch),
    ("http.token", Right::Text),
    ("http.token_file", Right::PathOrNothing),
    ("sign_in.local", Right::OneOf(&["auto", "on", "off"])),
    ("sign_in.idle_s", Right::Whole(60..=86_400, "seconds")),
    ("sign_in.absolute_s", Right::Whole(300..=604_800, "seconds")),
    ("sign_in.oidc_issuer", Right::Url),
    ("sign_in.oidc_client_id", Right::Text),
    ("sign_in.oidc_client_secret", Right::Text),
    ("sign_in.oidc_client_secret_file", Right::PathOrNothing),
    ("sign_in.oidc_scopes", Right::Text),
    ("sign_in.oidc_name_claim", Right::Claim),
    ("sign_in.oidc_groups_claim", Right::Claim),
    ("sign_in.oidc_ca", Right::PathOrNothing),
    ("sign_in.proxy_secret", Right::Text),
    ("sign_in.proxy_secret_file", Right::PathOrNothing),
    ("sign_in.proxy_name_header", Right::HeaderName),
    ("sign_in.proxy_groups_header", Right::HeaderName),
    ("sign_in.all_teams", Right::Groups),
    ("infer.tokenizer_threads", Right::Whole(1..=64, "threads")),
    ("infer.replicas", Right::Whole(1..=256, "replicas")),
    ("infer.token_budget", Right::Whole(128..=65_536, "tokens")),
    ("infer.batch", Right::Whole(1..=4_096, "complaints")),
    ("infer.window", Right::Whole(1..=4_096, "complaints")),
    ("infer.queue", Right::Whole(1..=65_536, "complaints")),
    ("infer.spare_models", Right::Whole(0..=64, "models")),
    ("join.memory_mb", Right::Whole(64..=1_000_000, "megabytes")),
    ("join.grace_ms", Right::Whole(0..=600_000, "milliseconds")),
    ("join.hard_cap_ms", Right::Whole(0..=3_600_000, "milliseconds")),
    ("join.bulk_wait_ms", Right::Whole(1_000..=7 * 24 * 3_600_000, "milliseconds")),
    // What these three may be together: `Join::check`.
    ("join.lease_ms", Right::Whole(500..=600_000, "milliseconds")),
    ("join.drain_ms", Right::Whole(100..=600_000, "milliseconds")),
    ("join.session_timeout_ms", Right::Whole(1_000..=1_800_000, "milliseconds")),
    ("archive.batch", Right::Whole(1..=100_000, "records")),
    ("archive.batch_bytes", Right::Whole(1_024..=1 << 30, "bytes")),
    ("archive.linger_ms", Right::Whole(0..=60_000, "milliseconds")),
    // With two calls of the store, dead letters and a commit it must stay below the 5 minutes in which a group is polled.
    ("archive.batch_ms", Right::Whole(100..=60_000, "milliseconds")),
    ("archive.give_up_ms", Right::Whole(100..=3_600_000, "milliseconds")),
    ("archive.retry_after_ms", Right::Whole(1..=60_000, "milliseconds")),
    ("console.worklist_folder", Right::PathOrNothing),
    ("console.answered_days", Right::Whole(1..=3_650, "days")),
    ("console.lease_ms", Right::Whole(1_000..=3_600_000, "milliseconds")),
    ("console.event_streams", Right::Whole(1..=10_000, "streams")),
    ("dossier.key", Right::Text),
    ("dossier.key_file", Right::PathOrNothing),
    ("dossier.contact", Right::Text),
    ("explain.address", Right::Url),
    ("explain.secret", Right::Text),
    ("explain.secret_file", Right::PathOrNothing),
    ("explain.timeout_s", Right::Whole(1..=600, "seconds")),
    ("intake.dates", Right::OneOf(&["found", "day-first", "month-first", "iso"])),
    ("embedded.partitions", Right::Whole(1..=1_024, "partitions")),
    ("kafka.timeout_ms", TIMEOUT),
    ("kafka.password_file", Right::PathOrNothing),
    ("registry.username", Right::Text),
    ("registry.password", Right::Text),
    ("registry.password_file", Right::PathOrNothing),
    ("registry.ca", Right::PathOrNothing),
    ("registry.timeout_ms", TIMEOUT),
    ("cql.keyspace", Right::Keyspace),
    ("cql.replication", Right::Whole(1..=9, "replicas")),
    ("cql.datacenter", Right::Text),
    ("cql.username", Right::Text),
    ("cql.password", Right::Text),
    ("cql.password_file", Right::PathOrNothing),
    ("cql.ca", Right::PathOrNothing),
    // A call takes four times as long at most, and the archive has to poll its group within 5 minutes.
    ("cql.timeout_ms", Right::Whole(100..=15_000, "milliseconds")),
    ("cql.concurrency", Right::Whole(1..=4_096, "requests")),
    // CQL keeps nothing with a longer TTL than 20 years.
    ("cql.narrative_ttl_s", Right::Whole(0..=630_720_000, "seconds")),
    ("telemetry.otlp_endpoint", Right::Url),
    ("telemetry.sample_ratio", Right::Ratio),
];

/// The section whose names are those of systems that show a token.
const TOKENS: &str = "http.tokens";
/// Sections of which each name is the user's own, and what is right for each of its values.
const NAMED: [(&str, Right); 5] = [
    (TOKENS, Right::TokenDigest),
    ("http.scopes", Right::Scopes),
    ("http.teams", Right::TeamNames),
    ("sign_in.roles", Right::Groups),
    ("sign_in.teams", Right::Groups),
];

/// The rule of `setting` in one of [`NAMED`]: by a name that can stand as the source of a verdict, or as a team.
fn of_named(setting: &str) -> Option<&'static Right> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let is_name = |name: &str| !name.is_empty() && name.len() <= 64 && name.chars().all(plain);
    let is_in = |section: &str| {
        setting.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')).is_some_and(is_name)
    };
    NAMED.iter().find(|(section, _)| is_in(section)).map(|(_, right)| right)
}

/// Whether the value of `setting` is kept from every eye.
pub(crate) fn is_secret(setting: &str) -> bool {
    setting.ends_with("password")
        || setting.ends_with("_secret")
        || matches!(setting, "http.token" | "dossier.key" | "explain.secret")
        || setting.starts_with(TOKENS)
        || property::of(setting).is_some_and(property::is_secret)
}

/// The rule of `setting`, where there is such a setting.
pub(crate) fn of(setting: &str) -> Option<&'static Right> {
    if property::of(setting).is_some() {
        return Some(&Right::Property);
    }
    if let Some(right) = of_named(setting) {
        return Some(right);
    }
    RULES.iter().find(|(name, _)| *name == setting).map(|(_, right)| right)
}

/// Whether settings are nested under `name`.
pub(crate) fn is_section(name: &str) -> bool {
    name == property::SECTION
        || NAMED.iter().any(|(section, _)| *section == name)
        || RULES.iter().any(|(known, _)| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
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
        match &value.kind {
            ValueKind::String(text) => self.accepts_text(text),
            // Not `Value::into_int`: it rounds 2.7 and reads "yes" as 1.
            ValueKind::I64(number) => self.accepts_whole(Some(*number)),
            ValueKind::U64(number) => self.accepts_whole(i64::try_from(*number).ok()),
            ValueKind::Float(number) => matches!(self, Self::Ratio) && (0.0..=1.0).contains(number),
            ValueKind::Boolean(_) => matches!(self, Self::Property | Self::Switch),
            _ => false,
        }
    }

    fn accepts_whole(&self, number: Option<i64>) -> bool {
        match self {
            Self::Whole(range, _) => number.is_some_and(|number| range.contains(&number)),
            Self::Ratio => matches!(number, Some(0 | 1)),
            Self::Property => true,
            _ => false,
        }
    }

    fn accepts_text(&self, text: &str) -> bool {
        match self {
            Self::Whole(..) => self.accepts_whole(text.parse().ok()),
            Self::OneOf(words) => words.contains(&text),
            Self::Ratio => text.parse().is_ok_and(|number: f64| (0.0..=1.0).contains(&number)),
            Self::Text | Self::PathOrNothing | Self::Property => true,
            Self::Path => !text.is_empty(),
            Self::Hosts => text.is_empty() || text.split(',').all(is_host_and_port),
            Self::Names => text.is_empty() || text.split(',').map(str::trim).all(is_host),
            Self::Url => text.is_empty() || is_url(text),
            Self::Keyspace => {
                text.len() <= 48
                    && text.starts_with(|c: char| c.is_ascii_lowercase())
                    && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            }
            Self::Address => text.parse::<SocketAddr>().is_ok(),
            Self::AddressOrNothing => text.is_empty() || text.parse::<SocketAddr>().is_ok(),
            Self::Scopes => Scope::listed(text).is_some(),
            Self::TeamNames => text.split(',').map(str::trim).all(|team| !team.is_empty()),
            Self::Groups => text.is_empty() || text.split(',').map(str::trim).all(|group| !group.is_empty()),
            Self::HeaderName => HeaderName::from_bytes(text.as_bytes()).is_ok(),
            Self::Claim => !text.is_empty() && text.len() <= 100 && !text.contains(char::is_whitespace),
            Self::TopicPrefix => text.len() <= 100 && text.chars().all(may_be_in_topic_name),
            Self::LogFilter => EnvFilter::try_new(text).is_ok(),
            Self::Switch => matches!(text, "true" | "false"),
            Self::TokenDigest => text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()),
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
            Self::Ratio => f.write_str("a number from 0 to 1"),
            Self::Text => f.write_str("text, in quotes"),
            Self::Path => f.write_str("a path"),
            Self::PathOrNothing => f.write_str("a path, or empty"),
            Self::Hosts => {
                f.write_str("hosts with ports and commas between them, such as one:9092,two:9092, or empty")
            }
            Self::Names => f.write_str(
                "names or addresses of hosts without ports and with commas between them, such as ombud,10.1.2.3, or empty",
            ),
            Self::Scopes => write!(f, "some of {}, with commas between them", Scope::names()),
            Self::TeamNames => f.write_str("names of teams, with commas between them"),
            Self::Groups => f.write_str("names of groups, with commas between them"),
            Self::HeaderName => f.write_str("the name of a header"),
            Self::Claim => f.write_str("the name of a claim, without spaces"),
            Self::AddressOrNothing => {
                f.write_str("an IP address and a port, such as 127.0.0.1:9090, or empty")
            }
            Self::Url => f.write_str(
                "an http or https URL without a user name or a password, such as http://one:8081, or empty",
            ),
            Self::Keyspace => f.write_str("at most 48 small letters, digits and underscores, a letter first"),
            Self::Switch => f.write_str("true or false"),
            Self::TokenDigest => f.write_str("the SHA-256 of a token, 64 hexadecimal digits"),
            Self::Property => f.write_str("text, a whole number, true or false"),
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
    fn hosts_have_ports_and_no_spaces() {
        for right in ["", "127.0.0.1:19092", "one:9092,two.bank.example:9093", "[::1]:9092"] {
            assert!(Right::Hosts.accepts(&Value::from(right)), "{right}");
        }
        for wrong in ["one", "one:0", "one:9092, two:9092", "one:9092,", "http://one:9092", ":9092"] {
            assert!(!Right::Hosts.accepts(&Value::from(wrong)), "{wrong}");
        }
    }

    #[test]
    fn names_of_hosts_have_no_ports() {
        for right in ["", "ombud", "ombud, ombud.bank.example,10.1.2.3,fd00::7"] {
            assert!(Right::Names.accepts(&Value::from(right)), "{right}");
        }
        for wrong in ["ombud:8080", "http://ombud", "ombud,", "[fd00::7]", "*"] {
            assert!(!Right::Names.accepts(&Value::from(wrong)), "{wrong}");
        }
    }

    #[test]
    fn a_url_is_http_and_names_no_user() {
        for right in ["", "http://127.0.0.1:18081/apis/ccompat/v7", "https://registry.bank.example"] {
            assert!(Right::Url.accepts(&Value::from(right)), "{right}");
        }
        for wrong in ["one:8081", "http://", "http:///path", "https://user:pass@one", "ftp://one"] {
            assert!(!Right::Url.accepts(&Value::from(wrong)), "{wrong}");
        }
    }

    #[test]
    fn a_ratio_is_between_nothing_and_all() {
        for right in [Value::from(0.25), Value::from(1_i64), Value::from("0.01")] {
            assert!(Right::Ratio.accepts(&right), "{right:?}");
        }
        for wrong in [Value::from(1.5), Value::from(2_i64), Value::from("NaN"), Value::from(true)] {
            assert!(!Right::Ratio.accepts(&wrong), "{wrong:?}");
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
