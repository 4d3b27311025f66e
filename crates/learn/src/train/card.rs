//! The model card: what the model is for, what it learned from, how good it is and where it fails.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use ombud_measure::evaluate::{PER_DAY, answered_table, figure, figures};
use ombud_models::{Driver, Manifest, Reads};
use ombud_report::{CardMetadata, CardResults, Table, percent_with};

use super::artefact::Training;
use super::heads::{ByThreshold, CalibratedHead};

/// The part of the card that depends on the family.
pub(crate) struct FamilyCard<'a> {
    /// What was done to shrink it, as a sentence's end: "`Shrunk` is what ... added".
    pub(crate) shrunk: &'a str,
    /// A tag for its family.
    pub(crate) tag: &'a str,
    /// How it works; Markdown paragraphs.
    pub(crate) about: String,
    /// Flags that made it, those of the files left out.
    pub(crate) flags: &'a str,
    /// What its family can't do; Markdown list items.
    pub(crate) limits: &'a str,
}

/// Displays as the `README.md` of the artefact.
pub(crate) struct Card<'a, R> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) training: &'a Training<'a, R>,
    pub(crate) heads: &'a [CalibratedHead],
    /// By level, what its thresholds keep.
    pub(crate) promised: &'a BTreeMap<String, f64>,
    /// What shrinking added to each figure; empty where nothing was shrunk.
    pub(crate) shrinking: &'a BTreeMap<String, f64>,
    pub(crate) of_family: &'a FamilyCard<'a>,
}

impl<R> Display for Card<'_, R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metadata(&self.manifest.reads()))?;
        self.model(f)?;
        self.data(f)?;
        self.figures(f)?;
        self.thresholds(f)?;
        write!(f, "## Limits and risks\n\n{}{LIMITS}", self.of_family.limits)
    }
}

impl<R> Card<'_, R> {
    fn metadata<'b>(&'b self, reads: &'b Reads) -> CardMetadata<'b> {
        let results = |learned: &'b CalibratedHead| CardResults {
            task: &learned.head.task,
            data: self.held_out(),
            figures: figures(&learned.head.task, &learned.report).into_iter().collect(),
        };
        CardMetadata {
            languages: reads.languages.iter().map(String::as_str).collect(),
            license: "apache-2.0",
            library: "ombud",
            tags: vec!["complaints", self.of_family.tag],
            model: &self.manifest.model_id,
            results: self.heads.iter().map(results).collect(),
        }
    }

    fn model(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}\n\n{}", self.manifest.model_id, self.of_family.about)?;
        f.write_str(
            "\n**Intended use.** Routing complaints to the team that can solve them, with a human behind every answer\n\
             below its threshold. **Not intended:** deciding whether a complaint is justified, or anything about a\n\
             customer but who looks at the complaint first.\n\n",
        )?;
        writeln!(
            f,
            "**Reads.** {}. Of anything else it abstains, and people read it.\n",
            self.manifest.reads()
        )
    }

    fn data(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("## Data\n\n| file | rows | rejected | SHA-256 |\n|---|---|---|---|\n")?;
        for source in self.training.files.iter().chain(self.training.validation) {
            writeln!(f, "| {} | {} | {} | `{}` |", source.file, source.rows, source.rejected, source.sha256)?;
        }
        let training = self.training;
        let files: Vec<&str> = training.files.iter().map(|source| source.file.as_str()).collect();
        let validation = training.validation.map(|source| format!(" --validation {}", source.file));
        writeln!(
            f,
            "\nMade by `ombud learn {}{}{} --seed {} --out {}`.\n",
            files.join(" "),
            validation.unwrap_or_default(),
            self.of_family.flags,
            training.seed,
            self.manifest.model_id
        )?;
        let (rows, held_out) = (self.training.rows, self.held_out());
        let count = self.training.validation_rows;
        writeln!(
            f,
            "Learned from {rows} rows; {held_out} ({count} rows) served for temperature, shifts and thresholds, and\n\
             for the figures below. `training.json` has the seed, the recipe and the hashed ids of the rows; no\n\
             narrative is in this folder.\n"
        )
    }

    fn figures(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "## Figures\n\nOn {}.", self.held_out())?;
        let whole = self.shrinking.is_empty();
        match whole {
            true => f.write_str("\n\n| figure | value |\n|---|---|\n")?,
            false => write!(
                f,
                " \"Shrunk\" is what {} added.\n\n| figure | value | shrunk |\n|---|---|---|\n",
                self.of_family.shrunk
            )?,
        }
        for learned in self.heads {
            for (name, figure) in figures(&learned.head.task, &learned.report) {
                let shrunk = self.shrinking.get(&format!("validation.{name}")).copied().unwrap_or(0.0);
                let shrunk = if whole { String::new() } else { format!(" {shrunk:+.4} |") };
                writeln!(f, "| {name} | {figure:.4} |{shrunk}")?;
            }
        }
        f.write_str("\nThese rows also set the calibration, so they flatter it a little; `ombud evaluate` measures on rows\nthat nothing was fitted to.\n\n")
    }

    fn thresholds(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "## Thresholds\n\nChosen on {}, in ten folds: each row as what the other folds' rows fitted scores it, so that\n\
             none chose a threshold by a score that it had been fitted to itself. A complaint is answered on the finest\n\
             level whose threshold its confidence reaches, and by people where it reaches none, so a level has what the\n\
             finer ones left. Promised is the lower bound of the 95 % interval of the share right; a level without a\n\
             promise is always answered. A strategy's `review_below` may ask for more.\n",
            self.held_out()
        )?;
        let mut choices = BTreeMap::new();
        let mut flags = Table::new(&["flagged", "from", "precision", "recall", "flag rate"], 1);
        for learned in self.heads {
            let task = &learned.head.task;
            match &learned.served {
                ByThreshold::Choice(answered) => {
                    choices.insert(task.clone(), answered.clone());
                }
                ByThreshold::Flag(thresholds) => {
                    for (name, at) in thresholds {
                        let precision = percent_with(at.precision, at.interval);
                        let [recall, rate] = [at.recall, at.flag_rate].map(|share| percent_with(share, None));
                        let from = figure(Some(at.score));
                        flags.push(vec![format!("{task}: {name}"), from, precision, recall, rate]);
                    }
                }
            }
        }
        let promised = Some(self.promised);
        for table in [answered_table(&choices, PER_DAY, promised), flags] {
            if !table.rows.is_empty() {
                writeln!(f, "{}", table.markdown())?;
            }
        }
        for head in &self.manifest.heads {
            let Some(table) = &head.evidence else { continue };
            writeln!(
                f,
                "Beside the score for {} stands what a narrative says outright, by the table of phrases `{table}`:\n\
                 explicit evidence is answered with the label itself and a hint with possible at the least, whatever the\n\
                 score. The figures here are the score's alone; `ombud evaluate` has those of both.\n",
                head.task
            )?;
            if head.evidence_odds.is_empty() {
                continue;
            }
            f.write_str(
                "The score counts it, too: where a narrative has a category's phrases, its log-odds rise by so much, as\n\
                 counted on the rows to learn from and weighed on the held-out ones. None below zero.\n\
                 Drivers are those of the FCA's FG21/1.\n\n| category | driver | explicit | hint |\n|---|---|---|---|\n",
            )?;
            for (category, odds) in &head.evidence_odds {
                let driver = Driver::of(table, category).map_or("-", Driver::name);
                writeln!(f, "| {category} | {driver} | {:.2} | {:.2} |", odds.explicit, odds.hint)?;
            }
            f.write_str("\n")?;
        }
        Ok(())
    }

    fn held_out(&self) -> &str {
        self.training.validation.map_or("a held-out tenth", |source| &source.file)
    }
}

const LIMITS: &str = "\
- Products that are rare in the data are found least; read the macro-F1, not only the accuracy.
- `vulnerable` learned from a tag that customers set themselves and mostly don't explain in the text. Its absence
  says nothing, so the score ranks complaints for attention and must never be used to deny anybody anything.
- Complaints came in through a US regulator: products, names and law are American.
- Label frequencies are calibrated to the held-out rows. Where yours differ, calibrate on your own.
";
