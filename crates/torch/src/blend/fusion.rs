//! `blend.json`: who the members are, and how much each of them counts in each task.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::FusionError;

const FILE: &str = "blend.json";

/// How the answers of several models become one; the labels are those of `ombud.json` beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fusion {
    /// Folders beside `blend.json`, each a whole artefact, in the order in which they are asked.
    pub members: Vec<String>,
    /// By task.
    pub heads: BTreeMap<String, FusedHead>,
    /// By task: from which confidence of the first member on its answer stands. A text for which it is so sure of
    /// every task is not shown to the others. `None`: all of them see every text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cascade: Option<BTreeMap<String, f64>>,
}

/// One task's logits:
/// ```text
/// logit(label) = sum over members of weight * log p(label) + shift(label) + strength * hint(label)
/// ```
/// `p` being what the member believes, calibrated by its own temperature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FusedHead {
    /// By member, 0 or more; a member that is not named has no vote in this task.
    pub weights: BTreeMap<String, f64>,
    /// One a label, or none at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shift: Vec<f64>,
    /// From another task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<FusedHint>,
}

/// What another task's fused answer says about this one's labels; see [`crate::bag::Hint`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FusedHint {
    /// The task that hints; it gets no hint itself.
    pub from: String,
    /// How much the hint counts.
    pub strength: f32,
    /// `P(c | label)`: for each label of this task a row over the labels `c` of `from`.
    pub given: Vec<Vec<f32>>,
}

impl Fusion {
    /// Reads `blend.json` of an artefact's folder.
    ///
    /// # Errors
    /// It is missing or broken, or a member's name is no folder's; whether it fits the members is checked by [`super::Plan`].
    pub fn read(dir: &Path) -> Result<Self, FusionError> {
        let text = fs::read_to_string(dir.join(FILE)).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::InvalidData => FusionError::Broken(error.to_string()),
            _ => FusionError::Unread(error),
        })?;
        let fusion: Self =
            serde_json::from_str(&text).map_err(|error| FusionError::Broken(error.to_string()))?;
        check_members(&fusion.members)?;
        Ok(fusion)
    }

    /// Writes `blend.json` into an artefact's folder.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn save(&self, dir: &Path) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(dir.join(FILE), text + "\n")
    }
}

fn check_members(names: &[String]) -> Result<(), FusionError> {
    // The name becomes part of a path, so it may not lead anywhere else.
    let is_folder = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    if names.is_empty() {
        return Err(FusionError::NoMembers);
    }
    let wrong = |at: &usize| !is_folder(&names[*at]) || names[..*at].contains(&names[*at]);
    match (0..names.len()).find(wrong) {
        Some(at) => Err(FusionError::Member(names[at].clone())),
        None => Ok(()),
    }
}
