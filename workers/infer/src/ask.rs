//! What has to be asked about one complaint: which models, for which tasks.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use ombud_contract::records::{Arm, Evidence, RawComplaint, TaskStrategy};
use ombud_launch::telemetry::{Hop, Says};
use ombud_models::{ActiveStrategy, Prepared, Unread};
use ombud_stream::{Clock, Header, Record, SharedReceipt};

use crate::serving::Served;

/// The tasks that one group answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tasks {
    /// Whatever the strategy lists.
    All,
    /// These, as far as the strategy lists them.
    Named(Vec<String>),
}

impl Tasks {
    /// The consumer group's name: one for each set of tasks.
    pub fn group(&self) -> String {
        match self {
            Self::All => "ombud.infer.all".to_owned(),
            Self::Named(tasks) => format!("ombud.infer.{}", tasks.join("+")),
        }
    }

    fn include(&self, task: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(tasks) => tasks.iter().any(|named| named == task),
        }
    }
}

/// What every prediction says of the complaint that it judges.
pub(crate) struct Judged {
    pub(crate) complaint_id: String,
    pub(crate) input_sha256: String,
    pub(crate) raw_partition: i32,
    pub(crate) raw_offset: i64,
    /// A backfilled complaint, for which no deadline runs.
    pub(crate) is_bulk: bool,
    /// For the records that follow.
    pub(crate) headers: Vec<Header>,
    /// When it was read.
    pub(crate) taken_up: Instant,
    hop: Hop,
    clock: Arc<dyn Clock>,
}

impl Judged {
    pub(crate) fn of(
        complaint: &RawComplaint,
        record: &Record,
        questions: &[Question],
        (taken_up, taken_up_ms): (Instant, i64),
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let mut hop = Hop::process("infer", record, taken_up_ms);
        hop.say(Says::Complaint(&complaint.complaint_id));
        if hop.is_kept() {
            let tasks: BTreeSet<&str> = questions.iter().map(|question| question.task.as_str()).collect();
            hop.say(Says::Task(&Vec::from_iter(tasks).join("+")));
        }
        Self {
            headers: hop.carried(&record.headers).into_owned(),
            taken_up,
            hop,
            clock: Arc::clone(clock),
            complaint_id: complaint.complaint_id.clone(),
            input_sha256: ombud_contract::ids::input_sha256(complaint),
            raw_partition: record.source.partition,
            raw_offset: record.offset,
            is_bulk: complaint.bulk,
        }
    }
}

impl Drop for Judged {
    /// The last of its predictions is on its way.
    fn drop(&mut self) {
        std::mem::take(&mut self.hop).end_at(self.clock.now_ms());
    }
}

/// One task's arm, and the threshold under which its answer is for a human.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) task: String,
    pub(crate) review_below: f32,
    pub(crate) arm: Arm,
    /// What the narrative says outright; empty before it is looked up, and where the model's head names no table.
    pub(crate) evidence: Vec<Evidence>,
}

impl Question {
    fn new(task: &TaskStrategy, arm: &Arm) -> Self {
        Self {
            task: task.task.clone(),
            review_below: task.review_below,
            arm: arm.clone(),
            evidence: Vec::new(),
        }
    }
}

/// Every question that the strategy puts about `complaint_id`, in the strategy's order.
pub(crate) fn questions(tasks: &Tasks, strategy: &ActiveStrategy, complaint_id: &str) -> Vec<Question> {
    let asked = strategy.record.tasks.iter().filter(|task| tasks.include(&task.task));
    asked
        .flat_map(|task| {
            let deciding = strategy.arm_for(&task.task, complaint_id);
            let shadows = strategy.shadows_for(&task.task, complaint_id);
            deciding.into_iter().chain(shadows).map(|arm| Question::new(task, arm))
        })
        .collect()
}

/// Every question that the strategy can put, whichever complaint gets it.
pub(crate) fn all_questions(tasks: &Tasks, strategy: &ActiveStrategy) -> Vec<Question> {
    let asked = strategy.record.tasks.iter().filter(|task| tasks.include(&task.task));
    asked.flat_map(|task| task.arms.iter().map(|arm| Question::new(task, arm))).collect()
}

/// One complaint for one model: a single pass answers all its questions.
pub(crate) struct Ask {
    pub(crate) judged: Arc<Judged>,
    pub(crate) strategy_version: i64,
    pub(crate) questions: Vec<Question>,
    /// `None`: no model can be loaded for these questions.
    pub(crate) asked: Option<Asked>,
    pub(crate) receipt: SharedReceipt,
}

/// A model, and the narrative as it reads it.
pub(crate) struct Asked {
    pub(crate) model: Arc<Served>,
    pub(crate) prepared: Prepared,
    /// Why the model cannot read it, and is not asked.
    pub(crate) unread: Option<Unread>,
}

impl Ask {
    /// What it adds to a batch's token budget.
    pub(crate) fn cost(&self) -> usize {
        self.asked.as_ref().map_or(0, |asked| asked.prepared.cost())
    }

    /// What its model is to score; `None` where nobody can, or it cannot be read.
    pub(crate) fn text(&self) -> Option<&Prepared> {
        self.asked.as_ref().filter(|asked| asked.unread.is_none()).map(|asked| &asked.prepared)
    }

    /// Asks of one version go through the model together.
    pub(crate) fn version(&self) -> &str {
        self.asked.as_ref().map_or("", |asked| &asked.model.artefact.version)
    }
}
