//! Dossiers of what this process reads: the key that signs them, what they rest on, and who is asked to explain.
//!
//! case + strategies + registry + audit, as they stood -> explanations -> statement -> signed -> recorded -> handed out

mod audit;
mod card;
mod gather;
mod key;
mod machine;
mod maker;
mod until;

pub(crate) use audit::exported;
pub(crate) use key::{DossierKey, KEYS_FILE, write_new};
pub(crate) use maker::DossierMaker;
