//! What has to be asked about one complaint: which models, for which tasks.

use std::sync::Arc;

use ombud_contract::records::{Arm, RawComplaint, TaskStrategy};
use ombud_models::{ActiveStrategy, Prepared};
use ombud_stream::{Header, Record, SharedReceipt};

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
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) complaint_id: String,
    pub(crate) input_sha256: String,
    pub(crate) raw_partition: i32,
    pub(crate) raw_offset: i64,
    pub(crate) headers: Vec<Header>,
}

impl Judged {
    pub(crate) fn of(complaint: &RawComplaint, record: &Record) -> Self {
        Self {
            complaint_id: complaint.complaint_id.clone(),
            input_sha256: ombud_contract::ids::input_sha256(complaint),
            raw_partition: record.source.partition,
            raw_offset: record.offset,
            headers: record.headers.clone(),
        }
    }
}

/// One task's arm, and the threshold under which its answer is for a human.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) task: String,
    pub(crate) review_below: f32,
    pub(crate) arm: Arm,
}

impl Question {
    fn new(task: &TaskStrategy, arm: &Arm) -> Self {
        Self { task: task.task.clone(), review_below: task.review_below, arm: arm.clone() }
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
}

impl Ask {
    /// What it adds to a batch's token budget.
    pub(crate) fn cost(&self) -> usize {
        self.asked.as_ref().map_or(0, |asked| asked.prepared.cost())
    }

    /// Asks of one version go through the model together.
    pub(crate) fn version(&self) -> &str {
        self.asked.as_ref().map_or("", |asked| &asked.model.artefact.version)
    }
}
