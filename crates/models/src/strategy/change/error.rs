//! Why a change can't be made, and what to do instead.

/// A change that can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Nothing to change.
    #[error(
        "change the strategy: none is published yet; `ombud up`, and `ombud setup` on brokers, publish the first"
    )]
    NoStrategy,
    /// The task isn't asked.
    #[error("change the strategy: it asks no task `{task}`; it asks {known}")]
    NoSuchTask {
        /// As it was given.
        task: String,
        /// Those that there are.
        known: String,
    },
    /// No such version lies behind the newest.
    #[error("roll back to strategy {version}: the versions before the newest are 1 to {}", newest - 1)]
    NoSuchVersion {
        /// As it was given.
        version: i64,
        /// The newest.
        newest: i64,
    },
    /// The model is none.
    #[error("change the strategy: {0}")]
    Model(String),
    /// An arm can't be so.
    #[error("change the strategy: task `{task}`, arm `{arm}`: {what}")]
    Arm {
        /// The task.
        task: String,
        /// The arm.
        arm: String,
        /// Why, and what to do instead.
        what: String,
    },
    /// A promotion without an evaluation.
    #[error(
        "promote arm `{arm}` of task `{task}`: say with --evaluation ID which evaluation it rests on, or --force"
    )]
    NoEvaluation {
        /// The task.
        task: String,
        /// The arm.
        arm: String,
    },
    /// A promotion on an unknown evaluation.
    #[error(
        "rest the promotion on evaluation {id}: the registry has none of that id of {model}; it has {known}: evaluate it with \
         `ombud evaluate --record`, `ombud strategy replay` or `ombud learn --from-feedback`"
    )]
    UnknownEvaluation {
        /// As it was given.
        id: String,
        /// Whose.
        model: String,
        /// Those that there are.
        known: String,
    },
    /// A promotion on an evaluation that says nothing about its task.
    #[error(
        "rest the promotion of task `{task}` on evaluation {id}: it has figures of {judged} alone; evaluate the model where \
         enough complaints are labelled for {task}, with `ombud evaluate --record`"
    )]
    NotJudged {
        /// As it was given.
        id: String,
        /// The task.
        task: String,
        /// The tasks of which it has figures.
        judged: String,
    },
    /// Everything would stay.
    #[error("change the strategy: strategy {version} says so already")]
    Nothing {
        /// The newest.
        version: i64,
    },
}
