//! How the system is, as the page of health shows it, and dead letters that are sent again there.
//!
//! One thread looks where somebody asks, another examines as `ombud doctor` does. Whoever asks waits for some seconds and gets
//! what is known by then, so that a store which does not answer keeps nobody.

mod groups;
mod lookout;
mod status;

use std::{
    sync::{Arc, Mutex, TryLockError},
    time::Duration,
};

use anyhow::Result;
use ombud_console::pages::{
    DoctorLine, Examination, Grade, Known, LetterFate, Operations, RedrivenLetter, SystemStatus,
};
use ombud_launch::{config::Settings, health::Readiness};
use ombud_stream::{Clock, Outage, Sink};

use self::{lookout::Lookout, status::StatusLook};
use super::{Crew, outage::outage};
use crate::{
    dead_letters::{IN_FLIGHT, LetterState, Line, RedrivePlan, Selection},
    examination::{Finding, Health, examine},
    log::{
        backend::{Backend, READER, View},
        publish::Publisher,
    },
};

/// What is older is looked at again.
const FRESH: Duration = Duration::from_secs(5);
/// An examination is not repeated within.
const EXAMINED: Duration = Duration::from_secs(60);
/// How long a page waits for a look.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);

/// What this process can say.
pub(super) struct ServedOperations {
    status: Arc<Lookout<SystemStatus>>,
    examination: Arc<Lookout<Vec<DoctorLine>>>,
    view: View,
    prefix: String,
    /// Held while letters are sent, so that none is sent by two at once.
    publisher: Mutex<Publisher<Box<dyn Sink<()>>>>,
}

impl ServedOperations {
    /// Begins to look, whenever somebody asks, for as long as `crew` works.
    pub(super) fn start(
        crew: &mut Crew<'_, '_>,
        settings: &Settings,
        backend: &Backend,
        clock: Arc<dyn Clock>,
        readiness: Readiness,
    ) -> Result<Self> {
        let served = Self {
            status: Arc::default(),
            examination: Arc::default(),
            view: backend.view(),
            prefix: settings.topics.prefix.clone(),
            publisher: Mutex::new(Publisher::new(backend.sink(IN_FLIGHT)?)),
        };
        let (status, view, of) = (Arc::clone(&served.status), backend.view(), settings.clone());
        crew.start_beside("health", move |stop| {
            let mut look = StatusLook::new(view.clone(), of.clone(), Arc::clone(&clock), readiness.clone());
            status.keep(stop, &mut look);
            Ok(())
        })?;
        let (examination, of) = (Arc::clone(&served.examination), settings.clone());
        crew.start_beside("doctor", move |stop| {
            let mut look = || examine(&of, false).into_iter().map(line).collect();
            examination.keep(stop, &mut look);
            Ok(())
        })?;
        Ok(served)
    }

    fn send_again(
        &self,
        ids: &[String],
        record: &mut dyn FnMut(&[String]) -> Result<(), Outage>,
    ) -> Result<Vec<RedrivenLetter>> {
        let mut publisher = match self.publisher.try_lock() {
            Ok(publisher) => publisher,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let busy = "somebody else is sending some now; send these in a moment";
                return Err(Outage::passing("send dead letters again", busy).into());
            }
        };
        let mut reader = self.view.reader(READER)?;
        let selection = Selection { ids: ids.iter().cloned().collect(), ..Selection::default() };
        let mut plan = RedrivePlan::of(&self.view, &mut reader, &self.prefix, &selection, false)?;
        let to_send = plan.ids_to_send();
        if !to_send.is_empty() {
            record(&to_send)?;
            plan.send(&mut reader, &mut publisher, &|_| Ok(None))?;
        }
        Ok(plan.lines.into_iter().map(redriven).collect())
    }
}

impl Operations for ServedOperations {
    fn status(&self) -> Option<Known<SystemStatus>> {
        self.status.ask(FRESH, LOOK_TIMEOUT);
        self.status.known()
    }

    fn examination(&self, ask: bool) -> Examination {
        if ask {
            self.examination.ask(EXAMINED, LOOK_TIMEOUT);
        }
        Examination { is_running: self.examination.is_under_way(), found: self.examination.known() }
    }

    fn redrive(
        &self,
        ids: &[String],
        record: &mut dyn FnMut(&[String]) -> Result<(), Outage>,
    ) -> Result<Vec<RedrivenLetter>, Outage> {
        self.send_again(ids, record).map_err(|error| outage("send dead letters again", error))
    }
}

fn redriven(line: Line) -> RedrivenLetter {
    let fate = match line.state {
        LetterState::Sent => LetterFate::Sent,
        LetterState::Already => LetterFate::Already,
        // Nothing is left to be sent.
        LetterState::Refused | LetterState::ToSend => LetterFate::Refused,
    };
    RedrivenLetter { id: line.dead_letter_id, fate, detail: line.detail }
}

fn line(finding: Finding) -> DoctorLine {
    let Finding { what, health, found, fix } = finding;
    let grade = match health {
        Health::Ok => Grade::Ok,
        Health::Warn => Grade::Warn,
        Health::Bad => Grade::Bad,
    };
    DoctorLine { what: what.to_owned(), grade, found, fix }
}

#[cfg(test)]
mod tests;
