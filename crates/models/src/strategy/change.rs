//! From the newest strategy to the next one: a canary, a shadow, a promotion, an older content again. Pure.
//!
//! Deciding arms lie one behind the other over the basis points. A share that an arm gains or loses passes between it
//! and a neighbour, and no other arm moves: so a complaint that was in a canary at 10 % is in it at 20 %.

mod error;

pub use error::ChangeError;
use ombud_contract::records::{Arm, ModelVersion, Role, Strategy, TaskStrategy};
use serde::{Deserialize, Serialize};

use super::difference::differences;
use super::model_name::ModelName;
use super::{ALL, LEAD, Strategies};
use crate::registry::Registry;

/// The arm that decides what no other arm does.
const CHAMPION: &str = "champion";
/// The deciding arm of a model that is tried.
const CANARY: &str = "canary";
/// What `promote` looks for where there is no canary.
const CHALLENGER: &str = "challenger";
/// The arm that answers and decides nothing.
pub(super) const SHADOW: &str = "shadow";
/// On top of [`LEAD`], because appending takes time and clocks differ; an operator waits for it.
const MARGIN_MS: i64 = 2_000;

/// What an operator wants to change in the next strategy. As JSON it is an object: `{"change": "canary", ...}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum StrategyChange {
    /// Gives the arm `canary` this model and share, from the champion's.
    Canary {
        /// Of which task.
        task: String,
        /// The model that is tried.
        model: ModelName,
        /// Its share of the task's complaints.
        basis_points: i32,
    },
    /// Gives the arm `shadow` this model and share; it decides nothing.
    Shadow {
        /// Of which task.
        task: String,
        /// The model that is watched.
        model: ModelName,
        /// Its share of the task's complaints.
        basis_points: i32,
    },
    /// Makes an arm's model the champion of all complaints.
    Promote {
        /// Of which task.
        task: String,
        /// Which arm; `None`: the canary, or else the challenger.
        arm: Option<String>,
        /// The evaluation that it rests on.
        evaluation: Option<String>,
        /// Without an evaluation.
        #[serde(default)]
        forced: bool,
    },
    /// The content of an older version once more.
    RollBack {
        /// Which; `None`: the one before the newest.
        to: Option<i64>,
    },
    /// This content, whatever was before.
    Replace(Box<Strategy>),
}

/// Who makes a change, why and from when on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Who.
    pub by: String,
    /// Why; `None`: what was asked for, in words.
    pub reason: Option<String>,
    /// Now.
    pub now_ms: i64,
    /// `None`: as soon as every worker can know.
    pub from: Option<i64>,
}

impl StrategyChange {
    /// The strategy after the newest of `strategies`. That it may be published, `Strategies::gate` says.
    ///
    /// # Errors
    /// [`ChangeError`] says what stands in the way, and what to do instead.
    pub fn next(
        &self,
        strategies: &Strategies,
        registry: &Registry,
        signature: &Signature,
    ) -> Result<Strategy, ChangeError> {
        let newest = &strategies.newest().ok_or(ChangeError::NoStrategy)?.record;
        // Who asked for the newest and who approved it says nothing about the next.
        let fresh = |of: &Strategy| Strategy {
            evaluation_id: None,
            request_id: None,
            requested_by: None,
            approved_by: Vec::new(),
            ..of.clone()
        };
        let mut next = Strategy { reason: self.to_string(), ..fresh(newest) };
        match self {
            Self::Canary { task, model, basis_points } => {
                canary(task_of(&mut next, task)?, found(model, registry)?, *basis_points)?;
            }
            Self::Shadow { task, model, basis_points } => {
                shadow(task_of(&mut next, task)?, found(model, registry)?, *basis_points)?;
            }
            Self::Promote { task, arm, evaluation, forced } => {
                let (arm, winner) = promote(task_of(&mut next, task)?, arm.as_deref())?;
                let evaluation = evaluation.as_deref().map(str::trim).filter(|id| !id.is_empty());
                match evaluation {
                    None if !forced => return Err(ChangeError::NoEvaluation { task: task.clone(), arm }),
                    Some(id) => known_evaluation(id, task, &winner, registry)?,
                    None => {}
                }
                next.evaluation_id = evaluation.map(str::to_owned);
            }
            Self::RollBack { to } => {
                let to = to.unwrap_or(newest.version - 1);
                let older = strategies.version(to).filter(|older| older.record.version < newest.version);
                let older =
                    older.ok_or(ChangeError::NoSuchVersion { version: to, newest: newest.version })?;
                let reason = format!("roll back to strategy {to}");
                // Of how many approvals a change needs, what holds now stays: nobody goes back behind it alone.
                next = Strategy { approvals: newest.approvals, reason, ..fresh(&older.record) };
            }
            Self::Replace(content) => {
                next = Strategy { evaluation_id: content.evaluation_id.clone(), ..fresh(content) };
            }
        }
        if differences(newest, &next).is_empty() {
            return Err(ChangeError::Nothing { version: newest.version });
        }
        // Not before the newest begins, which may be announced for later.
        let lead = i64::try_from(LEAD.as_millis()).unwrap_or(i64::MAX);
        let soonest = signature.now_ms.saturating_add(lead + MARGIN_MS).max(newest.effective_from);
        Ok(Strategy {
            version: newest.version + 1,
            effective_from: signature.from.unwrap_or(soonest),
            changed_by: signature.by.clone(),
            reason: match &signature.reason {
                Some(reason) if self.is_forced() => format!("{reason} (forced)"),
                Some(reason) => reason.clone(),
                None => next.reason,
            },
            changed_at: signature.now_ms,
            ..next
        })
    }

    /// The same change, in words that mean the same later: each model by its whole version, an older strategy and an arm by
    /// what they are now.
    ///
    /// # Errors
    /// No such model, or no strategy yet.
    pub fn pinned(&self, strategies: &Strategies, registry: &Registry) -> Result<Self, ChangeError> {
        let newest = &strategies.newest().ok_or(ChangeError::NoStrategy)?.record;
        let mut pinned = self.clone();
        match &mut pinned {
            Self::Canary { model, .. } | Self::Shadow { model, .. } => {
                *model = ModelName::from(found(model, registry)?);
            }
            Self::RollBack { to } => *to = Some(to.unwrap_or(newest.version - 1)),
            // A promotion names an arm of a strategy that may not change meanwhile.
            Self::Promote { .. } | Self::Replace(_) => {}
        }
        Ok(pinned)
    }

    /// Whether it goes without the evaluation that it should rest on, which the history must say.
    fn is_forced(&self) -> bool {
        matches!(self, Self::Promote { forced: true, .. })
    }
}

impl std::fmt::Display for StrategyChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |basis_points: i32| f64::from(basis_points) / 100.0;
        match self {
            Self::Canary { task, model, basis_points } => {
                write!(f, "canary {task} {model} {} %", percent(*basis_points))
            }
            Self::Shadow { task, model, basis_points } => {
                write!(f, "shadow {task} {model} {} %", percent(*basis_points))
            }
            Self::Promote { task, arm, forced, .. } => {
                let arm = arm.as_ref().map_or(String::new(), |arm| format!(" {arm}"));
                write!(f, "promote {task}{arm}{}", if *forced { ", forced" } else { "" })
            }
            Self::RollBack { .. } => f.write_str("roll back"),
            Self::Replace(_) => f.write_str("set"),
        }
    }
}

fn task_of<'a>(strategy: &'a mut Strategy, task: &str) -> Result<&'a mut TaskStrategy, ChangeError> {
    let known: Vec<String> = strategy.tasks.iter().map(|known| known.task.clone()).collect();
    let found = strategy.tasks.iter_mut().find(|known| known.task == task);
    found.ok_or_else(|| ChangeError::NoSuchTask { task: task.to_owned(), known: known.join(", ") })
}

fn found<'a>(model: &ModelName, registry: &'a Registry) -> Result<&'a ModelVersion, ChangeError> {
    model.find(registry).map_err(ChangeError::Model)
}

fn is_deciding(arm: &&Arm) -> bool {
    arm.role == Role::Deciding
}

fn canary(task: &mut TaskStrategy, model: &ModelVersion, basis_points: i32) -> Result<(), ChangeError> {
    let refuse =
        |what: String| Err(ChangeError::Arm { task: task.task.clone(), arm: CANARY.to_owned(), what });
    let champion = champion(task)?;
    let known = task.arms.iter().position(|arm| arm.name == CANARY);
    if let Some(known) = known {
        if task.arms[known].role != Role::Deciding {
            return refuse("it decides nothing: give it another name with `ombud strategy set`".to_owned());
        }
        let between = &task.arms[known.min(champion) + 1..known.max(champion)];
        if let Some(between) = between.iter().find(is_deciding) {
            return refuse(format!(
                "arm `{}` lies between it and the champion and would change its complaints: use `ombud strategy set`",
                between.name
            ));
        }
    }
    // Of both there is always more than nothing left: a canary of all is a promotion.
    let both = task.arms[champion].basis_points + known.map_or(0, |known| task.arms[known].basis_points);
    if !(1..both).contains(&basis_points) {
        return refuse(format!(
            "it can have more than 0 % and less than {} %: end it with `ombud strategy roll-back`, or give it all with \
             `ombud strategy promote`",
            f64::from(both) / 100.0
        ));
    }
    task.arms[champion].basis_points = both - basis_points;
    let arm = arm_of(CANARY, model, Role::Deciding, basis_points);
    match known {
        Some(known) => task.arms[known] = arm,
        // A neighbour of the champion, so that no other arm loses anything, now or when it grows.
        None => task.arms.insert(champion, arm),
    }
    Ok(())
}

fn shadow(task: &mut TaskStrategy, model: &ModelVersion, basis_points: i32) -> Result<(), ChangeError> {
    let refuse =
        |what: String| Err(ChangeError::Arm { task: task.task.clone(), arm: SHADOW.to_owned(), what });
    if !(1..=ALL).contains(&basis_points) {
        return refuse("it can have more than 0 % and at most 100 %".to_owned());
    }
    let arm = arm_of(SHADOW, model, Role::Shadow, basis_points);
    match task.arms.iter().position(|known| known.name == SHADOW) {
        Some(known) if task.arms[known].role != Role::Shadow => {
            return refuse("it decides: give it another name with `ombud strategy set`".to_owned());
        }
        Some(known) => task.arms[known] = arm,
        None => task.arms.push(arm),
    }
    Ok(())
}

/// Checks that the registry has an evaluation `id` of the version of `arm`, with figures of `task` where it has any by task.
fn known_evaluation(id: &str, task: &str, arm: &Arm, registry: &Registry) -> Result<(), ChangeError> {
    let known = registry.get(&arm.model_id, &arm.model_version);
    if let Some((version, evaluation)) = known.and_then(|known| Some((known, known.evaluation(id)?))) {
        let speaks = |of: &String| evaluation.figures.keys().any(|figure| is_of(figure, of));
        let judged: Vec<&str> = version.tasks.iter().filter(|of| speaks(of)).map(String::as_str).collect();
        if judged.is_empty() || judged.contains(&task) {
            return Ok(());
        }
        let (id, task) = (id.to_owned(), task.to_owned());
        return Err(ChangeError::NotJudged { id, task, judged: judged.join(", ") });
    }
    let of_it = known.map_or(&[][..], |known| &known.evaluations);
    let ids: Vec<&str> = of_it.iter().map(|evaluation| evaluation.evaluation_id.as_str()).collect();
    Err(ChangeError::UnknownEvaluation {
        id: id.to_owned(),
        model: format!("{}@{}", arm.model_id, arm.model_version.get(..12).unwrap_or(&arm.model_version)),
        known: if ids.is_empty() { "none".to_owned() } else { ids.join(", ") },
    })
}

/// Whether a figure such as `product.accuracy` is of `task`.
fn is_of(figure: &str, task: &str) -> bool {
    figure.strip_prefix(task).is_some_and(|rest| rest.starts_with('.'))
}

/// Gives the name of the arm that was promoted, and the champion that it became.
fn promote(task: &mut TaskStrategy, arm: Option<&str>) -> Result<(String, Arm), ChangeError> {
    let champion = champion(task)?;
    let named = |name: &str| task.arms.iter().position(|arm| arm.name == name);
    let promoted = match arm {
        Some(name) => named(name),
        None => named(CANARY).or_else(|| named(CHALLENGER)),
    };
    let refuse = |what: String| {
        let arm = arm.unwrap_or(CANARY).to_owned();
        Err(ChangeError::Arm { task: task.task.clone(), arm, what })
    };
    let Some(promoted) = promoted else {
        let arms: Vec<&str> = task.arms.iter().map(|arm| arm.name.as_str()).collect();
        return refuse(format!("there is no such arm: the arms are {}", arms.join(", ")));
    };
    if promoted == champion {
        return refuse("it is the champion already".to_owned());
    }
    let Arm { name, model_id, model_version, .. } = task.arms[promoted].clone();
    let winner =
        Arm { name: CHAMPION.to_owned(), model_id, model_version, role: Role::Deciding, basis_points: ALL };
    // A shadow of the model that decides shows nothing; other shadows stay.
    let watches = |arm: &Arm| arm.role != Role::Deciding && arm.model_version != winner.model_version;
    let others: Vec<Arm> = task.arms.iter().filter(|arm| watches(arm)).cloned().collect();
    task.arms = std::iter::once(winner.clone()).chain(others).collect();
    Ok((name, winner))
}

/// The place of the champion: the arm of that name, or the only one that decides.
fn champion(task: &TaskStrategy) -> Result<usize, ChangeError> {
    let mut deciding = task.arms.iter().enumerate().filter(|(_, arm)| is_deciding(arm));
    let named = deciding.clone().find(|(_, arm)| arm.name == CHAMPION);
    let only = deciding.next().filter(|_| deciding.next().is_none());
    named.or(only).map(|(place, _)| place).ok_or_else(|| ChangeError::Arm {
        task: task.task.clone(),
        arm: CHAMPION.to_owned(),
        what: "no deciding arm has this name: call one so with `ombud strategy set`".to_owned(),
    })
}

pub(super) fn arm_of(name: &str, model: &ModelVersion, role: Role, basis_points: i32) -> Arm {
    Arm {
        name: name.to_owned(),
        model_id: model.model_id.clone(),
        model_version: model.version.clone(),
        role,
        basis_points,
    }
}
