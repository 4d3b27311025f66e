//! What learning, evaluation, exchange and replay promise.

mod blend;
mod evaluate;
mod evidence;
mod exchange;
mod metrics;
mod outcomes;
mod replay;
mod train;
