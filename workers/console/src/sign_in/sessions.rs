//! Sessions: made at sign-in, ended at sign-out or after a while, and kept in the store alone, so that any replica knows them.
//!
//! A browser has a random id of 256 bits, and the store its digest. A session is two entries: one that is written once and lasts
//! for the absolute limit, and one that is written again with use and lasts for the idle limit. Both must be there. So no request
//! that is late can bring back a session that was ended: it never writes the first.

use std::{sync::Arc, time::Duration};

use ombud_launch::guard::{Person, Role, Teams};
use ombud_store::Sessions;
use ombud_stream::{Clock, Outage};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::stores::Pool;

/// Use is written down again after this share of the idle limit: more often only writes more.
const RENEWAL_SHARE: i64 = 10;

/// Whose a session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Holder {
    /// A local user; roles and teams are those that the store has now.
    Local {
        /// Their name.
        name: String,
    },
    /// A person whom a provider knows; roles and teams are those of their sign-in.
    Provider {
        /// What the provider calls them.
        subject: String,
        /// What records are signed with.
        name: String,
        roles: Vec<String>,
        /// `None` is every team.
        teams: Option<Vec<String>>,
    },
}

impl Holder {
    /// Whoever a provider knows as `subject`.
    pub(crate) fn of_provider(subject: &str, person: &Person) -> Self {
        Self::Provider {
            subject: subject.to_owned(),
            name: person.name.clone(),
            roles: person.roles.iter().map(|role| role.name().to_owned()).collect(),
            teams: match &person.teams {
                Teams::All => None,
                Teams::Only(teams) => Some(teams.iter().cloned().collect()),
            },
        }
    }

    /// What ends all sessions of this person.
    fn subject(&self) -> String {
        match self {
            Self::Local { name } => local_subject(name),
            Self::Provider { subject, .. } => provider_subject(subject),
        }
    }
}

/// The person of a provider's session.
pub(crate) fn person_of(name: &str, roles: &[String], teams: Option<&[String]>) -> Person {
    Person {
        name: name.to_owned(),
        roles: roles.iter().filter_map(|role| Role::named(role)).collect(),
        teams: teams.map_or(Teams::All, |teams| Teams::Only(teams.iter().cloned().collect())),
    }
}

fn local_subject(name: &str) -> String {
    format!("local:{name}")
}

fn provider_subject(subject: &str) -> String {
    format!("oidc:{subject}")
}

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionLimits {
    /// Without a request.
    pub(crate) idle: Duration,
    /// However much it is used.
    pub(crate) absolute: Duration,
}

/// Makes, finds and ends sessions. Every call may block.
pub(crate) struct SessionBook {
    store: Pool<dyn Sessions>,
    limits: SessionLimits,
    clock: Arc<dyn Clock>,
}

/// A session that was just made.
pub(crate) struct NewSession {
    /// What the browser keeps.
    pub(crate) id: String,
    /// What the store, and a record of the sign-in, knows it by.
    pub(crate) digest: String,
}

impl SessionBook {
    pub(crate) fn new(store: Pool<dyn Sessions>, limits: SessionLimits, clock: Arc<dyn Clock>) -> Self {
        Self { store, limits, clock }
    }

    /// A new session, under a new id: one that was set before the sign-in is worth nothing after it.
    pub(crate) fn begin(&self, holder: &Holder) -> Result<NewSession, Outage> {
        let id = random_id();
        let (digest, use_digest) = (digest_of("session", &id), digest_of("use", &id));
        let body = serde_json::to_vec(holder).map_err(|error| Outage::fatal("write a session", error))?;
        let subject = holder.subject();
        self.store.ask(|store| {
            store.save(&digest, &subject, &body, self.limits.absolute)?;
            store.save(&use_digest, &subject, &self.now(), self.limits.idle)
        })?;
        Ok(NewSession { id, digest })
    }

    /// Whose the session `id` is, unless it has ended. It counts as used.
    pub(crate) fn find(&self, id: &str) -> Result<Option<Holder>, Outage> {
        self.holder(id, true)
    }

    /// The same, and it does not count as used: nobody need sit before what asks so.
    pub(crate) fn look(&self, id: &str) -> Result<Option<Holder>, Outage> {
        self.holder(id, false)
    }

    fn holder(&self, id: &str, counts: bool) -> Result<Option<Holder>, Outage> {
        let (digest, use_digest) = (digest_of("session", id), digest_of("use", id));
        self.store.ask(|store| {
            let Some(used) = store.load(&use_digest)? else { return Ok(None) };
            let Some(body) = store.load(&digest)? else { return Ok(None) };
            // What another version wrote and this one can't read is no session.
            let Ok(holder) = serde_json::from_slice::<Holder>(&body) else { return Ok(None) };
            if counts && self.is_due(&used) {
                store.save(&use_digest, &holder.subject(), &self.now(), self.limits.idle)?;
            }
            Ok(Some(holder))
        })
    }

    /// Ends the session `id`; its digest.
    pub(crate) fn end(&self, id: &str) -> Result<String, Outage> {
        let digest = digest_of("session", id);
        self.store.ask(|store| {
            store.end(&digest)?;
            store.end(&digest_of("use", id))
        })?;
        Ok(digest)
    }

    /// Ends every session of a local user.
    pub(crate) fn end_local(&self, name: &str) -> Result<(), Outage> {
        self.store.ask(|store| store.end_all(&local_subject(name)))
    }

    /// Ends every session of whoever a provider knows as `subject`.
    pub(crate) fn end_of_provider(&self, subject: &str) -> Result<(), Outage> {
        self.store.ask(|store| store.end_all(&provider_subject(subject)))
    }

    /// Remembers whose the provider's own session `sid` is, for a provider that names it alone when it ends.
    pub(crate) fn note_sid(&self, sid: &str, subject: &str) -> Result<(), Outage> {
        let digest = digest_of("sid", sid);
        let owner = provider_subject(subject);
        self.store.ask(|store| store.save(&digest, &owner, subject.as_bytes(), self.limits.absolute))
    }

    /// Whose the provider's session `sid` is.
    pub(crate) fn subject_of_sid(&self, sid: &str) -> Result<Option<String>, Outage> {
        let subject = self.store.ask(|store| store.load(&digest_of("sid", sid)))?;
        Ok(subject.and_then(|subject| String::from_utf8(subject).ok()))
    }

    fn now(&self) -> Vec<u8> {
        self.clock.now_ms().to_string().into_bytes()
    }

    /// Whether `used`, the time of the last use that was written down, is long ago.
    fn is_due(&self, used: &[u8]) -> bool {
        let used = std::str::from_utf8(used).ok().and_then(|text| text.parse::<i64>().ok());
        let age = used.map(|used| self.clock.now_ms().saturating_sub(used));
        let interval = i64::try_from(self.limits.idle.as_millis()).unwrap_or(i64::MAX) / RENEWAL_SHARE;
        age.is_none_or(|age| age >= interval || age < 0)
    }
}

/// 256 random bits, in hexadecimal.
pub(crate) fn random_id() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// What a store knows `secret` by; `kind` keeps one kind of secret from being shown as another.
pub(crate) fn digest_of(kind: &str, secret: &str) -> String {
    hex::encode(Sha256::new().chain_update(kind).chain_update([0_u8]).chain_update(secret).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_in::given::GivenDesk;

    fn ann() -> Holder {
        Holder::Local { name: "ann".into() }
    }

    #[test]
    fn a_session_lasts_while_it_is_used_and_no_longer_than_the_absolute_limit() {
        let desk = GivenDesk::new();
        let book = desk.book();
        let left = book.begin(&ann()).unwrap();
        let used = book.begin(&ann()).unwrap();
        for _ in 0..47 {
            desk.advance(Duration::from_secs(900));
            assert_eq!(book.find(&used.id).unwrap(), Some(ann()));
        }
        assert_eq!(book.find(&left.id).unwrap(), None, "it was idle");
        desk.advance(Duration::from_secs(900));
        assert_eq!(book.find(&used.id).unwrap(), None, "12 hours are over");
    }

    #[test]
    fn who_only_looks_keeps_no_session_from_being_idle() {
        let desk = GivenDesk::new();
        let book = desk.book();
        let session = book.begin(&ann()).unwrap();
        desk.advance(Duration::from_secs(900));
        assert_eq!(book.look(&session.id).unwrap(), Some(ann()));
        desk.advance(Duration::from_secs(901));
        assert_eq!(book.look(&session.id).unwrap(), None);
    }

    #[test]
    fn a_session_that_was_ended_stays_ended_and_the_store_has_no_id() {
        let desk = GivenDesk::new();
        let (book, other_replica) = (desk.book(), desk.book());
        let session = book.begin(&ann()).unwrap();
        for file in std::fs::read_dir(desk.folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(session.id.len()).any(|part| part == session.id.as_bytes()));
        }
        assert_eq!(other_replica.find(&session.id).unwrap(), Some(ann()));
        book.end(&session.id).unwrap();
        // A request that read the session before writes its use now.
        let used = digest_of("use", &session.id);
        book.store.ask(|store| store.save(&used, "local:ann", b"0", Duration::from_secs(9))).unwrap();
        assert_eq!(other_replica.find(&session.id).unwrap(), None);
        assert_eq!(other_replica.find(&session.digest).unwrap(), None, "a digest is no id");
    }

    #[test]
    fn all_sessions_of_a_person_end_at_once_and_nobody_elses() {
        let book = GivenDesk::new();
        let (desk, book) = (&book, book.book());
        let person = person_of("ann", &["clerk".into()], None);
        let provider = book.begin(&Holder::of_provider("ann", &person)).unwrap();
        let (one, two) = (book.begin(&ann()).unwrap(), book.begin(&ann()).unwrap());
        desk.book().end_local("ann").unwrap();
        assert!(book.find(&one.id).unwrap().is_none() && book.find(&two.id).unwrap().is_none());
        assert!(book.find(&provider.id).unwrap().is_some(), "who a provider calls so is somebody else");
        book.note_sid("s-1", "ann").unwrap();
        let subject = book.subject_of_sid("s-1").unwrap().unwrap();
        book.end_of_provider(&subject).unwrap();
        assert!(book.find(&provider.id).unwrap().is_none());
    }
}
