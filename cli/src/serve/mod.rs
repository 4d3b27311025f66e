//! The workers of a process, and what is around them: threads, restarts after an outage, the HTTP port, lag.

mod alike;
mod api;
mod cases;
mod console;
mod copartitioned;
mod crew;
#[cfg(test)]
mod defects;
pub(crate) mod entrance;
#[cfg(feature = "torch")]
mod explain;
mod lag;
mod limits;
mod operations;
mod outage;
mod port;
pub(crate) mod quality;
mod roles;
mod watch;
mod workers;
mod worklist;

#[cfg(feature = "torch")]
pub(crate) use api::{Operators, serve_api};
pub(crate) use crew::Crew;
#[cfg(feature = "torch")]
pub(crate) use explain::serve_explanations;
#[cfg(feature = "torch")]
pub(crate) use port::report_waits;
pub(crate) use roles::{Role, run};
pub(crate) use workers::Workers;
