//! Why a model of the hub is unavailable.

use std::path::PathBuf;
use std::time::Duration;

use crate::hub_name::NameError;
use crate::pretrained::FolderFault;
use crate::rejection::HostFault;

/// A model that is unavailable.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Neither a folder nor a name of the hub.
    #[error("open {}: there is no such folder, and a model of the hub is called `owner/name`", path.display())]
    NoFolder {
        /// What was named.
        path: PathBuf,
    },
    /// A name that no hub has.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A folder has no revisions.
    #[error("take revision {revision} of {}: a folder has none; leave it out, or name a model of the hub", path.display())]
    RevisionOfFolder {
        /// The folder.
        path: PathBuf,
        /// What was asked for.
        revision: String,
    },
    /// It can't be read here.
    #[error("use {place}: {lacking}")]
    FolderFault {
        /// The folder, or the model and its revision.
        place: String,
        /// What it lacks, and how to fix it.
        lacking: FolderFault,
    },
    /// There is none of this name.
    #[error("find {place} on {endpoint}: it has none; look at name and revision")]
    NotFound {
        /// The model and its revision.
        place: String,
        /// The hub.
        endpoint: String,
    },
    /// A token or a password could be read by others.
    #[error("use the hub {endpoint}: {why}")]
    Exposed {
        /// The hub, without user and password.
        endpoint: String,
        /// Why, and how to fix it.
        why: String,
    },
    /// It needs a permission.
    #[error(
        "fetch {place} from {endpoint}: it is refused or does not exist; set HF_TOKEN to a token that may read it, \
         and accept its terms on its page"
    )]
    Refused {
        /// The model and its revision.
        place: String,
        /// The hub.
        endpoint: String,
    },
    /// The hub can't be reached, or its answer is not a hub's.
    #[error(
        "fetch {place} from {endpoint}: {what}; where this machine has no way there, name a folder, or set HF_ENDPOINT \
         to a mirror, or HF_HOME to a cache that holds it"
    )]
    Unreachable {
        /// The model and its revision.
        place: String,
        /// The hub.
        endpoint: String,
        /// What went wrong.
        what: String,
    },
    /// What came is not what was published.
    #[error("fetch {name} of {place}: its content does not match its SHA-256; try again")]
    Damaged {
        /// The model and its revision.
        place: String,
        /// The file.
        name: String,
    },
    /// The hub did not answer within its timeouts.
    #[error(
        "fetch {file} of {place} from {endpoint}: given up after {waited:?} {of}; look at the way there \
         and at the hub: what came is kept, and the next try resumes there"
    )]
    TimedOut {
        /// What was waited for.
        file: String,
        /// The model and its revision.
        place: String,
        /// The hub.
        endpoint: String,
        /// For how long.
        waited: Duration,
        /// Of what: of silence, and at what; or of all files together.
        of: String,
    },
    /// The process stops.
    #[error("fetch {file} of {place} from {endpoint}: stopped; what came is kept")]
    Stopped {
        /// What was under way.
        file: String,
        /// The model and its revision.
        place: String,
        /// The hub.
        endpoint: String,
    },
    /// Nothing could watch the fetch, so it was not begun.
    #[error("start a thread that watches what is fetched from the hub")]
    Thread(#[source] std::io::Error),
    /// The cache alone was asked.
    #[error("find {place} in {}: it is not there, or not whole; unset HF_HUB_OFFLINE to fetch it", cache.display())]
    NotCached {
        /// The model and its revision.
        place: String,
        /// The cache.
        cache: PathBuf,
    },
    /// A file can't be read or written.
    #[error("read or write {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl HubError {
    /// Which fault of this host, or of the connection to the hub, it is: no version is at fault.
    pub fn fault(&self) -> HostFault {
        match self {
            Self::NoFolder { .. }
            | Self::Name(_)
            | Self::RevisionOfFolder { .. }
            | Self::FolderFault { .. }
            | Self::NotFound { .. }
            | Self::Exposed { .. }
            | Self::Refused { .. }
            | Self::NotCached { .. } => HostFault::Absent,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Stopped { .. } => HostFault::Network,
            Self::Damaged { .. } => HostFault::Damaged,
            Self::Read { source, .. } | Self::Thread(source) => HostFault::of_io(source),
        }
    }
}
