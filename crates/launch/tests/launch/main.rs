//! What every process has: its HTTP port, the guard of /api, and metrics that are described.

mod http_port;
mod metrics_are_described;
mod tokens;
