//! What each role may do on brokers: `schemas/access.toml`, compiled in.

use std::{collections::BTreeSet, fmt, sync::LazyLock};

use serde::{Deserialize, Serialize};

use crate::catalogue::Topic;

/// Somebody with a user of its own on the brokers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerRole {
    /// Its name, such as `infer`.
    pub name: String,
    /// Which command or system it is, for people.
    pub who: String,
    /// What it may elsewhere, for people.
    pub besides: String,
    /// What it may on the brokers, and no more.
    pub grants: Vec<Grant>,
}

/// What a role may do with one thing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Grant {
    /// With what.
    pub resource: Resource,
    /// At least one; none implies another.
    pub operations: Vec<Operation>,
}

/// What an ACL is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A topic of the catalogue.
    Topic(Topic),
    /// One consumer group.
    Group(String),
    /// All consumer groups whose names begin with this.
    Groups(String),
}

/// An operation in the words of Kafka's ACLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Operation {
    /// Read records; be a member of a group.
    Read,
    /// Append records.
    Write,
    /// Make a topic.
    Create,
    /// Add partitions.
    Alter,
    /// Change settings.
    AlterConfigs,
    /// See that it is there, and where a group stands.
    Describe,
    /// See settings.
    DescribeConfigs,
}

impl Operation {
    /// Whether this right includes `other`.
    pub fn implies(self, other: Self) -> bool {
        match other {
            Self::Describe => matches!(self, Self::Read | Self::Write | Self::Alter),
            Self::DescribeConfigs => self == Self::AlterConfigs,
            Self::Read | Self::Write | Self::Create | Self::Alter | Self::AlterConfigs => false,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its name here is Kafka's.
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for Resource {
    /// As an operator reads it: `topic complaints.raw`, `group ombud.join`, `groups ombud.infer.*`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(topic) => write!(f, "topic {}", topic.base_name()),
            Self::Group(name) => write!(f, "group {name}"),
            Self::Groups(prefix) => write!(f, "groups {prefix}*"),
        }
    }
}

impl BrokerRole {
    /// All of them.
    pub fn all() -> &'static [Self] {
        &ROLES
    }

    /// The role that is called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        ROLES.iter().find(|role| role.name == name)
    }

    /// Its topics, each with what it may do there.
    pub fn topics(&self) -> impl Iterator<Item = (Topic, &[Operation])> {
        self.grants.iter().filter_map(|grant| match &grant.resource {
            Resource::Topic(topic) => Some((*topic, grant.operations.as_slice())),
            Resource::Group(_) | Resource::Groups(_) => None,
        })
    }
}

/// A grant as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    topic: Option<String>,
    group: Option<String>,
    group_prefix: Option<String>,
    operations: Vec<Operation>,
}

impl TryFrom<Written> for Grant {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { topic, group, group_prefix, operations } = written;
        let resource = match (topic, group, group_prefix) {
            (Some(topic), None, None) => {
                let known = Topic::named(&topic, "");
                Resource::Topic(known.ok_or_else(|| format!("the catalogue has no topic {topic}"))?)
            }
            (None, Some(group), None) => Resource::Group(group),
            (None, None, Some(prefix)) => Resource::Groups(prefix),
            _ => return Err("a grant is about one of topic, group and group_prefix".to_owned()),
        };
        if operations.is_empty() {
            return Err(format!("{resource} is granted without an operation"));
        }
        for operation in &operations {
            if let Some(other) = operations.iter().find(|other| other.implies(*operation)) {
                return Err(format!("{operation} on {resource} is superfluous: {other} implies it"));
            }
        }
        if operations.iter().collect::<BTreeSet<_>>().len() < operations.len() {
            return Err(format!("an operation on {resource} is granted twice"));
        }
        Ok(Self { resource, operations })
    }
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Access {
    roles: Vec<BrokerRole>,
}

static ROLES: LazyLock<Vec<BrokerRole>> = LazyLock::new(|| {
    load(include_str!("../../../schemas/access.toml")).unwrap_or_else(|what| {
        unreachable!("the roles are compiled in and a test loads all of them, yet: {what}")
    })
});

fn load(text: &str) -> Result<Vec<BrokerRole>, String> {
    let Access { roles } = toml::from_str(text).map_err(|error| error.to_string())?;
    for (at, role) in roles.iter().enumerate() {
        if roles[..at].iter().any(|before| before.name == role.name) {
            return Err(format!("there are two roles {}", role.name));
        }
        for (at, grant) in role.grants.iter().enumerate() {
            if role.grants[..at].iter().any(|before| before.resource == grant.resource) {
                return Err(format!("{} has two grants about {}", role.name, grant.resource));
            }
        }
    }
    Ok(roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_loads_and_every_topic_has_somebody_who_makes_reads_and_writes_it() {
        let may = |topic, operation| {
            BrokerRole::all().iter().any(|role| {
                role.topics().any(|(of, operations)| of == topic && operations.contains(&operation))
            })
        };
        for topic in Topic::ALL {
            for operation in [Operation::Create, Operation::Read, Operation::Write] {
                assert!(may(topic, operation), "nobody has {operation} on {topic:?}");
            }
        }
        assert_eq!(BrokerRole::named("join").unwrap().topics().count(), 5);
        assert!(BrokerRole::named("nobody").is_none());
    }

    #[test]
    fn a_name_is_short_enough_for_kubernetes() {
        for role in BrokerRole::all() {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            assert!(role.name.bytes().all(plain) && role.name.len() < 40, "{}", role.name);
        }
    }

    /// The file of one role with these grants.
    fn of_one(grants: &str) -> Result<Vec<BrokerRole>, String> {
        load(&format!("[[roles]]\nname = \"one\"\nwho = \"\"\nbesides = \"\"\ngrants = [{grants}]"))
    }

    #[test]
    fn what_is_superfluous_unknown_or_said_twice_is_refused() {
        assert!(of_one(r#"{ topic = "complaints.raw", operations = ["Read"] }"#).is_ok());
        for (grants, why) in [
            (r#"{ topic = "complaints.raw", operations = ["Read", "Describe"] }"#, "Read implies it"),
            (
                r#"{ topic = "complaints.raw", operations = ["DescribeConfigs", "AlterConfigs"] }"#,
                "AlterConfigs implies it",
            ),
            (r#"{ topic = "complaints.raw", operations = ["Read", "Read"] }"#, "twice"),
            (r#"{ topic = "complaints.raw", operations = [] }"#, "without an operation"),
            (r#"{ topic = "complaints.unheard-of", operations = ["Read"] }"#, "no topic"),
            (r#"{ group = "a", group_prefix = "a.", operations = ["Read"] }"#, "one of topic, group"),
            (r#"{ group = "a", operations = ["Delete"] }"#, "Delete"),
            (
                r#"{ group = "a", operations = ["Read"] }, { group = "a", operations = ["Describe"] }"#,
                "two grants about group a",
            ),
        ] {
            let refused = of_one(grants).unwrap_err();
            assert!(refused.contains(why), "{grants}: {refused}");
        }
        let role = "[[roles]]\nname = \"one\"\nwho = \"\"\nbesides = \"\"\ngrants = []\n";
        assert!(load(&role.repeat(2)).unwrap_err().contains("two roles one"));
    }
}
