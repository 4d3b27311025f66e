//! Keys: the one that signs, and the published list of those that may have signed.

use std::fmt;

use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
    spki::der::pem::LineEnding,
};
use ed25519_dalek::{Signer, VerifyingKey};
use jiff::Timestamp;
use ombud_contract::records::TimestampMs;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A key that can't be used. Never says what a private key holds.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is no private key that signs dossiers.
    #[error(
        "read the dossier key: it must be an ed25519 private key in PKCS#8 PEM (-----BEGIN PRIVATE KEY-----)"
    )]
    NotAPrivateKey,
    /// The list is not TOML of its form.
    #[error("read the list of keys: {0}")]
    NotAList(String),
    /// An entry of the list is wrong.
    #[error("read the list of keys, key {id}: {what}")]
    Entry {
        /// The key, as the list names it.
        id: String,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// The key can't be written.
    #[error("write the dossier key")]
    Unwritable,
}

/// The private key of whoever makes dossiers. ed25519.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key in `pem`: PKCS#8, as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// [`KeyError::NotAPrivateKey`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| KeyError::NotAPrivateKey)
    }

    /// A new key, of the system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&rand::random()))
    }

    /// The key as [`Self::from_pem`] reads it. A secret.
    ///
    /// # Errors
    /// [`KeyError::Unwritable`].
    pub fn to_pem(&self) -> Result<String, KeyError> {
        // Without its public half, which older readers of PKCS#8 do not take.
        let key = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        Ok(key.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::Unwritable)?.to_string())
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the private half of {:?}", self.public())
    }
}

/// A public key. ed25519.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Its id: SHA-256 of its DER (SubjectPublicKeyInfo), in hexadecimal.
    ///
    /// # Errors
    /// [`KeyError::Unwritable`].
    pub fn id(&self) -> Result<String, KeyError> {
        let der = self.0.to_public_key_der().map_err(|_| KeyError::Unwritable)?;
        Ok(hex::encode(Sha256::digest(der.as_bytes())))
    }

    /// As `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// [`KeyError::Unwritable`].
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|_| KeyError::Unwritable)
    }

    /// The key's part of a [`KeyList`], in force from `from` on.
    ///
    /// # Errors
    /// [`KeyError::Unwritable`].
    pub fn to_entry(&self, from: TimestampMs) -> Result<String, KeyError> {
        let from = Timestamp::from_millisecond(from).map_err(|_| KeyError::Unwritable)?;
        let (id, public) = (self.id()?, self.to_pem()?);
        Ok(format!("[[key]]\nid = \"{id}\"\npublic = \"\"\"\n{public}\"\"\"\nfrom = {from}\n"))
    }

    pub(crate) fn is_signature_of(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        // Strict: a signature has one form, and a weak key verifies nothing.
        self.0.verify_strict(message, &signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}", self.id().unwrap_or_default())
    }
}

/// The keys that may have signed, as a bank publishes them. Old keys stay in it, so that old dossiers stay verifiable.
#[derive(Clone, Debug, Default)]
pub struct KeyList {
    pub(crate) keys: Vec<ListedKey>,
}

/// One key of a list.
#[derive(Clone, Debug)]
pub(crate) struct ListedKey {
    pub(crate) id: String,
    pub(crate) public: PublicKey,
    pub(crate) from: TimestampMs,
    pub(crate) until: Option<TimestampMs>,
    pub(crate) revoked: Option<TimestampMs>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    key: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    public: String,
    from: toml::value::Datetime,
    until: Option<toml::value::Datetime>,
    revoked: Option<toml::value::Datetime>,
}

impl KeyList {
    /// The list in `text`: TOML with a `[[key]]` each.
    ///
    /// # Errors
    /// [`KeyError`] says which key, and what is wrong.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let document: Document =
            toml::from_str(text).map_err(|e| KeyError::NotAList(e.message().to_owned()))?;
        let mut keys: Vec<ListedKey> = Vec::new();
        for entry in document.key {
            let id = entry.id.clone();
            let key = ListedKey::read(entry).map_err(|what| KeyError::Entry { id: id.clone(), what })?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(KeyError::Entry { id, what: "it is listed twice: leave one out".to_owned() });
            }
            keys.push(key);
        }
        Ok(Self { keys })
    }
}

impl ListedKey {
    fn read(entry: Entry) -> Result<Self, String> {
        let Ok(public) = VerifyingKey::from_public_key_pem(&entry.public).map(PublicKey) else {
            return Err(
                "`public` must be an ed25519 public key in PEM (-----BEGIN PUBLIC KEY-----)".to_owned()
            );
        };
        let id = public.id().map_err(|e| e.to_string())?;
        if entry.id != id {
            return Err(format!("`id` must be the SHA-256 of the key's DER, which is {id}"));
        }
        let from = moment("from", entry.from)?;
        let until = entry.until.map(|at| moment("until", at)).transpose()?;
        let revoked = entry.revoked.map(|at| moment("revoked", at)).transpose()?;
        if until.is_some_and(|until| until <= from) {
            return Err("`until` must be later than `from`".to_owned());
        }
        Ok(Self { id, public, from, until, revoked })
    }
}

/// A moment of the list in milliseconds since 1970.
fn moment(field: &str, at: toml::value::Datetime) -> Result<TimestampMs, String> {
    let read = at.to_string().parse::<Timestamp>();
    read.map(Timestamp::as_millisecond)
        .map_err(|_| format!("`{field}` must be a time with its offset, such as 2026-01-01T00:00:00Z"))
}
