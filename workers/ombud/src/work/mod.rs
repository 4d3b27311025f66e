//! The workers of a process, and what is around them: threads, restarts after an outage, the HTTP port, lag.

mod api;
mod cases;
mod console;
mod copartitioned;
mod crew;
#[cfg(test)]
mod defects;
mod lag;
mod limits;
mod port;
mod roles;
#[cfg(test)]
#[cfg(feature = "servers")]
mod tests;
mod watch;
mod workers;

#[cfg(feature = "torch")]
pub(crate) use api::serve_api;
pub(crate) use crew::Crew;
#[cfg(feature = "torch")]
pub(crate) use port::tell_waits;
pub(crate) use roles::{Role, run};
pub(crate) use workers::Workers;

/// Records of one sender that may be on their way into the log.
pub(crate) const IN_FLIGHT: usize = 1_024;
