//! The embedded default: a durable log and a case store in one SQLite file, for one process.
//!
//! [`Local`] takes the folder and hands out the seams of `ombud-stream`: [`LocalMember`] (source and committer),
//! [`LocalSink`], [`LocalReader`], and [`LocalCases`] of `ombud-store`. [`LocalView`] reads beside a running process. All that changes the
//! file goes through one thread, which syncs before it acknowledges, and marks in a second file how far the log had come.
//!
//! [`LocalDesk`] is a file of its own beside the log: who works on what, who is signed in, what waits for a second person.

mod backup;
mod board;
mod bodies;
mod case_rows;
mod cases;
mod change;
mod deep;
mod desk;
mod digest;
mod disk;
mod error;
mod file;
mod folder;
mod gap;
mod gaps;
mod group;
mod headers;
mod heads;
mod inspect;
mod local;
mod loss;
mod marks;
mod media;
mod member;
mod options;
mod partition;
mod queue;
mod reader;
mod repair;
mod shared;
mod sink;
mod sketches;
mod topics;
mod worklist;
mod writer;

pub use cases::LocalCases;
pub use desk::LocalDesk;
pub use error::LocalError;
pub use gap::{AcceptedGap, Gap};
pub use local::{Local, LocalView, TopicEnds};
pub use loss::{Damage, Loss};
pub use member::LocalMember;
pub use options::{LogLimits, Options};
pub use partition::partition_of;
pub use reader::LocalReader;
pub use repair::Repaired;
pub use sink::LocalSink;
pub use worklist::LocalWorklist;
