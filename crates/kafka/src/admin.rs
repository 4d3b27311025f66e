//! The catalogue's topics on brokers: created where missing, widened where that is harmless, never narrowed.

mod compare;
mod widen;

use std::{collections::BTreeMap, time::Duration};

use backon::{BlockingRetryable, ExponentialBuilder};
use futures_executor::block_on;
use ombud_contract::{access::Operation, catalogue::Topic};
use rdkafka::{
    admin::{
        AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic, ResourceSpecifier,
        TopicReplication,
    },
    client::Client,
    config::FromClientConfigAndContext,
    consumer::BaseConsumer,
    error::{KafkaError as Cause, RDKafkaErrorCode},
    metadata::Metadata,
};

use crate::{
    client::{client, reach},
    connection::Brokers,
    context::LibrdkafkaLog,
    error::KafkaError,
    outage::allow,
    outcome::{Mode, Outcome, State},
    widths,
};
use compare::{Found, Plan};

/// The wait before looking again whether what was created is to be seen; doubles up to tenfold.
const SHOWN_BACKOFF: Duration = Duration::from_millis(50);

/// What the operator wants other than the catalogue.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Partitions of every topic that the catalogue gives more than one. `None` keeps what exists; new topics get as many
    /// as complaints.raw has, or the catalogue's number.
    pub partitions: Option<i32>,
    /// Copies of each partition. `None` keeps what exists; new topics get three, or one a broker where there are fewer.
    pub replication: Option<i32>,
}

/// A topic as it is made where it is missing and there are brokers enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Design {
    /// How many partitions it gets.
    pub partitions: i32,
    /// Copies of each.
    pub copies: i32,
    /// What is set on it, in the brokers' names.
    pub settings: Vec<(&'static str, String)>,
}

impl Design {
    /// Of `topic`, by the catalogue and by what the operator wants other.
    pub fn of(topic: Topic, wish: Wish) -> Self {
        let plan = Plan::new(wish, i32::MAX, None);
        let copies = plan.copies();
        Self { partitions: plan.partitions(topic), copies, settings: compare::settings(topic, copies) }
    }
}

/// Administers the topics of one cluster. Blocks; every request has the connection's timeout.
pub struct Admin {
    client: AdminClient<LibrdkafkaLog>,
    brokers: Brokers,
}

impl Admin {
    /// Finds the brokers.
    ///
    /// # Errors
    /// They don't answer, or refuse us: with what has to be fixed.
    pub fn connect(brokers: &Brokers) -> Result<Self, KafkaError> {
        reach(brokers)?;
        let client = AdminClient::from_config_and_context(&brokers.admin(), LibrdkafkaLog::default());
        Ok(Self { client: client.map_err(KafkaError::Client)?, brokers: brokers.clone() })
    }

    /// The brokers' addresses, in the order of their ids.
    ///
    /// # Errors
    /// They don't answer.
    pub fn brokers(&self) -> Result<Vec<String>, KafkaError> {
        let metadata = self.metadata()?;
        let address = |broker: &rdkafka::metadata::MetadataBroker| {
            (broker.id(), format!("{}:{}", broker.host(), broker.port()))
        };
        let brokers: BTreeMap<i32, String> = metadata.brokers().iter().map(address).collect();
        Ok(brokers.into_values().collect())
    }

    /// Brings the catalogue's topics about. A topic with anything to refuse is left untouched as a whole.
    ///
    /// # Errors
    /// The brokers don't answer or don't allow it; what was done until then stays, and the next run goes on from there.
    pub fn ensure_topics(&self, prefix: &str, wish: Wish, mode: Mode) -> Result<Vec<Outcome>, KafkaError> {
        let mut outcomes = Vec::new();
        self.ensure_each_topic(prefix, wish, mode, |outcome| outcomes.push(outcome))?;
        Ok(outcomes)
    }

    /// The same; `report` gets each topic as soon as it is done with, so also of those before an error.
    ///
    /// # Errors
    /// As [`Self::ensure_topics`].
    pub fn ensure_each_topic(
        &self,
        prefix: &str,
        wish: Wish,
        mode: Mode,
        mut report: impl FnMut(Outcome),
    ) -> Result<(), KafkaError> {
        let found = self.found(prefix)?;
        let brokers = i32::try_from(self.metadata()?.brokers().len()).unwrap_or(i32::MAX);
        let plan = Plan::new(wish, brokers, found.get(&Topic::Raw));
        for topic in Topic::ALL {
            report(match found.get(&topic) {
                Some(found) => self.compare(topic, prefix, found, &plan, mode)?,
                None => self.create(topic, prefix, &plan, mode)?,
            });
        }
        match mode {
            Mode::Apply => self.wait_for(prefix),
            Mode::DryRun => Ok(()),
        }
    }

    fn create(&self, topic: Topic, prefix: &str, plan: &Plan, mode: Mode) -> Result<Outcome, KafkaError> {
        let name = topic.name(prefix);
        plan.check_copies(&name)?;
        let (partitions, copies) = (plan.partitions(topic), plan.copies());
        let settings = compare::settings(topic, copies);
        let mut new = NewTopic::new(&name, partitions, TopicReplication::Fixed(copies));
        for (setting, value) in &settings {
            new = new.set(setting, value);
        }
        let results = block_on(self.client.create_topics([&new], &self.options(mode)));
        flat(results.map(done), (Operation::Create, &name), || format!("create topic {name}"))?;
        let details = vec![format!("partitions {partitions}, copies of each {copies}")];
        Ok(Outcome { name, state: State::Created, details, fix: None })
    }

    fn compare(
        &self,
        topic: Topic,
        prefix: &str,
        found: &Found,
        plan: &Plan,
        mode: Mode,
    ) -> Result<Outcome, KafkaError> {
        let name = topic.name(prefix);
        let differences = compare::differences(topic, found, plan);
        if !differences.refused.is_empty() {
            let (details, fix) = (differences.refused, differences.fix);
            return Ok(Outcome { name, state: State::Refused, details, fix });
        }
        if differences.changes.is_empty() {
            let details = differences.notes;
            return Ok(Outcome { name, state: State::Unchanged, details, fix: None });
        }
        // The request replaces all that was ever set on the topic, so that everything else is given back as it was.
        let mut alter = AlterConfig::new(ResourceSpecifier::Topic(&name));
        for (setting, value) in &found.own {
            alter = alter.set(setting, value);
        }
        for change in &differences.changes {
            alter = alter.set(change.setting, &change.value);
        }
        let results = block_on(self.client.alter_configs([&alter], &self.options(mode)));
        let action = || format!("change the settings of topic {name}");
        flat(results.map(done), (Operation::AlterConfigs, &name), action)?;
        let changes = differences.changes.iter().map(|change| change.text.clone());
        let details = changes.chain(differences.notes).collect();
        Ok(Outcome { name, state: State::Changed, details, fix: None })
    }

    /// What there is of the catalogue.
    fn found(&self, prefix: &str) -> Result<BTreeMap<Topic, Found>, KafkaError> {
        let metadata = self.metadata()?;
        let mut found = BTreeMap::new();
        for topic in Topic::ALL {
            let name = topic.name(prefix);
            let Some(there) = metadata.topics().iter().find(|it| it.name() == name) else {
                self.ensure_not_hidden(&name)?;
                continue;
            };
            let copies = there.partitions().iter().map(|it| it.replicas().len()).min().unwrap_or(0);
            let (all, own) = self.settings(&name)?;
            let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
            let partitions = count(there.partitions().len());
            found.insert(topic, Found { partitions, copies: count(copies), all, own });
        }
        Ok(found)
    }

    /// Every setting of a topic as it is in force, and those that were set on the topic itself.
    fn settings(&self, name: &str) -> Result<(Settings, Settings), KafkaError> {
        let asked = [ResourceSpecifier::Topic(name)];
        let results = block_on(self.client.describe_configs(&asked, &self.options(Mode::Apply)));
        let action = || format!("read the settings of topic {name}");
        let needed = (Operation::DescribeConfigs, name);
        let resource: ConfigResource = flat(results.map(first), needed, action)?;
        if resource.entries.is_empty() {
            // Every topic has settings; of a refusal our client library hands on only that none came.
            return flat(Ok(Some(Err(RDKafkaErrorCode::TopicAuthorizationFailed))), needed, action);
        }
        let mut all = Settings::new();
        let mut own = Settings::new();
        for entry in resource.entries {
            let Some(value) = entry.value else { continue };
            if entry.source == ConfigSource::DynamicTopic {
                own.insert(entry.name.clone(), value.clone());
            }
            all.insert(entry.name, value);
        }
        Ok((all, own))
    }

    /// Returns when brokers answer for every topic: a producer that asks too early gets the answer that there is none.
    fn wait_for(&self, prefix: &str) -> Result<(), KafkaError> {
        let look = || {
            let metadata = self.metadata()?;
            let there = |name: &str| {
                metadata.topics().iter().any(|it| it.name() == name && !it.partitions().is_empty())
            };
            let missing = Topic::ALL.map(|topic| topic.name(prefix)).into_iter().find(|name| !there(name));
            missing.map_or(Ok(()), |topic| Err(KafkaError::NoTopic { topic }))
        };
        look.retry(self.looks()).when(|error| matches!(error, KafkaError::NoTopic { .. })).call()
    }

    /// When to look again whether what was done is to be seen.
    fn looks(&self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_min_delay(SHOWN_BACKOFF)
            .with_max_delay(SHOWN_BACKOFF * 10)
            .without_max_times()
            .with_total_delay(Some(self.brokers.timeout))
    }

    pub(crate) fn client(&self) -> &Client<LibrdkafkaLog> {
        self.client.inner()
    }

    pub(crate) fn connection(&self) -> &Brokers {
        &self.brokers
    }

    /// Checks that a topic which the brokers don't list is missing: they don't list those either that this user may not see,
    /// and such a one would be made in vain.
    pub(crate) fn ensure_not_hidden(&self, name: &str) -> Result<(), KafkaError> {
        // A consumer's client: an administrator's may have the topic created by asking for it.
        let asking: BaseConsumer<_> = client(&self.brokers.admin(), LibrdkafkaLog::default())?;
        match widths::count(&asking, name, Operation::Describe, self.brokers.timeout) {
            Ok(_) | Err(KafkaError::NoTopic { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn metadata(&self) -> Result<Metadata, KafkaError> {
        // All topics: to ask for one by name may create it.
        self.client()
            .fetch_metadata(None, self.brokers.timeout)
            .map_err(|cause| KafkaError::Admin { action: "ask for the topics".to_owned(), cause })
    }

    fn options(&self, mode: Mode) -> AdminOptions {
        let timeout = Some(self.brokers.timeout);
        let options = AdminOptions::new().request_timeout(timeout);
        match mode {
            Mode::Apply => options.operation_timeout(timeout),
            Mode::DryRun => options.validate_only(true),
        }
    }
}

/// Settings of a topic by the brokers' names.
type Settings = BTreeMap<String, String>;

/// The only result of a request about one topic.
fn first<T>(results: Vec<T>) -> Option<T> {
    results.into_iter().next()
}

/// The same of a request that gives nothing but a name back.
fn done<N>(results: Vec<Result<N, (N, RDKafkaErrorCode)>>) -> Option<Result<(), RDKafkaErrorCode>> {
    first(results).map(|result| result.map(drop).map_err(|(_, code)| code))
}

/// The result of a request about `topic` for which this user needs `operation` on it.
fn flat<T>(
    result: Result<Option<Result<T, RDKafkaErrorCode>>, Cause>,
    (operation, topic): (Operation, &str),
    action: impl Fn() -> String,
) -> Result<T, KafkaError> {
    let failed = |cause: Cause| {
        let refused = matches!(cause, Cause::AdminOp(RDKafkaErrorCode::TopicAuthorizationFailed));
        let action = match refused {
            true => format!("{}: {}", action(), allow(operation, topic)),
            false => action(),
        };
        KafkaError::Admin { action, cause }
    };
    match result.map_err(failed)? {
        Some(Ok(done)) => Ok(done),
        Some(Err(code)) => Err(failed(Cause::AdminOp(code))),
        None => Err(failed(Cause::AdminOp(RDKafkaErrorCode::BadMessage))),
    }
}
