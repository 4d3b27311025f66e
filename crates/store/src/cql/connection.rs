//! How a CQL server is reached, and one session with it.

use std::{collections::BTreeSet, fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use openssl::ssl::{SslConnector, SslMethod};
use scylla::{
    client::{
        execution_profile::ExecutionProfile,
        session::{Session, TlsContext},
        session_builder::SessionBuilder,
    },
    policies::{load_balancing::DefaultPolicy, retry::FallthroughRetryPolicy},
    statement::Consistency,
};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::cql::{
    error::{CqlError, failed, no_session},
    retry::RETRY_BUDGET,
};

/// A connection that answers no keepalive for this long, sent as often, is given up. The driver takes whole seconds
/// above one; its own 30 s would hold requests on a hung node for a minute.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// How a CQL server is reached.
#[derive(Clone)]
pub struct CqlConnection {
    /// `HOST:PORT` of some nodes; the others are learned from them.
    pub nodes: Vec<String>,
    /// Where the tables are: lower-case letters, digits and `_`, at most 48.
    pub keyspace: String,
    /// Whose nodes are asked, and keep the copies; `None` asks every one and keeps them where the first one lies.
    pub datacenter: Option<String>,
    /// User and password.
    pub credentials: Option<(String, String)>,
    /// PEM file of the authority that signed the nodes' certificates; `None` is without TLS. The names in the
    /// certificates are not compared: nodes are found by address.
    pub ca: Option<PathBuf>,
    /// How long one request may take. A write of any number of rows, the reading of a case and of a page of a list take
    /// at most four times as long, with all their attempts.
    pub timeout: Duration,
    /// Rows written, and cases and buckets of a list read, at the same time.
    pub concurrency: usize,
    /// How long narratives stay, to the second, from when they are written; `None` keeps them.
    pub narrative_ttl: Option<Duration>,
}

impl fmt::Debug for CqlConnection {
    // Credentials are secret: only places are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.keyspace, self.nodes.join(","))
    }
}

/// The address under which a node is reached, by the one that it gives itself.
pub(crate) type Translation = std::collections::HashMap<SocketAddr, SocketAddr>;

/// A session and the runtime under it.
pub(crate) struct Link {
    pub(crate) session: Session,
    /// How long a request with all its attempts may take.
    pub(crate) bound: Duration,
    runtime: Background,
}

impl Link {
    /// A session with the nodes that `connection` names.
    pub(crate) fn open(
        connection: &CqlConnection,
        translation: Option<Translation>,
    ) -> Result<Self, CqlError> {
        check_settings(connection)?;
        let runtime = Background::start()?;
        let bound = connection.timeout.saturating_mul(RETRY_BUDGET);
        let nodes = connection.nodes.join(",");
        let mut builder = builder(connection)?;
        if let Some(translation) = translation {
            builder = builder.address_translator(Arc::new(translation));
        }
        // Its own timeouts don't bound it: against a server that hangs it takes a minute.
        let opening = Box::pin(async { tokio::time::timeout(bound, builder.build()).await });
        let session = match runtime.handle.block_on(opening) {
            Ok(Ok(session)) => session,
            Ok(Err(cause)) => return Err(no_session(nodes, cause)),
            Err(elapsed) => return Err(CqlError::Unreachable { nodes, cause: elapsed.into() }),
        };
        let link = Self { session, bound, runtime };
        match &connection.datacenter {
            Some(asked) if link.nodes_of(asked) == 0 => {
                let found = link.datacenters().into_iter().collect::<Vec<_>>().join(", ");
                Err(CqlError::NoDatacenter { asked: asked.clone(), found })
            }
            _ => Ok(link),
        }
    }

    /// Waits for `doing` on the calling thread.
    pub(crate) fn wait<F: Future>(&self, doing: F) -> F::Output {
        self.runtime.handle.block_on(doing)
    }

    /// How many nodes `datacenter` has, whether they answer or not.
    pub(crate) fn nodes_of(&self, datacenter: &str) -> usize {
        let state = self.session.get_cluster_state();
        state.get_nodes_info().iter().filter(|node| node.datacenter.as_deref() == Some(datacenter)).count()
    }

    fn datacenters(&self) -> BTreeSet<String> {
        let state = self.session.get_cluster_state();
        state.get_nodes_info().iter().filter_map(|node| node.datacenter.clone()).collect()
    }
}

fn check_settings(connection: &CqlConnection) -> Result<(), CqlError> {
    let wrong = |field, value: String, right| Err(CqlError::Setting { field, value, right });
    let keyspace = &connection.keyspace;
    let spelt = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts = keyspace.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts || keyspace.len() > 48 || !keyspace.chars().all(spelt) {
        let right = "up to 48 lower-case letters, digits and `_`, the first a letter";
        return wrong("keyspace", keyspace.clone(), right);
    }
    if connection.timeout.is_zero() {
        return wrong("timeout_ms", "0".into(), "at least 1");
    }
    if connection.concurrency == 0 {
        return wrong("concurrency", "0".into(), "at least 1");
    }
    // The server's own limit: twenty years.
    match connection.narrative_ttl {
        Some(ttl) if !(1..=630_720_000).contains(&ttl.as_secs()) => {
            wrong("narrative_ttl_s", ttl.as_secs().to_string(), "1 to 630720000")
        }
        _ => Ok(()),
    }
}

fn builder(connection: &CqlConnection) -> Result<SessionBuilder, CqlError> {
    let mut balancing = DefaultPolicy::builder().token_aware(true).permit_dc_failover(false);
    if let Some(datacenter) = &connection.datacenter {
        balancing = balancing.prefer_datacenter(datacenter.clone());
    }
    let profile = ExecutionProfile::builder()
        .consistency(Consistency::LocalQuorum)
        .request_timeout(Some(connection.timeout))
        // One place tries again, and knows what may be: `retry.rs`.
        .retry_policy(Arc::new(FallthroughRetryPolicy::new()))
        .load_balancing_policy(balancing.build())
        .build();
    let mut builder = SessionBuilder::new()
        .known_nodes(&connection.nodes)
        .default_execution_profile_handle(profile.into_handle())
        .connection_timeout(connection.timeout)
        .hostname_resolution_timeout(Some(connection.timeout))
        .metadata_request_serverside_timeout(connection.timeout)
        .metadata_request_clientside_timeout(connection.timeout)
        .schema_agreement_timeout(connection.timeout.saturating_mul(RETRY_BUDGET))
        .keyspaces_to_fetch([&connection.keyspace])
        .keepalive_interval(KEEPALIVE)
        .keepalive_timeout(KEEPALIVE)
        .tls_context(tls(connection)?);
    if let Some((user, password)) = &connection.credentials {
        builder = builder.user(user, password);
    }
    Ok(builder)
}

fn tls(connection: &CqlConnection) -> Result<Option<TlsContext>, CqlError> {
    let Some(path) = &connection.ca else { return Ok(None) };
    let connector = || {
        let mut connector = SslConnector::builder(SslMethod::tls_client())?;
        connector.set_ca_file(path)?;
        Ok(connector)
    };
    let unreadable =
        |cause: openssl::error::ErrorStack| CqlError::Ca { path: path.clone(), cause: cause.into() };
    connector().map(|connector| Some(connector.into())).map_err(unreadable)
}

/// The runtime that keeps a session's connections alive between two calls.
struct Background {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Background {
    fn start() -> Result<Self, CqlError> {
        // One thread beside the caller's: a runtime without one stands still, keepalives with it, while nobody waits.
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("cql").enable_all().build();
        let runtime = runtime.map_err(failed("start the runtime of the CQL driver"))?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Not waiting for a name that is being looked up: that has no bound.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
