//! Passwords of local users: argon2id, with the parameters that OWASP names (19 MiB, two passes).

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _, password_hash::phc::PasswordHash};

/// The fewest characters of a password.
pub(crate) const LEAST_CHARACTERS: usize = 12;
/// The most bytes that are hashed.
const MOST_BYTES: usize = 1_024;
/// Bytes of salt.
const SALT_BYTES: usize = 16;
/// What is verified where nobody has the name, so that the time of an answer says nothing.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What is wrong with a password that somebody chose for `name`, as the catalogue of pages calls it; nothing where it may be
/// taken.
pub(crate) fn fault(name: &str, password: &str) -> Option<&'static str> {
    let distinct = password.chars().collect::<std::collections::BTreeSet<_>>().len();
    match password {
        _ if password.chars().count() < LEAST_CHARACTERS => Some("sign-in-password-short"),
        _ if password.len() > MOST_BYTES => Some("sign-in-password-long"),
        _ if distinct < 5 || password.to_lowercase().contains(&name.to_lowercase()) => {
            Some("sign-in-password-easy")
        }
        _ => None,
    }
}

/// The hash of `password`, with its parameters and its salt. Takes some tens of milliseconds.
pub(crate) fn hash(password: &str) -> Option<String> {
    let salt = rand::random::<[u8; SALT_BYTES]>();
    let hashed = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hashed.ok().map(|hashed| hashed.to_string())
}

/// Whether `password` is that of `hash`; never where there is none. Takes as long either way.
pub(crate) fn is_right(password: &str, hash: Option<&str>) -> bool {
    if password.len() > MOST_BYTES {
        return false;
    }
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODYS));
    let matches =
        |parsed: PasswordHash| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    parsed.is_ok_and(matches) && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_salted_hash_alone() {
        let (one, two) = (hash("correct horse battery").unwrap(), hash("correct horse battery").unwrap());
        assert!(one != two && one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert!(
            is_right("correct horse battery", Some(&one)) && is_right("correct horse battery", Some(&two))
        );
        for wrong in ["", "correct horse batterz", "Correct horse battery"] {
            assert!(!is_right(wrong, Some(&one)), "{wrong}");
        }
        assert!(!is_right("correct horse battery", None) && !is_right("x", Some("no hash")));
        assert!(PasswordHash::new(NOBODYS).is_ok(), "or nobody's would be refused sooner than somebody's");
    }

    #[test]
    fn what_is_guessed_first_is_no_password() {
        for wrong in ["short", "aaaaaaaaaaaaaa", "my-name-is-Ann-1"] {
            assert!(fault("ann", wrong).is_some(), "{wrong}");
        }
        assert_eq!(fault("ann", "correct horse battery"), None);
    }
}
