//! Where settings come from: a file, the environment, and flags.

use std::{ffi::OsString, fmt, path::PathBuf};

/// A setting that was given as a flag.
#[derive(Clone, Debug)]
pub struct Flag {
    /// As the user writes it, with its dashes.
    pub name: &'static str,
    /// The setting that it sets, such as `http.address`.
    pub setting: &'static str,
    /// What was given.
    pub value: String,
}

/// Where settings come from.
#[derive(Clone, Default)]
pub struct Inputs {
    /// The file of `--config`. Without it: `OMBUD_CONFIG`, else `ombud.toml` where that exists.
    pub file: Option<PathBuf>,
    /// The environment; only `OMBUD_*` is looked at.
    pub variables: Vec<(OsString, OsString)>,
    /// Flags that were given.
    pub flags: Vec<Flag>,
    /// The file of the program: the default models may lie beside it.
    pub program: Option<PathBuf>,
}

impl Inputs {
    /// The inputs of this process.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<Flag>) -> Self {
        // Resolved through links. Where the system can't say which it is, no models are looked for beside it.
        let program = std::env::current_exe().ok();
        Self { file, variables: std::env::vars_os().collect(), flags, program }
    }
}

impl fmt::Debug for Inputs {
    // The environment holds other programs' secrets too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs").field("file", &self.file).field("flags", &self.flags).finish_non_exhaustive()
    }
}
