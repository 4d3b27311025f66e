//! What pages are made of: badges, due moments, tables, tabs, buttons with their keys. One look for each, in `ombud.css`.

use maud::{Markup, html};

/// How a badge looks; the words in it say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As everything else.
    Plain,
    /// Well.
    Good,
    /// Soon.
    Warning,
    /// Late, or wrong.
    Bad,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// A word that stands out.
pub(crate) fn badge(tone: Tone, text: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (text) } }
}

/// A button of a form that a single key presses too; the key is shown on it.
pub(crate) fn key_button(key: &str, name: &str, value: &str, text: &str) -> Markup {
    html! { button type="submit" name=(name) value=(value) data-key=(key) { (text) " " kbd { (key) } } }
}
