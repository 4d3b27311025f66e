//! `ombud config`: the settings in force and where each was written, and a file of settings to begin with.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use ombud_launch::config::{Loaded, ShownSetting};
use serde_json::json;

use crate::{
    Done,
    input::examples::{Example, examples_text},
    output::screen::Screen,
};

const SHOW: [Example; 2] = [
    ("Every setting, and where it was written", "ombud config show"),
    ("Only what is no default", "ombud config show --changed"),
];

const INIT: [Example; 2] = [
    ("Write ombud.toml, with every setting as a comment", "ombud config init"),
    ("Write another file", "ombud config init /etc/ombud/ombud.toml"),
];

/// The commands of `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting with its value and where it was written; secrets are three stars
    #[command(after_help = examples_text(&SHOW))]
    Show {
        /// Only what is no default
        #[arg(long)]
        changed: bool,

        /// One JSON object a setting
        #[arg(long)]
        json: bool,
    },
    /// Write a file with every setting, what it is for and its default, all as comments
    #[command(after_help = examples_text(&INIT))]
    Init {
        /// The file to write; an existing file is not changed
        #[arg(default_value = "ombud.toml")]
        file: PathBuf,
    },
}

/// Prints the settings in force.
pub(crate) fn show(
    changed: bool,
    json: bool,
    loaded: &Loaded,
    screen: Screen,
    out: &mut impl Write,
) -> Result<Done> {
    let settings = loaded.each().filter(|written| !changed || written.origin.is_some());
    if json {
        for ShownSetting { setting, value, origin } in settings {
            writeln!(out, "{}", json!({ "setting": setting, "value": value, "from": origin }))?;
        }
        return Ok(Done::Well);
    }
    let mut table = screen.table(["setting", "value", "from"]);
    for ShownSetting { setting, value, origin } in settings {
        table.add_row([setting, &value, origin.unwrap_or("default")]);
    }
    writeln!(out, "{table}")?;
    Ok(Done::Well)
}

/// Writes the settings file to begin with.
pub(crate) fn init(file: &Path, out: &mut impl Write) -> Result<Done> {
    let shown = file.display();
    let mut made = match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(made) => made,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("write {shown}: it is there already, and stays as it is; name another file")
        }
        Err(error) => return Err(error).with_context(|| format!("write {shown}")),
    };
    made.write_all(Loaded::template()?.as_bytes()).with_context(|| format!("write {shown}"))?;
    writeln!(out, "{shown} has every setting with its default; take a `#` away to change one")?;
    Ok(Done::Well)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ombud_launch::config::{Flag, Inputs, load};

    use super::*;

    fn shown(inputs: &Inputs, changed: bool, json: bool) -> String {
        let mut out = Vec::new();
        show(changed, json, &load(inputs).unwrap(), Screen::new(80, false), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_setting_says_where_it_was_written_and_no_secret_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("o.toml");
        fs::write(&file, "\n[infer]\nqueue = 7\n").unwrap();
        let inputs = Inputs {
            file: Some(file.clone()),
            variables: vec![("OMBUD_CQL__PASSWORD".into(), "correct horse".into())],
            flags: vec![Flag { name: "--data", setting: "data", value: "here".into() }],
            ..Inputs::default()
        };
        let lines = shown(&inputs, true, true);
        let said: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |setting: &str| said.iter().find(|one| one["setting"] == setting).unwrap();
        assert_eq!(of("infer.queue")["from"], format!("{}:3", file.display()));
        assert_eq!((&of("data")["from"], &of("data")["value"]), (&"--data".into(), &"\"here\"".into()));
        assert_eq!(of("cql.password")["from"], "OMBUD_CQL__PASSWORD");
        assert!(said.len() == 3 && !lines.contains("horse"), "{lines}");
        let all = shown(&inputs, false, false);
        assert!(all.contains("archive.batch") && all.contains("default"), "{all}");
        assert!(all.lines().all(|line| line.chars().count() <= 80), "{all}");
    }

    #[test]
    fn a_settings_file_is_written_once_and_never_over_another() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ombud.toml");
        init(&file, &mut Vec::new()).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, Loaded::template().unwrap());
        fs::write(&file, "data = \"mine\"\n").unwrap();
        let error = init(&file, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains("it is there already"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "data = \"mine\"\n");
    }
}
