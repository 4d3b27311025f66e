//! What the page of health is made of, and where it comes from. Ids, places, codes and times: never what a record says.

use std::time::Duration;

use ombud_stream::Outage;

/// Says how the system is, and sends dead letters again. Every call may block, for some seconds at most where it does not say
/// otherwise.
pub trait Operations: Send + Sync {
    /// How the system is, as it was some seconds ago at most, or as it was known last; `None` where nobody knows yet.
    fn status(&self) -> Option<Known<SystemStatus>>;

    /// What `ombud doctor` says. The examination runs in the background, begins where somebody asks for it, and is not repeated
    /// within a minute.
    fn examination(&self, ask: bool) -> Examination;

    /// Sends the dead letters `ids` again as `ombud redrive` does, each once; what became of each. `record` is called with the
    /// ids of those that will be sent, before any is. Blocks for as long as the log takes.
    ///
    /// # Errors
    /// The log does not answer, `record` failed, or somebody else is sending letters: nothing more was sent.
    fn redrive(
        &self,
        ids: &[String],
        record: &mut dyn FnMut(&[String]) -> Result<(), Outage>,
    ) -> Result<Vec<RedrivenLetter>, Outage>;
}

/// Something that is known, and how old that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Known<T> {
    /// What is known.
    pub what: T,
    /// How old it is.
    pub age: Duration,
}

/// Something that was asked for, or why it is not known: for people.
pub type Answered<T> = Result<T, String>;

/// How the system is.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemStatus {
    /// This build.
    pub version: String,
    /// Every group that works on complaints, by name.
    pub groups: Answered<Vec<GroupStatus>>,
    /// The newest dead letters.
    pub letters: Answered<DeadLetters>,
    /// The models that the strategy in force names, and all that were rejected.
    pub models: Answered<Vec<ModelStatus>>,
    /// What this process waits for, by part: models that are being loaded, partitions, a store.
    pub waits: Vec<(String, String)>,
    /// What is to be known of parts that work all the same.
    pub remarks: Vec<(String, String)>,
    /// The log, and the registry of schemas where there is one: each with how long an answer took.
    pub reached: Vec<PartReach>,
}

/// Whether something answers.
#[derive(Clone, Debug, PartialEq)]
pub struct PartReach {
    /// What was asked.
    pub part: ReachPart,
    /// How long the answer took, or why there is none.
    pub answer: Answered<Duration>,
}

/// What was asked whether it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReachPart {
    /// The log, embedded or on brokers.
    Log,
    /// The registry of schemas.
    SchemaRegistry,
    /// The case store.
    CaseStore,
    /// The store of leases and sessions.
    Leases,
}

/// How far a group is.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupStatus {
    /// Its name, such as ombud.join.
    pub group: String,
    /// Records that it has not finished.
    pub lag: u64,
    /// How long it needs for them at its rate, in seconds; `None` where that is not measured yet.
    pub drain_seconds: Option<f64>,
    /// When the oldest record was appended that it has not finished, in milliseconds: of the partitions that are furthest behind.
    /// `None` where there is none, or it can't be read.
    pub oldest: Option<i64>,
}

/// The newest dead letters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeadLetters {
    /// How many were looked at for [`Self::by_reason`]: the newest.
    pub looked_at: u64,
    /// There are more.
    pub is_more: bool,
    /// How many for each reason, the most first.
    pub by_reason: Vec<(String, u64)>,
    /// The newest first, a bounded number.
    pub newest: Vec<LetterLine>,
}

/// A dead letter, without what lies in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterLine {
    /// Its id.
    pub id: String,
    /// Why it was parked, as a code.
    pub reason: String,
    /// The topic that its record lies on.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// When it was parked, in milliseconds.
    pub parked_at: i64,
    /// Why it can't be sent again as it was.
    pub refusal: Option<String>,
}

/// What became of a dead letter that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedrivenLetter {
    /// Its id.
    pub id: String,
    /// What became of it.
    pub fate: LetterFate,
    /// Where its record lies again, or why it does not.
    pub detail: Option<String>,
}

/// What became of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterFate {
    /// Sent now.
    Sent,
    /// Sent before.
    Already,
    /// Can't be sent.
    Refused,
}

/// A version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelStatus {
    /// The model.
    pub model_id: String,
    /// The whole version.
    pub version: String,
    /// What it does.
    pub state: ModelUse,
    /// For which tasks.
    pub tasks: Vec<String>,
    /// Why it was rejected: a code, a colon, and what is wrong.
    pub reason: String,
}

/// What a version does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelUse {
    /// Never answers.
    Rejected,
    /// Decides, by the strategy in force.
    Decides,
    /// Answers beside who decides, and is compared.
    Shadow,
}

/// What `ombud doctor` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Examination {
    /// One is under way.
    pub is_running: bool,
    /// What the last one found.
    pub found: Option<Known<Vec<DoctorLine>>>,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoctorLine {
    /// What was looked at, as a word.
    pub what: String,
    /// How it is.
    pub grade: Grade,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub fix: Option<String>,
}

/// How something is that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Well.
    Ok,
    /// To look at.
    Warn,
    /// Wrong.
    Bad,
}
