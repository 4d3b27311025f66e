//! Whether a model can read what a customer wrote: decided before it is asked, by the text itself.
//!
//! narrative -> the customer's own words -> [what the artefact says it reads] -> read, or not and why
//!
//! A model answers any text with confidence, even one in a language that it never saw. So infer, evaluate and replay ask
//! here first. Where an artefact can't read a text each of its tasks abstains, and people read it.

mod detect;
mod own_words;
mod words;

use serde::{Deserialize, Serialize};

use crate::prepared::Prepared;
use own_words::OwnWords;
use words::{English, MOST_DIFFERENT, Words};

/// English, as artefacts name it.
const ENGLISH: &str = "en";
/// What a complaint's language is where nobody knows it.
const UNKNOWN: &str = "und";
/// Beside quoted mail or a disclaimer, fewer words of the customer's than this say too little: their matter is in what was
/// left out.
const LEAST_BESIDE_MAIL: usize = 12;

/// What an artefact reads, as its `ombud.json` says; what it leaves out has the default, which is meant to be safe for any
/// model of English complaints. Chosen on validation: `docs/adr/0009-what-a-model-reads.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reads {
    /// Languages, as BCP 47 subtags such as `en`.
    pub languages: Vec<String>,
    /// So many different words must be the customer's own.
    pub least_words: u32,
    /// No more than this share of the tokens may be ones that the model never learned, 0 to 1.
    pub greatest_unseen_share: f64,
}

impl Default for Reads {
    fn default() -> Self {
        Self { languages: vec![ENGLISH.to_owned()], least_words: 4, greatest_unseen_share: 0.5 }
    }
}

impl Reads {
    /// In these languages, else as the default.
    ///
    /// # Errors
    /// What is wrong with them and what would be right.
    pub fn in_languages(languages: &[String]) -> Result<Self, String> {
        let reads = Self { languages: languages.to_vec(), ..Self::default() };
        reads.fault().map_or(Ok(reads), |(_, what)| Err(what))
    }

    /// The field that is wrong, what is wrong with it and what would be right.
    pub(crate) fn fault(&self) -> Option<(&'static str, String)> {
        if self.languages.is_empty() {
            return Some((
                "languages",
                "languages is empty: name what the model reads, such as en".to_owned(),
            ));
        }
        if let Some(strange) = self.languages.iter().find(|language| !detect::knows(language)) {
            let known = detect::known().collect::<Vec<_>>().join(", ");
            return Some((
                "languages",
                format!("languages: `{strange}` can't be recognised: name any of {known}"),
            ));
        }
        if !(1..=MOST_DIFFERENT).contains(&(self.least_words as usize)) {
            let what = format!("least_words is {}: it must lie in 1 to {MOST_DIFFERENT}", self.least_words);
            return Some(("least_words", what));
        }
        if !(0.0..=1.0).contains(&self.greatest_unseen_share) {
            let what =
                format!("greatest_unseen_share is {}: it must lie in 0 to 1", self.greatest_unseen_share);
            return Some(("greatest_unseen_share", what));
        }
        None
    }

    /// Whether the stated language of a complaint may be read. `und`, an unknown language, forbids nothing.
    fn allows(&self, stated: &str) -> bool {
        let subtag = stated.split(['-', '_']).next().unwrap_or_default();
        subtag.eq_ignore_ascii_case(UNKNOWN)
            || self.languages.iter().any(|read| read.eq_ignore_ascii_case(subtag))
    }
}

impl std::fmt::Display for Reads {
    /// For people: `en; from 4 words of the customer's on; up to 50 % of tokens that it never learned`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (languages, least) = (self.languages.join(", "), self.least_words);
        let share = 100.0 * self.greatest_unseen_share;
        write!(
            f,
            "{languages}; from {least} words of the customer's on; up to {share:.0} % of tokens that it never learned"
        )
    }
}

/// Why a model cannot read a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unread {
    /// It is in a language that the model doesn't read, or its stated language is one.
    Language,
    /// It is in a script that the model has no words of.
    Script,
    /// The customer's own words are too few to judge.
    TooFewWords,
    /// Too many of its tokens are ones that the model never learned.
    UnseenWords,
}

impl Unread {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Language, Self::Script, Self::TooFewWords, Self::UnseenWords];

    /// A code that stays the same, for records and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Language => "language",
            Self::Script => "script",
            Self::TooFewWords => "too-few-words",
            Self::UnseenWords => "unseen-words",
        }
    }
}

/// One narrative, examined once for all models that are asked about it.
#[derive(Debug)]
pub struct Reading<'a> {
    own: OwnWords<'a>,
    words: Words,
    /// Its stated language.
    stated: &'a str,
}

impl<'a> Reading<'a> {
    /// Looks at `narrative`, whose stated language is the tag `stated`; `und` says nothing. Takes time linear in the
    /// narrative.
    pub fn of(narrative: &'a str, stated: &'a str) -> Self {
        let own = OwnWords::of(narrative);
        Self { words: Words::of(own.text()), own, stated }
    }

    /// The customer's own words, which are what a model is given: without quoted mail, disclaimers, markup and characters
    /// that nobody sees. Most narratives are nothing else.
    pub fn text(&self) -> &str {
        self.own.text()
    }

    /// Why a model that reads `reads`, and made `prepared` of [`Reading::text`], cannot read it; `None` where it can.
    /// The stated language can only forbid: the text decides.
    pub fn unread(&self, reads: &Reads, prepared: &Prepared) -> Option<Unread> {
        if !reads.allows(self.stated) {
            return Some(Unread::Language);
        }
        let english = reads.languages.iter().any(|language| language.eq_ignore_ascii_case(ENGLISH));
        let others = reads.languages.len() > usize::from(english);
        if self.words.in_other_script() && !(others && self.detected(reads)) {
            return Some(Unread::Script);
        }
        let least = reads.least_words as usize;
        let least = if self.own.beside_mail() { least.max(LEAST_BESIDE_MAIL) } else { least };
        if self.words.different() < least {
            return Some(Unread::TooFewWords);
        }
        let read = (english && self.is_english()) || (others && self.detected(reads));
        if !read {
            return Some(Unread::Language);
        }
        (prepared.unseen_share() > reads.greatest_unseen_share).then_some(Unread::UnseenWords)
    }

    /// By its words; in doubt the detector must not be certain of another language.
    fn is_english(&self) -> bool {
        match self.words.english() {
            English::Yes => true,
            English::Doubtful => !detect::is_another_than(ENGLISH, self.text()),
            English::No => false,
        }
    }

    fn detected(&self, reads: &Reads) -> bool {
        detect::is_one_of(&reads.languages, self.text())
    }
}

#[cfg(test)]
mod tests;
