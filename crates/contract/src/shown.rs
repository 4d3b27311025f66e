//! Text from outside as a terminal or a page may show it: what would act there, or hide, is escaped.
//!
//! The escape is JSON's (`\u202e`), so that a JSON text with such characters in its strings stays the same value. Line ends
//! and tabs lay a text out and stay. So do the two joiners, without which Persian, Hindi and emoji are written wrongly, and
//! which turn nothing round. The flags of England, Scotland and Wales are made of tags, and are shown escaped.

use std::{borrow::Cow, fmt::Write as _, ops::RangeInclusive};

/// Whether a character formats others and is not seen itself: Unicode's category Cf, and the separators of lines and
/// paragraphs.
fn is_format(c: char) -> bool {
    const ALONE: [char; 4] = ['\u{ad}', '\u{61c}', '\u{180e}', '\u{feff}'];
    const RANGES: [RangeInclusive<char>; 8] = [
        '\u{200b}'..='\u{200f}',
        '\u{2028}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{fff9}'..='\u{fffb}',
        '\u{13430}'..='\u{1343f}',
        '\u{1bca0}'..='\u{1bca3}',
        '\u{1d173}'..='\u{1d17a}',
        '\u{e0000}'..='\u{e007f}',
    ];
    // Most text is ASCII, and has none.
    !c.is_ascii() && (is_seen(c) || ALONE.contains(&c) || RANGES.iter().any(|range| range.contains(&c)))
}

/// Whether a character makes two names that look alike differ: one that formats others, one that Unicode lets be left out, or one
/// that is blank and no space.
pub fn is_hidden(c: char) -> bool {
    const RANGES: [RangeInclusive<char>; 6] = [
        '\u{115f}'..='\u{1160}',
        '\u{17b4}'..='\u{17b5}',
        '\u{180b}'..='\u{180f}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{fff0}'..='\u{fff8}',
        '\u{e0080}'..='\u{e0fff}',
    ];
    const ALONE: [char; 4] = ['\u{34f}', '\u{2800}', '\u{3164}', '\u{ffa0}'];
    is_format(c) || ALONE.contains(&c) || RANGES.iter().any(|range| range.contains(&c))
}

/// Signs of numbers and verses, which Unicode counts among the format characters and readers see.
fn is_seen(c: char) -> bool {
    const SIGNS: [char; 7] =
        ['\u{6dd}', '\u{70f}', '\u{890}', '\u{891}', '\u{8e2}', '\u{110bd}', '\u{110cd}'];
    ('\u{600}'..='\u{605}').contains(&c) || SIGNS.contains(&c)
}

/// Whether a character is shown as it is, in a name as in a text.
pub(crate) fn is_plain(c: char) -> bool {
    const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];
    !c.is_control() && (!is_format(c) || is_seen(c) || JOINERS.contains(&c))
}

/// The text with everything escaped that could give a terminal an order, write over what stands there, change the order
/// of reading or hide.
pub fn shown(text: &str) -> Cow<'_, str> {
    // A carriage return alone would let what follows write over the line.
    let stays =
        |(at, c): (usize, char)| is_plain(c) || matches!(c, '\n' | '\t') || text[at..].starts_with("\r\n");
    if text.char_indices().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        if stays((at, c)) {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String can't fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_escaped() {
        let attacks = [
            ("clipboard", "\u{1b}]52;c;AAAA\u{7}", r"\u001b]52;c;AAAA\u0007"),
            ("title", "\u{1b}]0;root@bank\u{7}", r"\u001b]0;root@bank\u0007"),
            ("screen", "\u{1b}[2J\u{1b}[H", r"\u001b[2J\u001b[H"),
            ("eight-bit escape", "\u{9b}2J", r"\u009b2J"),
            ("order of reading", "pay \u{202e}001\u{2066}", r"pay \u202e001\u2066"),
            ("nothing seen", "c\u{200b}-1\u{feff}", r"c\u200b-1\ufeff"),
            ("hidden tags", "a\u{e0041}\u{e007f}", r"a\udb40\udc41\udb40\udc7f"),
            ("written over", "refused\rgranted", r"refused\u000dgranted"),
            ("taken back", "no\u{8}\u{8}yes\u{7f}", r"no\u0008\u0008yes\u007f"),
            ("another line", "one\u{2028}two\u{85}three", r"one\u2028two\u0085three"),
        ];
        for (what, attack, expected) in attacks {
            assert_eq!(shown(attack), expected, "{what}");
            assert_eq!(shown(expected), expected, "shown twice it is the same: {what}");
        }
    }

    #[test]
    fn honest_text_stays_as_it_was_written() {
        for text in [
            "Zürich, Ærø, a naïve café – 5 €",
            "東京の銀行 수수료 комиссия",
            "كشف الحساب \u{600}12",
            "می\u{200c}خواهم हिन्दी क्\u{200d}ष",
            "👍🏽 ❤\u{fe0f} 👨\u{200d}👩\u{200d}👧",
            "two\nlines\tand one of Windows\r\n",
            r"a path C:\users\u202e",
        ] {
            assert!(matches!(shown(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn json_is_escaped_without_a_change_of_its_value() {
        let value = serde_json::json!({ "id": "a\u{202e}\\\u{9b}\u{e0041}\u{7f}", "text": "1\r\n2\u{1b}" });
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let escaped = shown(&text);
            assert!(escaped.chars().all(|c| c == '\n' || is_plain(c)), "{escaped}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
        }
    }
}
