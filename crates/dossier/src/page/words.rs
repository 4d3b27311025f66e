//! The words that decided: part 3. Shaded in the text where that is in the file, else by their places.

use maud::{Markup, html};
use ombud_explain::{Contrast, Explanation, Place, WordShare};
use ombud_report::{Section, Table};

use super::{facts, part};
use crate::part::WordsPart;

/// Without the text, so many words are listed.
const MOST_LISTED: usize = 20;

pub(super) fn words(words: &WordsPart, text: Option<&str>) -> Section {
    let section = part("Words", &words.answers, &words.notes);
    let section = words.explanations.iter().fold(section, |section, one| explained(section, one, text));
    match text.is_some() && !words.explanations.is_empty() {
        true => section.text(
            "Words on blue with a line below speak for the answer, those on orange with a broken line against it; the darker, the \
             more. What is underlined with dots was not read.",
        ),
        false => section,
    }
}

fn explained(section: Section, one: &Explanation, text: Option<&str>) -> Section {
    let section = section.with(html! { h3 { (one.task) } }).text(&one.answer.reason);
    let section = match &one.contrast {
        Some(contrast) => contrasted(section, contrast),
        None => section.text("There is nothing to compare the answer with."),
    };
    let unread: Vec<Place> = one.unread.iter().flat_map(|part| part.places.iter().copied()).collect();
    let shares = one.contrast.as_ref().map(|contrast| contrast.words.as_slice()).unwrap_or_default();
    let section = match text {
        Some(text) => section.with(shaded(text, shares, &unread)),
        None => listed(section, one, shares, &unread),
    };
    match &one.routing {
        Some(routing) => section.with(facts(&[
            ("Rule", routing.rule.clone()),
            ("What would have changed the team", routing.counterfactual.text.clone()),
            ("Sentences", routing.counterfactual.sentences.iter().map(place).collect::<Vec<_>>().join("; ")),
        ])),
        None => section,
    }
}

fn contrasted(section: Section, contrast: &Contrast) -> Section {
    let method = &contrast.method;
    let approximate = if method.is_approximate { "; approximate" } else { "" };
    let mut bars = Table::new(&["what adds to it", "log-odds"], 1);
    for bar in &contrast.bars {
        bars.push(vec![bar.text.clone(), signed(bar.value)]);
    }
    section
        .with(facts(&[
            ("Answer", format!("{} ({:.3})", contrast.answer.label, contrast.answer.probability)),
            ("Compared with", format!("{} ({:.3})", contrast.against.label, contrast.against.probability)),
            ("Difference", format!("{} log-odds", signed(contrast.value))),
            (
                "Method",
                format!("{}, {} steps, error {:.4}{approximate}", method.name, method.steps, method.error),
            ),
            ("Baseline", method.baseline.clone()),
        ]))
        .table(&bars)
}

fn listed(section: Section, one: &Explanation, shares: &[WordShare], unread: &[Place]) -> Section {
    let mut section = section;
    let mut by_weight: Vec<&WordShare> = shares.iter().collect();
    by_weight.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()).then(a.place.cmp(&b.place)));
    if !by_weight.is_empty() {
        let heading = format!("word for {}, by its characters", one.task);
        let mut table = Table::new(&[&heading, "log-odds"], 1);
        for share in by_weight.iter().take(MOST_LISTED) {
            table.push(vec![place(&share.place), signed(share.value)]);
        }
        if by_weight.len() > MOST_LISTED {
            let others = by_weight[MOST_LISTED..].iter().map(|share| share.value).sum();
            table.push(vec![format!("{} others", by_weight.len() - MOST_LISTED), signed(others)]);
        }
        section = section.table(&table);
    }
    match unread {
        [] => section,
        unread => section.text(format!(
            "Not read: characters {}.",
            unread.iter().map(place).collect::<Vec<_>>().join("; ")
        )),
    }
}

fn place(place: &Place) -> String {
    format!("{} to {}", place.start, place.end)
}

fn signed(value: f64) -> String {
    format!("{value:+.3}")
}

/// The narrative in pieces, each with the share of the word that it is. Places are in code points; one that lies outside of the
/// text, or in what was shaded already, shades nothing.
fn shaded(text: &str, shares: &[WordShare], unread: &[Place]) -> Markup {
    let characters: Vec<char> = text.chars().collect();
    let mut values: Vec<Option<f64>> = vec![None; characters.len()];
    let mut starts: Vec<bool> = vec![false; characters.len()];
    for share in shares {
        let end = share.place.end.min(characters.len());
        let start = share.place.start.min(end);
        starts.get_mut(start).into_iter().for_each(|begins| *begins = true);
        values[start..end].iter_mut().for_each(|value| *value = value.or(Some(share.value)));
    }
    let is_unread = |at: usize| unread.iter().any(|place| (place.start..place.end).contains(&at));
    let most = shares.iter().map(|share| share.value.abs()).fold(0.0, f64::max);
    let mut pieces: Vec<(String, Option<f64>, bool)> = Vec::new();
    for (at, character) in characters.into_iter().enumerate() {
        let (value, unread) = (values[at], is_unread(at));
        match pieces.last_mut() {
            Some((piece, of, was_unread)) if *of == value && *was_unread == unread && !starts[at] => {
                piece.push(character)
            }
            _ => pieces.push((character.to_string(), value, unread)),
        }
    }
    html! {
        div.narrative { @for (piece, value, unread) in &pieces {
            @match value {
                _ if *unread => mark.unread { (piece) },
                None => (piece),
                Some(value) if *value < 0.0 => {
                    mark class={ "against shade-" (shade(*value, most)) } title=(signed(*value)) { (piece) }
                }
                Some(value) => mark class={ "for shade-" (shade(*value, most)) } title=(signed(*value)) { (piece) },
            }
        } }
    }
}

/// 0 to 10.
fn shade(value: f64, most: f64) -> u8 {
    if most > 0.0 { (value.abs() / most * 10.0).round().clamp(0.0, 10.0) as u8 } else { 0 }
}
