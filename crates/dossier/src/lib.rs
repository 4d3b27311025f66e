//! A decision with everything it rests on, in a signed file that a stranger can verify.
//!
//! sources -> case as of a time -> nine parts -> page, statement -> seal -> file -> verify

mod canonical;
mod case;
mod dossier;
mod envelope;
mod error;
mod keys;
mod page;
mod part;
mod signed;
mod sources;
mod statement;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod verify;

pub use envelope::seal;
pub use error::{DossierError, VerifyError};
pub use keys::{KeyError, KeyList, PublicKey, SigningKey};
pub use sources::{DossierSources, Exporter, Gathered, LoggedRecord, Machine, ModelSource, models_named};
pub use statement::Statement;
pub use verify::{Verified, verify};
