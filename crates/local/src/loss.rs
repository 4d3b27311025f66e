//! What a log has lost of what it had acknowledged, and how that is shown.

use std::fmt;

use crate::gap::Gap;

/// Partitions that a message names one by one; `ombud repair` names all.
const NAMED: usize = 16;

/// What a log has lost of what it had acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// How that shows.
    pub damage: Damage,
    /// The records that are gone, as far as that is known.
    pub gaps: Vec<Gap>,
}

/// How it shows that something is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// There are marks of a log, and no log.
    Missing,
    /// SQLite can't read the log; why.
    Unreadable(String),
    /// The log ends so many transactions before its marks.
    Behind(i64),
    /// The log has to have marks, and they are gone or damaged: nobody can tell whether it is whole.
    Unmarked,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.damage {
            Damage::Missing => write!(f, "ombud.db is missing, and there was one")?,
            Damage::Unreadable(why) => write!(f, "ombud.db is damaged ({why})")?,
            Damage::Behind(commits) => {
                write!(f, "ombud.db lacks {commits} transactions that it acknowledged")?
            }
            Damage::Unmarked => write!(
                f,
                "its file of marks is gone or damaged, so that nobody can tell whether it is whole"
            )?,
        }
        for (number, gap) in self.gaps.iter().take(NAMED).enumerate() {
            write!(f, "{} {gap}", if number == 0 { "; missing are" } else { "," })?;
        }
        match self.gaps.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and offsets of {more} other partitions"),
        }
    }
}
