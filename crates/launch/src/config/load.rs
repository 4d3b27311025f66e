//! Merges the sources of settings, refuses what is wrong, and remembers where each value was written.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use config::{Config, ConfigError, File, FileFormat, Value, ValueKind};

use super::{
    found, guessable,
    inputs::Inputs,
    lines,
    loaded::{Loaded, shown},
    models, private, property,
    rule::{self, Right},
    values::{self, DEFAULT_ORIGIN, Values, leaves},
};
use crate::Error;

const VARIABLE_PREFIX: &str = "OMBUD_";
/// Names the configuration file itself, so it is no setting.
const FILE_VARIABLE: &str = "OMBUD_CONFIG";
const MODELS: &str = "models";
/// Settings that name a file, and what is read from it.
const READ_FROM_FILES: [(&str, &str); 8] = [
    ("kafka.password_file", "kafka.properties.sasl.password"),
    ("registry.password_file", "registry.password"),
    ("cql.password_file", "cql.password"),
    ("http.token_file", "http.token"),
    ("sign_in.oidc_client_secret_file", "sign_in.oidc_client_secret"),
    ("sign_in.proxy_secret_file", "sign_in.proxy_secret"),
    ("dossier.key_file", "dossier.key"),
    ("explain.secret_file", "explain.secret"),
];

/// Merges defaults, file, variables and flags, checks every value, and reads the passwords from their files;
/// such a file wins over a password in the settings.
///
/// # Errors
/// A file that can't be read or, where nobody named it, could be somebody else's; a name that is no setting; or a value
/// that the setting can't have.
pub fn load(inputs: &Inputs) -> Result<Loaded, Error> {
    let mut values = merged(inputs)?;
    values.iter().try_for_each(|(name, value)| check(name, value))?;
    read_secrets(&mut values)?;
    let settings = values::settings_of(&values)?;
    settings.join.check()?;
    settings.explain.check()?;
    private::check(&settings)?;
    Ok(Loaded { settings, values })
}

/// What was written, wherever that was; the last one wins.
fn merged(inputs: &Inputs) -> Result<Values, Error> {
    let mut merged = values::defaults()?;
    let variables = ombud_variables(&inputs.variables)?;
    let named = variables.get(FILE_VARIABLE).map(PathBuf::from);
    let file = match inputs.file.clone().or(named) {
        Some(named) => Some(named),
        None => found::find()?,
    };
    if let Some(file) = file {
        merged.extend(read(&file).map_err(|cause| Error::File { path: file, cause: Box::new(cause) })?);
    }
    for (variable, value) in variables.iter().filter(|(variable, _)| *variable != FILE_VARIABLE) {
        merged.insert(as_setting(variable), Value::new(Some(variable), value.as_str()));
    }
    for flag in &inputs.flags {
        merged.insert(flag.setting.to_owned(), Value::new(Some(&flag.name.to_owned()), flag.value.as_str()));
    }
    if merged.get(MODELS).and_then(Value::origin) == Some(DEFAULT_ORIGIN)
        && let Some(folder) = inputs.program.as_ref().and_then(|it| models::beside(it, Path::new("")))
    {
        let folder = folder.to_string_lossy().into_owned();
        merged.insert(MODELS.to_owned(), Value::new(Some(&models::ORIGIN.to_owned()), folder));
    }
    Ok(merged)
}

fn read(file: &Path) -> Result<Values, ConfigError> {
    let text = std::fs::read_to_string(file).map_err(|cause| ConfigError::Foreign(cause.into()))?;
    let parsed = Config::builder().add_source(File::from_str(&text, FileFormat::Toml)).build();
    let place = file.display().to_string();
    let mut read = leaves(&parsed.map_err(without_excerpt)?, &place)?;
    for (setting, line) in lines::of(&text) {
        if let Some(value) = read.get_mut(&setting) {
            *value = Value::new(Some(&format!("{place}:{line}")), value.kind.clone());
        }
    }
    Ok(read)
}

/// Where the text is wrong, and how, without an excerpt of the line: it may hold a password.
fn without_excerpt(cause: ConfigError) -> ConfigError {
    let text = cause.to_string();
    let without: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.contains('|')).collect();
    ConfigError::Message(without.join(": "))
}

fn read_secrets(values: &mut Values) -> Result<(), Error> {
    for (setting, secret) in READ_FROM_FILES {
        let file = values.get(setting).and_then(|value| value.clone().into_string().ok());
        let Some(file) = file.filter(|file| !file.is_empty()) else { continue };
        let text = std::fs::read_to_string(&file).map_err(|cause| Error::SecretFile {
            setting,
            path: PathBuf::from(&file),
            cause,
        })?;
        // Files end in a line break where editors and `echo` wrote them.
        let value = Value::new(Some(&file), text.trim_end_matches(['\r', '\n']));
        values.insert(secret.to_owned(), value);
    }
    Ok(())
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
    let setting = variable.trim_start_matches(VARIABLE_PREFIX).to_lowercase().replace("__", ".");
    property::from_variable(&setting)
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
    if let Some(why) = property::of(setting).and_then(property::refusal) {
        return Err(Error::HeldProperty { setting: setting.to_owned(), origin, why });
    }
    if !right.accepts(value) {
        return Err(Error::WrongValue {
            setting: setting.to_owned(),
            value: shown(setting, value),
            origin,
            right: right.to_string(),
        });
    }
    if let (Right::TokenDigest, ValueKind::String(digest)) = (right, &value.kind)
        && guessable::is_guessable(digest)
    {
        return Err(Error::GuessableToken { setting: setting.to_owned(), origin });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
