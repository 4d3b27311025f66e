//! What a hub calls models, their revisions and their files. Each becomes a part of addresses and of paths, so each is
//! parsed where it comes in, from a person, a record of the registry or the hub itself. Only a parsed name becomes a place
//! in the cache.

use std::fmt;

/// The longest name: what a file system takes.
const LONGEST_NAME: usize = 255;
/// So much of a refused text is shown.
const MOST_SHOWN: usize = 80;

/// The text is no such name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("take {said:?} for {what}: {rule}")]
pub struct NameError {
    said: String,
    what: &'static str,
    rule: &'static str,
}

/// A name that was parsed: `$what` for errors, `$rule` as people read it, `$is_one` as it is checked.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $is_one:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Takes `said` as one.
            ///
            /// # Errors
            /// It is none: the error says what would be.
            pub fn parse(said: &str) -> Result<Self, NameError> {
                let is_one: fn(&str) -> bool = $is_one;
                if said.len() <= LONGEST_NAME && is_one(said) {
                    return Ok(Self(said.to_owned()));
                }
                Err(NameError { said: said.chars().take(MOST_SHOWN).collect(), what: $what, rule: $rule })
            }

            /// As it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A model: `owner/name`, or `name` alone.
    RepoId, "a model of the hub", "it is `owner/name`, of letters, digits, `-`, `_` and `.`", |said| {
        let is_part = |part: &str| is_word(part, "") && !part.contains("--");
        said.split('/').count() <= 2 && said.split('/').all(is_part)
    }
);

name!(
    /// A branch, a tag or a commit, such as `main`, `v1.0` or `refs/pr/1`.
    Revision, "a revision", "it is a branch, a tag or a commit, of letters, digits, `-`, `_`, `.`, `+` and `/`", |said| {
        said.split('/').all(|part| is_word(part, "+"))
    }
);

name!(
    /// A commit: 40 digits in lower-case hexadecimal.
    Commit, "a commit", "it is 40 digits in lower-case hexadecimal", |said| {
        said.len() == 40 && said.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
);

name!(
    /// A file of a model, under the model's folder and nowhere else.
    FileName, "a model's file", "it is a name, or folders and a name with `/` between them, that leads nowhere else", |said| {
        let is_odd = |letter: char| letter.is_control() || matches!(letter, '\\' | '?' | '#' | '%');
        !said.contains(is_odd) && said.split('/').all(|part| !matches!(part, "" | "." | ".."))
    }
);

name!(
    /// One of the files that a model's weights lie in, beside the others.
    WeightFileName, "a file of weights", "it is letters, digits, `-`, `_` and `.`, with `.safetensors` at its end", |said| {
        said.strip_suffix(".safetensors").is_some_and(|name| is_word(name, ""))
    }
);

/// A commit is a revision of its own.
impl From<&Commit> for Revision {
    fn from(commit: &Commit) -> Self {
        Self(commit.0.clone())
    }
}

/// Letters, digits, `-`, `_`, `.` and what is `also` allowed; it neither hides a file nor leads up.
fn is_word(part: &str, also: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && !part.contains("..")
        && part.chars().all(|letter| {
            letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.') || also.contains(letter)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: [&str; 9] = ["", ".", "..", "../x", "a/../b", "/etc/passwd", "a//b", "a/./b", "a\\..\\b"];

    #[test]
    fn no_name_leads_out_of_the_folder_that_it_is_put_in() {
        for said in UP {
            assert!(RepoId::parse(said).is_err(), "{said}");
            assert!(Revision::parse(said).is_err(), "{said}");
            assert!(FileName::parse(said).is_err(), "{said}");
            assert!(Commit::parse(said).is_err(), "{said}");
        }
        let long = "a".repeat(LONGEST_NAME + 1);
        assert!(Revision::parse(&long).is_err() && FileName::parse(&long).is_err());
        assert!(RepoId::parse("a/b/c").is_err() && RepoId::parse("a--b/c").is_err());
        assert!(FileName::parse("a\u{1b}[2J").is_err() && FileName::parse("a?b").is_err());
        assert!(Commit::parse(&"A".repeat(40)).is_err() && Commit::parse("main").is_err());
    }

    #[test]
    fn what_hubs_have_is_taken() {
        for said in ["gpt2", "bank/triage", "_a/b.c-d_1"] {
            assert_eq!(RepoId::parse(said).unwrap().as_str(), said);
        }
        for said in ["main", "v1.0", "v1.0+cpu", "refs/pr/1", "0123456789abcdef0123456789abcdef01234567"] {
            assert_eq!(Revision::parse(said).unwrap().as_str(), said);
        }
        for said in [".gitattributes", "model.safetensors", "bag/ombud.json", "a name with spaces"] {
            assert_eq!(FileName::parse(said).unwrap().as_str(), said);
        }
    }

    #[test]
    fn a_refusal_shows_what_was_said_without_its_control_characters() {
        let refused = Revision::parse("../\u{1b}]0;x").unwrap_err().to_string();
        assert!(refused.starts_with("take \"../\\u{1b}]0;x\" for a revision: it is"), "{refused}");
    }
}
