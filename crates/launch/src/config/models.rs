//! Where the default models lie while no setting says so: in `models` here, as in the repository; else in `models` beside the
//! program, as in an archive of it.

use std::path::{Path, PathBuf};

/// The folder beside the program, as the origin of the setting.
pub(super) const ORIGIN: &str = "beside the program";
const FOLDER: &str = "models";
/// What a folder of default models has.
const STRATEGY: &str = "strategy.toml";

/// The folder beside `program`, where it is one of models and `here` has none.
pub(super) fn beside(program: &Path, here: &Path) -> Option<PathBuf> {
    let found = program.with_file_name(FOLDER);
    let is_one = |folder: &Path| folder.join(STRATEGY).is_file();
    (!is_one(&here.join(FOLDER)) && is_one(&found)).then_some(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn models_are_found_here_and_else_beside_the_program() {
        let dir = tempfile::tempdir().unwrap();
        let [here, there] = ["here", "there"].map(|name| dir.path().join(name));
        for folder in [&here, &there] {
            fs::create_dir_all(folder.join(FOLDER)).unwrap();
        }
        let program = there.join("ombud");
        assert_eq!(beside(&program, &here), None, "a folder without a strategy is another one");
        fs::write(there.join(FOLDER).join(STRATEGY), "").unwrap();
        assert_eq!(beside(&program, &here), Some(there.join(FOLDER)));
        fs::write(here.join(FOLDER).join(STRATEGY), "").unwrap();
        assert_eq!(beside(&program, &here), None);
    }
}
