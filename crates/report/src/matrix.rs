//! Counts by two labels, each row shaded by its shares.

use maud::{Markup, html};

/// Steps of the shade, of which there are classes.
const STEPS: usize = 10;

/// Columns carry the rows' numbers: labels are long.
pub(crate) fn matrix([corner, verb]: [&str; 2], labels: &[String], counts: &[Vec<usize>]) -> Markup {
    html! {
        div.wide tabindex="0" {
            table.shaded {
                caption.unseen { (corner) }
                thead { tr {
                    th scope="col" { (corner) }
                    @for (number, label) in (1..).zip(labels) {
                        th.number scope="col" title=(label) { (number) }
                    }
                } }
                tbody { @for (at, (label, row)) in labels.iter().zip(counts).enumerate() {
                    tr {
                        th scope="row" { (at + 1) " " (label) }
                        @for (&count, answer) in row.iter().zip(labels) {
                            td class={ "number shade-" (shade(count, row.iter().sum())) }
                                title={ (label) " " (verb) " " (answer) } {
                                @if count > 0 { (count) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// The tenth that a share lies in: 0 is never, 10 is more than nine tenths.
fn shade(count: usize, of: usize) -> usize {
    (count * STEPS).div_ceil(of.max(1)).min(STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confusion_is_shaded_by_its_rows_shares_in_ten_steps_of_classes() {
        let labels = ["a", "b"].map(String::from);
        let html = matrix(["", "answered as"], &labels, &[vec![3, 1], vec![0, 0]]).into_string();
        assert!(html.contains("shade-8\"") && html.contains("shade-3\""), "{html}");
        assert_eq!(html.matches("shade-0\"").count(), 2, "what never happens is not shaded: {html}");
        assert!(html.contains("a answered as b") && !html.contains("style="), "{html}");
        let steps = [(0, 9), (1, 1_000), (1, 10), (11, 100), (9, 10), (10, 10)];
        assert_eq!(steps.map(|(count, of)| shade(count, of)), [0, 1, 1, 2, 9, 10]);
        for step in 0..=STEPS {
            assert!(crate::look::STYLE.contains(&format!(".shade-{step} {{")), "{step}");
        }
    }
}
