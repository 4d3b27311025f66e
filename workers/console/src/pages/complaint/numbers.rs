//! Figures of an explanation, and labels, as people read them.

use ombud_explain::ALL_OTHERS;

use crate::pages::{frame::Frame, item_words::symbol};

/// A share with one decimal: never 0 or 100 % of what is only nearly so.
pub(super) fn percent(share: f32) -> String {
    percent_of(f64::from(share))
}

/// The same.
pub(super) fn percent_of(share: f64) -> String {
    match share {
        0.999_5..1.0 => "> 99.9 %".to_owned(),
        _ if !share.is_finite() => "–".to_owned(),
        _ if share > 0.0 && share < 0.000_5 => "< 0.1 %".to_owned(),
        _ => format!("{:.1} %", share * 100.0),
    }
}

/// Log-odds, with their sign.
pub(super) fn log_odds(value: f64) -> String {
    let said = format!("{value:+.2}");
    match &*said {
        _ if !value.is_finite() => "–".to_owned(),
        "+0.00" | "-0.00" => "0.00".to_owned(),
        said => said.replace('-', "\u{2212}"),
    }
}

/// How many times as likely, for what speaks for the answer clearly enough to say it so.
pub(super) fn times(value: f64) -> Option<String> {
    let times = value.exp();
    match times {
        1.95..10.0 => Some(format!("{times:.1}")),
        10.0..1_000.0 => Some(format!("{times:.0}")),
        times if times >= 1_000.0 => Some("> 1000".to_owned()),
        _ => None,
    }
}

/// A label: a symbol of yes or no in words, else as the label tree has it.
pub(super) fn label(frame: &Frame, label: &str) -> String {
    if label == ALL_OTHERS {
        return frame.say("explain-against-all-others");
    }
    let is_symbol = label.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    if is_symbol { symbol(frame, "complaint-vulnerability", label) } else { label.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_say_no_more_than_they_know() {
        assert_eq!(
            ["+3.20", "0.00", "\u{2212}0.75", "–"],
            [3.2, -0.001, -0.75, f64::NAN].map(log_odds).each_ref().map(String::as_str)
        );
        assert_eq!(
            ["87.3 %", "< 0.1 %", "> 99.9 %", "0.0 %", "–"],
            [0.873, 0.0001, 0.9999, 0.0, f64::INFINITY].map(percent_of).each_ref().map(String::as_str)
        );
        assert_eq!(
            [Some("25".to_owned()), Some("2.0".to_owned()), Some("> 1000".to_owned()), None, None, None],
            [3.2, 0.7, 9.0, 0.1, -3.0, f64::NAN].map(times)
        );
    }
}
