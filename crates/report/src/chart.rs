//! Lines, shares with their intervals, and reliability diagrams, drawn as SVG that takes the width and the colours of what
//! stands around it.

mod plane;
mod series;

use std::ops::Range;

use maud::{Markup, PreEscaped, html};
use serde::Serialize;

use plane::{HEIGHT, Plane, Scale, WIDTH};
use series::{GLYPHS, mark};

/// Points of one line that are marked one by one.
const MARKED: usize = 24;

/// A drawing with its title, its description and its legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    drawing: String,
    title: String,
    description: String,
    /// Names of the series, where there are several.
    legend: Vec<String>,
}

impl Chart {
    /// With a title, which readers hear.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// With other words than the last figure of each series.
    #[must_use]
    pub fn described(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// The SVG element's text.
    pub fn svg(&self) -> String {
        self.element().into_string()
    }

    /// The SVG element, and below it the legend where there are several series.
    pub fn markup(&self) -> Markup {
        html! {
            (self.element())
            @if !self.legend.is_empty() {
                ul.legend { @for (at, name) in self.legend.iter().enumerate() {
                    li {
                        span class=(series_class(at)) aria-hidden="true" { (GLYPHS[at % GLYPHS.len()]) }
                        " " (name)
                    }
                } }
            }
        }
    }

    fn element(&self) -> Markup {
        html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width="100%" role="img" {
                @if !self.title.is_empty() { title { (self.title) } }
                @if !self.description.is_empty() { desc { (self.description) } }
                (PreEscaped(&self.drawing))
            }
        }
    }

    fn of(plane: Plane, names: Vec<String>, description: Vec<String>) -> Self {
        let legend = if names.len() < 2 { Vec::new() } else { names };
        Self { drawing: plane.drawn(), title: String::new(), description: description.join("; "), legend }
    }
}

/// How the numbers of an axis are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// As they are.
    #[default]
    Number,
    /// Shares, in percent.
    Percent,
}

/// What the axes of a chart show. A range that is not given is the points' own.
#[derive(Clone, Debug, Default)]
pub struct Axes<'a> {
    /// Below the chart.
    pub x: &'a str,
    /// Beside it.
    pub y: &'a str,
    /// From left to right.
    pub x_range: Option<Range<f64>>,
    /// From bottom to top.
    pub y_range: Option<Range<f64>>,
    /// How the numbers below are written.
    pub x_unit: Unit,
    /// How the numbers beside it are written; shares with intervals are always percent.
    pub y_unit: Unit,
    /// What was asked, drawn across, and what is written at it.
    pub asked: Option<(f64, &'a str)>,
}

/// A line and its name in the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// In the legend.
    pub name: String,
    /// In the order in which they are joined; what is not finite is left out.
    pub points: Vec<(f64, f64)>,
}

/// Shares that were measured one after the other, and their name in the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalSeries {
    /// In the legend.
    pub name: String,
    /// By place on the axis: the share, and how far it may be off.
    pub shares: Vec<(usize, f64, [f64; 2])>,
}

/// Rows whose confidence is alike.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Mean confidence.
    pub confidence: f64,
    /// Share of rows that is right; of a yes-or-no task, that is a yes.
    pub accuracy: f64,
    /// How many.
    pub rows: usize,
}

/// Draws `lines` with a legend where there are several.
pub fn line_chart(axes: &Axes<'_>, lines: &[Line]) -> Chart {
    let lines: Vec<Line> = lines
        .iter()
        .map(|line| Line {
            name: line.name.clone(),
            points: line.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect(),
        })
        .collect();
    let all = || lines.iter().flat_map(|line| &line.points);
    let x =
        Scale::across(axes.x_range.clone().unwrap_or_else(|| range(all().map(|point| point.0))), axes.x_unit);
    let y = Scale::up(axes.y_range.clone().unwrap_or_else(|| range(all().map(|point| point.1))), axes.y_unit);
    let mut plane = Plane::new(x, y);
    plane.ticks_across();
    plane.frame(axes);
    let mut last = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        plane.open_series(at);
        plane.path(&line.points, at);
        if line.points.len() <= MARKED {
            for point in &line.points {
                let said = format!("{}: {}, {}", line.name, plane.x.say(point.0), plane.y.say(point.1));
                let (x, y) = plane.place(*point);
                plane.push(&mark(at, x, y, &said));
            }
        }
        plane.close_series();
        last.extend(
            line.points
                .last()
                .map(|(x, y)| format!("{}, {} {}: {}", line.name, axes.x, plane.x.say(*x), plane.y.say(*y))),
        );
    }
    Chart::of(plane, lines.into_iter().map(|line| line.name).collect(), last)
}

/// Draws shares with their intervals over named places, such as weeks, side by side where several stand at one.
pub fn interval_chart(axes: &Axes<'_>, places: &[String], measured: &[IntervalSeries]) -> Chart {
    // Beside each other within a third of the way to the next place.
    let aside = |at: usize| (at as f64 - measured.len().saturating_sub(1) as f64 / 2.0) * 0.08;
    let x = Scale::across(-0.5..places.len().max(1) as f64 - 0.5, Unit::Number);
    let y = Scale::up(axes.y_range.clone().unwrap_or(0.0..1.0), Unit::Percent);
    let mut plane = Plane::new(x, y);
    plane.names_across(places);
    plane.frame(axes);
    let mut last = Vec::new();
    for (at, series) in measured.iter().enumerate() {
        plane.open_series(at);
        for &(place, share, [low, high]) in &series.shares {
            let x = place as f64 + aside(at);
            plane.reach(x, low, high);
            let named = places.get(place).map_or("", String::as_str);
            let said =
                format!("{}, {named}: {}", series.name, crate::percent_with(Some(share), Some([low, high])));
            let (left, top) = plane.place((x, share));
            plane.push(&mark(at, left, top, &said));
        }
        plane.close_series();
        last.extend(series.shares.last().map(|(place, share, _)| {
            let named = places.get(*place).map_or("", String::as_str);
            format!("{}, {named}: {}", series.name, crate::percent(*share))
        }));
    }
    Chart::of(plane, measured.iter().map(|series| series.name.clone()).collect(), last)
}

/// Draws how often rows of a confidence are right, beside the diagonal where they are right as often as they say. A
/// bin's area shows its share of the rows.
pub fn reliability(bins: &[Bin]) -> Chart {
    let rows: usize = bins.iter().map(|bin| bin.rows).sum();
    let axes = Axes { x: "confidence", y: "share that is right", ..Axes::default() };
    let mut plane = Plane::new(Scale::across(0.0..1.0, Unit::Percent), Scale::up(0.0..1.0, Unit::Percent));
    plane.ticks_across();
    plane.frame(&axes);
    plane.diagonal();
    plane.open_series(1);
    for bin in bins {
        plane.reach(bin.confidence, bin.confidence, bin.accuracy);
    }
    plane.close_series();
    plane.open_series(0);
    for bin in bins {
        let radius = 2.0 + 18.0 * (bin.rows as f64 / rows.max(1) as f64).sqrt();
        let (x, y) = plane.place((bin.confidence, bin.accuracy));
        let said =
            format!("{}: {}, {}", crate::percent(bin.confidence), crate::percent(bin.accuracy), bin.rows);
        plane.push(&series::dot(x, y, radius, &said));
    }
    plane.close_series();
    Chart::of(plane, Vec::new(), Vec::new())
}

/// The class of a series; there are as many as there are marks.
fn series_class(at: usize) -> String {
    format!("series-{}", at % GLYPHS.len() + 1)
}

/// From the least to the greatest with a little room, and never empty.
fn range(values: impl Iterator<Item = f64> + Clone) -> Range<f64> {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return 0.0..1.0;
    }
    let room = if low == high { low.abs().max(1.0) * 0.1 } else { (high - low) * 0.04 };
    (low - room)..(high + room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, points: &[(f64, f64)]) -> Line {
        Line { name: name.into(), points: points.to_vec() }
    }

    #[test]
    fn each_line_is_drawn_and_named_in_the_legend() {
        let axes = Axes { x: "epoch", y: "loss", ..Axes::default() };
        let lines = [line("train", &[(0.0, 2.0), (1.0, 1.0)]), line("a < b", &[(0.0, 2.5), (1.0, 1.5)])];
        let shown = line_chart(&axes, &lines).titled("Loss & more").markup().into_string();
        for text in [
            "<svg",
            "epoch",
            "loss",
            "train",
            "a &lt; b",
            "</svg>",
            "<title>Loss &amp; more</title>",
            "<desc>",
        ] {
            assert!(shown.contains(text), "{text}: {shown}");
        }
        assert!(
            !line_chart(&axes, &lines[..1]).markup().into_string().contains("legend"),
            "one line needs none"
        );
    }

    #[test]
    fn a_chart_takes_the_width_and_the_colours_of_its_page() {
        let svg = line_chart(&Axes::default(), &[line("a", &[(0.0, 1.0), (1.0, 2.0)])]).svg();
        assert!(svg.contains("viewBox=\"0 0 ") && svg.contains("width=\"100%\""), "{svg}");
        assert!(svg.contains("currentColor") && svg.contains("class=\"series-1\""), "{svg}");
        assert!(!svg.contains("style=") && !svg.contains("height=\"270\""), "{svg}");
    }

    #[test]
    fn whatever_the_points_there_is_a_chart() {
        let odd: [&[(f64, f64)]; 5] = [
            &[],
            &[(0.5, 0.5)],
            &[(f64::NAN, 1.0), (1.0, f64::INFINITY)],
            &[(0.0, 0.0), (1e-300, 1e300)],
            &[(-1e9, -3.0), (1e9, -3.0)],
        ];
        for points in odd {
            let svg = line_chart(&Axes::default(), &[line("odd", points)]).svg();
            assert!(svg.ends_with("</svg>"), "{points:?}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{points:?}: {svg}");
        }
    }

    #[test]
    fn a_share_is_drawn_with_its_interval_over_the_name_of_its_place() {
        let measured = |name: &str| IntervalSeries {
            name: name.into(),
            shares: vec![(0, 0.8, [0.7, 0.9]), (1, 0.6, [0.4, 0.8])],
        };
        let axes = Axes { x: "week", y: "accuracy", asked: Some((0.8, "asked: 80 %")), ..Axes::default() };
        let places = ["2024-W17", "2024-W18"].map(String::from);
        let shown =
            interval_chart(&axes, &places, &[measured("product"), measured("issue")]).markup().into_string();
        for text in [
            "2024-W17",
            "2024-W18",
            "product",
            "issue",
            "accuracy",
            "asked: 80 %",
            "product, 2024-W17: 80.0 % (70.0-90.0 %)",
            ">60 %<",
        ] {
            assert!(shown.contains(text), "{text}: {shown}");
        }
        // Each series has a shape of its own, so that colour is not needed.
        assert_eq!((shown.matches("<circle").count(), shown.matches("<rect").count()), (2, 2));
        assert!(interval_chart(&axes, &[], &[]).svg().contains("</svg>"));
    }

    #[test]
    fn a_bin_with_more_rows_is_a_larger_dot() {
        let bin = |confidence, rows| Bin { confidence, accuracy: 0.5, rows };
        let svg = reliability(&[bin(0.3, 10), bin(0.9, 90)]).svg();
        let radii: Vec<f64> = svg
            .split("<circle")
            .skip(1)
            .filter_map(|circle| circle.split(" r=\"").nth(1)?.split('"').next()?.parse().ok())
            .collect();
        assert_eq!(radii.len(), 2);
        assert!(radii[0] < radii[1], "{radii:?}");
        assert!(reliability(&[]).svg().contains("</svg>"));
    }
}
