//! Local users and their links on a CQL server.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    time::Duration,
};

use ombud_stream::Outage;

use super::{CqlDesk, Outcome, Shared, ttl};
use crate::{
    cql::read_error::ReadError,
    users::{User, Users},
};

/// How long it is known that a link was used: longer than any link lasts.
const USED_LENGTH: Duration = Duration::from_secs(90 * 24 * 3_600);

impl Users for CqlDesk {
    fn save_user(&mut self, user: &User, from: Option<i64>) -> Result<bool, Outage> {
        self.wait("keep a user".to_owned(), self.0.save_user(user, from))
    }

    fn user(&mut self, name: &str) -> Result<Option<User>, Outage> {
        self.wait("read a user".to_owned(), self.0.user(name))
    }

    fn users(&mut self) -> Result<Vec<User>, Outage> {
        let reading = self.0.rows::<Columns>(&self.0.statements.users.all, ());
        Ok(self.wait("read the users".to_owned(), reading)?.into_iter().map(user).collect())
    }

    fn save_link(&mut self, digest: &str, name: &str, length: Duration) -> Result<(), Outage> {
        let saving = self.0.change(&self.0.statements.users.save_link, (ttl(length), name, digest));
        self.wait("keep a link".to_owned(), saving).map(drop)
    }

    fn link(&mut self, digest: &str) -> Result<Option<String>, Outage> {
        self.wait("read a link".to_owned(), self.0.unused_link(digest))
    }

    fn use_link(&mut self, digest: &str) -> Result<Option<String>, Outage> {
        self.wait("use a link".to_owned(), self.0.use_link(digest))
    }
}

type Columns = (String, Option<String>, Option<Vec<String>>, Option<Vec<String>>, bool, bool, i64);
type LinkColumns = (Option<String>, Option<String>);

impl Shared {
    async fn save_user(&self, user: &User, from: Option<i64>) -> Result<bool, ReadError> {
        let statements = &self.statements.users;
        let roles: Vec<&String> = user.roles.iter().collect();
        let teams: Vec<&String> = user.teams.iter().flatten().collect();
        let (hash, every_team) = (&user.password_hash, user.teams.is_none());
        let changed = match from {
            None => {
                let values = (&user.name, hash, roles, teams, every_team, user.disabled, user.changed_at);
                self.change(&statements.add, values).await?
            }
            Some(from) => {
                let (disabled, changed_at) = (user.disabled, user.changed_at);
                let values = (hash, roles, teams, every_team, disabled, changed_at, &user.name, from);
                self.change(&statements.change, values).await?
            }
        };
        Ok(changed == Outcome::Applied || self.user(&user.name).await?.as_ref() == Some(user))
    }

    async fn user(&self, name: &str) -> Result<Option<User>, ReadError> {
        Ok(self.row::<Columns>(&self.statements.users.read, (name,)).await?.map(user))
    }

    /// Whose a link is that nobody has used.
    async fn unused_link(&self, digest: &str) -> Result<Option<String>, ReadError> {
        let found = self.row::<LinkColumns>(&self.statements.users.link, (digest,)).await?;
        Ok(found.and_then(|(name, used_by)| name.filter(|_| used_by.is_none())))
    }

    async fn use_link(&self, digest: &str) -> Result<Option<String>, ReadError> {
        let Some(name) = self.unused_link(digest).await? else { return Ok(None) };
        // To tell it from another's: where the outcome is unknown, the link itself says who used it.
        let user = format!("{:016x}", RandomState::new().build_hasher().finish());
        let statements = &self.statements.users;
        let values = (ttl(USED_LENGTH), &user, digest, &name);
        let is_used = match self.change(&statements.use_link, values).await? {
            Outcome::Applied => true,
            Outcome::Refused => false,
            Outcome::Unknown => {
                let found = self.row::<LinkColumns>(&statements.link, (digest,)).await?;
                found.is_some_and(|(_, used_by)| used_by == Some(user))
            }
        };
        Ok(is_used.then_some(name))
    }
}

fn user(columns: Columns) -> User {
    let (name, password_hash, roles, teams, every_team, disabled, changed_at) = columns;
    User {
        name,
        password_hash,
        roles: roles.into_iter().flatten().collect(),
        teams: (!every_team).then(|| teams.into_iter().flatten().collect()),
        disabled,
        changed_at,
    }
}
