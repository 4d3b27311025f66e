//! What an operator calls a model, `complaints` or `complaints@3f2a`, and the registered version that it means.

use std::fmt;
use std::str::FromStr;

use ombud_contract::records::{ModelState, ModelVersion};
use serde::{Deserialize, Serialize};

use crate::registry::Registry;

/// A model by its id, the newest registered version of it; or by its id and the beginning of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelName {
    model_id: String,
    version: Option<String>,
}

impl FromStr for ModelName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (model_id, version) = match text.split_once('@') {
            Some((model_id, version)) => (model_id, Some(version)),
            None => (text, None),
        };
        let is_prefix = |v: &str| !v.is_empty() && v.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if model_id.is_empty() || version.is_some_and(|version| !is_prefix(version)) {
            return Err("write a model as MODEL, or as MODEL@ and the first digits of its version".to_owned());
        }
        Ok(Self { model_id: model_id.to_owned(), version: version.map(str::to_owned) })
    }
}

impl TryFrom<String> for ModelName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ModelName> for String {
    fn from(name: ModelName) -> Self {
        name.to_string()
    }
}

impl From<&ModelVersion> for ModelName {
    fn from(known: &ModelVersion) -> Self {
        Self { model_id: known.model_id.clone(), version: Some(known.version.clone()) }
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.model_id),
            None => f.write_str(&self.model_id),
        }
    }
}

impl ModelName {
    /// The one version of `registry` that is meant.
    ///
    /// # Errors
    /// None is, or several are: says what is registered, and how to be more exact.
    pub fn find<'a>(&self, registry: &'a Registry) -> Result<&'a ModelVersion, String> {
        let of_model: Vec<_> = registry.versions().filter(|v| v.model_id == self.model_id).collect();
        if of_model.is_empty() {
            return Err(format!(
                "model `{}` is not registered: see `ombud models list`, and add it with `ombud models add`",
                self.model_id
            ));
        }
        let Some(prefix) = &self.version else {
            let serving = of_model.into_iter().filter(|v| v.state == ModelState::Registered);
            return serving.max_by_key(|v| (v.created_at, v.version.clone())).ok_or_else(|| {
                format!("no version of model `{}` may serve: see `ombud models list`", self.model_id)
            });
        };
        let mut meant = of_model.iter().filter(|v| v.version.starts_with(prefix));
        match (meant.next(), meant.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(format!("no version of model `{}` begins with {prefix}", self.model_id)),
            (Some(_), Some(_)) => Err(format!(
                "several versions of model `{}` begin with {prefix}: say more of it",
                self.model_id
            )),
        }
    }
}
