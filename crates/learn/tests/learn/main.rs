//! What learning promises.

mod blend;
mod evidence;
mod outcomes;
mod train;
