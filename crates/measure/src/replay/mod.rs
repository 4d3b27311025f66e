//! `ombud strategy replay`: archived complaints answered once more, by who decides now and by a candidate, and what
//! would change.
//!
//! cases -> `archived` (which complaints, and as what they stood) -> `run` (both sides score the same text) -> `decide`
//! (answers and routes, as infer and join make them) -> `compare` -> `document` (what is kept, and what its
//! id is made of) -> `tables`, `page`. All but `run` is plain functions of plain data.

mod archived;
mod compare;
mod decide;
mod document;
mod page;
mod run;
mod sides;
mod tables;

pub use archived::{ArchivedCase, case_at, decided_complaints};
pub use compare::{Both, ChangedComplaint, SideAnswer};
pub use document::{Aspect, Document, LeftOut, Move, Span};
pub use page::page;
pub use run::{Replay, ReplayResult};
pub use sides::{ReplayError, Sides, champions};
pub use tables::tables;
