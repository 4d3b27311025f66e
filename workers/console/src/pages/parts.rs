//! What pages are made of: badges, due moments, tabs, fields, buttons with their keys. One look for each, in `ombud.css`.
//!
//! Texts that are passed in are what a catalogue says; of what comes from outside, [`shown`] hides no character.

use jiff::Timestamp;
use maud::{Markup, html};
use ombud_contract::shown::shown;

use super::frame::Frame;

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
    html! { span class={ "badge " (tone.class()) } { (shown(text)) } }
}

/// A button of a form that a single key presses too; the key is shown on it.
pub(crate) fn key_button(key: &str, name: &str, value: &str, text: &str) -> Markup {
    html! { button type="submit" name=(name) value=(value) data-key=(key) { (shown(text)) " " kbd { (key) } } }
}

/// A link that a single key follows too.
pub(crate) fn key_link(key: &str, href: &str, text: &str) -> Markup {
    html! { a.button href=(href) data-key=(key) { (shown(text)) " " kbd { (key) } } }
}

/// A moment, to the minute, in UTC. `ms` are milliseconds since 1970.
pub(crate) fn moment(ms: i64) -> Markup {
    let Ok(moment) = Timestamp::from_millisecond(ms) else { return html! { "–" } };
    html! {
        time datetime=(moment.strftime("%Y-%m-%dT%H:%MZ")) { (moment.strftime("%Y-%m-%d %H:%M UTC")) }
    }
}

/// When something is due, and in a word how near that is. `due_ms` is the first moment that is too late, as clocks have it:
/// what people read is the last minute in time, so that the end of a day is that day's.
pub(crate) fn due(frame: &Frame, due_ms: i64, met_ms: Option<i64>, now_ms: i64) -> Markup {
    let (tone, word) = match met_ms {
        Some(met) if met < due_ms => (Tone::Good, frame.say("frame-due-met")),
        Some(_) => (Tone::Bad, frame.say("frame-due-met-late")),
        None if now_ms >= due_ms => (
            Tone::Bad,
            match now_ms.saturating_sub(due_ms) / DAY_MS {
                0 => frame.say("frame-due-overdue"),
                days => frame.say_count("frame-due-overdue-by", days),
            },
        ),
        None => match days_until(due_ms, now_ms) {
            0 => (Tone::Warning, frame.say("frame-due-today")),
            days => (Tone::Plain, frame.say_count("frame-due-in", days)),
        },
    };
    html! { span.due { (moment(due_ms.saturating_sub(1))) " " (badge(tone, &word)) } }
}

const DAY_MS: i64 = 86_400_000;

/// Midnights in UTC between now and the last moment in time; 0 is today.
pub(crate) fn days_until(due_ms: i64, now_ms: i64) -> i64 {
    due_ms.saturating_sub(1).div_euclid(DAY_MS) - now_ms.div_euclid(DAY_MS)
}

/// The day of a moment in UTC, such as 2026-12-04.
pub(crate) fn day(ms: i64) -> Markup {
    let Ok(moment) = Timestamp::from_millisecond(ms) else { return html! { "–" } };
    let date = moment.strftime("%Y-%m-%d");
    html! { time datetime=(date) { (date) } }
}

/// Leads through a list that goes on: back to its beginning where this is not it, and to what follows.
pub(crate) fn pager(frame: &Frame, first: Option<&str>, next: Option<&str>) -> Markup {
    html! {
        @if first.is_some() || next.is_some() {
            nav.pager aria-label=(frame.say("frame-pager")) {
                @if let Some(first) = first { a.button href=(first) { (frame.say("frame-pager-first")) } }
                @if let Some(next) = next { a.button href=(next) rel="next" { (frame.say("frame-pager-next")) } }
            }
        }
    }
}

/// One of several lists that a page shows one at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tab {
    /// Where it is.
    pub(crate) href: String,
    /// What it is called.
    pub(crate) text: String,
    /// How many are in it, where that is known.
    pub(crate) count: Option<u64>,
    /// It is the one that is shown.
    pub(crate) is_current: bool,
}

/// Leads from one list to the other; `label` names what they are lists of.
pub(crate) fn tabs(label: &str, tabs: &[Tab]) -> Markup {
    html! {
        nav.tabs aria-label=(shown(label)) {
            ul {
                @for tab in tabs {
                    li {
                        a href=(tab.href) aria-current=[tab.is_current.then_some("page")] {
                            (shown(&tab.text))
                            @if let Some(count) = tab.count { " " span.muted { (count) } }
                        }
                    }
                }
            }
        }
    }
}

/// Nothing is there; `why`, or what one can do.
pub(crate) fn empty(what: &str, why: &str) -> Markup {
    html! { div.empty { p { strong { (shown(what)) } } p { (shown(why)) } } }
}

/// What has gone wrong, in words; read out at once.
pub(crate) fn problem(text: &str) -> Markup {
    html! { p.problem role="alert" { (shown(text)) } }
}

/// What stands around an input.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Field<'a> {
    /// The input's `id`.
    pub(crate) id: &'a str,
    /// Its label.
    pub(crate) label: &'a str,
    /// What to write, where the label does not say it all.
    pub(crate) hint: Option<&'a str>,
    /// What is wrong with what was written.
    pub(crate) problem: Option<&'a str>,
}

/// An input with its label, hint and problem. `input` writes it: it is given what belongs into `aria-describedby=[..]`.
pub(crate) fn field(field: Field<'_>, input: impl FnOnce(Option<&str>) -> Markup) -> Markup {
    let hint = field.hint.map(|text| (format!("{}-hint", field.id), text));
    let problem = field.problem.map(|text| (format!("{}-problem", field.id), text));
    let ids: Vec<&str> = [&hint, &problem].into_iter().flatten().map(|(id, _)| id.as_str()).collect();
    let described = (!ids.is_empty()).then(|| ids.join(" "));
    html! {
        div.field {
            label for=(field.id) { (shown(field.label)) }
            @if let Some((id, text)) = &hint { p.muted id=(id) { (shown(text)) } }
            (input(described.as_deref()))
            @if let Some((id, text)) = &problem { p.problem id=(id) { (shown(text)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use ombud_launch::guard::Caller;

    use super::*;
    use crate::pages::words::Language;

    const NOON: i64 = 20_000 * DAY_MS + DAY_MS / 2;
    const MIDNIGHT: i64 = 20_001 * DAY_MS;

    fn said(due_ms: i64, met_ms: Option<i64>) -> String {
        let frame = Frame::of(Caller::default(), Language::English, "/teams");
        due(&frame, due_ms, met_ms, NOON).into_string()
    }

    #[test]
    fn a_due_moment_is_its_last_minute_and_a_word_says_how_near_it_is() {
        let today = said(MIDNIGHT, None);
        assert!(
            today.contains(r#"<time datetime="2024-10-04T23:59Z">2024-10-04 23:59 UTC</time>"#),
            "{today}"
        );
        for (due_ms, met_ms, class, word) in [
            (MIDNIGHT, None, "warning", "due today"),
            (MIDNIGHT + 1, None, "plain", "due tomorrow"),
            (MIDNIGHT + 3 * DAY_MS, None, "plain", "due in 3 days"),
            (NOON, None, "bad", "overdue"),
            (NOON + 1, None, "warning", "due today"),
            (NOON - DAY_MS, None, "bad", "overdue by 1 day"),
            (NOON - 40 * DAY_MS, None, "bad", "overdue by 40 days"),
            (NOON, Some(NOON - 1), "good", "in time"),
            (NOON, Some(NOON), "bad", "too late"),
        ] {
            let badge = format!(r#"<span class="badge {class}">{word}</span>"#);
            assert!(said(due_ms, met_ms).contains(&badge), "{due_ms} {met_ms:?}: {badge}");
        }
    }

    #[test]
    fn no_moment_is_too_far_away_to_be_shown() {
        for ms in [i64::MIN, i64::MAX] {
            assert_eq!(moment(ms).into_string(), "–");
            assert_eq!(day(ms).into_string(), "–");
            assert!(said(ms, None).contains("badge"));
        }
        assert_eq!(day(0).into_string(), r#"<time datetime="1970-01-01">1970-01-01</time>"#);
    }

    #[test]
    fn an_input_is_tied_to_its_label_hint_and_problem() {
        let around =
            Field { id: "why", label: "Reason", hint: Some("One line."), problem: Some("Give one.") };
        let whole =
            field(around, |described| html! { input id="why" aria-describedby=[described]; }).into_string();
        for part in [
            r#"<label for="why">Reason</label>"#,
            r#"aria-describedby="why-hint why-problem""#,
            r#"id="why-hint">One line."#,
            r#"id="why-problem">Give one."#,
        ] {
            assert!(whole.contains(part), "{part} in {whole}");
        }
        let bare = field(Field { id: "a", label: "A", ..Field::default() }, |described| {
            assert_eq!(described, None);
            html! { input id="a"; }
        });
        assert!(!bare.into_string().contains("problem"));
    }

    #[test]
    fn what_others_wrote_turns_nothing_round_and_is_no_markup() {
        let odd = "<b>\u{202e}x";
        for markup in [
            badge(Tone::Bad, odd),
            key_button("c", "team", odd, odd),
            key_link("c", "/", odd),
            empty(odd, odd),
            problem(odd),
            tabs(odd, &[Tab { href: "/".into(), text: odd.into(), count: Some(1), is_current: true }]),
        ] {
            let text = markup.into_string();
            assert!(text.contains(r"&lt;b&gt;\u202ex") && !text.contains("<b>"), "{text}");
        }
    }
}
