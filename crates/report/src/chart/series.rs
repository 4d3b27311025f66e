//! The marks of series: each has a shape of its own, so that nobody needs to see its colour.

use maud::html;

/// What stands for a mark in a legend, in the order of the marks.
pub(super) const GLYPHS: [&str; 7] = ["●", "■", "▲", "◆", "▼", "○", "□"];

/// Half the size of a mark.
const SIZE: f64 = 4.0;

/// The mark of the series `at`; `said` is what a pointer over it reads.
pub(super) fn mark(at: usize, x: f64, y: f64, said: &str) -> String {
    let (left, right, top, bottom) = (x - SIZE, x + SIZE, y - SIZE, y + SIZE);
    let corners = |corners: &[(f64, f64)]| -> String {
        let corners: Vec<String> = corners.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        html! { polygon points=(corners.join(" ")) fill="currentColor" { title { (said) } } }.into_string()
    };
    let square = |fill: &str| {
        html! {
            rect x=(round(left)) y=(round(top)) width=(2.0 * SIZE) height=(2.0 * SIZE) fill=(fill) stroke="currentColor" {
                title { (said) }
            }
        }
        .into_string()
    };
    match at % GLYPHS.len() {
        0 => dot(x, y, SIZE, said),
        1 => square("currentColor"),
        2 => corners(&[(x, top), (right, bottom), (left, bottom)]),
        3 => corners(&[(x, top - 1.0), (right + 1.0, y), (x, bottom + 1.0), (left - 1.0, y)]),
        4 => corners(&[(left, top), (right, top), (x, bottom)]),
        5 => html! {
            circle cx=(round(x)) cy=(round(y)) r=(SIZE) fill="none" stroke="currentColor" stroke-width="2" {
                title { (said) }
            }
        }
        .into_string(),
        _ => square("none"),
    }
}

/// A filled circle.
pub(super) fn dot(x: f64, y: f64, radius: f64, said: &str) -> String {
    html! {
        circle cx=(round(x)) cy=(round(y)) r=(round(radius)) fill="currentColor" fill-opacity=".85" { title { (said) } }
    }
    .into_string()
}

/// To a tenth of a unit: more would only be longer.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
