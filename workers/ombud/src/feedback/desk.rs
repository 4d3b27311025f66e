//! Where verdicts are given: at the API of a running `up`, or on brokers by the same rules.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use ombud_console::{Refusal, Refused, Source, Verdict, complete, routes_of};
use ombud_contract::{catalogue::Topic, records::Feedback};
use ombud_launch::config::Settings;
use ombud_store::CaseStore;
use ombud_stream::{Clock, Sink, SystemClock};
use serde::{Deserialize, Serialize};

use crate::{
    ask_up,
    publish::{Publisher, outgoing},
    world::World,
};

/// Verdicts under way at once.
const IN_FLIGHT: usize = 256;
/// What a verdict's source is that comes by this command and says none.
const SOURCE: &str = "cli";

/// A verdict that is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) feedback_id: String,
    pub(crate) complaint_id: String,
    pub(crate) revision: i64,
    pub(crate) audit_sample: bool,
}

/// Takes verdicts.
pub(crate) enum Desk<'a> {
    /// `up`, which alone writes the embedded log.
    Up(&'a Settings),
    /// Brokers, and the case store beside them.
    Brokers(Box<OnBrokers>),
}

pub(crate) struct OnBrokers {
    cases: Box<dyn CaseStore>,
    publisher: Publisher<Box<dyn Sink<()>>>,
    topic: Arc<str>,
}

impl<'a> Desk<'a> {
    /// The one that `settings` name.
    pub(crate) fn open(settings: &'a Settings) -> Result<Self> {
        if settings.kafka_bootstrap.is_empty() {
            return Ok(Self::Up(settings));
        }
        let world = World::brokers(settings)?;
        Ok(Self::Brokers(Box::new(OnBrokers {
            cases: world.view().cases()?,
            publisher: Publisher::new(world.sink(IN_FLIGHT)?),
            topic: Topic::Feedback.name(&settings.topics.prefix).into(),
        })))
    }

    /// Gives `verdicts`, at most [`ombud_console::MOST_AT_ONCE`]: what became of each, in their order. What is taken is
    /// durable.
    pub(crate) fn give(&mut self, verdicts: &[Verdict]) -> Result<Vec<Result<Taken, Refused>>> {
        match self {
            Self::Up(settings) => ask(settings, verdicts),
            Self::Brokers(brokers) => brokers.give(verdicts),
        }
    }
}

/// Nothing is taken where one is refused, so those are left out and the rest is sent again.
fn ask(settings: &Settings, verdicts: &[Verdict]) -> Result<Vec<Result<Taken, Refused>>> {
    let mut outcomes: Vec<Option<Result<Taken, Refused>>> = verdicts.iter().map(|_| None).collect();
    loop {
        let open: Vec<usize> = (0..verdicts.len()).filter(|&at| outcomes[at].is_none()).collect();
        if open.is_empty() {
            return Ok(outcomes.into_iter().flatten().collect());
        }
        let sent: Vec<&Verdict> = open.iter().map(|&at| &verdicts[at]).collect();
        let answer = ask_up::ask(settings, "/api/feedback", &sent)?;
        let refusal = (answer.status == 422).then(|| serde_json::from_str::<Refusal>(&answer.body));
        match refusal {
            Some(refusal) => {
                let Refusal { error, refused } = refusal.context("understand why verdicts are refused")?;
                if refused.is_empty() {
                    bail!("take the verdicts: {error}");
                }
                for wrong in refused {
                    let at = *open.get(wrong.at).context("find the verdict that is refused")?;
                    outcomes[at] = Some(Err(wrong));
                }
            }
            None => {
                let taken: Vec<Taken> = answer.taken()?;
                ensure!(taken.len() == open.len(), "account for every verdict: not all were answered");
                for (at, taken) in open.into_iter().zip(taken) {
                    outcomes[at] = Some(Ok(taken));
                }
            }
        }
    }
}

impl OnBrokers {
    fn give(&mut self, verdicts: &[Verdict]) -> Result<Vec<Result<Taken, Refused>>> {
        let mut outcomes = Vec::with_capacity(verdicts.len());
        for said in verdicts {
            let routes = routes_of(&self.cases.case(&said.complaint_id)?);
            let completed = complete(said, &routes, Source::Unasked(SOURCE), SystemClock.now_ms());
            if let Ok(feedback) = &completed {
                self.publisher.send(outgoing(&self.topic, &feedback.complaint_id, feedback)?)?;
            }
            outcomes.push(completed.map(Taken::from));
        }
        self.publisher.flush()?;
        Ok(outcomes)
    }
}

impl From<Feedback> for Taken {
    fn from(feedback: Feedback) -> Self {
        Self {
            feedback_id: feedback.feedback_id,
            complaint_id: feedback.complaint_id,
            revision: feedback.revision,
            audit_sample: feedback.audit_sample,
        }
    }
}
