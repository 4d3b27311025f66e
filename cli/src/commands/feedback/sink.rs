//! Where verdicts go: to the API of a running `up`, or to brokers by the same rules.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use ombud_console::{CompleteVerdict, KnownTeams, Refusal, RefusedVerdict, Source, Verdict, VerdictIntake};
use ombud_contract::{access::Operation, catalogue::Topic};
use ombud_launch::config::Settings;
use ombud_measure::case::CaseWithVerdicts;
use ombud_store::CaseStore;
use ombud_stream::{Clock, Sink, SystemClock};
use serde::{Deserialize, Serialize};

use crate::{
    log::{
        backend::Backend,
        publish::{Publisher, outgoing},
    },
    running_up,
    strategies::known_teams,
};

/// Verdicts in flight at once.
const IN_FLIGHT: usize = 256;
/// The source of a verdict that comes by this command and names none.
const SOURCE: &str = "cli";

/// A verdict that is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TakenVerdict {
    pub(crate) feedback_id: String,
    pub(crate) complaint_id: String,
    pub(crate) revision: i64,
    pub(crate) audit_sample: bool,
    /// It is still open whether the customer of this audited case is vulnerable.
    #[serde(default)]
    pub(crate) vulnerability_missing: bool,
}

/// Takes verdicts.
pub(crate) enum VerdictSink<'a> {
    /// `up`, which alone writes the embedded log.
    Up(&'a Settings),
    /// Brokers, and the case store beside them.
    Brokers(Box<BrokerVerdicts>),
}

pub(crate) struct BrokerVerdicts {
    cases: Box<dyn CaseStore>,
    teams: KnownTeams,
    publisher: Publisher<Box<dyn Sink<()>>>,
    topic: Arc<str>,
}

impl<'a> VerdictSink<'a> {
    /// The one that `settings` name.
    pub(crate) fn open(settings: &'a Settings) -> Result<Self> {
        if settings.kafka_bootstrap.is_empty() {
            return Ok(Self::Up(settings));
        }
        let backend = Backend::brokers(settings, &[(Topic::Feedback, Operation::Write)])?;
        Ok(Self::Brokers(Box::new(BrokerVerdicts {
            cases: backend.view().cases()?,
            teams: known_teams(backend.view(), &settings.topics.prefix, Arc::new(SystemClock)),
            publisher: Publisher::new(backend.sink(IN_FLIGHT)?),
            topic: Topic::Feedback.name(&settings.topics.prefix).into(),
        })))
    }

    /// Gives `verdicts`, at most [`ombud_console::MOST_AT_ONCE`]: what became of each, in their order. What is taken is
    /// durable.
    pub(crate) fn give(&mut self, verdicts: &[Verdict]) -> Result<Vec<Result<TakenVerdict, RefusedVerdict>>> {
        match self {
            Self::Up(settings) => settle(verdicts, |open| ask(settings, open)),
            Self::Brokers(brokers) => brokers.give(verdicts),
        }
    }
}

/// What `up` makes of verdicts that are sent together.
enum Reply {
    /// All are taken; in their order.
    Taken(Vec<TakenVerdict>),
    /// None is taken, because of some of them.
    Refused(Refusal),
}

fn ask(settings: &Settings, verdicts: &[&Verdict]) -> Result<Reply> {
    let answer = running_up::ask(settings, "/api/feedback", &verdicts)?;
    if answer.status == 422 {
        let refusal = serde_json::from_str(&answer.body).context("read why verdicts are refused")?;
        return Ok(Reply::Refused(refusal));
    }
    Ok(Reply::Taken(answer.taken()?))
}

/// Nothing is taken where one is refused, so those are left out and the rest is sent again.
fn settle(
    verdicts: &[Verdict],
    mut ask: impl FnMut(&[&Verdict]) -> Result<Reply>,
) -> Result<Vec<Result<TakenVerdict, RefusedVerdict>>> {
    let mut outcomes: Vec<Option<Result<TakenVerdict, RefusedVerdict>>> =
        verdicts.iter().map(|_| None).collect();
    loop {
        let open: Vec<usize> = (0..verdicts.len()).filter(|&at| outcomes[at].is_none()).collect();
        if open.is_empty() {
            return Ok(outcomes.into_iter().flatten().collect());
        }
        let sent: Vec<&Verdict> = open.iter().map(|&at| &verdicts[at]).collect();
        match ask(&sent)? {
            Reply::Refused(Refusal { error, refused }) => {
                if refused.is_empty() {
                    bail!("take the verdicts: {error}");
                }
                for wrong in refused {
                    let at = *open.get(wrong.at).context("find the verdict that is refused")?;
                    outcomes[at] = Some(Err(wrong));
                }
            }
            Reply::Taken(taken) => {
                ensure!(taken.len() == open.len(), "account for every verdict: not all were answered");
                for (at, taken) in open.into_iter().zip(taken) {
                    outcomes[at] = Some(Ok(taken));
                }
            }
        }
    }
}

impl BrokerVerdicts {
    fn give(&mut self, verdicts: &[Verdict]) -> Result<Vec<Result<TakenVerdict, RefusedVerdict>>> {
        let mut case = |complaint_id: &str| Ok(CaseWithVerdicts::of(&self.cases.case(complaint_id)?));
        let mut taking = VerdictIntake {
            case: &mut case,
            teams: &self.teams,
            source: Source::Unasked(SOURCE),
            now: SystemClock.now_ms(),
        };
        let outcomes = taking.take(verdicts.iter().cloned().map(Ok))?;
        for CompleteVerdict { feedback, .. } in outcomes.iter().flatten() {
            self.publisher.send(outgoing(&self.topic, &feedback.complaint_id, feedback)?)?;
        }
        self.publisher.flush()?;
        Ok(outcomes.into_iter().map(|outcome| outcome.map(TakenVerdict::from)).collect())
    }
}

impl From<CompleteVerdict> for TakenVerdict {
    fn from(CompleteVerdict { feedback, vulnerability_missing }: CompleteVerdict) -> Self {
        Self {
            feedback_id: feedback.feedback_id,
            complaint_id: feedback.complaint_id,
            revision: feedback.revision,
            audit_sample: feedback.audit_sample,
            vulnerability_missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use ombud_console::Kind;
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn verdict(number: usize) -> Verdict {
        Verdict::new(format!("c-{number}"), Kind::Confirmed, "agent-17")
    }

    fn taken(complaint_id: &str) -> TakenVerdict {
        let feedback_id = format!("feedback on {complaint_id}");
        TakenVerdict {
            feedback_id,
            complaint_id: complaint_id.to_owned(),
            revision: 1,
            audit_sample: false,
            vulnerability_missing: false,
        }
    }

    fn refused(at: usize) -> RefusedVerdict {
        RefusedVerdict {
            at,
            field: "complaint_id".into(),
            code: "case-unknown".into(),
            fix: "check the id".into(),
        }
    }

    fn refusal(refused: Vec<RefusedVerdict>) -> Reply {
        Reply::Refused(Refusal { error: "complaint_id: check the id".into(), refused })
    }

    proptest! {
        /// Of those that are wrong, `up` names as many at a time as it likes.
        #[test]
        fn each_verdict_gets_its_own_outcome_and_what_is_good_is_taken_once(
            good in vec(any::<bool>(), 0..12), at_once in 1..4usize,
        ) {
            let verdicts: Vec<Verdict> = (0..good.len()).map(verdict).collect();
            let is_good = |verdict: &Verdict| good[verdicts.iter().position(|one| one == verdict).unwrap()];
            let mut times_taken = 0;
            let outcomes = settle(&verdicts, |sent| {
                let wrong = (0..sent.len()).filter(|at| !is_good(sent[*at])).take(at_once);
                let wrong: Vec<RefusedVerdict> = wrong.map(refused).collect();
                if !wrong.is_empty() {
                    return Ok(refusal(wrong));
                }
                times_taken += 1;
                Ok(Reply::Taken(sent.iter().map(|verdict| taken(&verdict.complaint_id)).collect()))
            });
            let outcomes = outcomes.unwrap();
            prop_assert_eq!(outcomes.len(), verdicts.len());
            prop_assert_eq!(times_taken, usize::from(good.contains(&true)));
            for ((outcome, verdict), good) in outcomes.iter().zip(&verdicts).zip(&good) {
                match outcome {
                    Ok(taken) => prop_assert!(*good && taken.complaint_id == verdict.complaint_id),
                    Err(_) => prop_assert!(!good),
                }
            }
        }
    }

    #[test]
    fn an_answer_that_does_not_account_for_every_verdict_is_a_failure() {
        let verdicts = [verdict(1), verdict(2)];
        let fails = |reply: Reply| {
            let mut reply = Some(reply);
            settle(&verdicts, |_| Ok(reply.take().unwrap())).unwrap_err().to_string()
        };
        assert!(fails(Reply::Taken(vec![taken("c-1")])).starts_with("account for every verdict"));
        assert!(fails(refusal(vec![refused(2)])).starts_with("find the verdict"));
        assert_eq!(fails(refusal(vec![])), "take the verdicts: complaint_id: check the id");
    }

    #[test]
    fn nobody_is_asked_about_no_verdicts() {
        assert_eq!(settle(&[], |_| bail!("be asked")).unwrap(), []);
    }
}
