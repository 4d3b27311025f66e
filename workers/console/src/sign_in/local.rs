//! Local users: people with a password that Ombud keeps, where no provider knows them. Links set a password, once.
//!
//! A link is good for its user as they were when it was made: with each change of them, the password among them, every link
//! from before is void.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use ombud_launch::guard::{Person, Role, Teams};
use ombud_store::{User, Users};
use ombud_stream::{Clock, Outage};

use super::{
    password,
    sessions::{SessionBook, digest_of, random_id},
    stores::Pool,
};

/// How long a link is good for.
const LINK_LENGTH: Duration = Duration::from_secs(24 * 3_600);
/// The first user, whom the first start makes: with every role and every team.
const OWNER: &str = "owner";
/// How often a change of a user is tried again that another change came before.
const ATTEMPTS: usize = 5;

/// What somebody may do from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) roles: BTreeSet<Role>,
    pub(crate) teams: Teams,
}

/// What came of setting a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PasswordSet {
    /// It is that of the user of this name.
    Done(String),
    /// The link was used, is too old, or never was one.
    NoLink,
    /// The password may not be taken, and why, as the catalogue of pages calls it.
    Refused { name: String, why: &'static str },
}

/// The users. Every call may block.
pub(crate) struct LocalDirectory {
    store: Pool<dyn Users>,
    sessions: Arc<SessionBook>,
    clock: Arc<dyn Clock>,
}

impl LocalDirectory {
    pub(crate) fn new(store: Pool<dyn Users>, sessions: Arc<SessionBook>, clock: Arc<dyn Clock>) -> Self {
        Self { store, sessions, clock }
    }

    /// Whether `password` is that of `name`, and they may sign in. Takes some tens of milliseconds either way.
    pub(crate) fn is_right(&self, name: &str, password: &str) -> Result<bool, Outage> {
        let user = self.user(name)?.filter(|user| !user.disabled);
        Ok(password::is_right(password, user.and_then(|user| user.password_hash).as_deref()))
    }

    /// Who `name` is now; nobody where they may not sign in any more.
    pub(crate) fn person(&self, name: &str) -> Result<Option<Person>, Outage> {
        let user = self.user(name)?.filter(|user| !user.disabled && user.password_hash.is_some());
        Ok(user.map(|user| Person {
            roles: user.roles.iter().filter_map(|role| Role::named(role)).collect(),
            teams: user.teams.map_or(Teams::All, Teams::Only),
            name: user.name,
        }))
    }

    /// A user by name.
    pub(crate) fn user(&self, name: &str) -> Result<Option<User>, Outage> {
        self.store.ask(|store| store.user(name))
    }

    /// Everybody, by name.
    pub(crate) fn users(&self) -> Result<Vec<User>, Outage> {
        self.store.ask(|store| store.users())
    }

    /// Gives `name` these rights, whether or not there is such a user, and lets them sign in.
    pub(crate) fn admit(&self, name: &str, rights: &Rights) -> Result<User, Outage> {
        self.change(name, &|known| {
            let known = known.unwrap_or_else(|| nobody(name));
            Some(User {
                roles: rights.roles.iter().map(|role| role.name().to_owned()).collect(),
                teams: match &rights.teams {
                    Teams::All => None,
                    Teams::Only(teams) => Some(teams.clone()),
                },
                disabled: false,
                ..known
            })
        })?
        .ok_or_else(|| Outage::fatal("change a user", "there is none of this name"))
    }

    /// Lets `name` sign in no more, and ends their sessions; `None` where there is no such user.
    pub(crate) fn disable(&self, name: &str) -> Result<Option<User>, Outage> {
        let user = self.change(name, &|known| Some(User { disabled: true, ..known? }))?;
        // After the change: who signs in until then has a session that ends here, and nobody does from then on.
        self.sessions.end_local(name)?;
        Ok(user)
    }

    /// A new link for `name`, which makes every older one void; `None` where there is no such user, or they are disabled.
    pub(crate) fn link(&self, name: &str) -> Result<Option<String>, Outage> {
        let Some(user) = self.change(name, &|known| known.filter(|user| !user.disabled))? else {
            return Ok(None);
        };
        let secret = random_id();
        let digest = digest_of("link", &secret);
        self.store.ask(|store| store.save_link(&digest, &link_subject(&user), LINK_LENGTH))?;
        Ok(Some(secret))
    }

    /// The link of the first start, where nobody can sign in yet.
    pub(crate) fn first_link(&self) -> Result<Option<String>, Outage> {
        let can_sign_in = |user: &User| user.password_hash.is_some() && !user.disabled;
        if self.users()?.iter().any(can_sign_in) {
            return Ok(None);
        }
        self.admit(OWNER, &Rights { roles: Role::ALL.into(), teams: Teams::All })?;
        self.link(OWNER)
    }

    /// Whose the link `secret` is, as long as it is good.
    pub(crate) fn link_holder(&self, secret: &str) -> Result<Option<User>, Outage> {
        let subject = self.store.ask(|store| store.link(&digest_of("link", secret)))?;
        self.holder_of(subject.as_deref())
    }

    /// Sets the password of the link's user, who then signs in with it; every session that they had ends.
    pub(crate) fn set_password(&self, secret: &str, password: &str) -> Result<PasswordSet, Outage> {
        let Some(holder) = self.link_holder(secret)? else { return Ok(PasswordSet::NoLink) };
        if let Some(why) = password::fault(&holder.name, password) {
            return Ok(PasswordSet::Refused { name: holder.name, why });
        }
        let hash = password::hash(password)
            .ok_or_else(|| Outage::fatal("hash a password", "argon2 refuses its parameters"))?;
        let used = self.store.ask(|store| store.use_link(&digest_of("link", secret)))?;
        let Some(holder) = self.holder_of(used.as_deref())? else { return Ok(PasswordSet::NoLink) };
        let changed = User { password_hash: Some(hash), changed_at: self.next(&holder), ..holder.clone() };
        if !self.store.ask(|store| store.save_user(&changed, Some(holder.changed_at)))? {
            return Ok(PasswordSet::NoLink);
        }
        self.sessions.end_local(&holder.name)?;
        Ok(PasswordSet::Done(holder.name))
    }

    /// The user of a link, as they were when it was made.
    fn holder_of(&self, subject: Option<&str>) -> Result<Option<User>, Outage> {
        let Some((_, name)) = subject.and_then(|subject| subject.split_once(':')) else { return Ok(None) };
        let user = self.user(name)?;
        Ok(user.filter(|user| !user.disabled && Some(link_subject(user).as_str()) == subject))
    }

    /// The user `name` as `to` makes them of what they are; `None` where it makes nothing of them.
    fn change(&self, name: &str, to: &dyn Fn(Option<User>) -> Option<User>) -> Result<Option<User>, Outage> {
        for _ in 0..ATTEMPTS {
            let known = self.user(name)?;
            let from = known.as_ref().map(|user| user.changed_at);
            let Some(mut changed) = to(known.clone()) else { return Ok(None) };
            changed.changed_at = known.as_ref().map_or_else(|| self.clock.now_ms(), |known| self.next(known));
            if self.store.ask(|store| store.save_user(&changed, from))? {
                return Ok(Some(changed));
            }
        }
        Err(Outage::passing("change a user", "others change them at the same time"))
    }

    /// When a change of `user` counts as made: greater with each.
    fn next(&self, user: &User) -> i64 {
        self.clock.now_ms().max(user.changed_at.saturating_add(1))
    }
}

/// Nobody yet.
fn nobody(name: &str) -> User {
    User {
        name: name.to_owned(),
        password_hash: None,
        roles: BTreeSet::new(),
        teams: Some(BTreeSet::new()),
        disabled: false,
        changed_at: 0,
    }
}

/// What the store knows a link's user by: their name, and as of which change.
fn link_subject(user: &User) -> String {
    format!("{}:{}", user.changed_at, user.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_in::{given::GivenDesk, sessions::Holder};

    const PASSWORD: &str = "correct horse battery";

    struct World {
        directory: LocalDirectory,
        sessions: Arc<SessionBook>,
        desk: GivenDesk,
    }

    fn world() -> World {
        let desk = GivenDesk::new();
        let sessions = Arc::new(desk.book());
        let directory = LocalDirectory::new(Pool::new(desk.users()), Arc::clone(&sessions), desk.time());
        World { directory, sessions, desk }
    }

    #[test]
    fn the_first_link_sets_the_owners_password_once_and_there_is_no_second() {
        let World { directory, desk, .. } = world();
        let older = directory.first_link().unwrap().unwrap();
        let link = directory.first_link().unwrap().unwrap();
        assert!(link.len() == 64 && link != older);
        assert_eq!(
            directory.set_password(&older, PASSWORD).unwrap(),
            PasswordSet::NoLink,
            "a newer one was made"
        );
        assert!(matches!(directory.set_password(&link, "short").unwrap(), PasswordSet::Refused { .. }));
        assert_eq!(directory.set_password(&link, PASSWORD).unwrap(), PasswordSet::Done(OWNER.into()));
        assert_eq!(directory.set_password(&link, PASSWORD).unwrap(), PasswordSet::NoLink, "it was used");
        assert!(directory.is_right(OWNER, PASSWORD).unwrap());
        assert!(!directory.is_right(OWNER, "correct horse batterz").unwrap());
        assert_eq!(directory.first_link().unwrap(), None);
        let owner = directory.person(OWNER).unwrap().unwrap();
        assert_eq!((owner.roles, owner.teams), (Role::ALL.into(), Teams::All));
        let late = directory.link(OWNER).unwrap().unwrap();
        desk.advance(LINK_LENGTH);
        assert_eq!(directory.link_holder(&late).unwrap(), None, "a day is over");
    }

    #[test]
    fn whoever_is_disabled_is_signed_out_and_stays_out() {
        let World { directory, sessions, .. } = world();
        let rights = Rights { roles: [Role::Clerk].into(), teams: Teams::listed("card-services") };
        directory.admit("ann", &rights).unwrap();
        assert!(!directory.is_right("ann", "").unwrap() && directory.person("ann").unwrap().is_none());
        let link = directory.link("ann").unwrap().unwrap();
        directory.set_password(&link, PASSWORD).unwrap();
        let session = sessions.begin(&Holder::Local { name: "ann".into() }).unwrap();
        let stolen = directory.link("ann").unwrap().unwrap();
        directory.disable("ann").unwrap().unwrap();
        assert_eq!(sessions.find(&session.id).unwrap(), None);
        assert!(!directory.is_right("ann", PASSWORD).unwrap() && directory.person("ann").unwrap().is_none());
        assert_eq!(directory.set_password(&stolen, PASSWORD).unwrap(), PasswordSet::NoLink);
        assert_eq!(directory.link("ann").unwrap(), None);
        assert_eq!((directory.disable("bob").unwrap(), directory.link("bob").unwrap()), (None, None));
        directory.admit("ann", &rights).unwrap();
        assert!(directory.is_right("ann", PASSWORD).unwrap(), "admitted again");
    }

    #[test]
    fn a_new_password_ends_the_sessions_of_the_old_one() {
        let World { directory, sessions, .. } = world();
        let link = directory.first_link().unwrap().unwrap();
        directory.set_password(&link, PASSWORD).unwrap();
        let session = sessions.begin(&Holder::Local { name: OWNER.into() }).unwrap();
        let link = directory.link(OWNER).unwrap().unwrap();
        directory.set_password(&link, "another good password").unwrap();
        assert_eq!(sessions.find(&session.id).unwrap(), None);
        assert!(!directory.is_right(OWNER, PASSWORD).unwrap());
    }
}
