//! Which librdkafka properties are passed on: all but those that Ombud's promises depend on.

use std::{collections::BTreeMap, fmt};

use config::{Value, ValueKind};
use serde::{Serialize, Serializer};

use super::secret::{HIDDEN, holds_user};

/// The section whose names are librdkafka's.
pub(crate) const SECTION: &str = "kafka.properties";

const FRONTIER: &str = "an offset is committed only when everything before it is finished";
const START: &str = "a lost offset is an error, and where a new group begins is said with --start";
const ACKNOWLEDGED: &str =
    "a record counts as written only when every replica in sync holds it, once and in order";
const MURMUR2: &str = "a complaint stays in one partition only if all writers use murmur2_random";
const SHARED: &str = "members of a group must agree on it, and Ombud's use cooperative-sticky";
const NAMED: &str = "a group is named by its work";
const ADDRESS: &str = "the brokers are the setting kafka_bootstrap";
const FOREVER: &str = "a record is sent again until it is acknowledged, or its place in the order is lost";
const IDEMPOTENT: &str = "effects are idempotent instead of transactional";

/// Properties that are refused, and why.
const HELD: [(&str, &str); 15] = [
    ("enable.auto.commit", FRONTIER),
    ("enable.auto.offset.store", FRONTIER),
    ("auto.offset.reset", START),
    ("enable.idempotence", ACKNOWLEDGED),
    ("acks", ACKNOWLEDGED),
    ("request.required.acks", ACKNOWLEDGED),
    ("partitioner", MURMUR2),
    ("partition.assignment.strategy", SHARED),
    ("group.id", NAMED),
    ("bootstrap.servers", ADDRESS),
    ("metadata.broker.list", ADDRESS),
    ("message.timeout.ms", FOREVER),
    ("delivery.timeout.ms", FOREVER),
    ("transactional.id", IDEMPOTENT),
    ("enable.gapless.guarantee", ACKNOWLEDGED),
];

/// Parts of a name that say that its value is a secret. Rather too many: a path of a key that is hidden costs a look into
/// the settings, and a property that librdkafka will have next year is known by its name alone.
const TELLING: [&str; 8] =
    ["password", "passphrase", "secret", "key", "token", "credential", "jaas", "oauthbearer"];

/// The property that `setting` names, where it names one.
pub(crate) fn of(setting: &str) -> Option<&str> {
    setting.strip_prefix(SECTION)?.strip_prefix('.')
}

/// As librdkafka writes the name of a property that came from a variable, where dots can't be.
pub(crate) fn from_variable(setting: &str) -> String {
    match of(setting) {
        Some(property) => format!("{SECTION}.{}", property.replace('_', ".")),
        None => setting.to_owned(),
    }
}

/// Why `property` can't be set, where it can't. Whether it exists is librdkafka's to say.
pub(crate) fn refusal(property: &str) -> Option<&'static str> {
    let shaped = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.';
    if property.is_empty() || !property.chars().all(shaped) {
        return Some("a property of librdkafka is written in small letters, digits and dots");
    }
    HELD.iter().find(|(name, _)| *name == property).map(|(_, why)| *why)
}

/// Whether the value of `property` is kept from every eye.
pub(crate) fn is_secret(property: &str) -> bool {
    TELLING.iter().any(|part| property.contains(part))
}

/// Moves the properties of `written` into one table, for their dots nest nothing.
pub(crate) fn gathered(written: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let (properties, mut settings): (BTreeMap<_, _>, BTreeMap<_, _>) =
        written.clone().into_iter().partition(|(name, _)| of(name).is_some());
    let table = properties.iter().filter_map(|(name, value)| Some((of(name)?.to_owned(), value.clone())));
    settings.insert(SECTION.to_owned(), Value::new(None, ValueKind::Table(table.collect())));
    settings
}

/// `value`, where it may be seen.
fn visible<'a>(property: &str, value: &'a str) -> &'a str {
    if is_secret(property) || holds_user(value) { HIDDEN } else { value }
}

/// Properties as they may be shown.
pub(crate) struct Shown<'a>(pub(crate) &'a BTreeMap<String, String>);

impl Shown<'_> {
    fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), visible(name, value)))
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.each()).finish()
    }
}

/// Serialises `properties` as they may be shown.
pub(crate) fn shown<S: Serializer>(
    properties: &BTreeMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Shown(properties).each().collect::<BTreeMap<_, _>>().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_that_is_a_secret_is_hidden_and_others_are_shown() {
        let properties = |names: &[&str], value: &str| -> BTreeMap<String, String> {
            names.iter().map(|name| ((*name).to_owned(), value.to_owned())).collect()
        };
        // All that librdkafka 2 calls sensitive, and others that can hold a secret.
        let secret = [
            "sasl.password",
            "sasl.oauthbearer.config",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.assertion.private.key.passphrase",
            "sasl.oauthbearer.assertion.private.key.pem",
            "sasl.oauthbearer.client.credentials.client.secret",
            "sasl.oauthbearer.token.endpoint.url",
            "sasl.jaas.config",
            "ssl.key.password",
            "ssl.key.pem",
            "ssl.keystore.password",
        ];
        let plain = ["sasl.username", "sasl.mechanism", "security.protocol", "ssl.ca.location"];
        let hidden = properties(&secret, "correct horse");
        assert!(!format!("{:?}", Shown(&hidden)).contains("horse"));
        assert_eq!(format!("{:?}", Shown(&properties(&plain, "seen"))).matches("seen").count(), plain.len());
        let address = properties(&plain, "https://me:correct horse@one");
        assert!(!format!("{:?}", Shown(&address)).contains("horse"));
    }

    #[test]
    fn what_promises_stand_on_is_refused_and_the_rest_is_passed_on() {
        for free in ["security.protocol", "sasl.mechanism", "isolation.level", "fetch.min.bytes", "debug"] {
            assert_eq!(refusal(free), None, "{free}");
        }
        for held in ["acks", "group.id", "enable.auto.commit", "message.timeout.ms", "bootstrap.servers"] {
            assert!(refusal(held).is_some(), "{held}");
        }
        assert!(refusal("Security.Protocol").is_some_and(|why| why.contains("small letters")));
    }
}
