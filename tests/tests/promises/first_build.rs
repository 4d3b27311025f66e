//! What the fixture of the first build holds; its README says how it was written.

#![cfg(feature = "torch")]

use std::{
    fs::{self, File},
    io::copy,
    path::{Path, PathBuf},
};

use anyhow::Result;
use flate2::read::GzDecoder;
use ombud_tests::repository;

pub(crate) const PARTITIONS: i32 = 2;
/// Complaints that it had routed.
pub(crate) const ROUTED: usize = 40;
/// Complaints that it had taken, and not routed when it was stopped.
pub(crate) const UNROUTED: usize = 5;
/// Complaints in [`later`] that it never saw.
pub(crate) const NEW: usize = 3;
/// A complaint that [`later`] sends again, with another text.
pub(crate) const CORRECTED: &str = "first-07";
/// A complaint with a verdict.
pub(crate) const CONFIRMED: &str = "first-03";

/// The version of the model that it served.
const VERSION: &str = "2c22f89ca114dc7bc5ef5718c7aedadde160ba631054eb6c6d804d2dad04de18";

pub(crate) fn fixture() -> PathBuf {
    repository().join("tests/fixtures/first-build")
}

/// Lays the model that it served in the store of a data folder, as it did. Its weights are still those of `models/`.
pub(crate) fn keep_model(data: &Path) -> Result<()> {
    let kept = data.join("models/complaints-bag").join(VERSION);
    fs::create_dir_all(&kept)?;
    fs::copy(fixture().join("contents.json"), kept.join(".contents.json"))?;
    fs::copy(fixture().join("ombud.json"), kept.join("ombud.json"))?;
    let mut training = GzDecoder::new(File::open(fixture().join("training.json.gz"))?);
    copy(&mut training, &mut File::create(kept.join("training.json"))?)?;
    for weights in ["config.json", "model.safetensors"] {
        fs::copy(repository().join("models/complaints-bag").join(weights), kept.join(weights))?;
    }
    Ok(())
}

/// A file that is sent once the newer build has taken over.
pub(crate) fn later() -> String {
    let rows = [
        (
            CORRECTED,
            "I wrote about my card before. It is about the mortgage: the bank has lost two of my payments for the house.",
        ),
        ("later-1", "A debt collector calls me every day about a loan that I have never taken out."),
        ("later-2", "My bank closed the checking account without telling me and keeps the money on it."),
        (
            "later-3",
            "The credit report still lists an account that is not mine, though I have disputed it twice.",
        ),
    ];
    let lines = rows.map(|(id, narrative)| format!("{id},\"{narrative}\"\n"));
    format!("complaint_id,narrative\n{}", lines.concat())
}
