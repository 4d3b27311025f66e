//! Numbers for the names of teams and products.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

/// What has numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum NameKind {
    Team,
    Product,
}

impl NameKind {
    const fn table(self) -> &'static str {
        match self {
            Self::Team => "teams",
            Self::Product => "products",
        }
    }
}

/// The numbers that the writer knows. There are few: some hundreds of names.
#[derive(Default)]
pub(super) struct Names(HashMap<(NameKind, String), i64>);

/// Above it, numbers are looked up again: names come from records.
const MOST_KNOWN: usize = 4_096;

impl Names {
    /// The number of `name`, which gets one where it has none.
    pub(super) fn number(
        &mut self,
        connection: &Connection,
        kind: NameKind,
        name: &str,
    ) -> rusqlite::Result<i64> {
        let key = (kind, name.to_owned());
        if let Some(number) = self.0.get(&key) {
            return Ok(*number);
        }
        let table = kind.table();
        let number = match find(connection, kind, name)? {
            Some(number) => number,
            None => {
                connection
                    .prepare_cached(&format!("INSERT INTO {table} (name) VALUES (?1)"))?
                    .execute([name])?;
                connection.last_insert_rowid()
            }
        };
        if self.0.len() >= MOST_KNOWN {
            self.0.clear();
        }
        self.0.insert(key, number);
        Ok(number)
    }
}

/// The number of `name`, where it has one.
pub(super) fn find(connection: &Connection, kind: NameKind, name: &str) -> rusqlite::Result<Option<i64>> {
    let sql = format!("SELECT number FROM {} WHERE name = ?1", kind.table());
    connection.prepare_cached(&sql)?.query_row([name], |row| row.get(0)).optional()
}

/// The numbers of every team.
pub(super) fn teams(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut teams = connection.prepare_cached("SELECT number FROM teams")?;
    teams.query_map([], |row| row.get(0))?.collect()
}
