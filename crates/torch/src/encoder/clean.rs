//! What the published complaints carry that says nothing: marks of redaction and of amounts, taken out before a
//! text is read.

use std::borrow::Cow;
use std::sync::LazyLock;

use ombud_models::Cleaning;
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
    let steps = [(&*BRACES, ""), (&*CENTS, ""), (&*REDACTED, "xx")];
    steps.into_iter().fold(Cow::Borrowed(text), |text, (pattern, fix)| {
        let Some(pattern) = pattern else { unreachable!("the patterns are compiled in and tested") };
        match pattern.replace_all(&text, fix) {
            Cow::Borrowed(_) => text,
            Cow::Owned(changed) => Cow::Owned(changed),
        }
    })
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

    #[test]
    fn a_model_that_asks_for_nothing_reads_the_text_itself() {
        assert_eq!(clean(None, "{XXXX}"), "{XXXX}");
    }
}
