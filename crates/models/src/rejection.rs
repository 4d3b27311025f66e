//! Why a model version does not serve: permanently and everywhere, because of its own bytes, or here and now, because of
//! this host. A code for metrics and the registry, and words for the person who fixes it.

use std::{fmt, io};

/// What kind of fault a rejected model version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The content is not what the version says: a half-written or a changed folder.
    ContentDiffers,
    /// `ombud.json`, or a file that every artefact has, is missing or wrong: labels that are not the task's among it.
    Manifest,
    /// The weights or the tokenizer can't be read, or their shapes don't fit.
    Unloadable,
    /// A head answers with more or fewer logits than it has labels.
    LabelCount,
    /// A probe gave numbers that are none.
    NotFinite,
    /// A golden input is answered otherwise than the artefact says.
    Golden,
    /// Its record in the registry names a model, a revision or a file that no hub can have.
    Record,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ContentDiffers,
        Self::Manifest,
        Self::Unloadable,
        Self::LabelCount,
        Self::NotFinite,
        Self::Golden,
        Self::Record,
    ];

    /// As metrics and the registry write it.
    pub fn code(self) -> &'static str {
        match self {
            Self::ContentDiffers => "content-differs",
            Self::Manifest => "manifest",
            Self::Unloadable => "unloadable",
            Self::LabelCount => "label-count",
            Self::NotFinite => "not-finite",
            Self::Golden => "golden",
            Self::Record => "record",
        }
    }
}

/// A model version that must not serve, whoever tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The kind.
    pub fault: Fault,
    /// What is wrong, and where.
    pub what: String,
}

impl Rejection {
    /// `what` is wrong, in the way of `fault`.
    pub fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self { fault, what: what.into() }
    }
}

/// As the registry has it: the code, a colon, and what is wrong.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.fault.code(), self.what)
    }
}

/// What keeps this process from serving a version of which nothing is known to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostFault {
    /// The system or libtorch's allocator has no memory left, or no thread.
    Memory,
    /// A file can't be read or written: a full disk, a missing right, too many open files.
    Disk,
    /// The hub can't be reached, does not answer, or was left because the process stops.
    Network,
    /// No place that this process can look at has it.
    Absent,
    /// The copy here is not the version: it is fetched again.
    Damaged,
    /// libtorch can't compute with it here, and does not say that its bytes are why.
    Compute,
    /// This build knows something of it otherwise, or not yet.
    Build,
}

impl HostFault {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Memory, Self::Disk, Self::Network, Self::Absent, Self::Damaged, Self::Compute, Self::Build];

    /// As metrics and readiness write it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Network => "network",
            Self::Absent => "absent",
            Self::Damaged => "damaged-copy",
            Self::Compute => "compute",
            Self::Build => "build",
        }
    }

    /// What a file system that said no stands for.
    pub fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            // The second is what a thread that can't be started gives.
            io::ErrorKind::OutOfMemory | io::ErrorKind::WouldBlock => Self::Memory,
            _ => Self::Disk,
        }
    }
}

/// Whose fault it is that a version can't serve. Every error on the way there has one, so that none rejects a version
/// for everybody because it was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The version's own bytes: they are the same everywhere, and it is rejected everywhere.
    Version(Fault),
    /// This host's: trying again, or another host, may do. Never recorded in the registry.
    Host(HostFault),
}

/// A model version that can't serve here at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hindrance {
    /// The kind.
    pub fault: HostFault,
    /// What is wrong, and where.
    pub what: String,
}

impl Hindrance {
    /// `what` is wrong, in the way of `fault`.
    pub fn new(fault: HostFault, what: impl Into<String>) -> Self {
        Self { fault, what: what.into() }
    }
}

/// The code, a colon, and what is wrong.
impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.fault.code(), self.what)
    }
}

/// Why a version does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServingFailure {
    /// Nobody needs to try again.
    Rejected(Rejection),
    /// Trying again may help.
    Hindered(Hindrance),
}

impl ServingFailure {
    /// `what` is wrong, and `blame` is to blame.
    pub fn new(blame: Blame, what: impl Into<String>) -> Self {
        match blame {
            Blame::Version(fault) => Self::Rejected(Rejection::new(fault, what)),
            Blame::Host(fault) => Self::Hindered(Hindrance::new(fault, what)),
        }
    }
}

impl fmt::Display for ServingFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::Hindered(hindrance) => hindrance.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_is_short_of_memory_is_told_from_one_that_can_not_read() {
        let short = io::Error::from(io::ErrorKind::OutOfMemory);
        assert_eq!(HostFault::of_io(&short), HostFault::Memory);
        // Too many open files.
        assert_eq!(HostFault::of_io(&io::Error::from_raw_os_error(24)), HostFault::Disk);
    }

    #[test]
    fn no_two_faults_have_one_code() {
        let mut codes: Vec<&str> = Fault::ALL.iter().map(|fault| fault.code()).collect();
        codes.extend(HostFault::ALL.iter().map(|fault| fault.code()));
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
