//! What of a narrative is compared: runs of five words, without what each copy of a letter fills in by itself.

use twox_hash::XxHash3_64;

/// Words of one shingle. Fewer, and two who complain of the same thing look alike; more, and a changed word costs too many.
const WORDS: usize = 5;
/// Below so many words two people write the same without knowing of each other.
const LEAST_WORDS: usize = 10;
/// Any number, or run of them.
const NUMBER: &str = "0";
/// Any name or number that the sender struck out, or run of them.
const REDACTION: &str = "X";

/// The hashes of the shingles of `narrative`; none, where it has too few words.
pub(super) fn shingles(narrative: &str) -> Vec<u64> {
    let words = words(narrative);
    if words.len() < LEAST_WORDS {
        return Vec::new();
    }
    words.windows(WORDS).map(|run| mixed(run.iter().fold(0, |hash, word| rolled(hash, *word)))).collect()
}

/// The hash of each word: lower case, digits as 0, punctuation away; a run of numbers or of what was struck out is one.
fn words(narrative: &str) -> Vec<u64> {
    let (mut hashes, mut word) = (Vec::with_capacity(narrative.len() / 5), String::new());
    let mut end = |word: &mut String| {
        if word.is_empty() {
            return;
        }
        let said = if is_redaction(word) { REDACTION } else { word.as_str() };
        let hash = XxHash3_64::oneshot(said.as_bytes());
        let runs_on = hashes.last() == Some(&hash) && [NUMBER, REDACTION].contains(&said);
        if !runs_on {
            hashes.push(hash);
        }
        word.clear();
    };
    for letter in narrative.chars() {
        match letter {
            '0'..='9' => {
                if !word.ends_with('0') {
                    word.push('0');
                }
            }
            'a'..='z' => word.push(letter),
            'A'..='Z' => word.push(letter.to_ascii_lowercase()),
            // "don't" is one word, also where somebody writes "dont".
            '\'' | '\u{2019}' => {}
            _ if letter.is_alphanumeric() => word.extend(letter.to_lowercase()),
            _ => end(&mut word),
        }
    }
    end(&mut word);
    hashes
}

/// Whether a word is one such as XXXX, or a date such as XXXX2025.
fn is_redaction(word: &str) -> bool {
    let letters = word.trim_end_matches('0');
    letters.len() >= 2 && letters.bytes().all(|letter| letter == b'x')
}

/// The hash of a run that goes on with `word`.
fn rolled(hash: u64, word: u64) -> u64 {
    hash.rotate_left(23).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(word)
}

/// The last step of SplitMix64: every bit of the result depends on every bit.
fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_copy_fills_in_by_itself_changes_nothing() {
        let letter =
            "On 03/15/2024 I asked Acme to delete account number 4471, and they didn't answer me at all.";
        for copy in [
            "on 1/2/2025 i asked ACME to delete account number 99881, and they didn’t answer me at all",
            "On 03-15-2024, I asked Acme to delete account number 4 471 -- and they didnt answer me: at all!",
        ] {
            assert_eq!(shingles(copy), shingles(letter), "{copy}");
        }
        let struck_out = |what: &str| {
            shingles(&format!("I told {what} that I never opened this account with them at all"))
        };
        assert_eq!(struck_out("XXXX"), struck_out("XXXX XXXX XXXX"));
        assert_eq!(struck_out("XXXX"), struck_out("XX/XX/XXXX2025"));
        assert_ne!(struck_out("XXXX"), struck_out("Maxx"));
    }

    #[test]
    fn the_order_of_words_counts() {
        let one = shingles("the bank charged me a fee that I never agreed to pay");
        let other = shingles("me a fee that the bank charged I never agreed to pay");
        assert_eq!(one.len(), 12 - WORDS + 1);
        assert!(one.iter().any(|shingle| !other.contains(shingle)));
    }

    #[test]
    fn what_is_too_short_has_none_whatever_stands_in_it() {
        for short in
            ["", "Fraud", "This debt is not mine, remove it.", "!!! ... ?", "1 2 3 4 5 6 7 8 9 10 11"]
        {
            assert!(shingles(short).is_empty(), "{short}");
        }
        assert!(!shingles("Ich habe diese Gebühr nie bestellt und möchte sie zurückhaben").is_empty());
    }
}
