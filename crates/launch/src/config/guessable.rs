//! Tokens that are guessed first: whoever lets one in lets everybody in.

use sha2::{Digest, Sha256};

/// Words from examples and from the top of lists of passwords.
const WORDS: &str = "\
    0000 1111 111111 123 1234 12345 123456 1234567 12345678 123456789 1234567890 abc abc123 access admin \
    administrator api apikey bank bearer changeit changeme complaint complaints console crm default demo \
    desk dev dragon example foo foobar guest hello iloveyou key letmein login master monkey ombud pass \
    passw0rd password placeholder qwerty root secret sesame test token user welcome xxx";
/// What people append to a word to make a password of it.
const ENDINGS: [&str; 4] = ["", "1", "123", "!"];

/// Whether `digest`, in hexadecimal, is the SHA-256 of nothing, or of a word that is guessed first.
pub(super) fn is_guessable(digest: &str) -> bool {
    let mut sought = [0; 32];
    hex::decode_to_slice(digest, &mut sought).is_ok() && guesses().any(|guess| sha256(&guess) == sought)
}

fn guesses() -> impl Iterator<Item = String> {
    let cased =
        WORDS.split_whitespace().flat_map(|word| [word.to_owned(), capitalised(word), word.to_uppercase()]);
    std::iter::once(String::new())
        .chain(cased.flat_map(|word| ENDINGS.map(|ending| format!("{word}{ending}"))))
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_well_known_words_are_told_however_they_are_written() {
        for word in ["", "test", "Test", "TEST", "password1", "Secret123", "changeme!", "123456", "ombud"] {
            let digest = hex::encode(sha256(word));
            assert!(is_guessable(&digest) && is_guessable(&digest.to_uppercase()), "{word}");
        }
        // `printf test | sha256sum`, as it stood in our own docs.
        assert!(is_guessable("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"));
    }

    #[test]
    fn a_random_token_passes() {
        for token in ["6f1ed002ab5595859014ebf0951522d9", "correct-horse-battery-staple"] {
            assert!(!is_guessable(&hex::encode(sha256(token))), "{token}");
        }
        assert!(!is_guessable("no digest"), "which is another rule's to say");
    }
}
