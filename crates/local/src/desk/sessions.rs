//! Sessions in the desk's file.

use std::time::Duration;

use ombud_store::Sessions;
use ombud_stream::Outage;
use rusqlite::OptionalExtension as _;

use super::{LocalDesk, end};

impl Sessions for LocalDesk {
    fn save(&mut self, digest: &str, subject: &str, body: &[u8], length: Duration) -> Result<(), Outage> {
        self.write(
            || "keep a session".to_owned(),
            |file, now| {
                file.prepare_cached("DELETE FROM sessions WHERE until <= ?1")?.execute([now])?;
                let save =
                    "INSERT OR REPLACE INTO sessions (digest, subject, body, until) VALUES (?1, ?2, ?3, ?4)";
                file.prepare_cached(save)?.execute((digest, subject, body, end(now, length))).map(drop)
            },
        )
    }

    fn load(&mut self, digest: &str) -> Result<Option<Vec<u8>>, Outage> {
        self.read(
            || "read a session".to_owned(),
            |file, now| {
                let mut query =
                    file.prepare_cached("SELECT body FROM sessions WHERE digest = ?1 AND until > ?2")?;
                query.query_row((digest, now), |row| row.get(0)).optional()
            },
        )
    }

    fn end(&mut self, digest: &str) -> Result<(), Outage> {
        self.write(
            || "end a session".to_owned(),
            |file, _| {
                file.prepare_cached("DELETE FROM sessions WHERE digest = ?1")?.execute([digest]).map(drop)
            },
        )
    }

    fn end_all(&mut self, subject: &str) -> Result<(), Outage> {
        self.write(
            || "end somebody's sessions".to_owned(),
            |file, _| {
                file.prepare_cached("DELETE FROM sessions WHERE subject = ?1")?.execute([subject]).map(drop)
            },
        )
    }
}
