//! A block of commands of a page, what the marks before it say, and whether what it printed is what the page promises.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Commands, Printed};

/// A block of commands as its page has it.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) commands: Commands,
    pub(super) marks: BTreeMap<Mark, String>,
    /// What the paragraph below it lists as code.
    pub(super) listed_below: BTreeSet<String>,
}

/// What a comment before a block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    NotRun,
    Shell,
    Beside,
    Until,
    Prints,
    Fields,
}

impl Mark {
    const ALL: [(&str, Self); 6] = [
        ("not run", Self::NotRun),
        ("shell", Self::Shell),
        ("beside", Self::Beside),
        ("until", Self::Until),
        ("prints", Self::Prints),
        ("fields", Self::Fields),
    ];

    pub(super) fn known() -> String {
        Self::ALL.map(|(name, _)| format!("<!-- {name}: ... -->")).join(", ")
    }

    /// The mark that a comment is, with what it says; `None` for any other comment.
    pub(super) fn of(comment: &str) -> Option<(Self, String)> {
        let inside = comment.trim().strip_prefix("<!--")?.trim_end_matches("-->");
        let (name, said) = inside.split_once(':')?;
        let (_, mark) = Self::ALL.iter().find(|(known, _)| *known == name.trim())?;
        Some((*mark, said.split_whitespace().collect::<Vec<_>>().join(" ")))
    }
}

impl Block {
    fn place(&self) -> String {
        format!("{}:{}", self.commands.page, self.commands.line)
    }

    pub(super) fn says(&self, mark: Mark) -> Option<&str> {
        self.marks.get(&mark).map(String::as_str)
    }

    /// Refuses marks that contradict each other, or say nothing.
    pub(super) fn checked(self) -> Result<Self> {
        let place = self.place();
        let alone = |mark: Mark| self.marks.contains_key(&mark) && self.marks.len() > 1;
        for (mark, said) in &self.marks {
            ensure!(
                !said.is_empty(),
                "{place}: `{mark:?}` says nothing: write what, or why, behind the colon"
            );
        }
        ensure!(!alone(Mark::NotRun), "{place}: a block that is not run needs no other mark");
        ensure!(
            !self.marks.contains_key(&Mark::Shell)
                || !(self.marks.contains_key(&Mark::Until) || self.marks.contains_key(&Mark::Beside)),
            "{place}: `until` and `beside` are for a block in a shell of its own: leave `shell` out"
        );
        for (mark, known) in [(Mark::Beside, "ombud up"), (Mark::Fields, "below")] {
            ensure!(
                self.says(mark).is_none_or(|said| said == known),
                "{place}: {mark:?} can only be `{known}`"
            );
        }
        ensure!(
            self.says(Mark::Fields).is_none() || !self.listed_below.is_empty(),
            "{place}: no field stands as code in the paragraph below"
        );
        Ok(self)
    }

    /// Holds what the page promises against what was printed.
    pub(super) fn judge(&self, printed: &Printed) -> Result<()> {
        let (place, all) = (self.place(), printed.lines.join("\n"));
        if let Some(text) = self.says(Mark::Prints) {
            ensure!(all.contains(text), "{place} did not print `{text}`, but\n{all}");
        }
        if self.says(Mark::Fields).is_some() {
            let line = printed.stdout.last().with_context(|| format!("{place} printed nothing"))?;
            let object: BTreeMap<String, serde_json::Value> = serde_json::from_str(line)
                .with_context(|| format!("{place}: the last line is no JSON object: {line}"))?;
            let fields: BTreeSet<String> = object.into_keys().collect();
            ensure!(
                fields == self.listed_below,
                "{place} printed {fields:?}, the page lists {:?}",
                self.listed_below
            );
        }
        Ok(())
    }
}
