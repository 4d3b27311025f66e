//! The release before this one, as scripts/previous builds it: for promises about two that work side by side.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::{
    command::{deaf, naming_the_bag},
    repository,
};

/// A folder with its binary and its models.
pub struct Previous {
    folder: PathBuf,
}

impl Previous {
    /// Builds it where that was not done before.
    ///
    /// # Errors
    /// It does not build; why is on stderr.
    pub fn built() -> Result<Self> {
        let script = repository().join("scripts/previous");
        let output = Command::new(&script).stderr(Stdio::inherit()).output().context("scripts/previous")?;
        ensure!(output.status.success(), "{}: {}", script.display(), output.status);
        Ok(Self { folder: String::from_utf8(output.stdout)?.trim().into() })
    }

    /// Its command with its data in `data` and its own bag alone for a model: as [`crate::ombud`] does it for this one.
    pub(crate) fn command(&self, data: &Path) -> Result<Command> {
        let models = naming_the_bag(&self.folder.join("models"), data.join("previous-models"))?;
        Ok(deaf(&self.folder.join("ombud"), data, &models))
    }
}
