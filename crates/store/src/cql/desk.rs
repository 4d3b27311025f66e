//! The desk on a CQL server: leases, sessions, requests and users, changed by lightweight transactions.
//!
//! Whoever changes a row says what it must be, and of two who do so at once one succeeds. Where the outcome of a change is
//! unknown (its answer was lost, or the server gave up waiting for its replicas) the same change is tried again, which can
//! only fail on what is there; a SERIAL read then says what that is, and finishes what was left half done.

mod leases;
mod requests;
mod sessions;
mod statements;
mod users;

use std::{sync::Arc, time::Duration};

use ombud_stream::{Clock, Outage};
use scylla::{
    deserialize::row::DeserializeRow,
    errors::ExecutionError,
    response::query_result::QueryResult,
    serialize::row::SerializeRow,
    statement::prepared::PreparedStatement,
    value::{CqlValue, Row},
};
use statements::Statements;

use crate::cql::{
    connection::{CqlConnection, Link, Translation},
    error::{CqlError, failed, not_there},
    migrate::Migrator,
    read_error::ReadError,
    retry::persist,
};

/// How often a change is tried anew because what it depends on has changed meanwhile. Each time somebody else has succeeded.
const ROUNDS: usize = 16;

/// The desk of a keyspace. A cheap handle: clones share its connections. Not to be used from within an asynchronous task.
#[derive(Clone)]
pub struct CqlDesk(Arc<Shared>);

struct Shared {
    link: Link,
    statements: Statements,
    concurrency: usize,
    clock: Arc<dyn Clock>,
}

impl CqlDesk {
    /// The desk that [`crate::migrate`] has made room for. Leases, sessions and links end by the server's clock; by `clock` is
    /// only looked for what somebody has, and it may be wrong by half an hour.
    ///
    /// # Errors
    /// As [`crate::CqlCases::connect`].
    pub fn connect(connection: &CqlConnection, clock: Arc<dyn Clock>) -> Result<Self, CqlError> {
        Self::open(connection, clock, None)
    }

    /// As [`Self::connect`], to nodes that are reached under other addresses than their own: through a proxy.
    ///
    /// # Errors
    /// As [`Self::connect`].
    #[cfg(feature = "testing")]
    pub fn connect_through(
        connection: &CqlConnection,
        clock: Arc<dyn Clock>,
        translation: std::collections::HashMap<std::net::SocketAddr, std::net::SocketAddr>,
    ) -> Result<Self, CqlError> {
        Self::open(connection, clock, Some(translation))
    }

    fn open(
        connection: &CqlConnection,
        clock: Arc<dyn Clock>,
        translation: Option<Translation>,
    ) -> Result<Self, CqlError> {
        let link = Link::open(connection, translation)?;
        let keyspace = &connection.keyspace;
        Migrator::over(&link, keyspace).expect_known_tables()?;
        let preparing = Statements::prepare(&link.session, keyspace);
        let prepared = link.wait(Box::pin(async { tokio::time::timeout(link.bound, preparing).await }));
        let action = || format!("prepare the desk's statements of keyspace {keyspace}");
        let statements = prepared.map_err(failed(action()))?.map_err(|cause| {
            if not_there(&cause) {
                return CqlError::NotSetUp { keyspace: keyspace.clone(), cause: cause.into() };
            }
            failed(action())(cause)
        })?;
        Ok(Self(Arc::new(Shared { link, statements, concurrency: connection.concurrency, clock })))
    }

    /// Waits for `doing`, with all its requests and their attempts, within the bound of one request.
    fn wait<T>(
        &self,
        action: String,
        doing: impl Future<Output = Result<T, ReadError>>,
    ) -> Result<T, Outage> {
        let bound = self.0.link.bound;
        let late = |_| Err(ReadError::request(ExecutionError::RequestTimeout(bound)));
        let doing = Box::pin(async { tokio::time::timeout(bound, doing).await.unwrap_or_else(late) });
        self.0.link.wait(doing).map_err(|error| error.outage(action))
    }
}

impl Shared {
    /// One request with all its attempts; and whether an attempt before the last one may have had an effect.
    async fn request(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<(QueryResult, bool), ReadError> {
        let attempts = std::cell::Cell::new(0_u32);
        let attempt = || {
            attempts.set(attempts.get() + 1);
            self.link.session.execute_unpaged(statement, &values)
        };
        let result = persist(self.link.bound, attempt).await.map_err(ReadError::request)?;
        Ok((result, attempts.get() > 1))
    }

    /// A plain write.
    async fn write(&self, statement: &PreparedStatement, values: impl SerializeRow) -> Result<(), ReadError> {
        self.request(statement, values).await.map(drop)
    }

    /// A write on a condition.
    async fn change(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Outcome, ReadError> {
        let (result, may_have_happened) = self.request(statement, values).await?;
        // Servers differ in what they say beside it.
        let row = result.into_rows_result().map_err(ReadError::answer)?;
        let row = row.first_row::<Row>().map_err(ReadError::answer)?;
        match row.columns.first() {
            Some(Some(CqlValue::Boolean(true))) => Ok(Outcome::Applied),
            Some(Some(CqlValue::Boolean(false))) if may_have_happened => Ok(Outcome::Unknown),
            Some(Some(CqlValue::Boolean(false))) => Ok(Outcome::Refused),
            _ => Err(ReadError::answer("a conditional write was not answered with yes or no")),
        }
    }

    /// The rows of a partition, which are few.
    async fn rows<C>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Vec<C>, ReadError>
    where
        C: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let (result, _) = self.request(statement, values).await?;
        let result = result.into_rows_result().map_err(ReadError::answer)?;
        let rows = result.rows::<C>().map_err(ReadError::answer)?;
        rows.collect::<Result<_, _>>().map_err(ReadError::answer)
    }

    /// The row of a key.
    async fn row<C>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Option<C>, ReadError>
    where
        C: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        Ok(self.rows(statement, values).await?.into_iter().next())
    }
}

/// What became of a write on a condition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The condition held, and it was written.
    Applied,
    /// The condition did not hold.
    Refused,
    /// It does not hold now: perhaps because an attempt before, whose answer was lost, was written.
    Unknown,
}

/// A TTL of at least `length`: servers count whole seconds, and may have begun one already.
fn ttl(length: Duration) -> i32 {
    let seconds = length.as_secs().saturating_add(u64::from(length.subsec_nanos() > 0)).saturating_add(1);
    // Servers' own limit: twenty years.
    i32::try_from(seconds).unwrap_or(i32::MAX).min(630_720_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_before_its_time_nor_long_after() {
        for (ms, seconds) in [(0, 1), (1, 2), (1_000, 2), (1_001, 3), (600_000, 601)] {
            assert_eq!(ttl(Duration::from_millis(ms)), seconds, "{ms} ms");
        }
        assert_eq!(ttl(Duration::MAX), 630_720_000);
    }
}
