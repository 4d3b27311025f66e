//! The file: a DSSE envelope in canonical JSON, and the page beside it.
//!
//! `{"page": base64, "payload": base64, "payloadType": ..., "signatures": [{"keyid": ..., "sig": base64}]}`. What is signed is
//! DSSE's PAE of type and payload; the page is bound to it by its hash, which is a subject of the statement.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{from_base64, from_canonical, to_base64, to_canonical};
use crate::error::{DossierError, VerifyError};
use crate::keys::SigningKey;
use crate::statement::Statement;

/// What the payload is.
const PAYLOAD_TYPE: &str = "application/vnd.ombud.dossier.v1+json";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Envelope {
    page: String,
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    keyid: String,
    sig: String,
}

/// The file of `statement`, signed by `key`.
///
/// # Errors
/// [`DossierError::Key`], [`DossierError::Unwritable`].
pub fn seal(statement: &Statement, key: &SigningKey) -> Result<Vec<u8>, DossierError> {
    let payload = statement.payload()?;
    let sig = to_base64(&key.sign(&signed_bytes(PAYLOAD_TYPE, &payload)));
    let envelope = Envelope {
        page: to_base64(statement.page().as_bytes()),
        payload: to_base64(&payload),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: vec![Signature { keyid: key.public().id()?, sig }],
    };
    let json = serde_json::to_value(envelope).map_err(DossierError::Unwritable)?;
    to_canonical(&json).map_err(DossierError::Unwritable)
}

/// DSSE's pre-authentication encoding: what a signature is of.
fn signed_bytes(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// A file that has its form; nobody's signature was looked at.
pub(crate) struct Opened {
    pub(crate) payload: Vec<u8>,
    pub(crate) page: Vec<u8>,
    pub(crate) key_id: String,
    pub(crate) signature: [u8; 64],
}

impl Opened {
    pub(crate) fn of(file: &[u8]) -> Result<Self, VerifyError> {
        let json: Value = from_canonical(file).map_err(|what| VerifyError::new("file", what))?;
        let envelope: Envelope = serde_json::from_value(json)
            .map_err(|e| VerifyError::new("file", format!("it is no dossier: {e}")))?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(VerifyError::new("payloadType", format!("it must be {PAYLOAD_TYPE}")));
        }
        let Ok([signature]) = <[Signature; 1]>::try_from(envelope.signatures) else {
            return Err(VerifyError::new("signatures", "there must be exactly one"));
        };
        let read = |field: &str, text: &str| from_base64(text).map_err(|what| VerifyError::new(field, what));
        let Ok(sig) = <[u8; 64]>::try_from(read("signatures[0].sig", &signature.sig)?) else {
            return Err(VerifyError::new("signatures[0].sig", "it must have 64 bytes"));
        };
        Ok(Self {
            payload: read("payload", &envelope.payload)?,
            page: read("page", &envelope.page)?,
            key_id: signature.keyid,
            signature: sig,
        })
    }

    /// What the signature must be of.
    pub(crate) fn signed_bytes(&self) -> Vec<u8> {
        signed_bytes(PAYLOAD_TYPE, &self.payload)
    }
}
