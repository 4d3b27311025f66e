//! `ombud setup --export`: the topics of the catalogue and the users of schemas/access.toml, for other tools to
//! make: Strimzi's operators, Kafka's own command, or a program.

use std::{collections::BTreeMap, io::Write};

use anyhow::Result;
use clap::ValueEnum;
use ombud_contract::{
    access::{BrokerRole, Grant, Operation, Resource},
    catalogue::Topic,
};
use ombud_kafka::{Design, Wish};
use ombud_launch::config::Settings;
use serde::Serialize;
use serde_json::{Value, json};

use super::Setup;

/// The version of Strimzi's objects.
const API_VERSION: &str = "kafka.strimzi.io/v1";
/// The beginning of the names of Strimzi's users, to tell them from others.
const USER: &str = "ombud-";

/// The tool that reads the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// KafkaTopic and KafkaUser objects, as YAML
    Strimzi,
    /// A line of kafka-acls each: BOOTSTRAP names brokers, ADMIN the properties file of a client that may change ACLs
    Acls,
    /// Topics and users as one JSON object
    Json,
}

/// How users prove to the brokers who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Authentication {
    /// By a password
    #[default]
    #[value(name = "scram-sha-512")]
    Scram,
    /// By a certificate
    Tls,
}

impl Authentication {
    fn of_strimzi(self) -> &'static str {
        match self {
            Self::Scram => "scram-sha-512",
            Self::Tls => "tls",
        }
    }

    /// The user as ACLs name it.
    fn principal(self, role: &BrokerRole) -> String {
        let name = user(role);
        match self {
            Self::Scram => format!("User:{name}"),
            Self::Tls => format!("User:CN={name}"),
        }
    }
}

/// All of it, in the form that programs read.
#[derive(Debug, Serialize)]
struct Export {
    topics: Vec<ExportedTopic>,
    users: Vec<ExportedUser>,
}

#[derive(Debug, Serialize)]
struct ExportedTopic {
    name: String,
    partitions: i32,
    replicas: i32,
    config: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct ExportedUser {
    role: &'static str,
    acls: Vec<ExportedAcl>,
}

#[derive(Debug, Serialize)]
struct ExportedAcl {
    resource: &'static str,
    name: String,
    pattern: &'static str,
    operations: &'static [Operation],
}

/// Prints what `args` ask for, with the prefix that `settings` give topics. Asks nobody.
pub(super) fn export(format: Format, args: &Setup, settings: &Settings, out: &mut impl Write) -> Result<()> {
    let wish = Wish { partitions: args.partitions, replication: args.replication_factor };
    let authentication = args.authentication.unwrap_or_default();
    let prefix = &settings.topics.prefix;
    match format {
        Format::Json => writeln!(out, "{}", serde_json::to_string(&exported(prefix, wish))?)?,
        Format::Acls => {
            for line in lines(prefix, authentication) {
                writeln!(out, "{line}")?;
            }
        }
        Format::Strimzi => {
            let cluster = args.cluster.as_deref().unwrap_or_default();
            for object in objects(&exported(prefix, wish), cluster, authentication) {
                // JSON is YAML, and every YAML reader reads it the same.
                writeln!(out, "---\n{}", serde_json::to_string_pretty(&object)?)?;
            }
        }
    }
    Ok(())
}

fn exported(prefix: &str, wish: Wish) -> Export {
    let topic = |topic: Topic| {
        let Design { partitions, copies, settings } = Design::of(topic, wish);
        let config = settings.into_iter().collect();
        ExportedTopic { name: topic.name(prefix), partitions, replicas: copies, config }
    };
    let user = |role: &'static BrokerRole| ExportedUser { role: &role.name, acls: acls(role, prefix) };
    Export { topics: Topic::ALL.map(topic).into(), users: BrokerRole::all().iter().map(user).collect() }
}

fn acls(role: &'static BrokerRole, prefix: &str) -> Vec<ExportedAcl> {
    let acl = |grant: &'static Grant| {
        let (resource, name, pattern) = match &grant.resource {
            Resource::Topic(topic) => ("topic", topic.name(prefix), "literal"),
            Resource::Group(name) => ("group", name.clone(), "literal"),
            Resource::Groups(begin) => ("group", begin.clone(), "prefix"),
        };
        ExportedAcl { resource, name, pattern, operations: &grant.operations }
    };
    role.grants.iter().map(acl).collect()
}

/// The name of a role's user.
fn user(role: &BrokerRole) -> String {
    format!("{USER}{}", role.name)
}

/// A line of `kafka-acls` for each operation that a role has on anything.
fn lines(prefix: &str, authentication: Authentication) -> Vec<String> {
    let mut lines = Vec::new();
    for role in BrokerRole::all() {
        let principal = authentication.principal(role);
        for acl in acls(role, prefix) {
            let pattern = match acl.pattern {
                "prefix" => " --resource-pattern-type prefixed",
                _ => "",
            };
            for operation in acl.operations {
                lines.push(format!(
                    "kafka-acls --bootstrap-server \"$BOOTSTRAP\" --command-config \"$ADMIN\" --add --allow-principal \
                     '{principal}' --operation {operation} --{} '{}'{pattern}",
                    acl.resource, acl.name
                ));
            }
        }
    }
    lines
}

/// Strimzi's objects: topics, then users.
fn objects(export: &Export, cluster: &str, authentication: Authentication) -> Vec<Value> {
    let object = |kind: &str, name: &str, spec: Value| {
        json!({
            "apiVersion": API_VERSION, "kind": kind,
            "metadata": { "name": name, "labels": { "strimzi.io/cluster": cluster } }, "spec": spec,
        })
    };
    let topic = |topic: &ExportedTopic| {
        let mut spec =
            json!({ "partitions": topic.partitions, "replicas": topic.replicas, "config": topic.config });
        let name = object_name(&topic.name);
        if name != topic.name {
            spec["topicName"] = topic.name.as_str().into();
        }
        object("KafkaTopic", &name, spec)
    };
    let user = |user: &ExportedUser| {
        let acl = |acl: &ExportedAcl| {
            json!({
                "resource": { "type": acl.resource, "name": acl.name, "patternType": acl.pattern },
                "operations": acl.operations,
            })
        };
        let acls: Vec<Value> = user.acls.iter().map(acl).collect();
        let spec = json!({
            "authentication": { "type": authentication.of_strimzi() },
            "authorization": { "type": "simple", "acls": acls },
        });
        object("KafkaUser", &format!("{USER}{}", user.role), spec)
    };
    export.topics.iter().map(topic).chain(export.users.iter().map(user)).collect()
}

/// A topic's name as Kubernetes takes it: small letters, digits, dots and dashes, no dot or dash at either end.
fn object_name(topic: &str) -> String {
    let plain = |letter: char| match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9' | '.' | '-') => letter,
        _ => '-',
    };
    let name: String = topic.chars().map(plain).collect();
    name.trim_matches(['.', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{Cli, command_line::Command};

    fn said(words: &[&str]) -> Result<Setup, clap::Error> {
        let words = ["ombud", "setup"].iter().chain(words);
        let Command::Setup(args) = Cli::try_parse_from(words)?.command else { unreachable!("it was said") };
        Ok(args)
    }

    /// What is printed where topics have the prefix `prefix`.
    fn printed(words: &[&str], prefix: &str) -> String {
        let args = said(words).unwrap();
        let mut settings = Settings::default();
        settings.topics.prefix = prefix.to_owned();
        let mut out = Vec::new();
        export(args.export.unwrap(), &args, &settings, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn documents(text: &str) -> Vec<Value> {
        text.split("---\n").skip(1).map(|one| serde_json::from_str(one).unwrap()).collect()
    }

    #[test]
    fn json_has_every_topic_as_it_is_made_and_every_user_with_its_acls() {
        let export: Value = serde_json::from_str(&printed(&["--export", "json"], "bank.")).unwrap();
        let raw = &export["topics"][0];
        assert_eq!((&raw["name"], &raw["partitions"]), (&json!("bank.complaints.raw"), &json!(48)));
        assert_eq!((&raw["replicas"], &raw["config"]["min.insync.replicas"]), (&json!(3), &json!("2")));
        assert_eq!(raw["config"]["message.timestamp.type"], "LogAppendTime");
        let users = export["users"].as_array().unwrap();
        assert_eq!(users.len(), BrokerRole::all().len());
        let infer = users.iter().find(|user| user["role"] == "infer").unwrap();
        let written = json!({
            "resource": "topic", "name": "bank.complaints.predictions", "pattern": "literal", "operations": ["Write"],
        });
        let group = json!({
            "resource": "group", "name": "ombud.infer.", "pattern": "prefix", "operations": ["Read"],
        });
        let acls = infer["acls"].as_array().unwrap();
        assert!(acls.contains(&written) && acls.contains(&group), "{acls:?}");
    }

    #[test]
    fn partitions_and_copies_are_as_they_are_asked_for() {
        let asked = ["--export", "json", "--partitions", "6", "--replication-factor", "1"];
        let export: Value = serde_json::from_str(&printed(&asked, "")).unwrap();
        for topic in export["topics"].as_array().unwrap() {
            let expected = if topic["name"].as_str().unwrap().starts_with("models.") { 1 } else { 6 };
            assert_eq!((&topic["partitions"], &topic["replicas"]), (&json!(expected), &json!(1)));
            assert!(topic["config"].get("min.insync.replicas").is_none(), "{topic}");
        }
    }

    #[test]
    fn strimzi_gets_an_object_for_each_topic_and_user_of_the_cluster() {
        let text = printed(&["--export", "strimzi", "--cluster", "bank"], "");
        let objects = documents(&text);
        let of = |kind: &str| objects.iter().filter(|object| object["kind"] == kind).count();
        assert_eq!((of("KafkaTopic"), of("KafkaUser")), (Topic::ALL.len(), BrokerRole::all().len()));
        for object in &objects {
            assert_eq!(object["apiVersion"], API_VERSION);
            assert_eq!(object["metadata"]["labels"]["strimzi.io/cluster"], "bank");
            assert!(object["spec"].get("topicName").is_none(), "Kubernetes takes the catalogue's names");
        }
        let join = objects.iter().find(|object| object["metadata"]["name"] == "ombud-join").unwrap();
        assert_eq!(join["spec"]["authentication"]["type"], "scram-sha-512");
        let routed = json!({
            "resource": { "type": "topic", "name": "complaints.routed", "patternType": "literal" },
            "operations": ["Read", "Write"],
        });
        assert!(join["spec"]["authorization"]["acls"].as_array().unwrap().contains(&routed), "{join}");
    }

    #[test]
    fn strimzi_gets_only_what_its_definitions_know() {
        // Of the definitions kafkatopics and kafkausers of Strimzi 1.2, version v1.
        let topic = ["config", "partitions", "replicas", "topicName"];
        let (authentication, resources) = (["scram-sha-512", "tls"], ["topic", "group"]);
        let operations =
            ["Read", "Write", "Create", "Delete", "Alter", "Describe", "AlterConfigs", "DescribeConfigs"];
        let knows = |known: &[&str], value: &Value| known.contains(&value.as_str().unwrap());
        for how in authentication {
            let words = ["--export", "strimzi", "--cluster", "bank", "--authentication", how];
            for object in documents(&printed(&words, "Bank_1.")) {
                let spec = object["spec"].as_object().unwrap();
                if object["kind"] == "KafkaTopic" {
                    assert!(spec.keys().all(|key| topic.contains(&key.as_str())), "{spec:?}");
                    continue;
                }
                assert_eq!((&spec["authentication"]["type"], spec.len()), (&json!(how), 2));
                for acl in spec["authorization"]["acls"].as_array().unwrap() {
                    let resource = &acl["resource"];
                    assert!(knows(&resources, &resource["type"]), "{acl}");
                    assert!(knows(&["literal", "prefix"], &resource["patternType"]), "{acl}");
                    let granted = acl["operations"].as_array().unwrap();
                    assert!(granted.iter().all(|operation| knows(&operations, operation)), "{acl}");
                }
            }
        }
    }

    #[test]
    fn a_topic_whose_name_kubernetes_does_not_take_is_named_in_its_spec() {
        let text = printed(&["--export", "strimzi", "--cluster", "bank"], "Bank_1.");
        let raw = &documents(&text)[0];
        assert_eq!(raw["metadata"]["name"], "bank-1.complaints.raw");
        assert_eq!(raw["spec"]["topicName"], "Bank_1.complaints.raw");
        assert_eq!(object_name("_x-"), "x");
    }

    #[test]
    fn kafka_acls_gets_a_line_for_each_operation() {
        let text = printed(&["--export", "acls", "--authentication", "tls"], "");
        let operations =
            |role: &BrokerRole| role.grants.iter().map(|grant| grant.operations.len()).sum::<usize>();
        assert_eq!(text.lines().count(), BrokerRole::all().iter().map(operations).sum::<usize>());
        let group = "kafka-acls --bootstrap-server \"$BOOTSTRAP\" --command-config \"$ADMIN\" --add --allow-principal \
                     'User:CN=ombud-infer' --operation Read --group 'ombud.infer.' --resource-pattern-type prefixed";
        assert!(text.lines().any(|line| line == group), "{text}");
    }

    #[test]
    fn what_makes_no_sense_together_is_refused() {
        for words in [
            &["--export", "strimzi"][..],
            &["--cluster", "bank"],
            &["--authentication", "tls"],
            &["--export", "json", "--widen", "6"],
            &["--export", "json", "--dry-run"],
        ] {
            assert!(said(words).is_err(), "{words:?}");
        }
    }
}
