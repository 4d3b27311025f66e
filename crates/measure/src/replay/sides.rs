//! Who answers which task on each side: the champions of the strategy, and for some tasks the candidate.

use ombud_contract::records::{Role, Strategy};
use ombud_models::{Artefact, LoadModel};

use crate::evaluate::{EvaluateError, Subject, champions_of};

/// A replay that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A task can't be asked on both sides.
    #[error("replay task {task}: {what}")]
    Task {
        /// The task.
        task: String,
        /// Why, and what can.
        what: String,
    },
    /// A model can't be asked.
    #[error(transparent)]
    Model(#[from] EvaluateError),
}

/// A loaded model of [`Sides::subjects`], and the place of the head that answers among those that are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeadPlace {
    pub(super) subject: usize,
    pub(super) head: usize,
}

/// One task of the strategy.
pub(super) struct Question {
    pub(super) task: String,
    pub(super) review_below: f32,
    pub(super) champion: HeadPlace,
    /// The champion's where the candidate is not asked.
    pub(super) candidate: HeadPlace,
}

/// Both sides, loaded: a version that answers on both, or several tasks, is there once.
pub struct Sides {
    pub(super) subjects: Vec<Subject>,
    pub(super) questions: Vec<Question>,
    candidate: usize,
}

/// Task, model and version of each champion of `strategy`: of a task's deciding arms the one with the largest share, of
/// equal ones the first.
pub fn champions(strategy: &Strategy) -> Vec<(&str, &str, &str)> {
    champions_of(strategy)
}

impl Sides {
    /// Loads the champions of `strategy` (out of `artefacts`) and `candidate`, who is asked `tasks`; of none, whatever it
    /// answers and the strategy asks.
    ///
    /// # Errors
    /// A task is not asked by the strategy or not answered by the candidate, or a model doesn't load.
    pub fn load(
        strategy: &Strategy,
        artefacts: &[Artefact],
        candidate: &Artefact,
        tasks: &[String],
        loader: &dyn LoadModel,
    ) -> Result<Self, ReplayError> {
        let champions = champions(strategy);
        asked(strategy, candidate, &champions, tasks)?;
        let mut subjects: Vec<Subject> = Vec::new();
        let mut sit = |artefact: &'_ Artefact, task: &str| -> Result<HeadPlace, ReplayError> {
            let version = &artefact.version;
            let subject = match subjects.iter().position(|one| one.evaluated().version == *version) {
                Some(known) => known,
                None => {
                    subjects.push(Subject::whole(artefact, loader)?);
                    subjects.len() - 1
                }
            };
            let place = subjects[subject].place(task);
            let unanswered =
                || refused(task, format!("model {} doesn't answer it", artefact.manifest.model_id));
            Ok(HeadPlace { subject, head: place.ok_or_else(unanswered)? })
        };
        let mut questions = Vec::new();
        for (task, model_id, version) in &champions {
            let found = artefacts.iter().find(|a| a.manifest.model_id == *model_id && a.version == *version);
            let artefact = found.ok_or_else(|| EvaluateError::NoChampion {
                task: (*task).to_owned(),
                model_id: (*model_id).to_owned(),
            })?;
            let champion = sit(artefact, task)?;
            let is_asked = tasks.is_empty() || tasks.iter().any(|named| named == task);
            let answers = candidate.manifest.head(task).is_some();
            let candidate = if is_asked && answers { sit(candidate, task)? } else { champion };
            let review_below = strategy
                .tasks
                .iter()
                .find(|known| known.task == *task)
                .map_or(0.0, |known| known.review_below);
            questions.push(Question { task: (*task).to_owned(), review_below, champion, candidate });
        }
        let candidate = subjects.iter().position(|one| one.evaluated().version == candidate.version);
        Ok(Self { subjects, questions, candidate: candidate.unwrap_or_default() })
    }

    /// The candidate.
    pub(super) fn candidate(&self) -> &Subject {
        &self.subjects[self.candidate]
    }
}

/// Whether `tasks`, or at least one where none is named, can be asked on both sides.
fn asked(
    strategy: &Strategy,
    candidate: &Artefact,
    champions: &[(&str, &str, &str)],
    tasks: &[String],
) -> Result<(), ReplayError> {
    let model = &candidate.manifest.model_id;
    let decided: Vec<&str> = champions.iter().map(|(task, ..)| *task).collect();
    let answered = candidate.tasks();
    for task in tasks {
        if !decided.contains(&task.as_str()) {
            let what = match strategy.tasks.iter().find(|known| known.task == *task) {
                Some(known) if known.arms.iter().all(|arm| arm.role != Role::Deciding) => {
                    "nobody decides it, so there is nothing to compare with".to_owned()
                }
                _ => format!("strategy {} decides {}", strategy.version, decided.join(", ")),
            };
            return Err(refused(task, what));
        }
        if !answered.contains(task) {
            return Err(refused(task, format!("{model} answers {}", answered.join(", "))));
        }
    }
    match answered.iter().any(|task| decided.contains(&task.as_str())) {
        true => Ok(()),
        false => Err(refused(
            &answered.join(", "),
            format!(
                "that is all that {model} answers, and strategy {} decides {}",
                strategy.version,
                decided.join(", ")
            ),
        )),
    }
}

fn refused(task: &str, what: String) -> ReplayError {
    ReplayError::Task { task: task.to_owned(), what }
}
