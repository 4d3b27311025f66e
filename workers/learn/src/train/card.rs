//! The model card: what the model is for, what it learned from, how good it is and where it fails.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use ombud_models::{Head, Manifest};

use super::artefact::Training;
use super::heads::figures;
use super::thresholds::Cut;
use crate::evaluate::TaskReport;

/// What the card tells of one head.
pub(super) struct Learned<'a> {
    pub(super) head: &'a Head,
    pub(super) cuts: &'a BTreeMap<String, Cut>,
    pub(super) report: &'a TaskReport,
}

/// Displays as the `README.md` of the artefact.
pub(super) struct Card<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) training: &'a Training<'a>,
    pub(super) heads: &'a [Learned<'a>],
    /// What shrinking added to each figure.
    pub(super) shrinking: &'a BTreeMap<String, f64>,
    /// Columns that were kept.
    pub(super) kept: usize,
}

impl Display for Card<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.front_matter(f)?;
        self.model(f)?;
        self.data(f)?;
        self.figures(f)?;
        self.thresholds(f)?;
        f.write_str(LIMITS)
    }
}

impl Card<'_> {
    fn front_matter(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let id = &self.manifest.model_id;
        write!(f, "---\nlanguage: en\nlicense: apache-2.0\nlibrary_name: ombud\n")?;
        write!(f, "pipeline_tag: text-classification\ntags:\n- complaints\n- bag-of-ngrams\n")?;
        write!(f, "model-index:\n- name: {id}\n  results:\n")?;
        for learned in self.heads {
            let task = &learned.head.task;
            write!(f, "  - task:\n      type: text-classification\n      name: {task}\n")?;
            write!(
                f,
                "    dataset:\n      type: complaints\n      name: {}\n    metrics:\n",
                self.held_out()
            )?;
            for (name, figure) in figures(task, learned.report) {
                write!(f, "    - type: {name}\n      value: {figure:.4}\n")?;
            }
        }
        f.write_str("---\n\n")
    }

    fn model(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let recipe = &self.training.recipe;
        let (max_chars, bits) = (recipe.hashing.max_chars, recipe.hashing.bits);
        writeln!(f, "# {}\n", self.manifest.model_id)?;
        writeln!(
            f,
            "Reads a customer's complaint in English and says, in one pass, what it is about. It counts words, pairs of\n\
             words and runs of 3 to 5 characters in the first {max_chars} characters, hashes them (murmur3, 2 x 2^{bits}\n\
             columns), weighs them by tf-idf and adds up {} learned rows of eight-bit weights: one softmax regression a\n\
             task, learned by L-BFGS with an L2 penalty.\n",
            self.kept
        )?;
        if let Some(hint) = &recipe.hint {
            let (from, to) = (&hint.from, &hint.to);
            writeln!(
                f,
                "The answer to {from} hints at {to}: to each of its logits is added a share of `ln sum p(c) P(c | label)` over\n\
                 the labels `c` of {from}, `P` counted on the rows that carry both. Temperature, the hint's share and a\n\
                 shift a label are fitted to rows that the weights didn't see.\n"
            )?;
        }
        f.write_str("| task | labels | kind | C | iterations |\n|---|---|---|---|---|\n")?;
        for learned in self.heads {
            let head = learned.head;
            let Some(how) = recipe.heads.iter().find(|recipe| recipe.task == head.task) else { continue };
            let (task, labels, kind) = (&head.task, head.labels.len(), head.kind);
            writeln!(
                f,
                "| {task} | {labels} ({}) | {kind:?} | {} | {} |",
                head.label_set, how.c, how.iterations
            )?;
        }
        f.write_str(
            "\n**Intended use.** Routing complaints to the team that can solve them, with a human behind every answer\n\
             below its threshold. **Not intended:** deciding whether a complaint is justified, or anything about a\n\
             customer but who looks at the complaint first.\n\n",
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
            "\nMade by `ombud learn {}{} --seed {} --out {}`.\n",
            files.join(" "),
            validation.unwrap_or_default(),
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
        writeln!(
            f,
            "## Figures\n\nOn {}. \"Shrunk\" is what keeping fewer columns and rounding added.\n",
            self.held_out()
        )?;
        f.write_str("| figure | value | shrunk |\n|---|---|---|\n")?;
        for learned in self.heads {
            for (name, figure) in figures(&learned.head.task, learned.report) {
                let shrunk = self.shrinking.get(&format!("validation.{name}")).copied().unwrap_or(0.0);
                writeln!(f, "| {name} | {figure:.4} | {shrunk:+.4} |")?;
            }
        }
        f.write_str("\nThese rows also set the calibration, so they flatter it a little; `ombud evaluate` measures on rows\nthat nothing was fitted to.\n\n")
    }

    fn thresholds(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("## Thresholds\n\nAn issue is answered at the finest level whose threshold its confidence reaches.\n\n")?;
        f.write_str(
            "| task | threshold | from | share of rows | precision | recall |\n|---|---|---|---|---|---|\n",
        )?;
        for learned in self.heads {
            for (name, cut) in learned.cuts {
                let Cut { threshold, coverage, precision, recall } = cut;
                let task = &learned.head.task;
                writeln!(
                    f,
                    "| {task} | {name} | {threshold:.4} | {coverage:.3} | {precision:.3} | {recall:.3} |"
                )?;
            }
        }
        f.write_str("\n")
    }

    fn held_out(&self) -> &str {
        self.training.validation.map_or("a held-out tenth", |source| &source.file)
    }
}

const LIMITS: &str = "## Limits and risks

- It knows words, not meaning: sarcasm, negation over distance and languages other than English are lost on it.
- Products that are rare in the data are found least; read the macro-F1, not only the accuracy.
- `vulnerable` learned from a tag that customers set themselves and mostly don't explain in the text. Its absence
  says nothing, so the score ranks complaints for attention and must never be used to deny anybody anything.
- Complaints came in through a US regulator: products, names and law are American.
- Label frequencies are calibrated to the held-out rows. Where yours differ, calibrate on your own.
";
