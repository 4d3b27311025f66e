//! A verdict as it is sent: what the sender knows; the case has the rest.

use ombud_contract::records::FeedbackKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::refused::RefusedVerdict;

/// What was done with a routed complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// What was decided is right: all of it, or of `task` alone. Without a task it settles vulnerability only where the flag
    /// was VULNERABLE.
    Confirmed,
    /// The complaint was sent on to `to_team`: the product was wrong, or the `task` that is named.
    Reallocated,
    /// The label of `task` was wrong, and `label_after` is right.
    Relabelled,
    /// Whether the customer is vulnerable, where the flag says otherwise or POSSIBLE: `label_after` is VULNERABLE or
    /// NOT_INDICATED.
    Vulnerability,
    /// It is no complaint at all.
    NotAComplaint,
    /// The verdict that `retracts` names is taken back, as if it had never been given.
    Retracted,
}

impl From<Kind> for FeedbackKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Confirmed => Self::Confirmed,
            Kind::Reallocated => Self::Reallocated,
            Kind::Relabelled => Self::Relabelled,
            Kind::Vulnerability => Self::Vulnerability,
            Kind::NotAComplaint => Self::NotAComplaint,
            Kind::Retracted => Self::Retracted,
        }
    }
}

/// One verdict. What is left out is filled in from the case; a field that contradicts the case is refused. No free text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The complaint, as the routed record has it.
    pub complaint_id: String,
    /// What was done.
    pub kind: Kind,
    /// The task that was judged: needed for RELABELLED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The right label, in any case: needed for RELABELLED and VULNERABILITY.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_after: Option<String>,
    /// The team that gets the complaint, one of the strategy's: needed for REALLOCATED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_team: Option<String>,
    /// A code of the bank's, such as WRONG_PRODUCT.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason_code: String,
    /// Pseudonym of who decided, such as agent-17.
    #[serde(default)]
    pub actor: String,
    /// Their role, such as case-handler.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub actor_role: String,
    /// When it was decided, in milliseconds since 1970, and not to come; now, where it is left out. Say it, and the same verdict sent
    /// twice is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<i64>,
    /// The system that reports it; the token says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The revision of the route that was judged; the newest, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// The route that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_id: Option<String>,
    /// The prediction that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction_id: Option<String>,
    /// Its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// Its model's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// What the model said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_before: Option<String>,
    /// The team that had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_team: Option<String>,
    /// Whether the route says that it was drawn at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_sample: Option<bool>,
    /// The verdict that is taken back, by its `feedback_id`: needed for RETRACTED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retracts: Option<String>,
}

impl Verdict {
    /// A verdict that says no more than it must.
    pub fn new(complaint_id: impl Into<String>, kind: Kind, actor: impl Into<String>) -> Self {
        Self {
            complaint_id: complaint_id.into(),
            kind,
            task: None,
            label_after: None,
            to_team: None,
            reason_code: String::new(),
            actor: actor.into(),
            actor_role: String::new(),
            decided_at: None,
            source: None,
            revision: None,
            route_id: None,
            prediction_id: None,
            model_id: None,
            model_version: None,
            label_before: None,
            from_team: None,
            audit_sample: None,
            retracts: None,
        }
    }

    /// The verdict in a JSON object.
    ///
    /// # Errors
    /// It is none; says which field, and not what stood there.
    pub fn read(value: Value) -> Result<Self, RefusedVerdict> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let path = error.path().to_string();
            let said = error.inner().to_string();
            let quoted = |before: &str| Some(said.strip_prefix(before)?.split('`').next()?.to_owned());
            if let Some(missing) = quoted("missing field `") {
                return RefusedVerdict::new(missing, "missing-field", "give it: every verdict needs it");
            }
            if said.starts_with("unknown field") {
                return RefusedVerdict::new(
                    path,
                    "unknown-field",
                    "leave it out: no verdict has such a field",
                );
            }
            match path.as_str() {
                "kind" => RefusedVerdict::new(
                    "kind",
                    "unknown-symbol",
                    "give CONFIRMED, REALLOCATED, RELABELLED, VULNERABILITY, NOT_A_COMPLAINT or RETRACTED",
                ),
                "." => RefusedVerdict::new(
                    "body",
                    "json-malformed",
                    "send a verdict as a JSON object, or an array of them",
                ),
                "decided_at" => {
                    RefusedVerdict::new(path, "wrong-type", "give milliseconds since 1970, as a whole number")
                }
                "revision" => RefusedVerdict::new(path, "wrong-type", "give a whole number"),
                "audit_sample" => RefusedVerdict::new(path, "wrong-type", "give true or false"),
                _ => RefusedVerdict::new(path, "wrong-type", "give text"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_verdict_is_told_by_field_and_code() {
        let wrong = [
            (json!({"kind": "CONFIRMED"}), "complaint_id", "missing-field"),
            (json!({"complaint_id": "c-1", "kind": "LOVED"}), "kind", "unknown-symbol"),
            (json!({"complaint_id": "c-1", "kind": "CONFIRMED", "comment": "x"}), "comment", "unknown-field"),
            (json!({"complaint_id": 1, "kind": "CONFIRMED"}), "complaint_id", "wrong-type"),
            (
                json!({"complaint_id": "c-1", "kind": "CONFIRMED", "decided_at": "noon"}),
                "decided_at",
                "wrong-type",
            ),
            (json!("CONFIRMED"), "body", "json-malformed"),
        ];
        for (value, field, code) in wrong {
            let refused = Verdict::read(value).unwrap_err();
            assert_eq!((&*refused.field, &*refused.code), (field, code), "{refused:?}");
            assert!(!refused.fix.contains("LOVED") && !refused.fix.contains("noon"));
        }
    }

    #[test]
    fn a_verdict_is_read_as_it_is_written() {
        let verdict =
            Verdict { task: Some("issue".into()), ..Verdict::new("c-1", Kind::Relabelled, "agent-17") };
        assert_eq!(Verdict::read(serde_json::to_value(&verdict).unwrap()), Ok(verdict));
    }
}
