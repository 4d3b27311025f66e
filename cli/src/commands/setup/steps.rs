//! The steps of setting up. Each has a dry run: the same step asks its servers whether it would succeed, and changes nothing.
//! All dry runs come before the first step is done.

use anyhow::{Result, bail};
use ombud_contract::catalogue::Topic;
use ombud_kafka::{Admin, Mode, Registry, State, Wish};
use ombud_launch::config::Settings;

use super::{Item, Setup, item};
use crate::{
    log::{backend::View, connect},
    mirror,
    strategies::first_start,
};

/// One step; it adds each thing as soon as it is done, so also those before an error.
type Step = fn(&Setup, &Settings, Mode, &mut Vec<Item>) -> Result<()>;

/// Tables come first: a CQL server alone does not tell beforehand whether this user may make them, and where it refuses, nothing
/// else has been made. The strategy comes last, in the topics that were made.
const STEPS: [Step; 4] = [tables, topics, schemas, strategy];

/// What would be done.
///
/// # Errors
/// All that would fail, in one error. Nothing was made.
pub(super) fn dry_run(args: &Setup, settings: &Settings) -> Result<Vec<Item>> {
    let (mut items, mut failures) = (Vec::new(), Vec::new());
    for step in STEPS {
        if let Err(error) = step(args, settings, Mode::DryRun, &mut items) {
            failures.push(format!("{error:#}"));
        }
    }
    if let Err(error) = compare(settings, &items) {
        failures.push(format!("{error:#}"));
    }
    match &failures[..] {
        [] => Ok(items),
        [one] => bail!("set up: nothing was made, since it would fail to {one}"),
        all => {
            let numbered = all.iter().zip(1..).map(|(failure, number)| format!("({number}) {failure}"));
            let failures: Vec<String> = numbered.collect();
            bail!("set up: nothing was made, since it would fail to {}", failures.join("; "))
        }
    }
}

/// Does it all, and keeps in `made` what came of each.
///
/// # Errors
/// A step failed that was foreseen to be done. What `made` holds stays: topics, schemas and tables may be in use already.
pub(super) fn apply(args: &Setup, settings: &Settings, made: &mut Vec<Item>) -> Result<()> {
    STEPS.iter().try_for_each(|step| step(args, settings, Mode::Apply, made)).map_err(|error| {
        error.context(
            "finish setting up; what is listed above was made and stays, and once this is fixed `ombud setup` makes the rest",
        )
    })
}

fn tables(_: &Setup, settings: &Settings, mode: Mode, items: &mut Vec<Item>) -> Result<()> {
    let connection = connect::cql(settings)?;
    let (created, steps) = match mode {
        Mode::Apply => {
            let migrated = ombud_store::migrate(&connection, settings.cql.replication)?;
            (migrated.keyspace_created, migrated.applied)
        }
        Mode::DryRun => {
            let found = ombud_store::foresee(&connection, settings.cql.replication)?;
            (found.replication.is_none(), found.missing)
        }
    };
    let state = match (created, steps.is_empty()) {
        (true, _) => State::Created,
        (false, false) => State::Changed,
        (false, true) => State::Unchanged,
    };
    let details = steps.into_iter().map(|step| format!("migration {step}")).collect();
    items.push(Item { what: "tables", name: connection.keyspace, state, details });
    Ok(())
}

/// A dry run is checked by the brokers, which also know what this user may do.
fn topics(args: &Setup, settings: &Settings, mode: Mode, items: &mut Vec<Item>) -> Result<()> {
    let brokers = connect::brokers(settings)?;
    let wish = Wish { partitions: args.partitions, replication: args.replication_factor };
    let note = |outcome| items.push(item("topic", outcome));
    Ok(Admin::connect(&brokers)?.ensure_each_topic(&settings.topics.prefix, wish, mode, note)?)
}

fn schemas(_: &Setup, settings: &Settings, mode: Mode, items: &mut Vec<Item>) -> Result<()> {
    let registry = Registry::connect(&connect::registry(settings)?)?;
    for topic in Topic::ALL {
        items.push(item("schemas", registry.register(topic, &settings.topics.prefix, mode)?));
    }
    Ok(())
}

/// Refuses topics that do not belong together, where `foreseen` says that all of them are there.
fn compare(settings: &Settings, foreseen: &[Item]) -> Result<()> {
    let is_there = |topic: Topic| {
        let name = topic.name(&settings.topics.prefix);
        foreseen.iter().any(|item| item.what == "topic" && item.name == name && item.state != State::Created)
    };
    if ![Topic::Raw, Topic::Routed, Topic::Strategy].into_iter().all(is_there) {
        return Ok(());
    }
    match mirror::inspect(&View::open(settings)?, settings)?.fault() {
        Some(fault) => bail!("use these topics: {}; {}", fault.found, fault.fix),
        None => Ok(()),
    }
}

fn strategy(_: &Setup, settings: &Settings, mode: Mode, items: &mut Vec<Item>) -> Result<()> {
    let topic = Topic::Strategy.name(&settings.topics.prefix);
    let is_new = match mode {
        Mode::Apply => first_start::on_brokers(settings)?,
        Mode::DryRun => {
            // Where its topic has yet to be made, or nobody could be asked for it, there is none to read.
            let topic = items.iter().find(|item| item.what == "topic" && item.name == topic);
            let is_there = topic.is_some_and(|topic| topic.state != State::Created);
            let is_new = !(is_there && first_start::is_published(settings)?);
            if is_new {
                first_start::foresee(settings)?;
            }
            is_new
        }
    };
    let (state, details) = match is_new {
        true => (State::Created, vec!["the first version, and the models that it names".to_owned()]),
        false => (State::Unchanged, Vec::new()),
    };
    items.push(Item { what: "strategy", name: topic, state, details });
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{Cli, command_line::Command};

    fn said() -> Setup {
        let Command::Setup(args) = Cli::try_parse_from(["ombud", "setup"]).unwrap().command else {
            unreachable!("it was said")
        };
        args
    }

    /// Nobody listens there.
    fn nowhere(dir: &tempfile::TempDir) -> Settings {
        let mut settings = Settings {
            data: dir.path().join("data"),
            models: dir.path().join("no-models"),
            kafka_bootstrap: "127.0.0.1:1".into(),
            registry_url: "http://127.0.0.1:1".into(),
            cql_nodes: "127.0.0.1:1".into(),
            ..Settings::default()
        };
        settings.kafka.timeout_ms = 300;
        settings.registry.timeout_ms = 300;
        settings.cql.timeout_ms = 300;
        settings
    }

    #[test]
    fn all_that_would_fail_is_said_at_once_and_nothing_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let refused = dry_run(&said(), &nowhere(&dir)).unwrap_err().to_string();
        assert!(refused.starts_with("set up: nothing was made, since it would fail to (1) "), "{refused}");
        for part in
            ["(4) read the first strategy", "OMBUD_MODELS", "reach Kafka at 127.0.0.1:1", "schema registry"]
        {
            assert!(refused.contains(part), "{part}: {refused}");
        }
        assert!(!dir.path().join("data").exists());
    }

    #[test]
    fn servers_that_nobody_named_are_asked_for_all_of_them() {
        let refused = dry_run(&said(), &Settings::default()).unwrap_err().to_string();
        for part in ["--kafka", "--registry", "--cql"] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
    }

    #[test]
    fn what_fails_on_the_way_says_that_a_second_run_makes_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let mut made = Vec::new();
        let failed = apply(&said(), &nowhere(&dir), &mut made).unwrap_err().to_string();
        assert!(failed.contains("`ombud setup` makes the rest"), "{failed}");
        assert_eq!(made, []);
    }
}
