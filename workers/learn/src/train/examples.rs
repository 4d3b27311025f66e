//! Labelled complaints as a training run reads them, and which of them are held out.

use std::path::Path;

use indicatif::ProgressBar;
use ombud_contract::taxonomy::Taxonomy;
use ombud_intake::{FileDefaults, Labels, Rows};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::LearnError;
use super::recipe::HeadRecipe;

/// A complaint with its labels.
pub(super) struct Example {
    /// First 16 digits of the SHA-256 of its id: enough to find a complaint that must be forgotten.
    pub(super) id_hash: String,
    pub(super) narrative: String,
    /// For each head the place of its label in the head's label set.
    pub(super) labels: Vec<Option<usize>>,
}

/// Where examples came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The file's name, without its folder.
    pub file: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Complaints read from it.
    pub rows: usize,
    /// Rows of it that are no complaint.
    pub rejected: usize,
}

/// Reads a whole file; `progress` moves on by one a row.
pub(super) fn read(
    path: &Path,
    heads: &[HeadRecipe],
    progress: &ProgressBar,
) -> Result<(Source, Vec<Example>), LearnError> {
    let mut source = Source {
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256: digest(path)?,
        rows: 0,
        rejected: 0,
    };
    let mut examples = Vec::new();
    for row in Rows::open(path, FileDefaults::of(path)?)? {
        progress.inc(1);
        let Ok(row) = row? else {
            source.rejected += 1;
            continue;
        };
        source.rows += 1;
        let id_hash = hex::encode(&Sha256::digest(&row.complaint.complaint_id)[..8]);
        let labels = heads.iter().map(|head| place(head, &row.labels)).collect::<Result<_, _>>()?;
        examples.push(Example { id_hash, narrative: row.complaint.narrative, labels });
    }
    Ok((source, examples))
}

/// Splits off about a tenth: (the rest, the tenth). A narrative always falls on the same side for a seed, so that
/// copies of one are never on both.
pub(super) fn hold_out_a_tenth(examples: Vec<Example>, seed: u64) -> (Vec<Example>, Vec<Example>) {
    examples.into_iter().partition(|example| {
        let digest =
            Sha256::new().chain_update(seed.to_le_bytes()).chain_update(&example.narrative).finalize();
        digest[0] % 10 != 0
    })
}

fn place(head: &HeadRecipe, labels: &Labels) -> Result<Option<usize>, LearnError> {
    let label = match head.task.as_str() {
        "product" => labels.product.as_deref(),
        "issue" => labels.issue.as_deref(),
        "vulnerable" => labels.vulnerable.map(|yes| if yes { "VULNERABLE" } else { "NOT_INDICATED" }),
        _ => return Err(LearnError::UnknownTask { task: head.task.clone() }),
    };
    Ok(label.and_then(|label| leaves(head).iter().position(|leaf| leaf == label)))
}

/// The labels of a head, in logit order.
pub(super) fn leaves(head: &HeadRecipe) -> &'static [String] {
    Taxonomy::by_label_set(&head.label_set).map_or(&[], Taxonomy::leaves)
}

fn digest(path: &Path) -> Result<String, LearnError> {
    let bytes = std::fs::read(path).map_err(|source| LearnError::File { path: path.to_owned(), source })?;
    Ok(hex::encode(Sha256::digest(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(narrative: usize) -> Example {
        Example { id_hash: String::new(), narrative: narrative.to_string(), labels: Vec::new() }
    }

    #[test]
    fn about_a_tenth_is_held_out_and_copies_stay_together() {
        let (rest, tenth) = hold_out_a_tenth((0..4_000).map(|i| example(i / 2)).collect(), 7);
        assert_eq!(rest.len() + tenth.len(), 4_000);
        assert!((250..600).contains(&tenth.len()), "{}", tenth.len());
        assert!(tenth.chunks(2).all(|pair| pair[0].narrative == pair[1].narrative));
    }

    #[test]
    fn another_seed_holds_out_others() {
        let held = |seed| -> Vec<String> {
            hold_out_a_tenth((0..400).map(example).collect(), seed)
                .1
                .into_iter()
                .map(|e| e.narrative)
                .collect()
        };
        assert_eq!(held(1), held(1));
        assert_ne!(held(1), held(2));
    }
}
