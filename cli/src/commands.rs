//! The commands, each with its arguments, what it does and its tests. No command imports another, but in tests; what
//! several share lies beside this folder.

pub(crate) mod archive;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod console;
pub(crate) mod doctor;
pub(crate) mod dossier;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod feedback;
pub(crate) mod infer;
pub(crate) mod join;
pub(crate) mod learn;
pub(crate) mod man;
pub(crate) mod models;
pub(crate) mod queue;
pub(crate) mod redrive;
pub(crate) mod repair;
pub(crate) mod report;
pub(crate) mod restore;
pub(crate) mod send;
pub(crate) mod setup;
pub(crate) mod show;
pub(crate) mod strategy;
pub(crate) mod tail;
#[cfg(feature = "torch")]
pub(crate) mod try_tokenizer;
pub(crate) mod up;
pub(crate) mod users;
pub(crate) mod work;
