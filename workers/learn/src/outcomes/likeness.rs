//! When two narratives are copies of one another: the same letters and digits, whatever the case, the spaces, the
//! punctuation and the marks of redaction.

use sha2::{Digest, Sha256};

/// The same for copies.
pub(crate) type Likeness = [u8; 32];

/// What copies of `narrative` share.
pub(crate) fn likeness(narrative: &str) -> Likeness {
    let words = narrative.split(|c: char| !c.is_alphanumeric()).filter(|word| !is_redaction(word));
    let mut digest = Sha256::new();
    for word in words {
        digest.update(word.to_lowercase());
        // So that no two lists of words read alike.
        digest.update(" ");
    }
    digest.finalize().into()
}

/// `XX`, `XXXX`, as the CFPB blackens what is personal; or nothing.
fn is_redaction(word: &str) -> bool {
    word.len() != 1 && word.bytes().all(|byte| byte == b'X')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_alike_and_others_are_not() {
        let one = likeness("On XX/XX/XXXX I paid, twice!  The Bank kept it.");
        assert_eq!(one, likeness("on I PAID twice. The bank kept it"));
        assert_ne!(one, likeness("On I paid thrice. The bank kept it."));
        assert_ne!(likeness("a b"), likeness("ab"));
    }
}
