//! What was acknowledged and is lost is named before anything goes on; a backup brings it back.

#![cfg(feature = "torch")]

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Log, Serving, ombud};

fn post(serving: &Serving, numbers: std::ops::Range<u32>) -> Result<()> {
    for number in numbers {
        let complaint = format!(
            r#"{{"complaint_id": "c-{number}", "narrative": "My card was charged {number} times and the bank refuses to refund me."}}"#
        );
        let (status, body) = serving.post("/api/complaints", &complaint)?;
        ensure!((200..300).contains(&status), "{status}: {body}");
    }
    Ok(())
}

fn run(mut command: Command, arguments: &[&str]) -> Result<Output> {
    Ok(command.args(arguments).output()?)
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat()
}

/// The ids of the complaints that are routed once everything has been worked off.
fn routed(data: &Path) -> Result<BTreeSet<String>> {
    let output = run(ombud(data)?, &["up", "--once", "--json"])?;
    ensure!(output.status.success(), "up: {}", said(&output));
    let routes = Log::of(data).tail("complaints.routed")?;
    routes
        .iter()
        .map(|route| Ok(route["value"]["complaint_id"].as_str().context("an id")?.to_owned()))
        .collect()
}

fn ids(numbers: std::ops::Range<u32>) -> BTreeSet<String> {
    numbers.map(|number| format!("c-{number}")).collect()
}

/// Up to where SQLite's journal holds what is not folded in yet. It is written from its beginning again after that, under other
/// salts, and what lies behind is of before (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
fn journal_length(journal: &[u8]) -> usize {
    const HEADER: usize = 32;
    const FRAME_HEADER: usize = 24;
    let page = journal[8..12].iter().fold(0, |page, byte| page * 256 + usize::from(*byte));
    let frame = FRAME_HEADER + page;
    let salts = &journal[16..24];
    let frames = journal[HEADER..].chunks_exact(frame).take_while(|frame| &frame[8..16] == salts);
    HEADER + frames.count() * frame
}

#[test]
fn a_bit_that_flips_in_the_journal_after_kill_9_is_named_and_a_repair_goes_on() -> Result<()> {
    let data = tempfile::tempdir()?;
    let serving = Serving::start(data.path())?;
    post(&serving, 0..40)?;
    drop(serving); // SIGKILL

    let journal = data.path().join("ombud.db-wal");
    let mut bytes = fs::read(&journal)?;
    let late = journal_length(&bytes) / 20 * 19;
    bytes[late] ^= 1;
    fs::write(&journal, bytes)?;

    let refused = run(ombud(data.path())?, &["up", "--once"])?;
    let text = said(&refused);
    ensure!(refused.status.code() == Some(1), "{text}");
    ensure!(text.contains("ombud.db lacks") && text.contains("offsets"), "{text}");
    ensure!(text.contains("ombud restore") && text.contains("ombud repair --accept-loss"), "{text}");
    let doctor = run(ombud(data.path())?, &["doctor"])?;
    ensure!(doctor.status.code() == Some(3) && said(&doctor).contains("offsets"), "{}", said(&doctor));

    let repaired = run(ombud(data.path())?, &["repair", "--accept-loss"])?;
    ensure!(repaired.status.success() && said(&repaired).contains("lost: "), "{}", said(&repaired));
    let routed = routed(data.path())?;
    ensure!(!routed.is_empty() && routed.is_subset(&ids(0..40)), "{routed:?}");
    let doctor = run(ombud(data.path())?, &["doctor", "--deep"])?;
    ensure!(doctor.status.success() && said(&doctor).contains("given up by"), "{}", said(&doctor));
    Ok(())
}

#[test]
fn a_backup_that_was_taken_while_up_serves_brings_back_all_of_its_moment() -> Result<()> {
    let (data, elsewhere, kept) = (tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?);
    let kept = kept.path().join("kept");
    let named = kept.to_str().context("a path")?;
    let mut serving = Serving::start(data.path())?;
    post(&serving, 0..20)?;
    std::thread::scope(|scope| -> Result<()> {
        let under_load = scope.spawn(|| post(&serving, 20..60));
        let backup = run(ombud(data.path())?, &["backup", named])?;
        ensure!(backup.status.success(), "{}", said(&backup));
        under_load.join().map_err(|_| anyhow::anyhow!("post panicked"))?
    })?;
    serving.stop()?;

    let restored = run(ombud(elsewhere.path())?, &["restore", named])?;
    ensure!(restored.status.success(), "{}", said(&restored));
    let brought_back = routed(elsewhere.path())?;
    ensure!(brought_back.is_superset(&ids(0..20)), "{brought_back:?}");

    // The log is lost: `up` begins no new one, and the same backup puts it back.
    fs::remove_file(data.path().join("ombud.db"))?;
    let refused = run(ombud(data.path())?, &["up", "--once"])?;
    ensure!(refused.status.code() == Some(1) && said(&refused).contains("missing"), "{}", said(&refused));
    let restored = run(ombud(data.path())?, &["restore", named, "--replace"])?;
    ensure!(restored.status.success(), "{}", said(&restored));
    ensure!(routed(data.path())? == brought_back);
    Ok(())
}
