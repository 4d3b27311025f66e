//! A case store as its process watches it: while it does not answer, that is reported.

use jiff::civil::Date;
use ombud_launch::health::Readiness;
use ombud_store::{CaseEvent, CaseStore, FeedbackDay, KnownCase, ModelDecision, QueueEntry, Row};
use ombud_stream::{Outage, Waiting};

/// Reports to readiness how long the store takes.
pub(crate) struct WatchedCases {
    cases: Box<dyn CaseStore>,
    answer: Waiting,
}

impl WatchedCases {
    /// Watches `cases` for the worker `part`.
    pub(crate) fn new(cases: Box<dyn CaseStore>, part: &str, readiness: &Readiness) -> Self {
        Self { cases, answer: Waiting::lasting(readiness, part) }
    }

    /// The result of `call`. After an outage the wait lasts until the store answers, whoever asks then.
    fn ask<T>(
        &mut self,
        what: &str,
        call: impl FnOnce(&mut dyn CaseStore) -> Result<T, Outage>,
    ) -> Result<T, Outage> {
        self.answer.wait_for(what);
        let answered = call(&mut *self.cases);
        match &answered {
            Ok(_) => self.answer.over(),
            Err(outage) => self.answer.wait_for(&format!("the case store: it failed to {outage}")),
        }
        answered
    }
}

impl CaseStore for WatchedCases {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        self.ask("the case store to keep rows", |cases| cases.write(rows))
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        self.ask("the case store to return a case", |cases| cases.case(complaint_id))
    }

    fn cases(
        &mut self,
        complaint_ids: &[String],
        each: &mut dyn FnMut(&str, Vec<CaseEvent>),
    ) -> Result<(), Outage> {
        self.ask("the case store to return cases", |cases| cases.cases(complaint_ids, each))
    }

    fn known_cases(
        &mut self,
        complaint_ids: &[String],
        each: &mut dyn FnMut(&str, KnownCase),
    ) -> Result<(), Outage> {
        self.ask("the case store to return what is known of cases", |cases| {
            cases.known_cases(complaint_ids, each)
        })
    }

    fn queue(&mut self, team: &str, day: Date) -> Result<Vec<QueueEntry>, Outage> {
        self.ask("the case store to return a queue", |cases| cases.queue(team, day))
    }

    fn feedback(&mut self, day: Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        self.ask("the case store to return the verdicts of a day", |cases| cases.feedback(day, each))
    }

    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: Date,
        each: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
        self.ask("the case store to return decisions", |cases| {
            cases.decisions(model_id, model_version, day, each)
        })
    }
}

#[cfg(test)]
mod tests {
    use ombud_local::{Local, Options};

    use super::*;

    /// A store that fails once, and answers from then on.
    struct Shaky {
        cases: Box<dyn CaseStore>,
        fails: bool,
    }

    impl CaseStore for Shaky {
        fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
            self.cases.write(rows)
        }

        fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
            match std::mem::take(&mut self.fails) {
                true => Err(Outage::passing("read case c-1", "away")),
                false => self.cases.case(complaint_id),
            }
        }

        fn queue(&mut self, team: &str, day: Date) -> Result<Vec<QueueEntry>, Outage> {
            self.cases.queue(team, day)
        }

        fn feedback(&mut self, day: Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
            self.cases.feedback(day, each)
        }

        fn decisions(
            &mut self,
            id: &str,
            version: &str,
            day: Date,
            each: &mut dyn FnMut(ModelDecision),
        ) -> Result<(), Outage> {
            self.cases.decisions(id, version, day, each)
        }
    }

    #[test]
    fn a_store_that_failed_is_waited_for_until_it_answers() {
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
        let shaky = Shaky { cases: Box::new(local.cases().unwrap()), fails: true };
        let readiness = Readiness::default();
        let mut cases = WatchedCases {
            cases: Box::new(shaky),
            // At once, so that no test has to wait.
            answer: Waiting::at_once(&readiness, "archive"),
        };
        cases.case("c-1").unwrap_err();
        assert!(readiness.waiting()["archive"].contains("failed to read case c-1"));
        cases.case("c-1").unwrap();
        assert!(readiness.waiting().is_empty());
    }
}
