//! An explanation for people: what was answered, whether it comes out again, why it and not the other, by which words, what was not
//! read, where the complaint went, and what would have changed that.

use std::{collections::BTreeMap, fmt::Write as _};

use ombud_explain::{Contrast, Explanation, Place, Reproduction, RoutingReason, Side};

use super::text::Text;
use crate::output::screen::{Screen, Style};

/// Cells of the longest bar.
const BAR_CELLS: f64 = 24.0;
/// Below this log-odds are shown as nothing.
const SHOWN: f64 = 0.005;
/// Columns of the headings of lines.
const HEADING: usize = 12;
/// The most words that are listed, for and against.
const WORDS_SHOWN: usize = 8;

/// All of it. `narrative` is what the places speak of; without it words are not shown.
pub(super) fn explanation_text(explanation: &Explanation, narrative: Option<&str>, screen: Screen) -> String {
    let mut text = String::new();
    // Writing to a String can't fail; the result says so all the same.
    let _ = write_all(&mut text, explanation, narrative.map(Text::of).as_ref(), screen);
    text
}

fn write_all(
    out: &mut String,
    explanation: &Explanation,
    narrative: Option<&Text<'_>>,
    screen: Screen,
) -> std::fmt::Result {
    let Explanation { answer, answered_by, .. } = explanation;
    let label = answer.label.as_deref().unwrap_or("no answer");
    let task = screen.styled(Style::Bold, format_args!("{}: {label}", explanation.task));
    let outcome = match answer.outcome.as_str() {
        "LABELLED" => format!("{} sure", percent(answer.confidence.into())),
        "ABSTAINED" => "not answered: the model was unsure".to_owned(),
        _ => "not answered: the model failed".to_owned(),
    };
    writeln!(out, "{task}, {outcome}")?;
    let short: String = answered_by.model_version.chars().take(12).collect();
    let (model, arm, strategy) = (&answered_by.model_id, &answered_by.arm, answered_by.strategy_version);
    let by = format!("{model} {short}, arm {arm} of strategy {strategy}, in {}", answered_by.arithmetic);
    line(out, "by", &by, screen)?;
    line(out, "again", &reproduced(&explanation.reproduction, screen), screen)?;
    for (number, level) in answer.levels.iter().enumerate() {
        let heading = if number == 0 { "levels" } else { "" };
        let reached = if level.is_reached { "reached" } else { "not reached" };
        let (has, needs) = (percent(level.confidence), percent(level.threshold));
        let level = format!("{}: {}, {has}, needs {needs}: {reached}", level.level, level.label);
        line(out, heading, &level, screen)?;
    }
    line(out, "reason", &answer.reason, screen)?;
    if let Some(contrast) = &explanation.contrast {
        write_contrast(out, contrast, narrative, screen)?;
    }
    for phrase in &explanation.evidence {
        let outright = if phrase.explicit { "says outright" } else { "hints" };
        let quoted = narrative.map(|text| format!(": `{}`", text.at(phrase.place))).unwrap_or_default();
        line(out, "evidence", &format!("{outright} {}{quoted}", phrase.category), screen)?;
    }
    if let Some(narrative) = narrative {
        writeln!(out, "\n{}", screen.styled(Style::Bold, "what the customer wrote"))?;
        let most = explanation.unread.iter().max_by_key(|part| part.places.iter().map(length).sum::<usize>());
        let unread = most.map(|part| part.places.as_slice()).unwrap_or_default();
        let words = explanation.contrast.as_ref().map(strongest).unwrap_or_default();
        for line in narrative.shown(&words, unread, screen).lines() {
            writeln!(out, "    | {line}")?;
        }
    }
    for part in &explanation.unread {
        let characters: usize = part.places.iter().map(length).sum();
        if characters > 0 {
            let unread = format!("{characters} characters by {}: what stands in [[ ]]", part.member);
            line(out, "not read", &unread, screen)?;
        }
    }
    match &explanation.routing {
        Some(routing) => write_routing(out, routing, narrative, screen),
        None => Ok(()),
    }
}

fn reproduced(reproduction: &Reproduction, screen: Screen) -> String {
    let Reproduction { recorded_label, label, recorded_confidence, confidence, tolerance, libtorch, .. } =
        reproduction;
    let version = if libtorch.is_empty() { String::new() } else { format!(", libtorch {libtorch}") };
    if reproduction.is_reproduced {
        let same = screen.styled(Style::Green, "the same comes out");
        return format!("{same}: {confidence:.4}, recorded {recorded_confidence:.4}{version}");
    }
    let none = || "no answer".to_owned();
    let (was, is) = (recorded_label.clone().unwrap_or_else(none), label.clone().unwrap_or_else(none));
    let not = screen.styled(Style::Red, "not reproduced");
    format!(
        "{not}: recorded {was} {recorded_confidence:.4}, now {is} {confidence:.4}, which may differ by {tolerance}{version}"
    )
}

fn write_contrast(
    out: &mut String,
    contrast: &Contrast,
    narrative: Option<&Text<'_>>,
    screen: Screen,
) -> std::fmt::Result {
    let Contrast { answer, against, method, .. } = contrast;
    let why = format!("why {} and not {}", side(answer), side(against));
    writeln!(out, "\n{}", screen.styled(Style::Bold, why))?;
    let largest = contrast.bars.iter().map(|bar| bar.value.abs()).fold(contrast.value.abs(), f64::max);
    let mut table = screen.table(["because of", "log-odds", ""]);
    for bar in &contrast.bars {
        table.add_row([bar.text.clone(), signed(bar.value), drawn(bar.value, largest)]);
    }
    table.add_row(["in all".to_owned(), signed(contrast.value), drawn(contrast.value, largest)]);
    writeln!(out, "{table}")?;
    let exactly = match method.is_approximate {
        true => screen.styled(Style::Yellow, "approximate: believe the sentences, and not single words"),
        false => format!("error {}", percent(method.error)),
    };
    let name = method.name.replace('-', " ");
    let steps = if method.steps > 1 { format!(", {} steps", method.steps) } else { String::new() };
    let baseline =
        if method.baseline.is_empty() { String::new() } else { format!(", from {}", method.baseline) };
    line(out, "method", &format!("{name}{steps}{baseline}; {exactly}"), screen)?;
    let Some(text) = narrative else { return Ok(()) };
    write_words(out, contrast, text, screen)?;
    if !contrast.sentences.is_empty() {
        let mut table = screen.table(["without it", "sentence"]);
        let mut sentences: Vec<_> = contrast.sentences.iter().collect();
        sentences.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
        for sentence in sentences.into_iter().take(WORDS_SHOWN) {
            table.add_row([signed(-sentence.value), text.at(sentence.place).to_owned()]);
        }
        writeln!(out, "{table}")?;
    }
    let shared: Vec<&str> = contrast.collisions.iter().map(|place| text.at(*place)).collect();
    if !shared.is_empty() {
        let shared = format!("{}: each may have earned another's share", shared.join(", "));
        line(out, "shared", &shared, screen)?;
    }
    Ok(())
}

/// The words that decided, those that stand there several times once, each with its sum.
fn write_words(out: &mut String, contrast: &Contrast, text: &Text<'_>, screen: Screen) -> std::fmt::Result {
    let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for word in &contrast.words {
        let sum = sums.entry(text.at(word.place).to_lowercase()).or_default();
        *sum = (sum.0 + word.value, sum.1 + 1);
    }
    let mut words: Vec<(String, f64)> = sums
        .into_iter()
        .map(|(word, (sum, times))| (if times > 1 { format!("{word} ({times})") } else { word }, sum))
        .collect();
    words.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let for_it: Vec<_> = words.iter().filter(|(_, sum)| *sum >= SHOWN).take(WORDS_SHOWN).collect();
    let against_it: Vec<_> = words.iter().rev().filter(|(_, sum)| *sum <= -SHOWN).take(WORDS_SHOWN).collect();
    if for_it.is_empty() && against_it.is_empty() {
        return Ok(());
    }
    let mut table = screen.table(["words for it", "log-odds", "words against it", "log-odds"]);
    for row in 0..for_it.len().max(against_it.len()) {
        let cells = |side: &[&(String, f64)]| {
            side.get(row).map_or_else(Default::default, |(word, sum)| [word.clone(), signed(*sum)])
        };
        let ([one, its], [other, others]) = (cells(&for_it), cells(&against_it));
        table.add_row([one, its, other, others]);
    }
    writeln!(out, "{table}")
}

fn write_routing(
    out: &mut String,
    routing: &RoutingReason,
    narrative: Option<&Text<'_>>,
    screen: Screen,
) -> std::fmt::Result {
    writeln!(out, "\n{}", screen.styled(Style::Bold, format_args!("why team {}", routing.team)))?;
    line(out, "rule", &routing.rule, screen)?;
    for (number, (clock, due)) in routing.clocks.iter().enumerate() {
        let due = jiff::Timestamp::from_millisecond(*due).unwrap_or_default();
        let clock = format!("{clock}, due {}", due.strftime("%Y-%m-%d %H:%M UTC"));
        line(out, if number == 0 { "clocks" } else { "" }, &clock, screen)?;
    }
    line(out, "otherwise", &routing.counterfactual.text, screen)?;
    for place in
        narrative.iter().flat_map(|text| routing.counterfactual.sentences.iter().map(|at| text.at(*at)))
    {
        writeln!(out, "    | {place}")?;
    }
    Ok(())
}

/// The words with the greatest shares, and whether each speaks for the answer.
fn strongest(contrast: &Contrast) -> Vec<(Place, bool)> {
    let mut words: Vec<_> = contrast.words.iter().filter(|word| word.value != 0.0).collect();
    words.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()).then(a.place.cmp(&b.place)));
    let mut places: Vec<(Place, bool)> =
        words.into_iter().take(2 * WORDS_SHOWN).map(|word| (word.place, word.value > 0.0)).collect();
    places.sort_by_key(|(place, _)| *place);
    places
}

/// A line below its heading, broken between words where it is too long for the screen.
fn line(out: &mut String, heading: &str, text: &str, screen: Screen) -> std::fmt::Result {
    let room = screen.width().saturating_sub(HEADING);
    let (mut heading, mut written) = (heading, String::new());
    for word in text.split_whitespace() {
        let longer = written.chars().count() + 1 + word.chars().count();
        if !written.is_empty() && longer > room {
            writeln!(out, "{heading:<HEADING$}{written}")?;
            (heading, written) = ("", String::new());
        }
        if !written.is_empty() {
            written.push(' ');
        }
        written.push_str(word);
    }
    writeln!(out, "{heading:<HEADING$}{written}")
}

fn side(side: &Side) -> String {
    format!("{} ({})", side.label, percent(side.probability))
}

fn length(place: &Place) -> usize {
    place.end.saturating_sub(place.start)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Nothing has no sign.
fn signed(value: f64) -> String {
    if value.abs() < SHOWN { "0.00".to_owned() } else { format!("{value:+.2}") }
}

/// A bar as long as `value` is great: dark for the answer, light against it.
fn drawn(value: f64, largest: f64) -> String {
    let cells = if largest > 0.0 { (BAR_CELLS * value.abs() / largest).round() } else { 0.0 };
    let cell = if value < 0.0 { "░" } else { "█" };
    // At most BAR_CELLS, and never below 0.
    cell.repeat(cells as usize)
}

#[cfg(test)]
mod tests;
