//! Local users, where no identity provider knows the people: who may sign in with a password, and links that set one.

use std::{collections::BTreeSet, time::Duration};

use ombud_stream::Outage;

/// Somebody who may sign in with a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Unique: what they sign in as, and what records are signed with.
    pub name: String,
    /// Argon2 hash with its parameters (a PHC string); `None` until they have set a password.
    pub password_hash: Option<String>,
    /// Names of their roles.
    pub roles: BTreeSet<String>,
    /// Their teams; `None` is every team.
    pub teams: Option<BTreeSet<String>>,
    /// May not sign in any more. Nobody is deleted: records name them.
    pub disabled: bool,
    /// When this was changed last, in milliseconds since the Unix epoch; greater with each change.
    pub changed_at: i64,
}

/// Keeps local users, and links that work once. A link is known by the digest of its secret. May block until the store
/// answers.
pub trait Users: Send {
    /// Keeps `user` where the one of this name was last changed at `from`; `None`: where nobody has this name. Whether
    /// exactly this user is kept now: the same change again is `true`. One conditional write.
    ///
    /// # Errors
    /// The store doesn't answer: whether it was kept is unknown, and the same may be sent again.
    fn save_user(&mut self, user: &User, from: Option<i64>) -> Result<bool, Outage>;

    /// A user by name.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn user(&mut self, name: &str) -> Result<Option<User>, Outage>;

    /// Everybody, by name.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn users(&mut self) -> Result<Vec<User>, Outage>;

    /// Keeps a link of `name` under `digest` for `length`. The same again starts its time anew, unless it was used.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn save_link(&mut self, digest: &str, name: &str, length: Duration) -> Result<(), Outage>;

    /// Whose a link is, unless it was used or its time is over.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn link(&mut self, digest: &str) -> Result<Option<String>, Outage>;

    /// Uses a link up: whose it is, for the first who asks; `None` for everybody after, and once its time is over. One
    /// conditional write.
    ///
    /// # Errors
    /// The store doesn't answer: the link may be used up. Whoever has no password yet is given another.
    fn use_link(&mut self, digest: &str) -> Result<Option<String>, Outage>;
}
