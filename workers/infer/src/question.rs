//! What the strategy asks about a complaint: for each task an arm, and of which tasks one group takes care.

use ombud_contract::records::{Arm, Evidence, TaskStrategy};
use ombud_models::ActiveStrategy;

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
    let answered = strategy.record.tasks.iter().filter(|task| tasks.include(&task.task));
    answered
        .flat_map(|task| {
            let deciding = strategy.arm_for(&task.task, complaint_id);
            let shadows = strategy.shadows_for(&task.task, complaint_id);
            deciding.into_iter().chain(shadows).map(|arm| Question::new(task, arm))
        })
        .collect()
}

/// Every question that the strategy can put, whichever complaint gets it.
pub(crate) fn all_questions(tasks: &Tasks, strategy: &ActiveStrategy) -> Vec<Question> {
    let answered = strategy.record.tasks.iter().filter(|task| tasks.include(&task.task));
    answered.flat_map(|task| task.arms.iter().map(|arm| Question::new(task, arm))).collect()
}
