//! What is signed: an in-toto statement, whose subjects are known by their hashes and whose predicate is the dossier.

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::canonical::{exact, to_canonical};
use crate::case::Case;
use crate::dossier::Dossier;
use crate::error::DossierError;
use crate::page::page;
use crate::sources::DossierSources;

/// The form of the statement: in-toto's own.
pub(crate) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The form of the predicate.
pub(crate) const PREDICATE_TYPE: &str = "urn:ombud:dossier:v1";
/// The subject that is the page.
pub(crate) const PAGE: &str = "page.html";

/// What is signed: an in-toto statement about a complaint, and the page that was made from it.
#[derive(Clone)]
pub struct Statement {
    pub(crate) json: Value,
    page: String,
}

#[derive(Serialize)]
struct InToto {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: &'static str,
    predicate: Dossier,
}

#[derive(Serialize)]
struct Subject {
    name: String,
    digest: SubjectDigest,
}

#[derive(Serialize)]
struct SubjectDigest {
    sha256: String,
}

impl Statement {
    /// The statement that `sources` give. The same sources give the same bytes.
    ///
    /// # Errors
    /// [`DossierError::NothingDecided`] where nothing was routed until then.
    pub fn of(sources: &DossierSources) -> Result<Self, DossierError> {
        let dossier = Dossier::of(&Case::of(sources)?);
        let page = page(&dossier);
        let subject = subjects(&dossier, &page);
        let whole =
            InToto { kind: STATEMENT_TYPE, subject, predicate_type: PREDICATE_TYPE, predicate: dossier };
        let json = serde_json::to_value(whole).map_err(DossierError::Unwritable)?;
        Ok(Self { json: exact(json), page })
    }

    /// The statement as JSON.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The HTML page.
    #[must_use]
    pub fn page(&self) -> &str {
        &self.page
    }

    /// The bytes that are signed.
    pub(crate) fn payload(&self) -> Result<Vec<u8>, DossierError> {
        to_canonical(&self.json).map_err(DossierError::Unwritable)
    }
}

impl fmt::Debug for Statement {
    // It may hold a narrative.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement about {}", self.json["predicate"]["complaint_id"])
    }
}

/// What the statement is about. Verifying makes the same list again, of the parts.
fn subjects(dossier: &Dossier, page: &str) -> Vec<Subject> {
    let subject = |name: String, sha256: String| Subject { name, digest: SubjectDigest { sha256 } };
    let narrative = dossier.input.submission.as_ref().map(|one| one.narrative_sha256.clone());
    let narrative = narrative.map(|sha256| subject("narrative".to_owned(), sha256));
    let routes = dossier.proof.records.iter().filter(|record| record.kind == "route");
    let routes = routes.filter_map(|record| {
        Some(subject(format!("route {}", record.place()), record.content_sha256.clone()?))
    });
    let models = dossier.model.models.iter();
    let models = models.map(|model| subject(format!("model {}", model.model_id), model.version.clone()));
    let page = subject(PAGE.to_owned(), hex::encode(Sha256::digest(page)));
    narrative.into_iter().chain(routes).chain(models).chain([page]).collect()
}
