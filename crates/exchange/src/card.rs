//! Model cards as the hub has them: what a program reads on top, below it what people should know.

use std::fmt::{self, Display, Formatter};

use ombud_models::{Artefact, Cleaning, Head, Reads};
use ombud_report::{CardMetadata, CardResults};

use crate::architecture::Architecture;

/// Of an exported task; displays as its README.md.
pub(super) struct ExportedCard<'a> {
    pub(super) artefact: &'a Artefact,
    pub(super) head: &'a Head,
    pub(super) architecture: &'a Architecture,
    pub(super) own_code: bool,
    /// Tokens that it reads at most.
    pub(super) longest: u64,
    /// The artefact's own card.
    pub(super) readme: String,
}

impl Display for ExportedCard<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metadata(license(&self.readme)))?;
        self.use_it(f)?;
        f.write_str(INTENDED_USE)?;
        self.labels(f)?;
        let own = sections(&self.readme);
        let told = |title: &str| {
            ["Use", "Intended use", "Limits", "Ethical"].iter().any(|ours| title.starts_with(ours))
        };
        for (title, text) in own.iter().filter(|(title, _)| !told(title)) {
            write!(f, "## {title}\n\n{text}\n\n")?;
        }
        if self.metrics().next().is_some() {
            self.figures(f)?;
        } else {
            f.write_str(
                "## Metrics\n\nNone were measured with this model; `ombud evaluate --model` does.\n\n",
            )?;
        }
        if !own.iter().any(|(title, _)| title.to_lowercase().contains("slice")) {
            f.write_str(
                "## Metrics by slice\n\nThe model's own card has none; `ombud evaluate --model` does.\n\n",
            )?;
        }
        f.write_str("## Limits\n\n")?;
        if let Some((_, text)) = own.iter().find(|(title, _)| title.starts_with("Limits")) {
            writeln!(f, "{text}")?;
        } else {
            f.write_str(LIMITS)?;
        }
        write!(f, "\n{ETHICS}")
    }
}

impl ExportedCard<'_> {
    fn metadata<'b>(&'b self, license: &'b str) -> CardMetadata<'b> {
        let mut results: Vec<CardResults<'_>> = Vec::new();
        for (data, name, value) in self.metrics() {
            let figure = (name.to_owned(), value);
            match results.last_mut() {
                Some(last) if last.data == data => last.figures.push(figure),
                _ => results.push(CardResults { task: &self.head.task, data, figures: vec![figure] }),
            }
        }
        CardMetadata {
            languages: vec!["en"],
            license,
            library: "transformers",
            tags: vec!["ombud", "complaints", self.architecture.model_type],
            model: &self.artefact.manifest.model_id,
            results,
        }
    }

    /// Split of the data, name and value of each figure of this task, split by split.
    fn metrics(&self) -> impl Iterator<Item = (&str, &str, f64)> {
        let of_task = |(name, value): (&'_ String, &f64)| -> Option<(usize, usize, f64)> {
            let (split, rest) = name.split_once('.')?;
            let figure = rest.strip_prefix(&self.head.task)?.strip_prefix('.')?;
            Some((split.len(), name.len() - figure.len(), *value))
        };
        let metrics = self.artefact.manifest.metrics.iter();
        metrics.filter_map(move |(name, value)| {
            let (split, figure, value) = of_task((name, value))?;
            Some((&name[..split], &name[figure..], value))
        })
    }

    fn use_it(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Head { task, temperature, .. } = self.head;
        let (id, version, longest) = (&self.artefact.manifest.model_id, &self.artefact.version, self.longest);
        write!(
            f,
            "# {id}: {task}\n\nThe {task} of a customer's complaint, by {id} of Ombud, version `{version}`.\n\n## Use\n\n"
        )?;
        let (trust, also) = if self.own_code { (", trust_remote_code=True", TRUST) } else { ("", "") };
        write!(
            f,
            "```python\nfrom transformers import pipeline\n\n\
             classify = pipeline(\"text-classification\", model=FOLDER{trust})\n\
             classify(text, truncation=True)\n```\n\n{also}\
             Its logits are Ombud's own to 1e-4 on the same ids: `ombud_parity.json` has ids and logits of a few texts to\n\
             compare. Three things that Ombud does around the model are not in it:\n\n\
             - Confidences are `softmax(logits / {temperature})`; the pipeline's scores leave the temperature out\n\
             \x20 (`config.ombud_temperature`).\n\
             - A text of more than {longest} tokens is cut by `truncation=True` at its end; Ombud keeps its head and its tail.\n"
        )?;
        match self.artefact.manifest.cleaning {
            Some(Cleaning::Redactions1) => f.write_str(REDACTIONS_1),
            None => f.write_str("- Answers below a threshold are left to people.\n\n"),
        }
    }

    fn labels(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "## Labels\n\n`{}`, in the order of the logits:\n\n", self.head.label_set)?;
        for (logit, label) in self.head.labels.iter().enumerate() {
            writeln!(f, "{logit}. {label}")?;
        }
        f.write_str("\n")
    }

    fn figures(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("## Metrics\n\n| data | figure | value |\n|---|---|---|\n")?;
        for (split, name, value) in self.metrics() {
            writeln!(f, "| {split} | {name} | {value:.4} |")?;
        }
        f.write_str("\n")
    }
}

/// Of an artefact that came from Python; displays as its README.md.
pub(super) struct ImportedCard<'a> {
    pub(super) model_id: &'a str,
    pub(super) source: &'a str,
    pub(super) architecture: &'a Architecture,
    pub(super) head: &'a Head,
    /// Theirs and ours, in the order of the network's logits.
    pub(super) labels: &'a [(String, Option<String>)],
    pub(super) reads: &'a Reads,
    /// The card that it came with.
    pub(super) readme: String,
}

impl Display for ImportedCard<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { model_id, source, head, .. } = self;
        let task = &head.task;
        let metadata = CardMetadata {
            languages: self.reads.languages.iter().map(String::as_str).collect(),
            license: license(&self.readme),
            library: "ombud",
            tags: vec!["complaints", "imported", self.architecture.model_type],
            ..CardMetadata::default()
        };
        write!(
            f,
            "{metadata}# {model_id}\n\nThe {task} of a customer's complaint, by a {} that was trained in Python.\n\
             Made by `ombud models import` from `{source}`.\n\n{INTENDED_USE}\
             **Reads.** {}. Of anything else it abstains, and people read it.\n\n\
             ## Labels\n\n`{}`:\n\n| logit | theirs | ours |\n|---|---|---|\n",
            self.architecture.class, self.reads, head.label_set
        )?;
        for (logit, (theirs, ours)) in self.labels.iter().enumerate() {
            let ours = ours.as_deref().map_or_else(|| "none".to_owned(), cell);
            writeln!(f, "| {logit} | {} | {ours} |", cell(theirs))?;
        }
        if !head.foreign.is_empty() {
            write!(f, "\n{SUMMED}")?;
        }
        if head.knows_none() {
            f.write_str(NONE_OF_OURS)?;
        }
        let never: Vec<&str> = head.never_answered().collect();
        if !never.is_empty() {
            writeln!(
                f,
                "It never answers with: {}. Where figures were measured, complaints of these count as wrong.",
                never.join(", ")
            )?;
        }
        write!(f, "\n{NOT_MEASURED}{LIMITS}\n{ETHICS}")?;
        let own = body(&self.readme).trim();
        if !own.is_empty() {
            write!(f, "\n## The card that it came with\n\n{}\n", lowered(own))?;
        }
        Ok(())
    }
}

const TRUST: &str = "\
The folder carries its own class, `modeling_ombud.py`: read it before you trust it. Python's own classes pool the first
token only; this model weighs all of them by a learned query.

";

const INTENDED_USE: &str = "\
## Intended use

Routing complaints to the team that can solve them, with a human behind every answer below its threshold. Not intended:
deciding whether a complaint is justified, or anything about a customer but who looks at the complaint first.

";

const REDACTIONS_1: &str = "\
- Text is cleaned before it is read (`redactions-1`): `{`, `}` and `.00` go, and a run of `XXXX` becomes `xx`:

  ```python
  text = re.sub(r\"\\bX{2,}(?:[\\s/,.\\-]*X{2,})*\\b\", \"xx\", re.sub(r\"\\.00\\b\", \"\", re.sub(r\"[{}]\", \"\", text)))
  ```

";

const SUMMED: &str = "\
It was trained on the labels in the middle. Its softmax is taken over those, and the probabilities of all that stand for one
label of ours are added up: confidences, thresholds and figures are of the sums.
";

const NONE_OF_OURS: &str = "\
What stands for none counts for no label: the confidences sum to less than 1 then, and where none is likelier than any label
the model abstains.
";

const NOT_MEASURED: &str = "\
## Metrics

None were measured here: `ombud evaluate --model DIR --data FILE` does, by slice. Until then its confidences are as the
training in Python left them, and its thresholds as somebody said.

## Limits

";

const LIMITS: &str = "\
- It reads English; sarcasm and what is said between the lines are lost on it.
- Products that are rare in its data are found least; read the macro-F1, not only the accuracy.
- It knows the labels that it was trained on, and gives one of them to anything.
";

const ETHICS: &str = "\
## Ethical notes

- Vulnerability is learned from a tag that customers set themselves and mostly don't explain in the text. Its absence
  says nothing: the score ranks complaints for attention and must never be used to deny anybody anything.
- Who is missed matters more than who is flagged too often: where a score is missing or unsure, treat the customer as
  possibly vulnerable.
- Those who write little, or not in standard English, may be found less often. Measure by length, channel and source before
  and after every change.
- The data came in through a United States regulator: products, names, law and who complains at all are American.
";

/// A label as a cell of a table.
fn cell(label: &str) -> String {
    label.replace('|', "\\|")
}

/// What a card's metadata gives as license; `unknown`, which the hub knows, where it says none.
fn license(readme: &str) -> &str {
    let metadata =
        readme.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---")).map_or("", |(lines, _)| lines);
    let said = metadata.lines().find_map(|line| line.strip_prefix("license:")).map(str::trim);
    said.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')))
        .filter(|name| !name.is_empty())
        .unwrap_or("unknown")
}

/// A card without its metadata.
fn body(readme: &str) -> &str {
    match readme.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) {
        Some((_, body)) => body,
        None => readme,
    }
}

/// The chapters of a card: title and text.
fn sections(readme: &str) -> Vec<(&str, &str)> {
    let chapters = body(readme).split("\n## ").skip(1);
    chapters
        .map(|chapter| chapter.split_once('\n').unwrap_or((chapter, "")))
        .map(|(t, b)| (t, b.trim()))
        .collect()
}

/// A card as a chapter of another: its titles two levels lower.
fn lowered(card: &str) -> String {
    let mut code = false;
    let line = |line: &str| {
        code ^= line.starts_with("```");
        if line.starts_with('#') && !code { format!("##{line}\n") } else { format!("{line}\n") }
    };
    card.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str =
        "---\nlicense: mit\ntags: [a]\n---\n# Name\n\nIntro.\n\n## Data\n\nRows.\n\n## Limits\n\nMany.\n";

    #[test]
    fn a_card_is_read_by_its_chapters() {
        assert_eq!(license(CARD), "mit");
        assert_eq!(sections(CARD), [("Data", "Rows."), ("Limits", "Many.")]);
        assert!(body(CARD).starts_with("# Name"));
    }

    #[test]
    fn a_card_without_metadata_has_no_known_license() {
        for card in ["# Name\n", "", "---\nlicense: [mit]\n---\n", "---\nlanguage: en\n---\n"] {
            assert_eq!(license(card), "unknown", "{card}");
        }
    }

    #[test]
    fn titles_go_down_and_code_stays() {
        assert_eq!(lowered("# A\n```\n# not\n```\n## B"), "### A\n```\n# not\n```\n#### B\n");
    }
}
