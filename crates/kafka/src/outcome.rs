//! What setting up found and did: one outcome for each topic and each subject.

use serde::Serialize;

/// Whether to do what is missing or only to say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Do it.
    Apply,
    /// Say what would be done.
    DryRun,
}

/// What became of one thing that was asked for; in a [`Mode::DryRun`], what would become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is as it should be.
    Unchanged,
    /// It was missing.
    Created,
    /// It differed, and is now as it should be.
    Changed,
    /// It differs, and making it equal would lose something: left as it is.
    Refused,
}

/// What was found, and what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The topic's or the subject's name.
    pub name: String,
    /// What became of it.
    pub state: State,
    /// What differed, a line each; empty where there is nothing to say.
    pub details: Vec<String>,
    /// What brings it about that is refused here, where one command does.
    #[serde(rename = "mend")]
    pub fix: Option<String>,
}
