//! A strategy as people write it, in TOML: the first one beside the models, later ones for `strategy set`. Workers read
//! models.strategy only.
//!
//! Arms name a model's folder, the record that is made of it names the version that lies there; a later file's may also
//! name a registered version. Version 1 begins at the epoch, so it also covers every complaint that was appended before
//! it was published.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use ombud_contract::records::{Arm, Role, Strategy, TaskStrategy};
use serde::Deserialize;
use toml::Spanned;

use crate::artefact::{Artefact, ArtefactError};
use crate::place::line_at;
use crate::registry::Registry;
use crate::routing::RoutingDocument;
use crate::routing::{ISSUE, PRODUCT, RoutingTable};
use crate::strategy::{ALL, ActiveStrategy, ModelName, StrategyError};

/// A checked first strategy and the models that it names.
#[derive(Clone, Debug)]
pub struct FirstStrategy {
    /// Version 1, to be published as it is.
    pub record: Strategy,
    /// Each model once: to be registered, and put on the shelf.
    pub artefacts: Vec<Artefact>,
}

impl FirstStrategy {
    /// Reads `file`; the folders that its arms name lie in `models`.
    ///
    /// # Errors
    /// [`StrategyFileError`] names file and line, what is wrong there and how to fix it.
    pub fn read(
        file: &Path,
        models: &Path,
        changed_by: &str,
        now_ms: i64,
    ) -> Result<Self, StrategyFileError> {
        let named = Named { folder: models, registry: None, artefacts: BTreeMap::new() };
        let (record, artefacts) = read(file, named, (changed_by, now_ms), 0)?;
        Ok(Self { record, artefacts })
    }
}

/// A checked strategy file for a log that has a strategy: its record has yet to get its version and its time.
#[derive(Clone, Debug)]
pub struct StrategyDraft {
    /// Version 1 of time 0, for [`crate::StrategyChange::Replace`].
    pub record: Strategy,
}

impl StrategyDraft {
    /// Reads `file`; its arms name folders beside it, or versions of `registry` as `MODEL@VERSION`, the beginning of
    /// a version being enough. Where it says nothing about approvals, those of `newest` stay.
    ///
    /// # Errors
    /// [`StrategyFileError`] names file and line, what is wrong there and how to fix it.
    pub fn read(file: &Path, registry: &Registry, newest: &Strategy) -> Result<Self, StrategyFileError> {
        let folder = file.parent().unwrap_or(Path::new(""));
        let named = Named { folder, registry: Some(registry), artefacts: BTreeMap::new() };
        Ok(Self { record: read(file, named, ("", 0), newest.approvals)?.0 })
    }
}

/// The record, and the artefacts of the folders that its arms name.
fn read(
    file: &Path,
    mut named: Named<'_>,
    (changed_by, now_ms): (&str, i64),
    approvals: i32,
) -> Result<(Strategy, Vec<Artefact>), StrategyFileError> {
    let text = std::fs::read_to_string(file)
        .map_err(|source| StrategyFileError::Read { file: file.to_owned(), source })?;
    let reading = Reading { file, text: &text };
    let document: Document =
        toml::from_str(&text).map_err(|error| reading.fault(error.span(), error.message()))?;
    let table = document.routing.check(&text).map_err(|error| StrategyFileError::Wrong {
        file: file.to_owned(),
        line: error.line,
        what: error.what,
    })?;
    let mut tasks = Vec::new();
    for (task, written) in &document.tasks {
        tasks.push(reading.task(task.get_ref(), written.get_ref(), &table, &mut named)?);
    }
    let routing = toml::to_string(&document.routing)
        .map_err(|error| reading.fault(None, &format!("routing can't be published: {error}")))?;
    let record = Strategy {
        approvals: document.approvals.as_ref().map_or(approvals, |said| *said.get_ref()),
        request_id: None,
        requested_by: None,
        approved_by: Vec::new(),
        version: 1,
        effective_from: 0,
        tasks,
        deadline_ms: reading.milliseconds(&document.deadline)?,
        amend_window_ms: reading.milliseconds(&document.amend_window)?,
        audit_basis_points: *document.audit_basis_points.get_ref(),
        routing,
        changed_by: changed_by.to_owned(),
        reason: document.reason.clone(),
        evaluation_id: None,
        changed_at: now_ms,
    };
    let checked = ActiveStrategy::new(record).map_err(|error| {
        let place = document.place_of(&error);
        reading.fault(place, &error.to_string())
    })?;
    Ok((checked.record, named.artefacts.into_values().collect()))
}

/// What arms may name, and what they have named.
struct Named<'a> {
    /// Holds the folders.
    folder: &'a Path,
    /// `None`: there is no log yet, so nothing is registered.
    registry: Option<&'a Registry>,
    /// By folder.
    artefacts: BTreeMap<String, Artefact>,
}

/// A strategy file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StrategyFileError {
    /// It can't be read.
    #[error("read strategy file {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("accept {} line {line}: {what}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong and how to fix it.
        what: String,
    },
    /// A model that it names can't be used.
    #[error("accept {} line {line}: model `{model}`", file.display())]
    Model {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// The folder that is named.
        model: String,
        /// What is wrong with it.
        source: ArtefactError,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    deadline: Spanned<String>,
    amend_window: Spanned<String>,
    audit_basis_points: Spanned<i32>,
    /// How many others must approve the next change; a file of an older build says nothing about it.
    approvals: Option<Spanned<i32>>,
    #[serde(default)]
    reason: String,
    tasks: BTreeMap<Spanned<String>, Spanned<TaskDocument>>,
    routing: RoutingDocument,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskDocument {
    required: bool,
    salt: String,
    review_below: f32,
    arms: Vec<ArmDocument>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArmDocument {
    name: String,
    model: Spanned<String>,
    #[serde(default)]
    role: RoleDocument,
    #[serde(default = "all")]
    basis_points: i32,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RoleDocument {
    #[default]
    Deciding,
    Shadow,
}

fn all() -> i32 {
    ALL
}

impl Document {
    fn place_of(&self, error: &StrategyError) -> Option<Range<usize>> {
        match error {
            StrategyError::Field { field: "deadline", .. } => Some(self.deadline.span()),
            StrategyError::Field { field: "amend_window", .. } => Some(self.amend_window.span()),
            StrategyError::Field { field: "audit_basis_points", .. } => Some(self.audit_basis_points.span()),
            StrategyError::Field { field: "approvals", .. } => self.approvals.as_ref().map(Spanned::span),
            StrategyError::Task { task, .. } => {
                self.tasks.keys().find(|t| t.get_ref() == task).map(Spanned::span)
            }
            StrategyError::Field { .. }
            | StrategyError::OutOfTurn { .. }
            | StrategyError::Approvals(_)
            | StrategyError::Routing(_) => None,
        }
    }
}

struct Reading<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Reading<'_> {
    fn fault(&self, place: Option<Range<usize>>, what: &str) -> StrategyFileError {
        let line = place.map_or(1, |place| line_at(self.text, place.start));
        StrategyFileError::Wrong { file: self.file.to_owned(), line, what: what.to_owned() }
    }

    fn milliseconds(&self, written: &Spanned<String>) -> Result<i64, StrategyFileError> {
        let wrong = || {
            let what =
                format!("`{}` is no length of time: write it like `30 s` or `24 h`", written.get_ref());
            self.fault(Some(written.span()), &what)
        };
        let length: SignedDuration = written.get_ref().parse().map_err(|_| wrong())?;
        i64::try_from(length.as_millis()).map_err(|_| wrong())
    }

    fn task(
        &self,
        task: &str,
        written: &TaskDocument,
        table: &RoutingTable,
        named: &mut Named<'_>,
    ) -> Result<TaskStrategy, StrategyFileError> {
        let mut arms = Vec::new();
        for arm in &written.arms {
            let (model_id, model_version) = self.model(task, &arm.model, table, named)?;
            arms.push(Arm {
                name: arm.name.clone(),
                model_id,
                model_version,
                role: match arm.role {
                    RoleDocument::Deciding => Role::Deciding,
                    RoleDocument::Shadow => Role::Shadow,
                },
                basis_points: arm.basis_points,
            });
        }
        Ok(TaskStrategy {
            task: task.to_owned(),
            required: written.required,
            salt: written.salt.clone(),
            review_below: written.review_below,
            arms,
        })
    }

    /// The model's id and version.
    fn model(
        &self,
        task: &str,
        written: &Spanned<String>,
        table: &RoutingTable,
        named: &mut Named<'_>,
    ) -> Result<(String, String), StrategyFileError> {
        let model = written.get_ref();
        if let Some(registry) = named.registry.filter(|_| model.contains('@')) {
            let found = model.parse().and_then(|name: ModelName| name.find(registry));
            let found = found.map_err(|what| self.fault(Some(written.span()), &what))?;
            return Ok((found.model_id.clone(), found.version.clone()));
        }
        if !named.artefacts.contains_key(model) {
            named.artefacts.insert(model.clone(), self.artefact(written, named.folder)?);
        }
        let artefact = &named.artefacts[model];
        self.answers(artefact, task, written, table)?;
        Ok((artefact.manifest.model_id.clone(), artefact.version.clone()))
    }

    fn artefact(&self, model: &Spanned<String>, models: &Path) -> Result<Artefact, StrategyFileError> {
        Artefact::open(&models.join(model.get_ref())).map_err(|source| StrategyFileError::Model {
            file: self.file.to_owned(),
            line: line_at(self.text, model.span().start),
            model: model.get_ref().clone(),
            source,
        })
    }

    // A label of another taxonomy than the table's would find no team.
    fn answers(
        &self,
        artefact: &Artefact,
        task: &str,
        model: &Spanned<String>,
        table: &RoutingTable,
    ) -> Result<(), StrategyFileError> {
        let Some((_, head)) = artefact.manifest.head(task) else {
            let what = format!(
                "model `{}` doesn't answer the task `{task}`: it answers {}",
                model.get_ref(),
                artefact.tasks().join(", ")
            );
            return Err(self.fault(Some(model.span()), &what));
        };
        let routed = match task {
            PRODUCT => &table.label_sets.product,
            ISSUE => &table.label_sets.issue,
            _ => return Ok(()),
        };
        if head.label_set == *routed {
            return Ok(());
        }
        let what = format!(
            "model `{}` answers in {}, the routing table reads {routed}: use one of them",
            model.get_ref(),
            head.label_set
        );
        Err(self.fault(Some(model.span()), &what))
    }
}
