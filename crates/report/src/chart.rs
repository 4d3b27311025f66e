//! Lines and reliability diagrams, drawn as SVG.

use std::fmt::Display;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;
use serde::Serialize;

/// An SVG element, to stand in a page as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart(String);

impl Chart {
    /// The SVG element's text.
    pub fn svg(&self) -> &str {
        &self.0
    }
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

const SIZE: (u32, u32) = (640, 400);
/// Okabe and Ito's colours, which colour-blind people can distinguish.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(80, 80, 80),
];

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
    let x_range = axes.x_range.clone().unwrap_or_else(|| range(all().map(|point| point.0)));
    let y_range = axes.y_range.clone().unwrap_or_else(|| range(all().map(|point| point.1)));
    drawn(|area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(56)
            .build_cartesian_2d(x_range, y_range)?;
        chart.configure_mesh().x_desc(axes.x).y_desc(axes.y).light_line_style(TRANSPARENT).draw()?;
        for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
            let colour = *colour;
            chart
                .draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?
                .label(line.name.as_str())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        }
        name_series(&mut chart, lines.len())?;
        Ok(())
    })
}

/// Says which colour is whose, where there are several.
fn name_series<'a, B, C>(
    chart: &mut ChartContext<'a, B, C>,
    series: usize,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>>
where
    B: DrawingBackend + 'a,
    C: CoordTranslate,
{
    if series < 2 {
        return Ok(());
    }
    chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(COLOURS[6].mix(0.3)).draw()
}

/// Draws shares with their intervals over named places, such as weeks, side by side where several stand at one.
pub fn interval_chart(axes: &Axes<'_>, places: &[String], measured: &[IntervalSeries]) -> Chart {
    let y_range = axes.y_range.clone().unwrap_or(0.0..1.0);
    // Beside each other within a third of the way to the next place.
    let aside = |at: usize| (at as f64 - measured.len().saturating_sub(1) as f64 / 2.0) * 0.08;
    let name = |x: &f64| {
        let place = x.round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a slice")]
        let named = places.get(place.max(0.0) as usize).filter(|_| (x - place).abs() < 0.01 && place >= 0.0);
        named.cloned().unwrap_or_default()
    };
    drawn(|area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(56)
            .build_cartesian_2d(-0.5..places.len().max(1) as f64 - 0.5, y_range)?;
        chart
            .configure_mesh()
            .x_desc(axes.x)
            .y_desc(axes.y)
            .x_labels(places.len().clamp(2, 12))
            .x_label_formatter(&name)
            .light_line_style(TRANSPARENT)
            .draw()?;
        for (at, (series, colour)) in measured.iter().zip(COLOURS.iter().cycle()).enumerate() {
            let colour = *colour;
            let x = |place: usize| place as f64 + aside(at);
            let reaches = series.shares.iter().map(|&(place, _, [low, high])| {
                PathElement::new([(x(place), low), (x(place), high)], colour.stroke_width(2))
            });
            chart.draw_series(reaches)?;
            let dots = series
                .shares
                .iter()
                .map(|&(place, share, _)| Circle::new((x(place), share), 4, colour.filled()));
            chart
                .draw_series(dots)?
                .label(series.name.as_str())
                .legend(move |(x, y)| Circle::new((x + 9, y), 4, colour.filled()));
        }
        name_series(&mut chart, measured.len())?;
        Ok(())
    })
}

/// Draws how often rows of a confidence are right, beside the diagonal where they are right as often as they say. A
/// bin's area shows its share of the rows.
pub fn reliability(bins: &[Bin]) -> Chart {
    let rows: usize = bins.iter().map(|bin| bin.rows).sum();
    let [blue, orange, .., grey] = COLOURS;
    drawn(|area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(56)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        chart
            .configure_mesh()
            .x_desc("confidence")
            .y_desc("share that is right")
            .light_line_style(TRANSPARENT)
            .draw()?;
        chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], grey.stroke_width(1)))?;
        let gaps = bins.iter().map(|bin| {
            let (said, was) = (bin.confidence, bin.accuracy);
            PathElement::new([(said, said), (said, was)], orange.stroke_width(2))
        });
        chart.draw_series(gaps)?;
        let dots = bins.iter().map(|bin| {
            #[expect(clippy::cast_possible_truncation, reason = "2 to 26 pixels")]
            let radius = (2.0 + 24.0 * (bin.rows as f64 / rows.max(1) as f64).sqrt()) as i32;
            Circle::new((bin.confidence, bin.accuracy), radius, blue.mix(0.6).filled())
        });
        chart.draw_series(dots)?;
        Ok(())
    })
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

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type DrawError = DrawingAreaErrorKind<std::io::Error>;

fn drawn(draw: impl FnOnce(&Area<'_>) -> Result<(), DrawError>) -> Chart {
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
    done(area.fill(&WHITE));
    done(draw(&area));
    done(area.present());
    drop(area);
    Chart(text)
}

/// Only a file or a screen could fail.
fn done<E: Display>(drawn: Result<(), E>) {
    if let Err(what) = drawn {
        unreachable!("a string takes whatever is drawn, yet: {what}");
    }
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
        let chart = line_chart(&axes, &lines);
        for text in ["<svg", "epoch", "loss", "train", "a &lt; b", "</svg>"] {
            assert!(chart.svg().contains(text), "{text}");
        }
        assert!(!line_chart(&axes, &lines[..1]).svg().contains("train"), "one line needs no legend");
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
            let chart = line_chart(&Axes::default(), &[line("odd", points)]);
            assert!(chart.svg().ends_with("</svg>\n"), "{points:?}");
            assert!(!chart.svg().contains("NaN"));
        }
    }

    #[test]
    fn a_share_is_drawn_with_its_interval_over_the_name_of_its_place() {
        let measured = |name: &str| IntervalSeries {
            name: name.into(),
            shares: vec![(0, 0.8, [0.7, 0.9]), (1, 0.6, [0.4, 0.8])],
        };
        let axes = Axes { x: "week", y: "accuracy", ..Axes::default() };
        let places = ["2024-W17", "2024-W18"].map(String::from);
        let chart = interval_chart(&axes, &places, &[measured("product"), measured("issue")]);
        for text in ["2024-W17", "2024-W18", "product", "issue", "accuracy"] {
            assert!(chart.svg().contains(text), "{text}");
        }
        // Two series of two shares, and two in the legend.
        assert_eq!(chart.svg().matches("<circle").count(), 6);
        assert!(interval_chart(&axes, &[], &[]).svg().contains("</svg>"));
    }

    #[test]
    fn a_bin_with_more_rows_is_a_larger_dot() {
        let bin = |confidence, rows| Bin { confidence, accuracy: 0.5, rows };
        let chart = reliability(&[bin(0.3, 10), bin(0.9, 90)]);
        let radii: Vec<i32> = chart
            .svg()
            .split("<circle")
            .skip(1)
            .filter_map(|circle| circle.split(" r=\"").nth(1)?.split('"').next()?.parse().ok())
            .collect();
        assert_eq!(radii.len(), 2);
        assert!(radii[0] < radii[1], "{radii:?}");
        assert!(reliability(&[]).svg().contains("</svg>"));
    }
}
