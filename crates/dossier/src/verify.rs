//! Whether a file is what somebody signed who may have, and nothing in it was changed. Needs nothing but the file and the keys.
//!
//! form -> signature by a listed key -> the key's time -> subjects and page -> hashes of records -> draws of arms

use jiff::Timestamp;
use ombud_contract::codec;
use ombud_contract::ids::basis_point;
use ombud_contract::records::{Strategy, TimestampMs};
use ombud_stream::content_sha256;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::canonical::{from_base64, from_canonical};
use crate::envelope::Opened;
use crate::error::VerifyError;
use crate::keys::{KeyList, ListedKey};
use crate::part::{ArmLine, arms_of};
use crate::signed::{SignedArm, SignedDraw, SignedRecord, SignedStatement};
use crate::statement::{PAGE, PREDICATE_TYPE, STATEMENT_TYPE};

/// What a file says that was verified. May hold what the customer wrote.
#[derive(Clone, PartialEq)]
pub struct Verified {
    /// The statement, as it was signed.
    pub statement: Value,
    /// The HTML page.
    pub page: String,
    /// The key that signed, by its id.
    pub key_id: String,
    /// The complaint.
    pub complaint_id: String,
    /// When it was exported.
    pub exported_at: TimestampMs,
    /// Who exported it.
    pub exported_by: String,
    /// How many records are in it byte for byte.
    pub records: usize,
    /// How many records are named in it and withheld.
    pub withheld: usize,
    /// How many draws of an arm were recomputed.
    pub draws: usize,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "dossier about {}, by key {}", self.complaint_id, self.key_id)
    }
}

/// Whether `file` is a dossier that a key of `keys` signed and that nobody has changed.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify(file: &[u8], keys: &KeyList) -> Result<Verified, VerifyError> {
    let opened = Opened::of(file)?;
    let key = listed(keys, &opened.key_id)?;
    if !key.public.is_signature_of(&opened.signed_bytes(), &opened.signature) {
        return Err(VerifyError::new("signatures[0].sig", "it is not this key's signature of the payload"));
    }
    let json = from_canonical(&opened.payload).map_err(|what| VerifyError::new("payload", what))?;
    let statement: SignedStatement = serde_json::from_value(json.clone())
        .map_err(|e| VerifyError::new("payload", format!("it is no dossier that this version reads: {e}")))?;
    let types = [
        ("_type", &statement.kind, STATEMENT_TYPE),
        ("predicateType", &statement.predicate_type, PREDICATE_TYPE),
    ];
    for (field, found, expected) in types {
        if found != expected {
            return Err(VerifyError::new(format!("payload.{field}"), format!("it must be {expected}")));
        }
    }
    let dossier = &statement.predicate;
    check_time(key, dossier.exported_at)?;
    check_subjects(&statement, &opened.page)?;
    let strategies = check_records(&dossier.proof.records)?;
    for (at, draw) in dossier.strategy.draws.iter().enumerate() {
        check_draw(draw, &dossier.complaint_id, &strategies)
            .map_err(|what| VerifyError::new(format!("payload.predicate.strategy.draws[{at}]"), what))?;
    }
    let page = String::from_utf8(opened.page).map_err(|_| VerifyError::new("page", "it is not UTF-8"))?;
    let records = dossier.proof.records.iter().filter(|record| record.value.is_some()).count();
    Ok(Verified {
        page,
        records,
        withheld: dossier.proof.records.len() - records,
        draws: dossier.strategy.draws.len(),
        key_id: opened.key_id,
        complaint_id: dossier.complaint_id.clone(),
        exported_at: dossier.exported_at,
        exported_by: dossier.exported_by.actor.clone(),
        statement: json,
    })
}

fn listed<'k>(keys: &'k KeyList, id: &str) -> Result<&'k ListedKey, VerifyError> {
    let key = keys.keys.iter().find(|key| key.id == id);
    let key =
        key.ok_or_else(|| VerifyError::new("signatures[0].keyid", "the list of keys has no such key"))?;
    match key.revoked {
        Some(since) => Err(VerifyError::new(
            "signatures[0].keyid",
            format!("the key is revoked since {}", moment(since)),
        )),
        None => Ok(key),
    }
}

/// Whether the key was in force at the time that was signed.
fn check_time(key: &ListedKey, exported_at: TimestampMs) -> Result<(), VerifyError> {
    let refuse = |what: String| Err(VerifyError::new("payload.predicate.exported_at", what));
    if exported_at < key.from {
        return refuse(format!("the key was not in force before {}", moment(key.from)));
    }
    match key.until {
        Some(until) if exported_at >= until => {
            refuse(format!("the key was in force until {} only", moment(until)))
        }
        _ => Ok(()),
    }
}

fn moment(at: TimestampMs) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// Whether the subjects are those of the parts, and the page's hash is that of the page.
fn check_subjects(statement: &SignedStatement, page: &[u8]) -> Result<(), VerifyError> {
    let dossier = &statement.predicate;
    let page = hex::encode(Sha256::digest(page));
    if statement.subject.iter().any(|subject| subject.name == PAGE && subject.digest.sha256 != page) {
        return Err(VerifyError::new("page", "it is not the page that was signed, by its SHA-256"));
    }
    let narrative =
        dossier.input.submission.iter().map(|one| ("narrative".to_owned(), one.narrative_sha256.clone()));
    let routes = dossier.proof.records.iter().filter(|record| record.kind == "route");
    let routes = routes.filter_map(|record| {
        let name = format!("route {}/{}/{}", record.topic, record.partition, record.offset);
        Some((name, record.content_sha256.clone()?))
    });
    let models = dossier.model.models.iter();
    let models = models.map(|model| (format!("model {}", model.model_id), model.version.clone()));
    let expected = narrative.chain(routes).chain(models).chain([(PAGE.to_owned(), page)]);
    let named = statement.subject.iter().map(|subject| (subject.name.clone(), subject.digest.sha256.clone()));
    match expected.eq(named) {
        true => Ok(()),
        false => Err(VerifyError::new("payload.subject", "it does not name what the parts name")),
    }
}

/// Recomputes every record's hash; gives the strategies among them.
fn check_records(records: &[SignedRecord]) -> Result<Vec<Strategy>, VerifyError> {
    let mut strategies = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let refuse = |field: &str, what: &str| {
            Err(VerifyError::new(format!("payload.predicate.proof.records[{at}]{field}"), what))
        };
        let value = match (&record.value, &record.withheld) {
            (None, Some(_)) => continue,
            (Some(value), None) => value,
            _ => return refuse("", "it must have either a value or why that is withheld"),
        };
        let Ok(value) = from_base64(value) else {
            return refuse(".value", "it is not base64 with its padding");
        };
        if record.content_sha256.as_ref() != Some(&content_sha256(&value)) {
            return refuse(".content_sha256", "it is not the SHA-256 of the value");
        }
        if record.schema != codec::schema_id(&value) {
            return refuse(".schema", "it is not the schema that the value names");
        }
        if record.kind == "strategy" {
            match codec::decode(&value) {
                Ok(strategy) => strategies.push(strategy),
                Err(_) => return refuse(".value", "no strategy that this version reads"),
            }
        }
    }
    Ok(strategies)
}

/// Recomputes a draw by the strategy's own record.
fn check_draw(draw: &SignedDraw, complaint_id: &str, strategies: &[Strategy]) -> Result<(), &'static str> {
    let strategy = strategies.iter().find(|strategy| strategy.version == draw.strategy_version);
    let task = strategy.and_then(|strategy| strategy.tasks.iter().find(|task| task.task == draw.task));
    let task = task.ok_or("no strategy among the records decides this task")?;
    let point = basis_point(complaint_id, &task.salt);
    let arms = arms_of(task);
    let drawn = arms.iter().find(|arm| (arm.from..arm.to).contains(&point)).map(|arm| arm.name.as_str());
    let same_arm = |(arm, signed): (&ArmLine, &SignedArm)| {
        (&arm.name, &arm.model_id, &arm.model_version, arm.from, arm.to)
            == (&signed.name, &signed.model_id, &signed.model_version, signed.from, signed.to)
    };
    let same_arms = arms.len() == draw.arms.len() && arms.iter().zip(&draw.arms).all(same_arm);
    let is_same =
        same_arms && task.salt == draw.salt && point == draw.point && drawn == draw.drawn.as_deref();
    if is_same { Ok(()) } else { Err("it is not the draw of this complaint under the strategy's record") }
}
