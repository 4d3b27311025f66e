//! Local users and their links in the desk's file.

use std::{collections::BTreeSet, time::Duration};

use ombud_store::{User, Users};
use ombud_stream::Outage;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{LocalDesk, end};

const COLUMNS: &str = "name, password_hash, every_team, disabled, changed_at";

impl Users for LocalDesk {
    fn save_user(&mut self, user: &User, from: Option<i64>) -> Result<bool, Outage> {
        self.write(
            || "keep a user".to_owned(),
            |file, _| {
                let found = find(file, &user.name)?;
                if found.as_ref() == Some(user) {
                    return Ok(true);
                }
                if found.map(|found| found.changed_at) != from {
                    return Ok(false);
                }
                put(file, user)?;
                Ok(true)
            },
        )
    }

    fn user(&mut self, name: &str) -> Result<Option<User>, Outage> {
        self.read(|| "read a user".to_owned(), |file, _| find(file, name))
    }

    fn users(&mut self) -> Result<Vec<User>, Outage> {
        self.read(
            || "read the users".to_owned(),
            |file, _| {
                let mut query = file.prepare_cached(&format!("SELECT {COLUMNS} FROM users ORDER BY name"))?;
                let found = query.query_map([], user)?;
                found.map(|found| complete(file, found?)).collect()
            },
        )
    }

    fn save_link(&mut self, digest: &str, name: &str, length: Duration) -> Result<(), Outage> {
        self.write(
            || "keep a link".to_owned(),
            |file, now| {
                file.prepare_cached("DELETE FROM links WHERE until <= ?1")?.execute([now])?;
                let save = "INSERT INTO links (digest, name, until, used) VALUES (?1, ?2, ?3, FALSE)
                            ON CONFLICT DO UPDATE SET until = excluded.until WHERE NOT used";
                file.prepare_cached(save)?.execute((digest, name, end(now, length))).map(drop)
            },
        )
    }

    fn link(&mut self, digest: &str) -> Result<Option<String>, Outage> {
        self.read(|| "read a link".to_owned(), |file, now| whose(file, digest, now))
    }

    fn use_link(&mut self, digest: &str) -> Result<Option<String>, Outage> {
        self.write(
            || "use a link".to_owned(),
            |file, now| {
                let name = whose(file, digest, now)?;
                file.prepare_cached("UPDATE links SET used = TRUE WHERE digest = ?1")?.execute([digest])?;
                Ok(name)
            },
        )
    }
}

fn find(file: &Connection, name: &str) -> rusqlite::Result<Option<User>> {
    let query = format!("SELECT {COLUMNS} FROM users WHERE name = ?1");
    let found = file.prepare_cached(&query)?.query_row([name], user).optional()?;
    found.map(|found| complete(file, found)).transpose()
}

/// Without roles, and with teams that are yet to be read.
fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let every_team: bool = row.get(2)?;
    Ok(User {
        name: row.get(0)?,
        password_hash: row.get(1)?,
        roles: BTreeSet::new(),
        teams: (!every_team).then(BTreeSet::new),
        disabled: row.get(3)?,
        changed_at: row.get(4)?,
    })
}

fn complete(file: &Connection, mut user: User) -> rusqlite::Result<User> {
    let list = |query: &str| -> rusqlite::Result<BTreeSet<String>> {
        file.prepare_cached(query)?.query_map([&user.name], |row| row.get(0))?.collect()
    };
    let roles = list("SELECT role FROM user_roles WHERE name = ?1")?;
    if user.teams.is_some() {
        user.teams = Some(list("SELECT team FROM user_teams WHERE name = ?1")?);
    }
    user.roles = roles;
    Ok(user)
}

fn put(file: &Connection, user: &User) -> rusqlite::Result<()> {
    let save = format!("INSERT OR REPLACE INTO users ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5)");
    file.prepare_cached(&save)?.execute((
        &user.name,
        &user.password_hash,
        user.teams.is_none(),
        user.disabled,
        user.changed_at,
    ))?;
    file.execute("DELETE FROM user_roles WHERE name = ?1", [&user.name])?;
    file.execute("DELETE FROM user_teams WHERE name = ?1", [&user.name])?;
    for role in &user.roles {
        file.execute("INSERT INTO user_roles (name, role) VALUES (?1, ?2)", [&user.name, role])?;
    }
    for team in user.teams.iter().flatten() {
        file.execute("INSERT INTO user_teams (name, team) VALUES (?1, ?2)", [&user.name, team])?;
    }
    Ok(())
}

/// Whose an unused link is.
fn whose(file: &Connection, digest: &str, now: i64) -> rusqlite::Result<Option<String>> {
    let query = "SELECT name FROM links WHERE digest = ?1 AND until > ?2 AND NOT used";
    file.prepare_cached(query)?.query_row((digest, now), |row| row.get(0)).optional()
}
