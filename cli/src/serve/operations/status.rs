//! One look at the system. What could not be asked says why, and everything else is looked at all the same.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use ombud_console::pages::{
    Answered, DeadLetters, LetterLine, ModelStatus, ModelUse, PartReach, ReachPart, SystemStatus,
};
use ombud_contract::{
    catalogue::Topic,
    records::{ModelState, Role},
};
use ombud_kafka::Registry as SchemaRegistry;
use ombud_launch::{config::Settings, health::Readiness};
use ombud_store::{CaseStore, Leases};
use ombud_stream::{Clock, TopicPartition};

use super::{groups::GroupWatch, lookout::Look};
use crate::{
    dead_letters::{self, NewestLetters},
    log::{
        backend::{READER, View},
        connect,
    },
    registry::read_registry,
    strategies::read_feed,
};

/// Dead letters that are counted by reason.
const LETTERS_COUNTED: usize = 2_000;
/// Dead letters that are listed.
const LETTERS_LISTED: usize = 100;
/// No complaint's id, and cheap to look for.
const NOBODY: &str = "health";
/// How long one request to the log may take.
const LOG_TIMEOUT: Duration = Duration::from_secs(2);

/// Looks at the system.
pub(super) struct StatusLook {
    view: View,
    settings: Settings,
    clock: Arc<dyn Clock>,
    readiness: Readiness,
    groups: GroupWatch,
    /// Opened when they answer first.
    cases: Option<Box<dyn CaseStore>>,
    leases: Option<Box<dyn Leases>>,
}

impl StatusLook {
    pub(super) fn new(view: View, settings: Settings, clock: Arc<dyn Clock>, readiness: Readiness) -> Self {
        let groups = GroupWatch::new(view.clone(), settings.topics.prefix.clone());
        Self { view, settings, clock, readiness, groups, cases: None, leases: None }
    }

    fn letters(&self) -> Result<DeadLetters> {
        let mut reader = self.view.reader_within(READER, LOG_TIMEOUT)?;
        let prefix = &self.settings.topics.prefix;
        let NewestLetters { letters, is_more } =
            dead_letters::newest(&self.view, &mut reader, prefix, LETTERS_COUNTED)?;
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for letter in &letters {
            *counts.entry(dead_letters::word(letter.reason)).or_default() += 1;
        }
        let mut by_reason: Vec<(String, u64)> =
            counts.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect();
        by_reason.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let listed = letters.iter().take(LETTERS_LISTED).map(|letter| LetterLine {
            id: letter.id.clone(),
            reason: dead_letters::word(letter.reason).to_owned(),
            topic: letter.source.topic.to_string(),
            partition: letter.source.partition,
            offset: letter.source_offset,
            parked_at: letter.failed_at,
            refusal: letter.refusal.map(|refusal| refusal.why().to_owned()),
        });
        Ok(DeadLetters { looked_at: letters.len() as u64, is_more, by_reason, newest: listed.collect() })
    }

    fn models(&self) -> Result<Vec<ModelStatus>> {
        let mut reader = self.view.reader_within(READER, LOG_TIMEOUT)?;
        let registry = read_registry(&mut reader, &self.settings.topics.prefix)?;
        let feed = read_feed(&self.view, &self.settings)?;
        let mut models: BTreeMap<(String, String), ModelStatus> = BTreeMap::new();
        let in_force = feed.strategies().at(self.clock.now_ms());
        for task in in_force.iter().flat_map(|strategy| &strategy.record.tasks) {
            for arm in &task.arms {
                let state = match arm.role {
                    Role::Deciding => ModelUse::Decides,
                    Role::Shadow | Role::Unknown => ModelUse::Shadow,
                };
                let key = (arm.model_id.clone(), arm.model_version.clone());
                let model = models.entry(key).or_insert_with(|| ModelStatus {
                    model_id: arm.model_id.clone(),
                    version: arm.model_version.clone(),
                    state,
                    tasks: Vec::new(),
                    reason: String::new(),
                });
                // One that decides anywhere decides.
                model.state = model.state.min(state);
                model.tasks.push(task.task.clone());
            }
        }
        for known in registry.versions().filter(|known| known.state == ModelState::Rejected) {
            let key = (known.model_id.clone(), known.version.clone());
            let model = models.entry(key).or_insert_with(|| ModelStatus {
                model_id: known.model_id.clone(),
                version: known.version.clone(),
                state: ModelUse::Rejected,
                tasks: known.tasks.clone(),
                reason: String::new(),
            });
            (model.state, model.reason) = (ModelUse::Rejected, known.state_reason.clone());
        }
        let mut models: Vec<ModelStatus> = models.into_values().collect();
        models.sort_by_key(|model| model.state);
        Ok(models)
    }

    fn reached(&mut self) -> Vec<PartReach> {
        let raw = TopicPartition::new(Topic::Raw.name(&self.settings.topics.prefix), 0);
        let mut reached = vec![timed(ReachPart::Log, || {
            Ok(self.view.reader_within(READER, LOG_TIMEOUT)?.end(&raw).map(drop)?)
        })];
        if matches!(self.view, View::Brokers(_)) {
            reached.push(timed(ReachPart::SchemaRegistry, || {
                Ok(SchemaRegistry::connect(&connect::registry(&self.settings)?)?.subjects().map(drop)?)
            }));
        }
        let (view, cases, leases) = (&self.view, &mut self.cases, &mut self.leases);
        reached.push(timed(ReachPart::CaseStore, || {
            let mut opened = match cases.take() {
                Some(opened) => opened,
                None => view.cases()?,
            };
            opened.case(NOBODY)?;
            *cases = Some(opened);
            Ok(())
        }));
        reached.push(timed(ReachPart::Leases, || {
            let mut opened = match leases.take() {
                Some(opened) => opened,
                None => view.leases()?,
            };
            opened.held(&[NOBODY.to_owned()])?;
            *leases = Some(opened);
            Ok(())
        }));
        reached
    }
}

impl Look<SystemStatus> for StatusLook {
    fn look(&mut self) -> SystemStatus {
        SystemStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            groups: answered(self.groups.look()),
            letters: answered(self.letters()),
            models: answered(self.models()),
            waits: self.readiness.waiting().into_iter().collect(),
            remarks: self.readiness.remarks().into_iter().collect(),
            reached: self.reached(),
        }
    }

    fn sample(&mut self) {
        self.groups.sample();
    }

    fn rest(&mut self) {
        self.groups.rest();
    }
}

fn answered<T>(asked: Result<T>) -> Answered<T> {
    asked.map_err(|error| format!("failed to {error:#}"))
}

fn timed(part: ReachPart, ask: impl FnOnce() -> Result<()>) -> PartReach {
    let began = Instant::now();
    PartReach { part, answer: answered(ask()).map(|()| began.elapsed()) }
}
