//! The keyspace and its tables: made step by step, each step once, and looked at.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use scylla::{
    deserialize::row::DeserializeRow,
    policies::load_balancing::{LoadBalancingPolicy, NodeIdentifier, SingleTargetLoadBalancingPolicy},
    serialize::row::SerializeRow,
    statement::Statement,
    value::CqlTimestamp,
};

use crate::cql::{
    connection::{CqlConnection, Link},
    error::{CqlError, failed},
    retry::persist,
};

/// Who the steps belong to, in a table that others may share.
const COMPONENT: &str = "store";
/// What keeps count; older than every step.
const COUNT: &str = "CREATE TABLE IF NOT EXISTS {keyspace}.schema_migrations \
    (component text, version int, applied_at timestamp, PRIMARY KEY ((component), version))";

struct Migration {
    version: i32,
    name: &'static str,
    text: &'static str,
}

/// In their order; what was released is never changed again.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "0001-tables", text: include_str!("../../migrations/0001-tables.cql") },
    Migration { version: 2, name: "0002-buckets", text: include_str!("../../migrations/0002-buckets.cql") },
    Migration { version: 3, name: "0003-digests", text: include_str!("../../migrations/0003-digests.cql") },
    Migration { version: 4, name: "0004-desk", text: include_str!("../../migrations/0004-desk.cql") },
    Migration { version: 5, name: "0005-alike", text: include_str!("../../migrations/0005-alike.cql") },
];

/// What [`migrate`] has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The keyspace was not there before.
    pub keyspace_created: bool,
    /// Names of the steps that were missing, in their order; empty when nothing had to be done.
    pub applied: Vec<String>,
}

/// What [`check`] has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What the server says that it is. ScyllaDB gives the Cassandra version that it stands in for.
    pub release: String,
    /// The datacenter that was asked for, or that of the node which answered.
    pub datacenter: String,
    /// Nodes of that datacenter.
    pub nodes: usize,
    /// The keyspace's strategy and copies as the server keeps them; `None`: there is no keyspace.
    pub replication: Option<BTreeMap<String, String>>,
    /// Names of steps that are yet to be done.
    pub missing: Vec<String>,
    /// Steps that this build doesn't know: a newer one has migrated.
    pub newer: Vec<i32>,
    /// The server's clock when it was asked, in milliseconds since the Unix epoch.
    pub now_ms: i64,
}

/// Makes what is missing of the keyspace and its tables, with `replication` copies in the datacenter; leaves what is
/// there, the number of copies too. May run any number of times, and at the same time as another: all statements of
/// all runs go to one node, which puts them in order, and each may be repeated.
///
/// # Errors
/// As [`crate::CqlCases::connect`]; too few nodes for the copies; or a newer build has been here.
pub fn migrate(connection: &CqlConnection, replication: u32) -> Result<Migrated, CqlError> {
    let link = Link::open(connection, None)?;
    let migrator = Migrator::over(&link, &connection.keyspace);
    let found = migrator.migratable(connection.datacenter.as_deref(), replication)?;
    let keyspace_created = found.replication.is_none();
    if keyspace_created {
        let datacenter = &found.datacenter;
        migrator.change(&format!(
            "CREATE KEYSPACE IF NOT EXISTS {{keyspace}} WITH replication = \
             {{'class': 'NetworkTopologyStrategy', '{}': {replication}}}",
            datacenter.replace('\'', "''"),
        ))?;
    }
    if !found.missing.is_empty() {
        migrator.change(COUNT)?;
    }
    for migration in
        MIGRATIONS.iter().filter(|migration| found.missing.iter().any(|name| name == migration.name))
    {
        for statement in statements(migration.text) {
            migrator.change(&statement)?;
        }
        migrator.settle()?;
        let done = "INSERT INTO {keyspace}.schema_migrations (component, version, applied_at) \
            VALUES (?, ?, toTimestamp(now()))";
        migrator.run(done, (COMPONENT, migration.version))?;
    }
    Ok(Migrated { keyspace_created, applied: found.missing })
}

/// What [`migrate`] would begin with; changes nothing. Whether this user may change tables is not asked: servers tell that
/// only when it is tried.
///
/// # Errors
/// As [`migrate`].
pub fn foresee(connection: &CqlConnection, replication: u32) -> Result<Found, CqlError> {
    let link = Link::open(connection, None)?;
    Migrator::over(&link, &connection.keyspace).migratable(connection.datacenter.as_deref(), replication)
}

/// What stands on the server; changes nothing.
///
/// # Errors
/// As [`crate::CqlCases::connect`], but for missing tables: those are found.
pub fn check(connection: &CqlConnection) -> Result<Found, CqlError> {
    let link = Link::open(connection, None)?;
    Migrator::over(&link, &connection.keyspace).find(connection.datacenter.as_deref())
}

/// The statements of a step: without its comments, one at each `;`.
fn statements(text: &str) -> impl Iterator<Item = String> {
    let bare = text.lines().map(|line| line.split("--").next().unwrap_or_default().trim());
    let bare = bare.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    bare.split(';')
        .map(|statement| statement.trim().to_owned())
        .filter(|s| !s.is_empty())
        .collect::<Vec<_>>()
        .into_iter()
}

/// Makes changes: one session, and the one node that puts all runs' changes in order.
pub(crate) struct Migrator<'a> {
    link: &'a Link,
    keyspace: &'a str,
    node: Option<Arc<dyn LoadBalancingPolicy>>,
}

impl<'a> Migrator<'a> {
    pub(crate) fn over(link: &'a Link, keyspace: &'a str) -> Self {
        let state = link.session.get_cluster_state();
        let answering = state.get_nodes_info().iter().filter(|node| node.is_connected());
        let first = answering.min_by_key(|node| node.host_id);
        let policy = |node| SingleTargetLoadBalancingPolicy::new(NodeIdentifier::Node(node), None);
        Self { node: first.cloned().map(policy), link, keyspace }
    }

    /// Refuses a keyspace that lacks a step which this build relies on, or has one that it does not know: it would write
    /// where nobody looks, or overlook what lies elsewhere.
    pub(crate) fn expect_known_tables(&self) -> Result<(), CqlError> {
        let (missing, newer) = self.steps()?;
        self.refuse_newer(&newer)?;
        if missing.is_empty() {
            return Ok(());
        }
        let cause = format!("it lacks {}", missing.join(", "));
        Err(CqlError::NotSetUp { keyspace: self.keyspace.to_owned(), cause: cause.into() })
    }

    fn refuse_newer(&self, newer: &[i32]) -> Result<(), CqlError> {
        let Some(newest) = newer.last() else { return Ok(()) };
        let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
        Err(CqlError::Newer { keyspace: self.keyspace.to_owned(), found: *newest, known })
    }

    /// What stands there, if the rest may be made of it.
    fn migratable(&self, datacenter: Option<&str>, replication: u32) -> Result<Found, CqlError> {
        let found = self.find(datacenter)?;
        self.refuse_newer(&found.newer)?;
        let is_possible = (1..=found.nodes).contains(&usize::try_from(replication).unwrap_or(usize::MAX));
        if found.replication.is_none() && !is_possible {
            let Found { datacenter, nodes, .. } = found;
            return Err(CqlError::TooFewNodes { asked: replication, datacenter, nodes });
        }
        Ok(found)
    }

    fn find(&self, datacenter: Option<&str>) -> Result<Found, CqlError> {
        let local = "SELECT release_version, data_center, toTimestamp(now()) FROM system.local";
        let [(release, own, CqlTimestamp(now_ms))] =
            &self.rows::<(String, String, CqlTimestamp)>(local, ())?[..]
        else {
            return Err(failed("ask the server for its version")("system.local has not one row"));
        };
        let datacenter = datacenter.unwrap_or(own).to_owned();
        let replication = self
            .rows::<(BTreeMap<String, String>,)>(
                "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?",
                (self.keyspace,),
            )?
            .pop()
            .map(|(replication,)| replication);
        let (missing, newer) = self.steps()?;
        Ok(Found {
            release: release.clone(),
            nodes: self.link.nodes_of(&datacenter),
            datacenter,
            replication,
            missing,
            newer,
            now_ms: *now_ms,
        })
    }

    /// Names of the steps that are yet to be done, and the numbers of those that this build does not know.
    fn steps(&self) -> Result<(Vec<String>, Vec<i32>), CqlError> {
        let done = self.done()?;
        let missing = MIGRATIONS.iter().filter(|migration| !done.contains(&migration.version));
        let newer = done.iter().filter(|done| MIGRATIONS.iter().all(|migration| migration.version < **done));
        Ok((missing.map(|migration| migration.name.to_owned()).collect(), newer.copied().collect()))
    }

    /// The versions that are there.
    fn done(&self) -> Result<BTreeSet<i32>, CqlError> {
        let counted = self.rows::<(String,)>(
            "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = 'schema_migrations'",
            (self.keyspace,),
        )?;
        if counted.is_empty() {
            return Ok(BTreeSet::new());
        }
        let query = "SELECT version FROM {keyspace}.schema_migrations WHERE component = ?";
        Ok(self.rows::<(i32,)>(query, (COMPONENT,))?.into_iter().map(|(version,)| version).collect())
    }

    fn rows<R>(&self, query: &str, values: impl SerializeRow) -> Result<Vec<R>, CqlError>
    where
        R: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let unread = || format!("read the answer to {:?}", first_words(query));
        let rows = self.run(query, values)?.into_rows_result().map_err(failed(unread()))?;
        let rows = rows.rows::<R>().map_err(failed(unread()))?;
        rows.collect::<Result<_, _>>().map_err(failed(unread()))
    }

    /// One statement that changes the schema. A column that is there already, by an earlier run or another one, is as good
    /// as added.
    fn change(&self, statement: &str) -> Result<(), CqlError> {
        let changed = self.run(statement, ()).map(drop);
        match (changed, added_column(statement)) {
            (Err(error), Some((table, column))) => {
                let query = "SELECT column_name FROM system_schema.columns \
                    WHERE keyspace_name = ? AND table_name = ? AND column_name = ?";
                let there = self.rows::<(String,)>(query, (self.keyspace, table, column))?;
                if there.is_empty() { Err(error) } else { Ok(()) }
            }
            (changed, _) => changed,
        }
    }

    /// Waits until every node knows the same tables.
    fn settle(&self) -> Result<(), CqlError> {
        let agreed = self.link.wait(Box::pin(self.link.session.await_schema_agreement()));
        agreed.map(drop).map_err(failed(format!("see the nodes agree on the tables of {}", self.keyspace)))
    }

    fn run(
        &self,
        statement: &str,
        values: impl SerializeRow,
    ) -> Result<scylla::response::query_result::QueryResult, CqlError> {
        let text = statement.replace("{keyspace}", self.keyspace);
        let action = format!("run {:?}", first_words(&text));
        let mut statement = Statement::new(text);
        statement.set_is_idempotent(true);
        statement.set_load_balancing_policy(self.node.clone());
        let attempt = || self.link.session.query_unpaged(statement.clone(), &values);
        self.link.wait(Box::pin(persist(self.link.bound, attempt))).map_err(failed(action))
    }
}

/// The table and the column of `ALTER TABLE {keyspace}.t ADD c blob`.
fn added_column(statement: &str) -> Option<(&str, &str)> {
    let (table, column) = statement.strip_prefix("ALTER TABLE {keyspace}.")?.split_once(" ADD ")?;
    Some((table, column.split_whitespace().next()?))
}

/// What a statement is about: `CREATE TABLE IF NOT EXISTS {keyspace}.case_events`.
fn first_words(statement: &str) -> String {
    statement.split_whitespace().take(6).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_numbered_without_a_gap_and_may_all_be_run_again() {
        for (migration, number) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(migration.version, number);
            assert!(migration.name.starts_with(&format!("{number:04}-")), "{}", migration.name);
            for statement in statements(migration.text) {
                let may_be_repeated = statement.contains("IF NOT EXISTS {keyspace}.");
                assert!(may_be_repeated || added_column(&statement).is_some(), "{statement}");
            }
        }
    }

    #[test]
    fn a_step_is_taken_apart_at_its_semicolons_and_without_its_comments() {
        let text = "-- what; it is\nCREATE TABLE a ( -- one\n  b int\n);\n\nCREATE TABLE c;\n";
        let found: Vec<String> = statements(text).collect();
        assert_eq!(found, ["CREATE TABLE a ( b int )", "CREATE TABLE c"]);
    }

    #[test]
    fn a_statement_that_adds_a_column_says_which() {
        assert_eq!(added_column("ALTER TABLE {keyspace}.t ADD c blob"), Some(("t", "c")));
        assert_eq!(added_column("CREATE TABLE IF NOT EXISTS {keyspace}.t (c blob)"), None);
    }
}
