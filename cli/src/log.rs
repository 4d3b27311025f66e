//! The log and the case store of this process: the embedded file, or brokers and a CQL server.

pub(crate) mod audit;
pub(crate) mod backend;
pub(crate) mod connect;
mod desk;
#[cfg(test)]
#[cfg(feature = "servers")]
pub(crate) mod on_brokers;
pub(crate) mod publish;
pub(crate) mod scan;
mod shared_desk;
