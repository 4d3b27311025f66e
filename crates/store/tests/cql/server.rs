//! A keyspace of its own on the CQL server that the environment names.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    time::Duration,
};

use ombud_store::{CqlConnection, migrate};
use ombud_stream::testing::server_address;
use scylla::client::session_builder::SessionBuilder;

/// The server's nodes.
pub(crate) fn nodes() -> Vec<String> {
    server_address("OMBUD_CQL_NODES").split(',').map(str::to_owned).collect()
}

/// A number that nobody else has drawn.
pub(crate) fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A way to a keyspace that nobody else has; nothing is there yet.
pub(crate) fn elsewhere(nodes: Vec<String>) -> CqlConnection {
    CqlConnection {
        nodes,
        keyspace: format!("ombud_test_{:016x}", chance()),
        datacenter: None,
        credentials: None,
        ca: None,
        timeout: Duration::from_secs(10),
        concurrency: 32,
        narrative_ttl: None,
    }
}

/// A keyspace with its tables, dropped with this.
pub(crate) struct Keyspace(pub(crate) CqlConnection);

impl Keyspace {
    pub(crate) fn fresh() -> Self {
        let keyspace = Self(elsewhere(nodes()));
        migrate(&keyspace.0, 1).unwrap();
        keyspace
    }

    /// Runs one statement beside the store; `{keyspace}` is filled in.
    pub(crate) fn run(&self, statement: &str) -> Vec<scylla::value::Row> {
        self.run_each([statement.to_owned()])
    }

    /// Runs statements beside the store, one after the other; gives the rows of the last one.
    pub(crate) fn run_each(&self, statements: impl IntoIterator<Item = String>) -> Vec<scylla::value::Row> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let session = SessionBuilder::new().known_nodes(&self.0.nodes).build().await.unwrap();
            let mut found = Vec::new();
            for statement in statements {
                let statement = statement.replace("{keyspace}", &self.0.keyspace);
                let result = session.query_unpaged(statement, ()).await.unwrap();
                found = match result.into_rows_result() {
                    Ok(rows) => rows.rows().unwrap().map(Result::unwrap).collect(),
                    Err(_) => Vec::new(),
                };
            }
            found
        })
    }
}

impl Drop for Keyspace {
    fn drop(&mut self) {
        self.run("DROP KEYSPACE IF EXISTS {keyspace}");
    }
}
