//! Figures as sections of a model card: generated, never typed.

use std::fmt::Write as _;
use std::path::Path;

use super::error::EvaluateError;
use super::evaluation::Evaluation;
use super::tables::Part;

const CARD: &str = "README.md";
/// Who writes an evaluation.
const BY: &str = "ombud evaluate";
/// Labels of a level whose every label is shown: a card is read by people.
const MOST_LABELS: usize = 13;

impl Evaluation {
    /// The figures, slices, comparisons, curves and dials as Markdown, under a heading of the second level; `data`
    /// names what they were measured on.
    pub fn markdown(&self, data: &str) -> String {
        let mut parts = vec![self.summary(), self.given(), self.flags()];
        parts.extend(self.baseline.as_ref().map(|other| self.compared("Against the baseline", other)));
        parts.extend(self.against.as_ref().map(|other| self.compared("Against the other", other)));
        parts.push(self.natural());
        let few = |part: &Part| part.tables.iter().all(|table| table.rows.len() <= MOST_LABELS);
        parts.extend(self.classes().into_iter().filter(few));
        parts.extend(self.slices());
        parts.push(self.coverage());
        parts.push(self.honesty());
        parts.extend(self.dials());
        let mut text = format!("## Evaluation on {data}\n\n");
        for line in self.told() {
            // Writing to a String can't fail.
            let _ = writeln!(text, "- {line}");
        }
        for part in parts.iter().filter(|part| !part.is_empty()) {
            let _ = writeln!(text, "\n### {}", part.heading);
            for table in &part.tables {
                let _ = write!(text, "\n{}", table.markdown());
            }
            if !part.notes.is_empty() {
                text.push('\n');
            }
            for note in &part.notes {
                let _ = writeln!(text, "- {note}");
            }
        }
        text
    }

    /// Puts [`Evaluation::markdown`] into the card of the artefact in `dir`, in place of an earlier one. The card
    /// is no part of the model's version.
    ///
    /// # Errors
    /// The card can't be read or written.
    pub fn put_into_card(&self, dir: &Path, data: &str) -> Result<(), EvaluateError> {
        let path = dir.join(CARD);
        let failed = |cause| EvaluateError::Card { path: path.clone(), cause };
        let card = std::fs::read_to_string(&path).map_err(failed)?;
        std::fs::write(&path, with_section(&card, BY, &self.markdown(data))).map_err(failed)
    }
}

/// `card` with the section that `by` writes, in place of an earlier one, else at its end. Lines before and after say who.
pub fn with_section(card: &str, by: &str, section: &str) -> String {
    let (begin, end) = (format!("<!-- begin: {by} -->"), format!("<!-- end: {by} -->"));
    let marked = format!("{begin}\n{section}{end}\n");
    let (before, rest) = match card.split_once(&begin) {
        Some((before, rest)) => (before, rest.split_once(&end).map_or("", |(_, after)| after.trim_start())),
        None => (card, ""),
    };
    let after = if rest.is_empty() { String::new() } else { format!("\n{rest}") };
    format!("{}\n\n{marked}{after}", before.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "<!-- begin: ombud evaluate -->";
    const END: &str = "<!-- end: ombud evaluate -->";

    #[test]
    fn a_section_is_added_once_and_then_replaced() {
        let once = with_section("# A model\n", BY, "## Evaluation on a\n");
        assert_eq!(once, format!("# A model\n\n{BEGIN}\n## Evaluation on a\n{END}\n"));
        let twice = with_section(&once, BY, "## Evaluation on b\n");
        assert_eq!(twice, once.replace("on a", "on b"));
        let both = with_section(&twice, "another", "## Another\n");
        assert_eq!(with_section(&both, BY, "## Evaluation on a\n"), both.replace("on b", "on a"));
    }

    #[test]
    fn what_stands_behind_the_section_stays() {
        let card = format!("# A model\n\n{BEGIN}\nold\n{END}\n\n## Limits\n");
        assert_eq!(
            with_section(&card, BY, "new\n"),
            format!("# A model\n\n{BEGIN}\nnew\n{END}\n\n## Limits\n")
        );
    }
}
