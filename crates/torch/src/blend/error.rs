//! Why a `blend.json` can't be served.

use ombud_models::{Blame, Fault, HostFault};

/// Completes "failed to load model ...: "; says what would be right where that is known.
#[derive(Debug, thiserror::Error)]
pub enum FusionError {
    /// Not there, not JSON, or not these fields.
    #[error("blend.json is missing or broken: {0}")]
    Broken(String),
    /// The file system refused.
    #[error("blend.json can't be read: {0}")]
    Unread(#[source] std::io::Error),
    /// A member's name that names no folder beside `blend.json`, or does so twice.
    #[error(
        "members of blend.json: {0:?} must be named once, and be a folder beside it (letters, digits, `-`, `_`, `.`)"
    )]
    Member(String),
    /// A blend of nothing.
    #[error("members of blend.json is empty: name at least one folder")]
    NoMembers,
    /// A task of `ombud.json` that no member answers.
    #[error("heads of blend.json has no {0}: each task of ombud.json has weights there")]
    NoHead(String),
    /// A task that `ombud.json` doesn't name.
    #[error(
        "heads.{0} of blend.json: ombud.json has no such task; take it out of one or put it into the other"
    )]
    UnknownTask(String),
    /// A weight for something that is not a member.
    #[error("heads.{task}.weights of blend.json weighs {member:?}, which is not among its members")]
    UnknownMember {
        /// The task.
        task: String,
        /// What it names.
        member: String,
    },
    /// A weight for a member that doesn't answer the task.
    #[error("heads.{task}.weights of blend.json weighs member {member}, which has no head for {task}")]
    Silent {
        /// The task.
        task: String,
        /// The member.
        member: String,
    },
    /// A member whose answer to a task is another kind of answer.
    #[error("member {member} answers {task} as {found}, ombud.json of the blend as {expected}")]
    OtherAnswers {
        /// The member.
        member: String,
        /// The task.
        task: String,
        /// Kind and label set of the member's head.
        found: String,
        /// Kind and label set of the blend's.
        expected: String,
    },
    /// A member that was trained on labels which stand for a part of ours only.
    #[error(
        "member {member} answers {task} by labels that leave some of ours out, or stand for none: let it serve alone"
    )]
    OtherLabels {
        /// The member.
        member: String,
        /// The task.
        task: String,
    },
    /// A field that can't be computed with.
    #[error("{field} of blend.json: {what}")]
    Value {
        /// Where.
        field: String,
        /// What is wrong, and what would be right.
        what: String,
    },
}

impl FusionError {
    /// Whose fault it is.
    pub(super) fn blame(&self) -> Blame {
        match self {
            Self::Unread(source) => Blame::Host(HostFault::of_io(source)),
            Self::Broken(_)
            | Self::Member(_)
            | Self::NoMembers
            | Self::NoHead(_)
            | Self::UnknownTask(_)
            | Self::UnknownMember { .. }
            | Self::Silent { .. }
            | Self::OtherAnswers { .. }
            | Self::OtherLabels { .. }
            | Self::Value { .. } => Blame::Version(Fault::Unloadable),
        }
    }

    pub(super) fn value(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Value { field: field.into(), what: what.into() }
    }
}
