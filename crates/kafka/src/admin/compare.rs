//! What a topic should be, what it is, and which of the differences can be fixed. Asks nobody.

use ombud_contract::catalogue::{CleanupPolicy, TimestampType, Topic};

use super::{Settings, Wish};
use crate::error::KafkaError;

/// Copies of each partition where there are brokers enough.
const COPIES: i32 = 3;
/// With that many copies, a write is acknowledged when two hold it.
const IN_SYNC: i32 = 2;

/// A topic as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) partitions: i32,
    /// Of the partition that has fewest.
    pub(super) copies: i32,
    /// Every setting as it is in force.
    pub(super) all: Settings,
    /// Those that were set on the topic itself.
    pub(super) own: Settings,
}

/// What is wanted of all topics, given what is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    wish: Wish,
    brokers: i32,
    /// The partitions of complaints.raw, where it exists.
    raw: Option<i32>,
}

/// A setting to change, and how to say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SettingChange {
    pub(super) setting: &'static str,
    pub(super) value: String,
    pub(super) text: String,
}

/// Between a topic as it should be and as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Harmless, so they are made.
    pub(super) changes: Vec<SettingChange>,
    /// What would lose something, or can't be done: with what to do instead.
    pub(super) refused: Vec<String>,
    /// The command that brings about what is refused, where one does.
    pub(super) fix: Option<String>,
    /// Worth knowing, and nobody asked for another.
    pub(super) notes: Vec<String>,
}

impl Plan {
    pub(super) fn new(wish: Wish, brokers: i32, raw: Option<&Found>) -> Self {
        Self { wish, brokers, raw: raw.map(|raw| raw.partitions) }
    }

    /// For a new topic.
    pub(super) fn partitions(&self, topic: Topic) -> i32 {
        let catalogue = topic.settings().partitions;
        if catalogue == 1 { 1 } else { self.wish.partitions.or(self.raw).unwrap_or(catalogue) }
    }

    /// For a new topic.
    pub(super) fn copies(&self) -> i32 {
        self.wish.replication.unwrap_or(COPIES.min(self.brokers))
    }

    /// Refuses more copies of the new `topic` than there are brokers.
    pub(super) fn check_copies(&self, topic: &str) -> Result<(), KafkaError> {
        let (asked, brokers) = (self.copies(), self.brokers);
        if asked <= brokers {
            return Ok(());
        }
        Err(KafkaError::TooFewBrokers { topic: topic.to_owned(), asked, brokers })
    }

    /// Why the number of partitions can't stay, where it can't.
    fn refusal(&self, topic: Topic, found: i32) -> Option<String> {
        if topic.settings().partitions == 1 {
            let why = "its records have one order, so it must have 1 and can't be given fewer: choose another topics.prefix";
            return (found != 1).then(|| format!("it has {found} partitions; {why}"));
        }
        if let Some(wanted) = self.wish.partitions.filter(|wanted| *wanted != found) {
            let why = if wanted < found {
                "none can be taken away"
            } else {
                "setting up adds none to what is there"
            };
            return Some(format!(
                "it has {found} partitions where {wanted} are asked for; {why}: leave --partitions out"
            ));
        }
        let shares = matches!(topic, Topic::Predictions | Topic::Routed);
        let raw = self.wider_raw(topic, found).filter(|_| shares)?;
        Some(format!(
            "it has {found} partitions where complaints.raw has {raw}, so that what comes into the others waits"
        ))
    }

    /// The partitions of complaints.raw, where there are more of them than the `found` ones of a topic that should have
    /// as many.
    fn wider_raw(&self, topic: Topic, found: i32) -> Option<i32> {
        self.raw.filter(|raw| topic.settings().partitions > 1 && *raw > found)
    }

    /// The command that gives a topic the partitions that it lacks.
    fn widening(&self, topic: Topic, found: i32) -> Option<String> {
        let wanted = self.wish.partitions.filter(|wanted| topic.settings().partitions > 1 && *wanted > found);
        let to = wanted.max(self.wider_raw(topic, found))?;
        Some(format!("run `ombud setup --widen {to}`"))
    }
}

/// What the catalogue sets on a topic, in the brokers' names.
pub(super) fn settings(topic: Topic, copies: i32) -> Vec<(&'static str, String)> {
    let catalogue = topic.settings();
    let policy = match catalogue.cleanup_policy {
        CleanupPolicy::Delete => "delete",
        CleanupPolicy::Compact => "compact",
    };
    let stamped = match catalogue.timestamp_type {
        TimestampType::LogAppendTime => "LogAppendTime",
        TimestampType::CreateTime => "CreateTime",
    };
    let mut settings = vec![
        ("cleanup.policy", policy.to_owned()),
        ("retention.ms", catalogue.retention_ms.to_string()),
        ("min.compaction.lag.ms", catalogue.min_compaction_lag_ms.to_string()),
        ("message.timestamp.type", stamped.to_owned()),
        ("max.message.bytes", catalogue.max_message_bytes.to_string()),
    ];
    if copies >= COPIES {
        settings.push(("min.insync.replicas", IN_SYNC.to_string()));
    }
    settings
}

/// What to do about a topic that exists.
pub(super) fn differences(topic: Topic, found: &Found, plan: &Plan) -> Differences {
    let mut differences = Differences::default();
    let widening = plan.widening(topic, found.partitions);
    match plan.refusal(topic, found.partitions) {
        Some(refusal) => {
            differences.refused.push(refusal);
            differences.fix = widening;
        }
        // Its records lie where their keys say, so that nobody waits for it.
        None => differences.notes.extend(widening.map(|fix| {
            format!(
                "it has {} partitions, fewer than complaints.raw, and nothing waits; {fix} to make them equal",
                found.partitions
            )
        })),
    }
    let copies = plan.copies();
    if plan.wish.replication.is_some() && found.copies != copies {
        differences.refused.push(format!(
            "it has {} copies of each partition where {copies} are asked for: kafka-reassign-partitions changes that",
            found.copies
        ));
    } else if found.copies < copies {
        differences.notes.push(format!(
            "it has {} copies of each partition where {copies} are possible: kafka-reassign-partitions changes that",
            found.copies
        ));
    }
    for (setting, wanted) in settings(topic, found.copies) {
        let Some(is) = found.all.get(setting) else { continue };
        if *is == wanted || is_stricter(setting, is, &wanted) {
            continue;
        }
        if narrows(setting, is, &wanted) {
            differences
                .refused
                .push(format!("{setting} is {is}; {wanted} would narrow it, so set it yourself"));
        } else {
            let text = format!("{setting} {is} -> {wanted}");
            differences.changes.push(SettingChange { setting, value: wanted, text });
        }
    }
    differences
}

/// More copies that must answer lose less, so they are left.
fn is_stricter(setting: &str, is: &str, wanted: &str) -> bool {
    setting == "min.insync.replicas" && amount(is) >= amount(wanted)
}

/// Whether a record that is kept or taken now would not be with `wanted`.
fn narrows(setting: &str, is: &str, wanted: &str) -> bool {
    match setting {
        "cleanup.policy" => true,
        "retention.ms" | "min.compaction.lag.ms" | "max.message.bytes" => amount(wanted) < amount(is),
        _ => false,
    }
}

/// A number, where -1 has no end.
fn amount(value: &str) -> i64 {
    match value.parse() {
        Ok(-1) | Err(_) => i64::MAX,
        Ok(amount) => amount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The topic as setting up leaves it, on `copies` brokers.
    fn as_set_up(topic: Topic, copies: i32) -> Found {
        let all: Settings =
            settings(topic, copies).into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
        Found { partitions: topic.settings().partitions, copies, own: all.clone(), all }
    }

    fn plan(wish: Wish, raw: i32) -> Plan {
        Plan::new(wish, 3, Some(&Found { partitions: raw, ..Found::default() }))
    }

    fn differ(topic: Topic, change: impl Fn(&mut Found)) -> Differences {
        let mut found = as_set_up(topic, 3);
        change(&mut found);
        differences(topic, &found, &plan(Wish::default(), 48))
    }

    #[test]
    fn what_setting_up_made_differs_in_nothing() {
        for topic in Topic::ALL {
            assert_eq!(differ(topic, |_| {}), Differences::default(), "{topic:?}");
        }
    }

    #[test]
    fn what_widens_is_changed() {
        let set = |name: &'static str, value: &'static str| {
            move |found: &mut Found| drop(found.all.insert(name.to_owned(), value.to_owned()))
        };
        let longer = differ(Topic::Raw, set("retention.ms", "86400000"));
        assert_eq!(longer.changes[0].text, "retention.ms 86400000 -> 1209600000");
        assert!(longer.refused.is_empty());
        let for_ever = differ(Topic::Feedback, set("retention.ms", "604800000"));
        assert_eq!(for_ever.changes[0].value, "-1");
        let larger = differ(Topic::Raw, set("max.message.bytes", "1048588"));
        assert_eq!(larger.changes[0].setting, "max.message.bytes");
        let stamped = differ(Topic::Raw, set("message.timestamp.type", "CreateTime"));
        assert_eq!(stamped.changes[0].value, "LogAppendTime");
        let safer = differ(Topic::Raw, set("min.insync.replicas", "1"));
        assert_eq!(safer.changes[0].value, "2");
    }

    #[test]
    fn what_narrows_is_refused() {
        let set = |name: &'static str, value: &'static str| {
            move |found: &mut Found| drop(found.all.insert(name.to_owned(), value.to_owned()))
        };
        for (topic, setting, is) in [
            (Topic::Raw, "retention.ms", "-1"),
            (Topic::Raw, "retention.ms", "9999999999"),
            (Topic::Raw, "max.message.bytes", "16777216"),
            (Topic::Raw, "cleanup.policy", "compact"),
            (Topic::Routed, "cleanup.policy", "delete"),
            (Topic::Routed, "min.compaction.lag.ms", "9999999999"),
        ] {
            let differences = differ(topic, set(setting, is));
            assert!(differences.changes.is_empty(), "{setting} {is}");
            assert!(differences.refused[0].contains(setting), "{differences:?}");
        }
        assert_eq!(differ(Topic::Raw, set("min.insync.replicas", "3")), Differences::default());
    }

    #[test]
    fn the_number_of_partitions_is_never_changed_and_the_command_that_does_so_is_named() {
        let differ = |topic, partitions, plan| {
            let found = Found { partitions, ..as_set_up(topic, 3) };
            differences(topic, &found, &plan)
        };
        let of_48 = Wish { partitions: Some(48), ..Wish::default() };
        let asked = differ(Topic::Raw, 6, plan(of_48, 6));
        assert!(asked.refused[0].contains("6 partitions where 48 are asked for"), "{asked:?}");
        assert_eq!(asked.fix.as_deref(), Some("run `ombud setup --widen 48`"));
        let fewer = differ(Topic::Raw, 60, plan(of_48, 60));
        assert!(fewer.refused[0].contains("none can be taken away") && fewer.fix.is_none(), "{fewer:?}");
        assert_eq!(differ(Topic::Raw, 6, plan(Wish::default(), 6)), Differences::default());
        let narrow = differ(Topic::Routed, 4, plan(Wish::default(), 6));
        assert!(narrow.refused[0].contains("4 partitions where complaints.raw has 6"), "{narrow:?}");
        assert_eq!(narrow.fix.as_deref(), Some("run `ombud setup --widen 6`"));
        // A first part of the way, and nobody waits.
        assert_eq!(differ(Topic::Routed, 8, plan(Wish::default(), 6)), Differences::default());
        let beside = differ(Topic::DeadLetters, 4, plan(Wish::default(), 6));
        assert!(beside.refused.is_empty() && beside.notes[0].contains("--widen 6"), "{beside:?}");
        let ordered = differ(Topic::Strategy, 2, plan(Wish::default(), 6));
        assert!(ordered.refused[0].contains("one order") && ordered.fix.is_none(), "{ordered:?}");
    }

    #[test]
    fn more_copies_than_brokers_are_refused_with_how_many_there_may_be() {
        let three = Wish { replication: Some(3), ..Wish::default() };
        let refused = Plan::new(three, 1, None).check_copies("complaints.raw").unwrap_err().to_string();
        assert!(refused.contains("1 broker") && refused.contains("--replication-factor 1"), "{refused}");
        assert!(Plan::new(three, 3, None).check_copies("complaints.raw").is_ok());
        assert!(Plan::new(Wish::default(), 1, None).check_copies("complaints.raw").is_ok());
    }

    #[test]
    fn new_topics_take_after_the_raw_one_and_the_brokers() {
        let few = Plan::new(Wish::default(), 1, Some(&Found { partitions: 6, ..Found::default() }));
        assert_eq!((few.partitions(Topic::Routed), few.partitions(Topic::Strategy), few.copies()), (6, 1, 1));
        let none = Plan::new(Wish::default(), 5, None);
        assert_eq!((none.partitions(Topic::Raw), none.copies()), (48, 3));
        let asked = Plan::new(Wish { partitions: Some(12), replication: Some(2) }, 5, None);
        assert_eq!(
            (asked.partitions(Topic::Raw), asked.partitions(Topic::Registry), asked.copies()),
            (12, 1, 2)
        );
    }
}
