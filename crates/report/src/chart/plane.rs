//! The plane on which series are drawn: its scales, its frame and what is written at it.

use std::ops::Range;

use maud::html;

use super::{Axes, Unit, series_class};

/// Units of the drawing. It is as wide as its page lets it be, and letters stay readable on a phone.
pub(super) const WIDTH: u32 = 420;
/// Units of the drawing.
pub(super) const HEIGHT: u32 = 270;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 410.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 224.0;
/// Names that have room below.
const NAMES: usize = 6;
/// What the colour of a series is where no style is: Okabe and Ito's, which colour-blind people can distinguish.
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#008b66", "#b4568a", "#a46f00", "#2d83b8", "#5a5a5a"];
/// How the lines of series are broken.
const DASHES: [&str; 4] = ["", "7 3", "2 3", "8 3 2 3"];

/// From values to units of the drawing.
pub(super) struct Scale {
    range: Range<f64>,
    from: f64,
    to: f64,
    unit: Unit,
}

impl Scale {
    pub(super) fn across(range: Range<f64>, unit: Unit) -> Self {
        Self { range, from: LEFT, to: RIGHT, unit }
    }

    pub(super) fn up(range: Range<f64>, unit: Unit) -> Self {
        Self { range, from: BOTTOM, to: TOP, unit }
    }

    fn at(&self, value: f64) -> f64 {
        let span = self.range.end - self.range.start;
        let share = if span > 0.0 { (value - self.range.start) / span } else { 0.5 };
        self.from + share.clamp(-0.05, 1.05) * (self.to - self.from)
    }

    /// A value as it is read beside a mark.
    pub(super) fn say(&self, value: f64) -> String {
        match self.unit {
            Unit::Percent => crate::percent(value),
            Unit::Number => self.number(value, (self.range.end - self.range.start) / 100.0),
        }
    }

    /// Round values within the range, each as it is written.
    fn ticks(&self) -> Vec<(f64, String)> {
        let span = self.range.end - self.range.start;
        let step = round_step(span / 5.0);
        if !(step.is_finite() && step > 0.0) {
            return Vec::new();
        }
        let first = (self.range.start / step).ceil();
        (0..=10)
            .map(|tick| (first + f64::from(tick)) * step)
            .take_while(|value| *value <= self.range.end + step * 1e-6)
            .map(|value| (value, self.tick(value, step)))
            .collect()
    }

    fn tick(&self, value: f64, step: f64) -> String {
        match self.unit {
            Unit::Percent if step < 0.009 => crate::percent(value),
            Unit::Percent => format!("{:.0} %", value * 100.0),
            Unit::Number => self.number(value, step),
        }
    }

    /// With as many places as tell it from a value that lies `step` further.
    fn number(&self, value: f64, step: f64) -> String {
        let large = self.range.end.abs().max(self.range.start.abs()) >= 1e7;
        if large || (step > 0.0 && step < 1e-6) {
            return format!("{value:.1e}");
        }
        // A range of one point has no step.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 6 places")]
        let places = (-step.max(1e-6).log10().floor()).clamp(0.0, 6.0) as usize;
        // Zero has no sign.
        let value = if value.abs() < step / 1e6 { 0.0 } else { value };
        format!("{value:.places$}")
    }
}

/// The next of 1, 2, 5, 10, ... that is no less.
fn round_step(least: f64) -> f64 {
    let magnitude = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * magnitude);
    steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(least)
}

/// What is drawn so far.
pub(super) struct Plane {
    pub(super) x: Scale,
    pub(super) y: Scale,
    drawing: String,
}

impl Plane {
    pub(super) fn new(x: Scale, y: Scale) -> Self {
        Self { x, y, drawing: String::new() }
    }

    pub(super) fn drawn(self) -> String {
        self.drawing
    }

    pub(super) fn push(&mut self, element: &str) {
        self.drawing.push_str(element);
    }

    pub(super) fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.at(x), self.y.at(y))
    }

    /// Lines across at round values, and what the axes are; and what was asked, where something was.
    pub(super) fn frame(&mut self, axes: &Axes<'_>) {
        for (value, said) in self.y.ticks() {
            let y = self.y.at(value);
            self.line((LEFT, y), (RIGHT, y), "grid", ".18", "");
            self.text(LEFT - 6.0, y + 4.0, "end", &said);
        }
        self.line((LEFT, BOTTOM), (RIGHT, BOTTOM), "axis", ".6", "");
        self.text(LEFT - 6.0, TOP - 10.0, "start", axes.y);
        self.text(RIGHT, BOTTOM + 38.0, "end", axes.x);
        if let Some((share, said)) = axes.asked {
            let y = self.y.at(share);
            self.line((LEFT, y), (RIGHT, y), "asked", ".8", "5 4");
            self.text(RIGHT, y - 4.0, "end", said);
        }
    }

    /// Round values below.
    pub(super) fn ticks_across(&mut self) {
        for (value, said) in self.x.ticks() {
            let x = self.x.at(value);
            self.line((x, BOTTOM), (x, BOTTOM + 4.0), "axis", ".6", "");
            self.text(x, BOTTOM + 18.0, "middle", &said);
        }
    }

    /// Names below; where they have no room, every second one, or every third.
    pub(super) fn names_across(&mut self, names: &[String]) {
        let every = names.len().div_ceil(NAMES).max(1);
        for (at, name) in names.iter().enumerate() {
            let x = self.x.at(at as f64);
            self.line((x, BOTTOM), (x, BOTTOM + 4.0), "axis", ".6", "");
            if at % every == 0 {
                // What is longer would run into its neighbour; the table has all of it.
                let room = 54 / names.len().clamp(1, NAMES);
                let shown: String = match name.chars().count() > room.max(8) {
                    true => name.chars().take(room.max(8) - 1).chain(['…']).collect(),
                    false => name.clone(),
                };
                self.text(x, BOTTOM + 18.0, "middle", &shown);
            }
        }
    }

    pub(super) fn open_series(&mut self, at: usize) {
        let (class, colour) = (series_class(at), COLOURS[at % COLOURS.len()]);
        self.drawing.push_str(&format!(r#"<g class="{class}" color="{colour}">"#));
    }

    pub(super) fn close_series(&mut self) {
        self.drawing.push_str("</g>");
    }

    /// The line of the series `at`.
    pub(super) fn path(&mut self, points: &[(f64, f64)], at: usize) {
        let places = points.iter().map(|point| self.place(*point));
        let places: Vec<String> = places.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let dashes = Some(DASHES[at % DASHES.len()]).filter(|dashes| !dashes.is_empty());
        let line = html! {
            polyline points=(places.join(" ")) fill="none" stroke="currentColor" stroke-width="2"
                stroke-dasharray=[dashes] {}
        };
        self.drawing.push_str(&line.into_string());
    }

    /// How far the value at `x` may be off.
    pub(super) fn reach(&mut self, x: f64, low: f64, high: f64) {
        let (from, to) = (self.place((x, low)), self.place((x, high)));
        self.line(from, to, "reach", "1", "");
    }

    /// Where both values are alike.
    pub(super) fn diagonal(&mut self) {
        self.line((LEFT, BOTTOM), (RIGHT, TOP), "diagonal", ".6", "4 4");
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str, opacity: &str, dashes: &str) {
        let width = if class == "reach" { "2" } else { "1" };
        let dashes = Some(dashes).filter(|dashes| !dashes.is_empty());
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(|value| format!("{value:.1}"));
        let line = html! {
            line class=(class) x1=(x1) y1=(y1) x2=(x2) y2=(y2) stroke="currentColor" stroke-width=(width)
                stroke-opacity=(opacity) stroke-dasharray=[dashes] {}
        };
        self.drawing.push_str(&line.into_string());
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, said: &str) {
        if said.is_empty() {
            return;
        }
        let [x, y] = [x, y].map(|value| format!("{value:.1}"));
        let text = html! {
            text x=(x) y=(y) text-anchor=(anchor) font-size="13" fill="currentColor" { (said) }
        };
        self.drawing.push_str(&text.into_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_range() {
        let said = |range, unit| -> Vec<String> {
            Scale::up(range, unit).ticks().into_iter().map(|(_, said)| said).collect()
        };
        assert_eq!(said(0.0..1.0, Unit::Percent), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
        assert_eq!(said(0.0..0.01, Unit::Percent), ["0.0 %", "0.2 %", "0.4 %", "0.6 %", "0.8 %", "1.0 %"]);
        assert_eq!(said(0.9..2.1, Unit::Number), ["1.0", "1.5", "2.0"]);
        assert_eq!(said(-3.0..1100.0, Unit::Number), ["0", "500", "1000"]);
    }

    #[test]
    fn many_names_are_written_at_every_second_place_or_rarer() {
        let names: Vec<String> = (1..=13).map(|week| format!("2026-W{week:02}")).collect();
        let mut plane =
            Plane::new(Scale::across(-0.5..12.5, Unit::Number), Scale::up(0.0..1.0, Unit::Percent));
        plane.names_across(&names);
        let drawn = plane.drawn();
        assert_eq!(drawn.matches("<text").count(), 5, "{drawn}");
        assert!(drawn.contains("2026-W01") && !drawn.contains("2026-W02"), "{drawn}");
    }
}
