//! The desk's prepared statements: what is read and written plainly, and what is changed on a condition.

use scylla::{
    client::session::Session,
    errors::PrepareError,
    statement::{Consistency, SerialConsistency, prepared::PreparedStatement},
};

/// Every statement of the desk.
pub(super) struct Statements {
    pub(super) leases: LeaseStatements,
    pub(super) sessions: SessionStatements,
    pub(super) requests: RequestStatements,
    pub(super) users: UserStatements,
}

pub(super) struct LeaseStatements {
    pub(super) note: PreparedStatement,
    pub(super) noted: PreparedStatement,
    pub(super) look: PreparedStatement,
    pub(super) look_serial: PreparedStatement,
    pub(super) take: PreparedStatement,
    pub(super) take_over: PreparedStatement,
    pub(super) finish: PreparedStatement,
    /// Renews, or finishes again.
    pub(super) extend: PreparedStatement,
    pub(super) release: PreparedStatement,
    pub(super) forget: PreparedStatement,
}

pub(super) struct SessionStatements {
    pub(super) note: PreparedStatement,
    pub(super) noted: PreparedStatement,
    pub(super) begin: PreparedStatement,
    pub(super) replace: PreparedStatement,
    pub(super) load: PreparedStatement,
    pub(super) end: PreparedStatement,
}

pub(super) struct RequestStatements {
    pub(super) note: PreparedStatement,
    pub(super) noted: PreparedStatement,
    pub(super) forget: PreparedStatement,
    pub(super) ask: PreparedStatement,
    pub(super) read: PreparedStatement,
    pub(super) approve: PreparedStatement,
    pub(super) end: PreparedStatement,
}

pub(super) struct UserStatements {
    pub(super) add: PreparedStatement,
    pub(super) change: PreparedStatement,
    pub(super) read: PreparedStatement,
    pub(super) all: PreparedStatement,
    pub(super) save_link: PreparedStatement,
    pub(super) link: PreparedStatement,
    pub(super) use_link: PreparedStatement,
}

impl Statements {
    pub(super) async fn prepare(session: &Session, keyspace: &str) -> Result<Self, PrepareError> {
        let desk = Preparation { session, keyspace };
        // Side by side: a server far away takes a while for each.
        let (leases, sessions, requests, users) =
            tokio::try_join!(desk.leases(), desk.sessions(), desk.requests(), desk.users())?;
        Ok(Self { leases, sessions, requests, users })
    }
}

struct Preparation<'a> {
    session: &'a Session,
    keyspace: &'a str,
}

impl Preparation<'_> {
    /// A statement; `TABLE` in `text` is followed by a table's name.
    async fn plain(&self, text: &str) -> Result<PreparedStatement, PrepareError> {
        let text = text.replace("TABLE ", &format!("{}.", self.keyspace));
        let mut statement = self.session.prepare(text).await?;
        // Plain writes are of what never changes, and the others are conditional.
        statement.set_is_idempotent(true);
        // Over all datacenters: replicas of the console may lie in several.
        statement.set_serial_consistency(Some(SerialConsistency::Serial));
        Ok(statement)
    }

    /// A read that sees every change which was answered, and finishes those that were not.
    async fn serial(&self, text: &str) -> Result<PreparedStatement, PrepareError> {
        let mut statement = self.plain(text).await?;
        statement.set_consistency(Consistency::Serial);
        Ok(statement)
    }

    async fn leases(&self) -> Result<LeaseStatements, PrepareError> {
        let look = "SELECT lease_id, holder, team, revision, since, written, length_ms, finished, toTimestamp(now()) \
                    FROM TABLE leases WHERE complaint_id = ?";
        // UPDATE, because an INSERT leaves a mark of its own, with which the row outlives its columns.
        let begin = "UPDATE TABLE leases USING TTL ? SET lease_id = ?, holder = ?, team = ?, revision = ?, \
                     since = toTimestamp(now()), written = null, length_ms = ?, finished = false WHERE complaint_id = ?";
        Ok(LeaseStatements {
            note: self
                .plain(
                    "INSERT INTO TABLE leases_by_holder (holder, hour, complaint_id, lease_id) VALUES (?, ?, ?, ?) \
                     USING TTL ?",
                )
                .await?,
            noted: self
                .plain("SELECT complaint_id FROM TABLE leases_by_holder WHERE holder = ? AND hour = ?")
                .await?,
            look: self.plain(look).await?,
            look_serial: self.serial(look).await?,
            take: self.plain(&format!("{begin} IF lease_id = null")).await?,
            take_over: self.plain(&format!("{begin} IF lease_id = ? AND finished = false")).await?,
            finish: self
                .plain(
                    "UPDATE TABLE leases USING TTL ? SET lease_id = ?, holder = ?, team = ?, revision = ?, \
                     since = toTimestamp(now()), written = null, length_ms = ?, finished = true WHERE complaint_id = ? \
                     IF lease_id = ? AND finished = false",
                )
                .await?,
            extend: self
                .plain(
                    "UPDATE TABLE leases USING TTL ? SET lease_id = ?, holder = ?, team = ?, revision = ?, since = ?, \
                     written = toTimestamp(now()), length_ms = ?, finished = ? WHERE complaint_id = ? \
                     IF lease_id = ? AND finished = ?",
                )
                .await?,
            release: self
                .plain("DELETE FROM TABLE leases WHERE complaint_id = ? IF lease_id = ? AND finished = false")
                .await?,
            forget: self.plain("DELETE FROM TABLE leases WHERE complaint_id = ? IF finished = true").await?,
        })
    }

    async fn sessions(&self) -> Result<SessionStatements, PrepareError> {
        let keep = "UPDATE TABLE sessions USING TTL ? SET subject = ?, body = ? WHERE digest = ?";
        Ok(SessionStatements {
            note: self
                .plain("INSERT INTO TABLE sessions_by_subject (subject, digest) VALUES (?, ?) USING TTL ?")
                .await?,
            noted: self.plain("SELECT digest FROM TABLE sessions_by_subject WHERE subject = ?").await?,
            begin: self.plain(&format!("{keep} IF subject = null")).await?,
            replace: self.plain(&format!("{keep} IF subject = ?")).await?,
            load: self.plain("SELECT body FROM TABLE sessions WHERE digest = ?").await?,
            end: self.plain("DELETE FROM TABLE sessions WHERE digest = ? IF EXISTS").await?,
        })
    }

    async fn requests(&self) -> Result<RequestStatements, PrepareError> {
        Ok(RequestStatements {
            note: self
                .plain("INSERT INTO TABLE open_requests (shelf, request_id) VALUES ('all', ?)")
                .await?,
            noted: self.plain("SELECT request_id FROM TABLE open_requests WHERE shelf = 'all'").await?,
            forget: self
                .plain("DELETE FROM TABLE open_requests WHERE shelf = 'all' AND request_id = ?")
                .await?,
            ask: self
                .plain(
                    "INSERT INTO TABLE requests (request_id, requested_by, requested_at, reason, base_version, change, \
                     approved_by, approvals, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS",
                )
                .await?,
            read: self
                .serial(
                    "SELECT requested_by, requested_at, reason, base_version, change, approved_by, state \
                     FROM TABLE requests WHERE request_id = ?",
                )
                .await?,
            approve: self
                .plain(
                    "UPDATE TABLE requests SET approved_by = ?, approvals = ? WHERE request_id = ? \
                     IF state = 'OPEN' AND approvals = ?",
                )
                .await?,
            end: self
                .plain("UPDATE TABLE requests SET state = ? WHERE request_id = ? IF state = 'OPEN'")
                .await?,
        })
    }

    async fn users(&self) -> Result<UserStatements, PrepareError> {
        let columns = "name, password_hash, roles, teams, every_team, disabled, changed_at";
        let select = format!("SELECT {columns} FROM TABLE users WHERE shelf = 'all'");
        Ok(UserStatements {
            add: self
                .plain(&format!(
                    "INSERT INTO TABLE users (shelf, {columns}) VALUES ('all', ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS"
                ))
                .await?,
            change: self
                .plain(
                    "UPDATE TABLE users SET password_hash = ?, roles = ?, teams = ?, every_team = ?, disabled = ?, \
                     changed_at = ? WHERE shelf = 'all' AND name = ? IF changed_at = ?",
                )
                .await?,
            read: self.serial(&format!("{select} AND name = ?")).await?,
            all: self.plain(&select).await?,
            save_link: self
                .plain("UPDATE TABLE links USING TTL ? SET name = ? WHERE digest = ? IF used_by = null")
                .await?,
            link: self.serial("SELECT name, used_by FROM TABLE links WHERE digest = ?").await?,
            use_link: self
                .plain(
                    "UPDATE TABLE links USING TTL ? SET used_by = ? WHERE digest = ? IF name = ? AND used_by = null",
                )
                .await?,
        })
    }
}
