//! Which narratives of a split are explained: always the same ones, in the same order, so that a longer run begins with a shorter
//! one's.

use anyhow::{Result, ensure};
use ombud_intake::{FileDefaults, Rows};
use ombud_tests::data_set;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{served::Served, words::words};

/// Shorter ones have no fifth to take away that means anything.
const LEAST_WORDS: usize = 10;
const SEED: u64 = 23;

/// One complaint.
pub(crate) struct Complaint {
    /// Its row in the file, from 1.
    pub(crate) row: u64,
    pub(crate) narrative: String,
}

/// The first `count` complaints of a split that the model reads, in an order drawn once.
pub(crate) fn complaints(split: &str, count: usize, served: &mut Served) -> Result<Vec<Complaint>> {
    let file = data_set(split)?;
    let rows = Rows::open(&file, FileDefaults::of(&file)?)?;
    let mut all = Vec::new();
    for row in rows {
        if let Ok(row) = row? {
            all.push(Complaint { row: row.number, narrative: row.complaint.narrative });
        }
    }
    all.shuffle(&mut StdRng::seed_from_u64(SEED));
    let mut taken = Vec::with_capacity(count);
    for complaint in all {
        if taken.len() == count {
            break;
        }
        if words(&complaint.narrative).len() >= LEAST_WORDS
            && !served.answered(&complaint.narrative)?.is_unread
        {
            taken.push(complaint);
        }
    }
    ensure!(taken.len() == count, "{split} has {} such complaints, not {count}", taken.len());
    Ok(taken)
}
