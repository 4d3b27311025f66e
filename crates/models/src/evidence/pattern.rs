//! A phrase of an evidence table as a regular expression over folded words.
//!
//! | element | is |
//! |---|---|
//! | `word` | that word |
//! | `a|b|@name` | one of them; `@name` are the words of that name |
//! | `#62-110` | a number in that range |
//! | `xx` | what was struck out: two or more x |
//! | `_` | any word |
//! | `a|b?` | one of them, or nothing |

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Words that several phrases share, by name.
pub(super) type Words = BTreeMap<String, Vec<String>>;

/// The expression of one phrase.
///
/// # Errors
/// The phrase can't be read, or nothing of it must be there.
pub(super) fn phrase(phrase: &str, words: &Words) -> Result<String, String> {
    let wrong = |what: String| format!("phrase `{phrase}`: {what}");
    let mut expression = String::new();
    let mut must = false;
    for element in phrase.split_whitespace() {
        let (alternatives, optional) = match element.strip_suffix('?') {
            Some(alternatives) => (alternatives, true),
            None => (element, false),
        };
        must |= !optional;
        let mut any_of = Vec::new();
        for alternative in alternatives.split('|') {
            match alternative.strip_prefix('@') {
                None => any_of.push(word(alternative).map_err(wrong)?),
                Some(name) => {
                    let named =
                        words.get(name).ok_or_else(|| wrong(format!("there are no words @{name}")))?;
                    for alternative in named {
                        any_of.push(word(alternative).map_err(wrong)?);
                    }
                }
            }
        }
        let end = if optional { ")?" } else { ")" };
        // One space either side is a word's own; see `Folded`.
        expression += &format!("(?: (?:{}) {end}", any_of.join("|"));
    }
    if must { Ok(expression) } else { Err(wrong("at least one element must not be optional".to_owned())) }
}

/// The expression of any of `phrases`; `None` where there are none.
pub(super) fn any_of(phrases: &[String], words: &Words) -> Result<Option<String>, String> {
    let all: Vec<String> = phrases.iter().map(|text| phrase(text, words)).collect::<Result<_, _>>()?;
    Ok((!all.is_empty()).then(|| format!("(?:{})", all.join("|"))))
}

fn word(text: &str) -> Result<String, String> {
    match text {
        "_" => return Ok("[^ .]+".to_owned()),
        "xx" => return Ok("x{2,}".to_owned()),
        _ => {}
    }
    if let Some(range) = text.strip_prefix('#') {
        let range = numbers(range).ok_or_else(|| format!("`{text}` is no range such as #62-110"))?;
        return Ok(range.map(|number| number.to_string()).collect::<Vec<_>>().join("|"));
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        return Err(format!("`{text}` is no word of letters a to z and digits, as narratives are folded to"));
    }
    Ok(text.to_owned())
}

fn numbers(range: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first < last && last < 1000).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        [("kin".to_owned(), vec!["mother".to_owned(), "father".to_owned()])].into()
    }

    fn finds(pattern: &str, folded: &str) -> bool {
        let spaced: String = folded.split_whitespace().map(|word| format!(" {word} ")).collect();
        regex::Regex::new(&phrase(pattern, &words()).unwrap()).unwrap().is_match(&spaced)
    }

    #[test]
    fn an_element_is_a_word_or_one_of_several_or_nothing() {
        assert!(finds("my @kin died|passed", "then my father died suddenly"));
        assert!(!finds("my @kin died|passed", "then my uncle died"));
        assert!(finds("my late? @kin", "my late mother") && finds("my late? @kin", "my mother"));
        assert!(finds("my _? died", "my dog died") && !finds("my _? died", "my dog . died"));
    }

    #[test]
    fn a_word_is_whole() {
        assert!(!finds("vet", "veteran") && !finds("vet", "privet") && finds("vet", "a vet a"));
    }

    #[test]
    fn a_number_lies_in_its_range_and_a_redaction_is_of_any_length() {
        assert!(finds("#62-110 years", "72 years") && finds("#62-110 years", "110 years"));
        assert!(!finds("#62-110 years", "61 years") && !finds("#62-110 years", "720 years"));
        assert!(finds("xx years", "xxxx years") && !finds("xx years", "x years"));
    }

    #[test]
    fn what_is_no_phrase_is_refused() {
        for wrong in ["", "my?", "Army", "hus-band", "@who", "#62", "#9-5", "a||b", "#a-b"] {
            assert!(phrase(wrong, &words()).is_err(), "{wrong}");
        }
    }
}
