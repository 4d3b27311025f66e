//! Why a CQL server can't be used, each with what to do, and which failures may pass when the call is tried again.

use std::path::PathBuf;

use ombud_stream::Outage;
use scylla::errors::{
    ConnectionError, ConnectionPoolError, ConnectionSetupRequestErrorKind, DbError, ExecutionError,
    MetadataError, NewSessionError, PrepareError, RequestAttemptError,
};

/// What went wrong below.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a CQL server can't be used; completes "failed to ...".
#[derive(Debug, thiserror::Error)]
pub enum CqlError {
    /// A setting can't be meant.
    #[error("use {field} = {value:?} of [cql]: {right}")]
    Setting {
        /// The setting.
        field: &'static str,
        /// What it is.
        value: String,
        /// What would be right.
        right: &'static str,
    },
    /// The authority's certificates can't be read.
    #[error("read {path}: name a PEM file of certificates in `ca` of [cql]")]
    Ca {
        /// The file.
        path: PathBuf,
        /// The cause below.
        #[source]
        cause: Cause,
    },
    /// Nobody answers.
    #[error(
        "reach a CQL server at {nodes}: start it, or correct `cql_nodes` (and `ca` of [cql], if it wants TLS)"
    )]
    Unreachable {
        /// Where it was looked for.
        nodes: String,
        /// The last thing that happened.
        #[source]
        cause: Cause,
    },
    /// User or password are not known there.
    #[error("log in to the CQL server at {nodes}: correct `username` and `password` of [cql]")]
    Refused {
        /// Where.
        nodes: String,
        /// What the server said.
        #[source]
        cause: Cause,
    },
    /// No node lies in the datacenter that was asked for.
    #[error("find datacenter {asked}: the cluster has {found}; correct `datacenter` of [cql]")]
    NoDatacenter {
        /// What was asked for.
        asked: String,
        /// What there is.
        found: String,
    },
    /// More copies than nodes: no quorum could ever answer.
    #[error(
        "keep {asked} copies in datacenter {datacenter}: it has {nodes} nodes; correct `replication` of [cql]"
    )]
    TooFewNodes {
        /// Copies asked for.
        asked: u32,
        /// Where.
        datacenter: String,
        /// Nodes there.
        nodes: usize,
    },
    /// Keyspace or tables are missing.
    #[error("use keyspace {keyspace}: create it and its tables with `ombud setup`")]
    NotSetUp {
        /// The keyspace.
        keyspace: String,
        /// What the server said.
        #[source]
        cause: Cause,
    },
    /// Migrated by a newer build.
    #[error(
        "use keyspace {keyspace}: its tables have version {found} and this build knows up to {known}; run the newer ombud"
    )]
    Newer {
        /// The keyspace.
        keyspace: String,
        /// Its version.
        found: i32,
        /// The newest that this build knows.
        known: i32,
    },
    /// The server answers, and refuses.
    #[error("{action}")]
    Failed {
        /// What was tried.
        action: String,
        /// The cause below.
        #[source]
        cause: Cause,
    },
}

/// Names what failed.
pub(crate) fn failed<E: Into<Cause>>(action: impl Into<String>) -> impl FnOnce(E) -> CqlError {
    let action = action.into();
    move |cause| CqlError::Failed { action, cause: cause.into() }
}

/// The outage that a failed request is.
pub(crate) fn outage(action: impl Into<String>, cause: ExecutionError) -> Outage {
    if may_pass(&cause) { Outage::passing(action, cause) } else { Outage::fatal(action, cause) }
}

/// Whether trying the same again may help. What a server refuses for what it is, it refuses again.
pub(crate) fn may_pass(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::BadQuery(_) => false,
        ExecutionError::LastAttemptError(attempt) => attempt_may_pass(attempt),
        ExecutionError::PrepareError(PrepareError::AllAttemptsFailed { first_attempt }) => {
            attempt_may_pass(first_attempt)
        }
        ExecutionError::ConnectionPoolError(pool)
        | ExecutionError::PrepareError(PrepareError::ConnectionPoolError(pool)) => !refused_login(pool),
        _ => true,
    }
}

fn attempt_may_pass(error: &RequestAttemptError) -> bool {
    match error {
        RequestAttemptError::DbError(error, _) => !matches!(
            error,
            DbError::SyntaxError
                | DbError::Invalid
                | DbError::AlreadyExists { .. }
                | DbError::FunctionFailure { .. }
                | DbError::AuthenticationError
                | DbError::Unauthorized
                | DbError::ConfigError
                | DbError::ProtocolError
        ),
        // A table was made again under the statement: a restart prepares it again, nothing else does.
        RequestAttemptError::SerializationError(_)
        | RequestAttemptError::CqlRequestSerialization(_)
        | RequestAttemptError::RepreparedIdChanged { .. } => false,
        _ => true,
    }
}

/// Whether the server knows neither keyspace nor table.
pub(crate) fn not_there(error: &PrepareError) -> bool {
    matches!(
        error,
        PrepareError::AllAttemptsFailed { first_attempt: RequestAttemptError::DbError(DbError::Invalid, _) }
    )
}

fn refused_login(error: &ConnectionPoolError) -> bool {
    let ConnectionPoolError::Broken {
        last_connection_error: ConnectionError::ConnectionSetupRequestError(setup),
        ..
    } = error
    else {
        return false;
    };
    matches!(
        setup.get_error(),
        ConnectionSetupRequestErrorKind::DbError(DbError::AuthenticationError | DbError::Unauthorized, _)
            | ConnectionSetupRequestErrorKind::MissingAuthentication
            | ConnectionSetupRequestErrorKind::StartAuthSessionError(_)
            | ConnectionSetupRequestErrorKind::AuthFinishError(_)
    )
}

/// Why no session came about.
pub(crate) fn no_session(nodes: String, cause: NewSessionError) -> CqlError {
    match &cause {
        NewSessionError::MetadataError(MetadataError::ConnectionPoolError(pool)) if refused_login(pool) => {
            CqlError::Refused { nodes, cause: cause.into() }
        }
        _ => CqlError::Unreachable { nodes, cause: cause.into() },
    }
}
