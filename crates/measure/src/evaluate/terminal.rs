//! An evaluation for a terminal: the summary last, where the eye is when it ends.

use super::evaluation::Evaluation;
use super::tables::Part;

impl Evaluation {
    /// All figures, ready to print.
    pub fn tables(&self) -> String {
        let mut parts = self.classes();
        parts.extend(self.slices());
        parts.push(self.coverage());
        parts.push(self.natural());
        parts.extend(self.baseline.as_ref().map(|baseline| self.compared("Against the baseline", baseline)));
        parts.push(self.flags());
        parts.push(self.given());
        parts.push(self.summary());
        self.printed(&parts)
    }

    /// What each choice of threshold costs.
    pub fn dial_tables(&self) -> String {
        self.printed(&self.dials())
    }

    /// Whether the difference to the model that was asked for is real; empty where none was.
    pub fn against_tables(&self) -> String {
        let against = self.against.as_ref().map(|against| self.compared("Against the other", against));
        self.printed(&against.into_iter().collect::<Vec<_>>())
    }

    fn printed(&self, parts: &[Part]) -> String {
        let mut texts: Vec<String> = parts.iter().filter(|part| !part.is_empty()).map(printed).collect();
        texts.push(self.told().join("\n"));
        texts.join("\n\n")
    }
}

fn printed(part: &Part) -> String {
    let mut texts = vec![part.heading.clone()];
    texts.extend(part.tables.iter().map(|table| table.terminal()));
    texts.extend_from_slice(&part.notes);
    texts.join("\n")
}
