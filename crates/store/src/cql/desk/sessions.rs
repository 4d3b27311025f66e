//! Sessions on a CQL server: rows with a TTL.

use std::time::Duration;

use ombud_stream::Outage;

use super::{CqlDesk, Outcome, ROUNDS, Shared, ttl};
use crate::{cql::read_error::ReadError, sessions::Sessions};

impl Sessions for CqlDesk {
    fn save(&mut self, digest: &str, subject: &str, body: &[u8], length: Duration) -> Result<(), Outage> {
        self.wait("keep a session".to_owned(), self.0.save_session(digest, subject, body, length))
    }

    fn load(&mut self, digest: &str) -> Result<Option<Vec<u8>>, Outage> {
        let reading = self.0.row::<(Option<Vec<u8>>,)>(&self.0.statements.sessions.load, (digest,));
        Ok(self.wait("read a session".to_owned(), reading)?.and_then(|(body,)| body))
    }

    fn end(&mut self, digest: &str) -> Result<(), Outage> {
        self.wait("end a session".to_owned(), self.0.end_session(digest))
    }

    fn end_all(&mut self, subject: &str) -> Result<(), Outage> {
        let ending = async {
            let noted = &self.0.statements.sessions.noted;
            for (digest,) in self.0.rows::<(String,)>(noted, (subject,)).await? {
                self.0.end_session(&digest).await?;
            }
            Ok(())
        };
        self.wait("end somebody's sessions".to_owned(), ending)
    }
}

impl Shared {
    async fn save_session(
        &self,
        digest: &str,
        subject: &str,
        body: &[u8],
        length: Duration,
    ) -> Result<(), ReadError> {
        let statements = &self.statements.sessions;
        let ttl = ttl(length);
        // First, so that whoever ends all of somebody's sessions finds it.
        self.write(&statements.note, (subject, digest, ttl)).await?;
        for _ in 0..ROUNDS {
            let begun = self.change(&statements.begin, (ttl, subject, body, digest)).await?;
            if begun == Outcome::Applied {
                return Ok(());
            }
            let replaced = self.change(&statements.replace, (ttl, subject, body, digest, subject)).await?;
            if replaced == Outcome::Applied {
                return Ok(());
            }
        }
        Err(ReadError::answer("another's session has this id"))
    }

    async fn end_session(&self, digest: &str) -> Result<(), ReadError> {
        self.change(&self.statements.sessions.end, (digest,)).await.map(drop)
    }
}
