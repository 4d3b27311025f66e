//! `GET /api/complaints/{complaint_id}/dossier`: a decision with all that it rests on, as a signed file. That it was taken away is
//! recorded first, with the file's hash.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use ombud_contract::{records::TimestampMs, verdict::is_code};
use ombud_launch::guard::{Caller, Right};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::task::block_in_place;
use utoipa::IntoParams;

use crate::{
    audit::{Act, Action},
    cases::FoundCase,
    dossier_desk::{DossierAsk, DossierRefusal, MadeDossier},
    refused::{NotTaken, Problem, Refusals},
    request::{Fields, Segment},
    slow_lane,
    state::RequestState,
};

/// The longest part of a file's name that comes of the complaint's id.
const MOST_OF_A_NAME: usize = 64;

/// Which dossier is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DossierQuery {
    /// Only records that were appended until then, in milliseconds since 1970.
    pub(crate) as_of: Option<TimestampMs>,
    /// Why what the customer wrote is to be in it: a code, such as REGULATOR. Without one, its hash alone is in it.
    #[param(example = "REGULATOR")]
    pub(crate) reason: Option<String>,
    /// `false` leaves out what the customer was called vulnerable for, also for who may see it.
    pub(crate) evidence: Option<bool>,
}

/// A decision with all that it rests on, as a signed file (DSSE) that a stranger can verify. That you took it away is recorded first.
#[utoipa::path(
    operation_id = "export_dossier",
    get, path = "/api/complaints/{complaint_id}/dossier", tag = "cases",
    params(("complaint_id" = String, Path, description = "The complaint", example = "crm-1001"), DossierQuery),
    responses(
        (status = 200, description = "The file", content_type = "application/json", body = std::collections::BTreeMap<String, serde_json::Value>),
        (status = 409, description = "It was drawn for the audit sample, and you may judge it", body = NotTaken),
        Refusals,
    ),
    security(("token" = []))
)]
pub(crate) async fn download(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    Segment(complaint_id): Segment,
    Fields(query): Fields<DossierQuery>,
) -> Result<Response, Problem> {
    let found = block_in_place(|| FoundCase::of(&state, &caller, &complaint_id))?;
    export(&state, &caller, &found, query).await
}

/// The file that `query` asks for of `found`. That `caller` took it away is durable when this returns.
pub(crate) async fn export(
    state: &RequestState,
    caller: &Caller,
    found: &FoundCase,
    query: DossierQuery,
) -> Result<Response, Problem> {
    found.may_be_explained(caller)?;
    if !caller.may(Right::ExportDossiers) {
        return Err(Problem::forbidden(
            "leads-only",
            "take a dossier away: a lead of the team may, or an auditor",
        ));
    }
    let reason_code = query.reason.filter(|reason| !reason.is_empty());
    if reason_code.as_deref().is_some_and(|code| !is_code(code)) {
        let fix = "give a code: at most 64 letters, digits, dots, dashes and underscores";
        return Err(Problem::wrong("reason", "no-code", fix));
    }
    let desk = state.dossiers.clone().ok_or_else(|| Problem::from(DossierRefusal::NotAvailable))?;
    let with_evidence = caller.sees_evidence() && query.evidence != Some(false);
    let ask = DossierAsk {
        complaint_id: found.complaint_id.clone(),
        as_of: query.as_of,
        reason_code: reason_code.clone(),
        with_evidence,
        asked_by: caller.signature("").to_owned(),
        roles: caller.roles_text(),
        source: caller.source().to_owned(),
    };
    let MadeDossier { file } = state.slow_lane.run(move || Ok(desk.make(&ask)?)).await?;
    let sha256 = hex::encode(Sha256::digest(&file));
    let of_it = |action| Act::new(action, &found.complaint_id).of_record(&sha256);
    let mut acts = vec![of_it(Action::DossierExported).because(reason_code.as_deref().unwrap_or_default())];
    if reason_code.is_some() {
        acts.push(of_it(Action::NarrativeOpened));
    }
    if with_evidence && found.has_evidence() {
        acts.push(of_it(Action::EvidenceOpened));
    }
    state.audit.record(&state.appender, caller, &acts).await?;
    let disposition = format!("attachment; filename=\"{}\"", file_name(&found.complaint_id));
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, file).into_response())
}

/// What a browser calls the file: of an id, the letters that every disk and header takes.
fn file_name(complaint_id: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let id: String = complaint_id.chars().take(MOST_OF_A_NAME).map(kept).collect();
    format!("ombud-dossier-{id}.json")
}

impl From<DossierRefusal> for Problem {
    fn from(refusal: DossierRefusal) -> Self {
        match refusal {
            DossierRefusal::NotAvailable => Self::later(
                "dossier-unavailable",
                "write a dossier: nobody signs here; set dossier.key_file (OMBUD_DOSSIER__KEY_FILE) to a key of `ombud dossier key`",
            ),
            DossierRefusal::Busy => slow_lane::busy(),
            DossierRefusal::NothingDecided => Self::absent(
                "nothing-decided",
                "write a dossier of this complaint: nothing was decided about it until then that the archive has",
            ),
            DossierRefusal::Refused { code, error } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error)
            }
            DossierRefusal::Outage(why) => Self::later("unavailable", why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_complaint_whatever_the_id_is() {
        assert_eq!(file_name("crm-1001"), "ombud-dossier-crm-1001.json");
        assert_eq!(file_name("a\"b/../c\r\nd é"), "ombud-dossier-a-b----c--d--.json");
        assert_eq!(file_name(&"x".repeat(300)).len(), "ombud-dossier-.json".len() + MOST_OF_A_NAME);
    }
}
