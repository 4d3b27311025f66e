//! What the published complaints carry that says nothing: marks of redaction and of amounts, taken out before a
//! text is read.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use ombud_models::{Cleaning, Stretch};
use regex::Regex;

/// `text` as a model reads it that was trained on text cleaned so.
pub(crate) fn clean(cleaning: Option<Cleaning>, text: &str) -> Cow<'_, str> {
    match cleaning {
        None => Cow::Borrowed(text),
        Some(Cleaning::Redactions1) => redactions_1(text),
    }
}

static BRACES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[{}]").ok());
static CENTS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\.00\b").ok());
/// `XXXX`, `XX/XX/XXXX`, `XXXX, XXXX XXXX`: one hidden thing, however long.
static REDACTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\bX{2,}(?:[\s/,.\-]*X{2,})*\b").ok());

/// Never changed: models were trained on what it gives. Another way to clean gets another name.
fn redactions_1(text: &str) -> Cow<'_, str> {
    redactions_1_steps().fold(Cow::Borrowed(text), |text, (pattern, fix)| {
        match pattern.replace_all(&text, fix) {
            Cow::Borrowed(_) => text,
            Cow::Owned(changed) => Cow::Owned(changed),
        }
    })
}

/// What is replaced, and by what: after each other.
fn redactions_1_steps() -> impl Iterator<Item = (&'static Regex, &'static str)> {
    [(&*BRACES, ""), (&*CENTS, ""), (&*REDACTED, "xx")].into_iter().map(|(pattern, fix)| match pattern {
        Some(pattern) => (pattern, fix),
        None => unreachable!("the patterns are compiled in and tested"),
    })
}

/// What cleaning replaced in one step, ascending.
struct Replaced {
    /// In what it was given.
    before: Range<usize>,
    /// In what it gave.
    after: Range<usize>,
}

/// From cleaned text back to the text that was cleaned.
pub(crate) struct Uncleaned {
    /// One a step, the last one first.
    steps: Vec<Vec<Replaced>>,
}

impl Uncleaned {
    /// For what [`clean`] makes of `text`.
    pub(crate) fn of(cleaning: Option<Cleaning>, text: &str) -> Self {
        let mut steps = Vec::new();
        if cleaning == Some(Cleaning::Redactions1) {
            let mut text = Cow::Borrowed(text);
            for (pattern, fix) in redactions_1_steps() {
                steps.push(replaced(pattern.find_iter(&text).map(|found| found.range()), fix.len()));
                text = Cow::Owned(pattern.replace_all(&text, fix).into_owned());
            }
            steps.reverse();
        }
        Self { steps }
    }

    /// Where in the text that was cleaned `place` of the cleaned one comes from; `place` is not empty. A part of what was
    /// put in comes from all that it was put in for.
    pub(crate) fn stretch(&self, place: Range<usize>) -> Stretch {
        let place = self.steps.iter().fold(place, |place, step| {
            let first = origin_of(step, place.start);
            let last = origin_of(step, place.end.saturating_sub(1));
            first.start..last.end
        });
        Stretch { start: place.start, end: place.end }
    }
}

/// `found` is replaced by as many bytes each.
fn replaced(found: impl Iterator<Item = Range<usize>>, bytes: usize) -> Vec<Replaced> {
    let (mut behind_before, mut behind_after) = (0, 0);
    let step = |before: Range<usize>| {
        let start = behind_after + (before.start - behind_before);
        (behind_before, behind_after) = (before.end, start + bytes);
        Replaced { before, after: start..start + bytes }
    };
    found.map(step).collect()
}

/// Where the byte at `at` comes from.
fn origin_of(step: &[Replaced], at: usize) -> Range<usize> {
    let done = step.partition_point(|one| one.after.start <= at);
    // Of several that were taken out at one place the last counts: the byte stands behind them.
    match done.checked_sub(1).map(|last| &step[last]) {
        Some(last) if at < last.after.end => last.before.clone(),
        Some(last) => {
            let start = last.before.end + (at - last.after.end);
            start..start + 1
        }
        None => at..at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redactions_braces_and_round_cents_say_nothing() {
        let text = "On XX/XX/XXXX XXXX, XXXX took {$300.00} and {$12.50} from XXXX XXXX on XX/XX/2019.";
        let cleaned = clean(Some(Cleaning::Redactions1), text);
        assert_eq!(cleaned, "On xx took $300 and $12.50 from xx on xx/2019.");
    }

    #[test]
    fn words_and_numbers_stay_as_they_are() {
        for text in ["", "MAXXIS tyres, XXL shirts: $5.005", "nothing to take out", "X marks it"] {
            assert_eq!(clean(Some(Cleaning::Redactions1), text), text);
        }
    }

    /// What stands in `text` where `part` of the cleaned text comes from.
    fn before<'a>(text: &'a str, part: &str) -> &'a str {
        let cleaned = clean(Some(Cleaning::Redactions1), text);
        let start = cleaned.find(part).unwrap();
        let stretch = Uncleaned::of(Some(Cleaning::Redactions1), text).stretch(start..start + part.len());
        &text[stretch.start..stretch.end]
    }

    #[test]
    fn what_was_put_in_comes_from_all_that_was_taken_out() {
        let text = "Ön XX/XX/XXXX XXXX, XXXX took {$300.00} — and {{$12.50} from XXXX XXXX on XX/XX/2019.";
        assert_eq!(
            clean(Some(Cleaning::Redactions1), text),
            "Ön xx took $300 — and $12.50 from xx on xx/2019."
        );
        assert_eq!(before(text, "Ön"), "Ön");
        assert_eq!(before(text, "xx"), "XX/XX/XXXX XXXX, XXXX");
        assert_eq!(before(text, "x took"), "XX/XX/XXXX XXXX, XXXX took");
        assert_eq!(before(text, "$300"), "$300");
        assert_eq!(before(text, "300 —"), "300.00} —");
        assert_eq!(before(text, "$12"), "$12");
        assert_eq!(before(text, " $12"), " {{$12");
        assert_eq!(before(text, "from xx on"), "from XXXX XXXX on");
        assert_eq!(before(text, "xx/2019."), "XX/XX/2019.");
        let stretch = Uncleaned::of(None, text).stretch(1..4);
        assert_eq!((stretch.start, stretch.end), (1, 4));
    }

    #[test]
    fn a_model_that_asks_for_nothing_reads_the_text_itself() {
        assert_eq!(clean(None, "{XXXX}"), "{XXXX}");
    }
}
