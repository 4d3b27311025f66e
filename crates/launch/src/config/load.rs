//! Merges the sources of settings, refuses what is wrong, and remembers where each value was written.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use config::{Config, ConfigError, File, FileFormat, Map, Source, Value, ValueKind};

use super::{rule, settings::Settings};
use crate::Error;

const VARIABLE_PREFIX: &str = "OMBUD_";
/// Names the configuration file itself, so it is no setting.
const FILE_VARIABLE: &str = "OMBUD_CONFIG";
const DEFAULT_FILE: &str = "ombud.toml";
const DEFAULT_ORIGIN: &str = "the defaults";

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
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The file of `--config`. Without it: `OMBUD_CONFIG`, else `ombud.toml` where that exists.
    pub file: Option<PathBuf>,
    /// The environment; only `OMBUD_*` is looked at.
    pub variables: Vec<(OsString, OsString)>,
    /// Flags that were given.
    pub flags: Vec<Flag>,
}

impl Inputs {
    /// The inputs of this process.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<Flag>) -> Self {
        Self { file, variables: std::env::vars_os().collect(), flags }
    }
}

/// Settings, each with its value's origin. Shown as TOML, with a remark where a value is no default.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    written: BTreeMap<String, Value>,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.written {
            write!(f, "{name} = {}", in_toml(value))?;
            match value.origin() {
                None | Some(DEFAULT_ORIGIN) => writeln!(f)?,
                Some(origin) => writeln!(f, "  # {origin}")?,
            }
        }
        Ok(())
    }
}

/// Merges defaults, file, variables and flags, and checks every value.
///
/// # Errors
/// A file that can't be read, a name that is no setting, or a value that the setting can't have.
pub fn load(inputs: &Inputs) -> Result<Loaded, Error> {
    let defaults = Config::try_from(&Settings::default()).map_err(unreadable)?;
    let mut written = leaves(&defaults, DEFAULT_ORIGIN).map_err(unreadable)?;

    let variables = ombud_variables(&inputs.variables)?;
    let named = variables.get(FILE_VARIABLE).map(PathBuf::from);
    let default = Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.is_file());
    if let Some(file) = inputs.file.clone().or(named).or(default) {
        written.extend(read(&file).map_err(|cause| Error::File { path: file, cause: Box::new(cause) })?);
    }
    for (variable, value) in variables.iter().filter(|(variable, _)| *variable != FILE_VARIABLE) {
        written.insert(as_setting(variable), Value::new(Some(variable), value.as_str()));
    }
    for flag in &inputs.flags {
        written.insert(flag.setting.to_owned(), Value::new(Some(&flag.name.to_owned()), flag.value.as_str()));
    }

    written.iter().try_for_each(|(name, value)| check(name, value))?;
    let merged = Config::builder().add_source(Written(written.clone())).build().map_err(unreadable)?;
    Ok(Loaded { settings: merged.try_deserialize().map_err(unreadable)?, written })
}

fn unreadable(cause: ConfigError) -> Error {
    Error::Settings(Box::new(cause))
}

fn read(file: &Path) -> Result<BTreeMap<String, Value>, ConfigError> {
    let text = std::fs::read_to_string(file).map_err(|cause| ConfigError::Foreign(cause.into()))?;
    let parsed = Config::builder().add_source(File::from_str(&text, FileFormat::Toml)).build()?;
    leaves(&parsed, &file.display().to_string())
}

/// The values of `tree` by their full names, each marked with `origin`.
fn leaves(tree: &Config, origin: &str) -> Result<BTreeMap<String, Value>, ConfigError> {
    let mut leaves = BTreeMap::new();
    let mut open: Vec<(String, Value)> = tree.collect()?.into_iter().collect();
    while let Some((name, value)) = open.pop() {
        match value.kind {
            ValueKind::Table(section) if !section.is_empty() => {
                open.extend(section.into_iter().map(|(field, value)| (format!("{name}.{field}"), value)));
            }
            ValueKind::Table(_) if rule::is_section(&name) => {}
            kind => {
                leaves.insert(name, Value::new(Some(&origin.to_owned()), kind));
            }
        }
    }
    Ok(leaves)
}

fn ombud_variables(environment: &[(OsString, OsString)]) -> Result<BTreeMap<String, String>, Error> {
    let mut ours = BTreeMap::new();
    for (variable, value) in environment {
        let Some(variable) = variable.to_str().filter(|name| name.starts_with(VARIABLE_PREFIX)) else {
            continue;
        };
        let text = value.to_str().ok_or_else(|| Error::NotText { variable: variable.to_owned() })?;
        ours.insert(variable.to_owned(), text.to_owned());
    }
    Ok(ours)
}

fn as_setting(variable: &str) -> String {
    variable.trim_start_matches(VARIABLE_PREFIX).to_lowercase().replace("__", ".")
}

fn as_variable(setting: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", setting.to_uppercase().replace('.', "__"))
}

fn check(setting: &str, value: &Value) -> Result<(), Error> {
    let origin = value.origin().unwrap_or(DEFAULT_ORIGIN).to_owned();
    let Some(right) = rule::of(setting) else {
        let nearest = rule::nearest(setting);
        return Err(if origin.starts_with(VARIABLE_PREFIX) {
            Error::UnknownSetting {
                name: origin,
                origin: "the environment".into(),
                nearest: as_variable(nearest),
            }
        } else {
            Error::UnknownSetting { name: setting.to_owned(), origin, nearest: nearest.to_owned() }
        });
    };
    if right.accepts(value) {
        return Ok(());
    }
    Err(Error::WrongValue {
        setting: setting.to_owned(),
        value: in_toml(value),
        origin,
        right: right.to_string(),
    })
}

fn in_toml(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

/// Values by their full names, as a source of the `config` crate.
#[derive(Clone, Debug)]
struct Written(BTreeMap<String, Value>);

impl Source for Written {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone().into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_variables(variables: &[(&str, &str)]) -> Inputs {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Inputs { variables, ..Inputs::default() }
    }

    fn with_file(text: &str) -> (tempfile::TempDir, Inputs) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ombud.toml");
        std::fs::write(&file, text).unwrap();
        (folder, Inputs { file: Some(file), ..Inputs::default() })
    }

    fn complaint(inputs: &Inputs) -> String {
        load(inputs).unwrap_err().to_string()
    }

    #[test]
    fn every_setting_has_a_rule_and_its_default_keeps_it() {
        let loaded = load(&Inputs::default()).unwrap();
        assert_eq!(loaded.settings, Settings::default());
        let ruled: std::collections::BTreeSet<_> =
            rule::RULES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(loaded.written.into_keys().collect::<std::collections::BTreeSet<_>>(), ruled);
    }

    #[test]
    fn flags_win_over_variables_and_variables_over_the_file() {
        let (_folder, mut inputs) =
            with_file("data = \"file\"\nmodels = \"file\"\n[infer]\nqueue = 7\n[join]\n");
        inputs.variables =
            with_variables(&[("OMBUD_DATA", "variable"), ("OMBUD_MODELS", "variable")]).variables;
        inputs.flags = vec![Flag { name: "--data", setting: "data", value: "flag".into() }];

        let loaded = load(&inputs).unwrap();

        assert_eq!(loaded.settings.data, PathBuf::from("flag"));
        assert_eq!(loaded.settings.models, PathBuf::from("variable"));
        assert_eq!(loaded.settings.infer.queue, 7);
        assert_eq!(loaded.settings.join, Settings::default().join);
    }

    #[test]
    fn two_underscores_nest() {
        let inputs = with_variables(&[("OMBUD_INFER__TOKEN_BUDGET", "4096"), ("OMBUD_LOG_FORMAT", "json")]);
        let settings = load(&inputs).unwrap().settings;
        assert_eq!(settings.infer.token_budget, 4096);
        assert_eq!(settings.log_format, super::super::settings::LogFormat::Json);
    }

    #[test]
    fn a_wrong_value_is_refused_with_where_it_was_written_and_what_would_be_right() {
        assert_eq!(
            complaint(&with_variables(&[("OMBUD_INFER__REPLICAS", "many")])),
            "accept infer.replicas = \"many\" from OMBUD_INFER__REPLICAS: it must be a whole number of replicas \
             from 1 to 256"
        );
        let (folder, inputs) = with_file("[http]\naddress = \"localhost\"\n");
        let file = folder.path().join("ombud.toml");
        assert_eq!(
            complaint(&inputs),
            format!(
                "accept http.address = \"localhost\" from {}: it must be an IP address and a port, such as \
                 127.0.0.1:8080",
                file.display()
            )
        );
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest_known_one() {
        assert_eq!(
            complaint(&with_variables(&[("OMBUD_INFER__REPLCAS", "2")])),
            "accept OMBUD_INFER__REPLCAS from the environment: there is no such setting; the nearest is \
             OMBUD_INFER__REPLICAS"
        );
        for text in ["[infer]\nreplcas = 2", "infer = 2", "[inference]", "infer.replicas.count = 2"] {
            let (_folder, inputs) = with_file(text);
            assert!(complaint(&inputs).contains("there is no such setting"), "{text}");
        }
    }

    #[test]
    fn the_variable_that_names_the_file_is_no_setting() {
        let (_folder, with_file) = with_file("[archive]\nbatch = 9");
        let file = with_file.file.unwrap();
        let inputs = with_variables(&[("OMBUD_CONFIG", file.to_str().unwrap())]);
        assert_eq!(load(&inputs).unwrap().settings.archive.batch, 9);
    }

    #[test]
    fn a_file_that_is_named_must_exist_and_be_toml() {
        let missing = Inputs { file: Some("/nowhere/ombud.toml".into()), ..Inputs::default() };
        assert_eq!(complaint(&missing), "read configuration file /nowhere/ombud.toml");
        let (_folder, broken) = with_file("infer = [");
        assert!(complaint(&broken).starts_with("read configuration file"));
    }

    #[test]
    fn what_is_shown_is_toml_that_loads_again_and_tells_origins() {
        let shown = load(&with_variables(&[("OMBUD_INFER__QUEUE", "12")])).unwrap().to_string();
        assert!(shown.contains("infer.queue = \"12\"  # OMBUD_INFER__QUEUE\n"), "{shown}");
        assert!(shown.contains("archive.batch = 512\n"), "{shown}");
        let (_folder, again) = with_file(&shown);
        assert_eq!(load(&again).unwrap().settings.infer.queue, 12);
    }
}
