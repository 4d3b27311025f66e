//! What of a narrative is compared: runs of five words, without what each copy of a letter fills in by itself.

/// Words of one shingle. Fewer, and two who complain of the same thing look alike; more, and a changed word costs too many.
const WORDS: usize = 5;
/// Below so many words two people write the same without knowing of each other.
const LEAST_WORDS: usize = 10;
/// Odd, and without a pattern.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hashes of the shingles of `narrative`; none, where it has too few words.
pub(super) fn shingles(narrative: &str) -> impl Iterator<Item = u64> {
    let words = words(narrative);
    let (leaving, mut hash) = (FACTOR.wrapping_pow(WORDS as u32), 0_u64);
    let count = if words.len() < LEAST_WORDS { 0 } else { words.len() };
    // The hash of the last words, without beginning anew at each: the one that leaves is taken out.
    let runs = (0..count).map(move |at| {
        let left = at.checked_sub(WORDS).map_or(0, |left| words[left]);
        hash = hash.wrapping_mul(FACTOR).wrapping_add(words[at]).wrapping_sub(left.wrapping_mul(leaving));
        mixed(hash)
    });
    runs.skip(WORDS - 1)
}

/// The hash of each word: lower case, digits as 0, punctuation away; a run of numbers or of what was struck out is one.
fn words(narrative: &str) -> Vec<u64> {
    let (mut hashes, mut word) = (Vec::with_capacity(narrative.len() / 4), Word::default());
    let (bytes, mut at) = (narrative.as_bytes(), 0);
    while at < bytes.len() {
        let eight = eight_at(bytes, at);
        let count = letters_first(eight);
        if count > 0 {
            word.add(eight | LOWER, count);
            at += count;
            continue;
        }
        let byte = bytes[at];
        at += 1;
        match byte {
            b'0'..=b'9' => word.add_number(),
            // "don't" is one word, also where somebody writes "dont".
            b'\'' => {}
            128.. => {
                // Such a byte begins a character, for all of the one before it was taken.
                let Some(letter) = narrative.get(at - 1..).and_then(|rest| rest.chars().next()) else {
                    break;
                };
                at += letter.len_utf8() - 1;
                match letter {
                    '\u{2019}' => {}
                    _ if letter.is_alphanumeric() => {
                        for lower in letter.to_lowercase() {
                            let mut utf8 = [0; 4];
                            lower.encode_utf8(&mut utf8).bytes().for_each(|byte| word.add(byte.into(), 1));
                        }
                    }
                    _ => word.end(&mut hashes),
                }
            }
            _ => word.end(&mut hashes),
        }
    }
    word.end(&mut hashes);
    hashes
}

/// The bit of each of eight bytes that tells a small letter from a capital.
const LOWER: u64 = u64::from_le_bytes([0x20; 8]);
/// The upper bit of each of eight bytes.
const UPPER_BITS: u64 = u64::from_le_bytes([0x80; 8]);

/// Eight bytes from `at` on; those beyond the end are 0.
fn eight_at(bytes: &[u8], at: usize) -> u64 {
    if let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        return u64::from_le_bytes(*eight);
    }
    let mut eight = [0; 8];
    for (byte, given) in eight.iter_mut().zip(&bytes[at..]) {
        *byte = *given;
    }
    u64::from_le_bytes(eight)
}

/// With how many letters of ASCII these eight bytes begin. All are looked at in one go: letter by letter this would take most
/// of what a sketch costs.
fn letters_first(eight: u64) -> usize {
    let small = (eight | LOWER) & !UPPER_BITS;
    // No byte carries into the next: the upper bit of each says that it is at least `a`, or above `z`.
    let from_a = small + u64::from_le_bytes([0x80 - b'a'; 8]);
    let above_z = small + u64::from_le_bytes([0x7f - b'z'; 8]);
    let others = !(from_a & !above_z & !eight) & UPPER_BITS;
    (others.trailing_zeros() / 8) as usize
}

/// A word as far as it was read.
#[derive(Clone, Copy, Default)]
struct Word {
    /// Of the bytes before `bytes`.
    hash: u64,
    /// Up to eight of its last bytes.
    bytes: u64,
    len: usize,
    /// In what its letters differ from x.
    other_than_x: u64,
    /// Numbers in it, and where the last of them ends.
    numbers: usize,
    number_ends: usize,
}

/// What was struck out, whatever it was; no word has this hash but by chance.
const REDACTION: u64 = 1;

impl Word {
    /// Adds the first `count` bytes of `eight`, which are 1 to 8 letters.
    fn add(&mut self, eight: u64, count: usize) {
        let beyond = 64 - 8 * count;
        let letters = (eight << beyond) >> beyond;
        self.other_than_x |= letters ^ ((u64::from_le_bytes([b'x'; 8]) << beyond) >> beyond);
        self.push(letters, count);
    }

    /// Any number is 0.
    fn add_number(&mut self) {
        if self.numbers > 0 && self.number_ends == self.len {
            return;
        }
        self.push(b'0'.into(), 1);
        (self.numbers, self.number_ends) = (self.numbers + 1, self.len);
    }

    /// Adds `count` bytes. A word has one hash, however its bytes come together.
    fn push(&mut self, bytes: u64, count: usize) {
        let filled = 8 * (self.len % 8);
        self.bytes |= bytes << filled;
        if filled + 8 * count >= 64 {
            self.hash = (self.hash ^ self.bytes).wrapping_mul(FACTOR).rotate_left(32);
            self.bytes = if filled == 0 { 0 } else { bytes >> (64 - filled) };
        }
        self.len += count;
    }

    /// Adds its hash to those before it.
    fn end(&mut self, hashes: &mut Vec<u64>) {
        if self.len == 0 {
            return;
        }
        let word = std::mem::take(self);
        let is_number = word.numbers == 1 && word.len == 1;
        let hash = if word.is_redaction() { REDACTION } else { mixed(word.hash ^ word.bytes) };
        if hashes.last() != Some(&hash) || !(is_number || hash == REDACTION) {
            hashes.push(hash);
        }
    }

    /// Whether it is one such as XXXX, or a date such as XXXX2025.
    fn is_redaction(self) -> bool {
        let is_date = self.numbers == 1 && self.number_ends == self.len;
        self.other_than_x == 0 && self.len >= self.numbers + 2 && (self.numbers == 0 || is_date)
    }
}

/// The last step of SplitMix64: every bit of the result depends on every bit.
pub(super) fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shingles(narrative: &str) -> Vec<u64> {
        super::shingles(narrative).collect()
    }

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
            shingles(&format!("I wrote to {what} that I never opened this account with them at all"))
        };
        assert_eq!(struck_out("XXXX"), struck_out("XXXX XXXX XXXX"));
        assert_eq!(struck_out("XXXX"), struck_out("XX/XX/XXXX2025"));
        assert_ne!(struck_out("XXXX"), struck_out("Maxx"));
    }

    #[test]
    fn a_word_ends_where_it_ends_and_has_one_hash_however_it_is_cut() {
        let hashes = |text: &str| words(text);
        let long = "internationalisation";
        for apart in 1..long.len() {
            let (one, other) = long.split_at(apart);
            assert_eq!(hashes(&format!("{one}'{other}")), hashes(long), "{one}'{other}");
            assert_eq!(hashes(&format!("{one} {other}")).len(), 2);
            assert_ne!(hashes(one), hashes(long));
        }
        assert_eq!(hashes("Zebra, [AZaz]@`{|}~ café\u{301} ÜBER").len(), 4);
        assert_eq!(hashes("ÜBER"), hashes("über"));
        let different =
            ["a", "b", "ab", "bb", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaab", "baaaaaaaa", "0", "a0", "0a"];
        let all: std::collections::HashSet<u64> = different.iter().flat_map(|word| hashes(word)).collect();
        assert_eq!(all.len(), different.len());
    }

    #[test]
    fn a_shingle_is_its_five_words_whatever_stands_before_them() {
        let run = "never opened any such account";
        let one = shingles(&format!("I wrote to them again and again that I have {run}"));
        let other = shingles(&format!("Somebody says so, but we and all of us {run}"));
        assert_eq!(one.last(), other.last());
        assert!(!other.contains(&one[0]));
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
        assert!(!shingles("Eine Gebühr wurde ohne meine Zustimmung von unserem Konto abgebucht").is_empty());
    }
}
