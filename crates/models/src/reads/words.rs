//! The words of a text, and whether they are English: counted by a list of what customers write, so that a sentence in
//! another language shows, however short, and also between English ones.
//!
//! Why a list, and not a detector alone: of "J'ai 85 ans, je suis aveugle" a detector has too few letters, it averages over
//! "My bank took it twice. Je suis aveugle", and it knows no Irish and no Hindi in Latin letters. Real English of four words
//! has some that stand in the list; another language has none but by chance.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

/// A text is English if at least this share of its judged words is.
const LEAST_SHARE: f64 = 0.7;
/// Of a short text nobody else is asked from this share on; in a long one passages show by themselves.
const CERTAIN_SHARE: f64 = 0.9;
/// So many words must be English, however few there are.
const LEAST_ENGLISH: usize = 2;
/// What an unknown word adds to the strain of a passage, what a name may add, and what an English word takes away.
const STRAIN_OF_UNKNOWN: usize = 2;
const STRAIN_OF_NAME: usize = 1;
const RELIEF: usize = 3;
/// The strain that a passage of another language reaches: three unknown words in a row. In a long text misspellings do
/// meet by chance, so there it is four.
const STRAIN_SHORT: usize = 6;
const STRAIN_LONG: usize = 7;
/// Up to so many words a text is short.
const SHORT_TEXT_WORDS: usize = 40;
/// Letters of other scripts that may stand in a text, if they are at most a tenth of all: a sign, or a part of a name.
const FEW_OTHER_LETTERS: usize = 5;
/// Different words are counted up to here: no artefact may ask for more.
pub(super) const MOST_DIFFERENT: usize = 32;
/// The longest word that is looked up.
const LONGEST_WORD: usize = 24;

/// What is counted of a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// Different words and numbers, without redactions and addresses; up to [`MOST_DIFFERENT`].
    different: usize,
    letters: usize,
    other_letters: usize,
    /// Words that were judged, and those among them that are English.
    all: usize,
    known: usize,
    strange: usize,
    /// The greatest strain of any passage.
    strain: usize,
}

/// Whether words are English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum English {
    Yes,
    /// Most are, of few.
    Doubtful,
    No,
}

/// How one word looks to who reads English.
enum Look {
    Known,
    /// English, and as common in another language; or too short to say.
    Shared,
    /// Unknown, and written like a name.
    Name,
    Strange,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let shouted = is_shouted(text);
        let mut words = Self::default();
        let mut seen: FxHashSet<String> = FxHashSet::default();
        let mut strain = 0;
        let mut begins = true;
        for chunk in text.split_whitespace().filter(|chunk| !is_address(chunk)) {
            for word in chunk.split(|c: char| !(c.is_alphanumeric() || is_inside(c))) {
                let word = word.trim_matches(is_inside);
                if word.is_empty() || is_redaction(word) {
                    continue;
                }
                if seen.len() < MOST_DIFFERENT {
                    note(word, &mut seen);
                }
                if words.count_letters(word) {
                    strain = words.judge(look(word, begins, shouted), strain);
                    begins = false;
                }
            }
            begins |= chunk.ends_with(['.', '!', '?', ':', ';']);
        }
        words.different = seen.len();
        words
    }

    /// How many there are that differ.
    pub(super) fn different(&self) -> usize {
        self.different
    }

    /// Whether a notable part is in another script than the Latin one.
    pub(super) fn in_other_script(&self) -> bool {
        self.other_letters > FEW_OTHER_LETTERS || 10 * self.other_letters > self.letters
    }

    pub(super) fn english(&self) -> English {
        let judged = self.known + self.strange;
        let share = self.known as f64 / judged.max(1) as f64;
        let bearable = if self.all <= SHORT_TEXT_WORDS { STRAIN_SHORT } else { STRAIN_LONG };
        if self.known < LEAST_ENGLISH || share < LEAST_SHARE || self.strain >= bearable {
            English::No
        } else if share < CERTAIN_SHARE && self.all <= SHORT_TEXT_WORDS {
            English::Doubtful
        } else {
            English::Yes
        }
    }

    /// Whether `word` is one of letters alone: a number, or a code with one in it, is of no language.
    fn count_letters(&mut self, word: &str) -> bool {
        let mut plain = true;
        for c in word.chars() {
            match c {
                _ if c.is_ascii_alphabetic() => self.letters += 1,
                _ if c.is_alphabetic() => {
                    self.letters += 1;
                    self.other_letters += usize::from(!is_latin(c));
                }
                _ => plain &= !c.is_numeric(),
            }
        }
        plain
    }

    /// Counts a word; gives the strain after it.
    fn judge(&mut self, look: Look, strain: usize) -> usize {
        self.all += 1;
        let strain = match look {
            Look::Known => {
                self.known += 1;
                strain.saturating_sub(RELIEF)
            }
            Look::Shared => strain,
            Look::Name => strain + STRAIN_OF_NAME,
            Look::Strange => {
                self.strange += 1;
                strain + STRAIN_OF_UNKNOWN
            }
        };
        self.strain = self.strain.max(strain);
        strain
    }
}

fn look(word: &str, begins: bool, shouted: bool) -> Look {
    let mut letters = [0; LONGEST_WORD];
    let Some(lower) = lower(word, &mut letters) else { return capital(word, begins, shouted) };
    if lower.len() == 1 {
        return Look::Shared;
    }
    match lower.split_once('\'') {
        None if SHARED.contains(lower) => Look::Shared,
        None if is_english(lower) => Look::Known,
        None => capital(word, begins, shouted),
        // Nobody else contracts so: don't, it's, we've, the bank's.
        Some((base, "t")) if base.ends_with('n') => Look::Known,
        Some((base, "s" | "m" | "re" | "ve" | "ll" | "d")) if base.len() < 2 || is_english(base) => {
            Look::Known
        }
        Some((_, "s")) => capital(word, begins, shouted),
        Some(_) => Look::Strange,
    }
}

/// Of an unknown word: whether it is written like a name, or an abbreviation.
fn capital(word: &str, begins: bool, shouted: bool) -> Look {
    let is_abbreviation = word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    match word.chars().next() {
        _ if is_abbreviation => Look::Shared,
        Some(first) if first.is_uppercase() && !begins && !shouted => Look::Name,
        _ => Look::Strange,
    }
}

/// `word` in lower case with straight apostrophes; `None` for one that can't be English: too long, or with other letters.
fn lower<'b>(word: &str, buffer: &'b mut [u8; LONGEST_WORD]) -> Option<&'b str> {
    let mut at = 0;
    for c in word.chars() {
        let c = if is_inside(c) { '\'' } else { c };
        let byte = u8::try_from(c).ok().filter(|byte| byte.is_ascii_alphabetic() || *byte == b'\'')?;
        *buffer.get_mut(at)? = byte.to_ascii_lowercase();
        at += 1;
    }
    std::str::from_utf8(&buffer[..at]).ok()
}

/// Whether most of its letters are capitals, which then say nothing; redactions are none.
fn is_shouted(text: &str) -> bool {
    let (mut capitals, mut letters) = (0, 0);
    for byte in text.bytes().filter(|byte| byte.is_ascii_alphabetic() && !byte.eq_ignore_ascii_case(&b'x')) {
        letters += 1;
        capitals += usize::from(byte.is_ascii_uppercase());
    }
    2 * capitals > letters
}

/// Links, mail addresses, handles and tags are words of no language.
fn is_address(chunk: &str) -> bool {
    chunk.starts_with(['@', '#'])
        || chunk.contains("://")
        || chunk.starts_with("www.")
        || chunk.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

fn is_redaction(word: &str) -> bool {
    word.len() > 1 && word.bytes().all(|byte| byte.eq_ignore_ascii_case(&b'x'))
}

/// Different words, for the count alone: those of a script without spaces are its signs.
fn note(word: &str, seen: &mut FxHashSet<String>) {
    let mut signs = word.chars().filter(|c| is_sign(*c)).peekable();
    if signs.peek().is_some() {
        seen.extend(signs.map(String::from));
    } else {
        seen.insert(word.to_lowercase());
    }
}

/// Chinese characters and kana, each about a word.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// Apostrophes as people type them.
fn is_inside(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '`' | '\u{b4}')
}

fn is_latin(c: char) -> bool {
    matches!(c, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}' | '\u{fb00}'..='\u{fb06}')
}

fn is_english(lower: &str) -> bool {
    ENGLISH.contains(lower)
}

/// English words that are as common in some other language, so that they speak for neither.
static SHARED: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
    let words = "a am an as at bin come comment de den de die do fine had has hat he i in is la main male man me men no \
                 of on or pain per pour sans so son st to vet war was";
    words.split(' ').collect()
});

static ENGLISH: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("english.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_ascii_whitespace).collect()
});
