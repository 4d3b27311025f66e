//! When two narratives are copies of one another: the same letters and digits, whatever the case, the spaces, the
//! punctuation and the marks of redaction. And which narratives are held out, copies together.

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

/// Whether a narrative is among the tenth that is held out. Copies of a narrative are held out together, for a seed the same
/// ones each time.
pub(crate) fn is_held_out(alike: &Likeness, seed: u64) -> bool {
    let drawn = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(alike).finalize();
    drawn[0].is_multiple_of(10)
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
