//! The strategy: which model answers which task for which complaint, from when on, and by which table it is routed.

mod approvals;
mod change;
mod difference;
mod draw;
mod gate;
mod model_name;
mod placement;
mod proposal;
mod written;

use std::sync::Arc;
use std::time::Duration;

pub use approvals::{ApprovalFault, MOST_APPROVALS, is_person, is_same_person, with_approvals};
pub use change::{ChangeError, Signature, StrategyChange};
pub use difference::{Difference, differences};
pub use draw::{ArmShare, Draw};
pub use gate::StrategyRefusal;
pub use model_name::ModelName;
use ombud_contract::ids::basis_point;
use ombud_contract::records::{Arm, Role, Strategy, TaskStrategy};
pub use placement::{Placement, Placements, placements};
pub use proposal::proposal;
pub use written::written;

use crate::routing::{RoutingError, RoutingTable};
use crate::shelf::is_version;

/// All complaints, in basis points.
pub const ALL: i32 = 10_000;
/// How long before its start a strategy must be appended, and how old a reading of all strategies may be where one is
/// decided by: so all workers agree on the strategy of every complaint.
pub const LEAD: Duration = Duration::from_secs(5);

/// A strategy that was checked, with its routing table read.
#[derive(Clone, Debug)]
pub struct ActiveStrategy {
    /// As it stands in the log.
    pub record: Strategy,
    /// Its routing table.
    pub routing: RoutingTable,
}

impl ActiveStrategy {
    /// Checks one strategy by itself; [`Strategies::push`] checks it against the one before.
    ///
    /// # Errors
    /// [`StrategyError`] names the field or the task, and what would be right.
    pub fn new(record: Strategy) -> Result<Self, StrategyError> {
        let refuse =
            |field: &'static str, what: &str| Err(StrategyError::Field { field, what: what.to_owned() });
        if record.deadline_ms <= 0 {
            return refuse("deadline", "it must be longer than nothing, such as 30 s");
        }
        if record.amend_window_ms < 0 {
            return refuse("amend_window", "it can't be negative: give 24 h, or 0 s for none");
        }
        if !(0..=ALL).contains(&record.audit_basis_points) {
            return refuse("audit_basis_points", "it must lie in 0 to 10000 (10000 is every complaint)");
        }
        if !(0..=MOST_APPROVALS).contains(&record.approvals) {
            return refuse(
                "approvals",
                "it must lie in 0 to 9: how many others must approve the next change",
            );
        }
        if record.tasks.is_empty() {
            return refuse("tasks", "it names no task: name at least one");
        }
        for (i, task) in record.tasks.iter().enumerate() {
            let twice = record.tasks[..i].iter().any(|other| other.task == task.task);
            let fault = if twice { Some("it is named twice".to_owned()) } else { fault_in(task) };
            if let Some(what) = fault {
                return Err(StrategyError::Task { task: task.task.clone(), what });
            }
        }
        let routing = RoutingTable::parse(&record.routing)?;
        Ok(Self { record, routing })
    }

    /// How `task` is decided; `None` for a task that this strategy doesn't ask.
    pub fn task(&self, task: &str) -> Option<&TaskStrategy> {
        self.record.tasks.iter().find(|known| known.task == task)
    }

    /// The tasks that the joiner waits for.
    pub fn required_tasks(&self) -> impl Iterator<Item = &str> {
        self.record.tasks.iter().filter(|task| task.required).map(|task| task.task.as_str())
    }

    /// The arm that decides `task` for this complaint: always the same one, and each arm gets its share of all ids.
    /// `None` for a task without deciding arms.
    pub fn arm_for(&self, task: &str, complaint_id: &str) -> Option<&Arm> {
        let task = self.task(task)?;
        let mut point = basis_point(complaint_id, &task.salt);
        for arm in task.arms.iter().filter(|arm| arm.role == Role::Deciding) {
            if point < arm.basis_points {
                return Some(arm);
            }
            point -= arm.basis_points;
        }
        None
    }

    /// The shadows that answer `task` for this complaint without changing its route. Each shadow draws its share by
    /// itself, so that several may watch the same complaint.
    pub fn shadows_for<'a>(&'a self, task: &str, complaint_id: &'a str) -> impl Iterator<Item = &'a Arm> {
        self.task(task).into_iter().flat_map(move |task| {
            task.arms.iter().filter(move |arm| {
                let salt = draw::shadow_salt(task, &arm.name);
                arm.role == Role::Shadow && basis_point(complaint_id, &salt) < arm.basis_points
            })
        })
    }
}

fn fault_in(task: &TaskStrategy) -> Option<String> {
    if task.task.is_empty() {
        return Some("it has no name".to_owned());
    }
    if task.salt.is_empty() {
        return Some("salt is empty: any text will do, and it must stay to keep the arms sticky".to_owned());
    }
    // Not a range check alone: NaN must be refused too.
    if !(0.0..=1.0).contains(&task.review_below) {
        return Some(format!("review_below is {}: it must lie in 0 to 1", task.review_below));
    }
    for (i, arm) in task.arms.iter().enumerate() {
        let name = &arm.name;
        if name.is_empty() || task.arms[..i].iter().any(|other| other.name == *name) {
            return Some(format!("arm `{name}`: each arm needs a name of its own"));
        }
        if !(0..=ALL).contains(&arm.basis_points) {
            return Some(format!("arm `{name}`: basis_points must lie in 0 to 10000"));
        }
        if arm.model_id.is_empty() || !is_version(&arm.model_version) {
            return Some(format!("arm `{name}`: it must name a model and its version (SHA-256, hex)"));
        }
    }
    let deciding = || task.arms.iter().filter(|arm| arm.role == Role::Deciding);
    let share: i32 = deciding().map(|arm| arm.basis_points).sum();
    if task.required && deciding().next().is_none() {
        return Some("it is required and no arm decides it: add one, or make it not required".to_owned());
    }
    if deciding().next().is_some() && share != ALL {
        return Some(format!("basis_points of its deciding arms sum to {share}: they must sum to 10000"));
    }
    None
}

/// All strategies so far, in the log's order.
#[derive(Clone, Debug, Default)]
pub struct Strategies {
    all: Vec<Arc<ActiveStrategy>>,
}

impl Strategies {
    /// Adds the next strategy.
    ///
    /// # Errors
    /// It isn't the previous version + 1, begins before the previous one, is wrong by itself, or lacks the approvals
    /// that the previous one asks for; nothing is changed then.
    pub fn push(&mut self, record: Strategy) -> Result<&Arc<ActiveStrategy>, StrategyError> {
        let next = self.follow(record)?;
        self.check_approvals(&next)?;
        self.all.push(Arc::new(next));
        Ok(&self.all[self.all.len() - 1])
    }

    /// `record`, checked against the one before in everything but its approvals.
    fn follow(&self, record: Strategy) -> Result<ActiveStrategy, StrategyError> {
        let (previous, since) =
            self.newest().map_or((0, i64::MIN), |n| (n.record.version, n.record.effective_from));
        if record.version != previous + 1 {
            return Err(StrategyError::OutOfTurn { version: record.version, expected: previous + 1 });
        }
        if record.effective_from < since {
            return Err(StrategyError::Field {
                field: "effective_from",
                what: format!("{} lies before the previous strategy's {since}", record.effective_from),
            });
        }
        ActiveStrategy::new(record)
    }

    /// The strategy of a complaint: the newest with `effective_from` at or before the append time of its raw
    /// record. `None` before the first.
    pub fn at(&self, appended_at: i64) -> Option<&Arc<ActiveStrategy>> {
        let begun = self.all.partition_point(|s| s.record.effective_from <= appended_at);
        self.all[..begun].last()
    }

    /// The newest, whether or not it has begun.
    pub fn newest(&self) -> Option<&Arc<ActiveStrategy>> {
        self.all.last()
    }

    /// Every strategy, oldest first: what they name must stay loadable.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ActiveStrategy>> {
        self.all.iter()
    }
}

/// A strategy that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategyError {
    /// A version was left out or came twice.
    #[error("accept strategy {version}: the next version is {expected}")]
    OutOfTurn {
        /// The version that came.
        version: i64,
        /// The only one that may come.
        expected: i64,
    },
    /// One field is wrong.
    #[error("accept the strategy: {field}: {what}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// One task is wrong.
    #[error("accept the strategy: task `{task}`: {what}")]
    Task {
        /// The task.
        task: String,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// It lacks approvals.
    #[error(transparent)]
    Approvals(#[from] ApprovalFault),
    /// The routing table is wrong.
    #[error(transparent)]
    Routing(#[from] RoutingError),
}
