//! What a customer writes gives nobody's terminal an order, and is nobody else's to read.

#![cfg(feature = "torch")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Log, ombud};
use serde_json::Value;

/// What is written, and how it is shown.
const ATTACKS: [(&str, &str); 10] = [
    ("\u{1b}]52;c;AAAA\u{7}", r"\u001b]52;c;AAAA\u0007"),
    ("\u{1b}]0;root@bank\u{7}", r"\u001b]0;root@bank\u0007"),
    ("\u{1b}[2J\u{1b}[H", r"\u001b[2J\u001b[H"),
    ("\u{9b}2J", r"\u009b2J"),
    ("pay \u{202e}001\u{2066}", r"pay \u202e001\u2066"),
    ("pay\u{200b}pal\u{feff}", r"pay\u200bpal\ufeff"),
    ("a\u{e0041}\u{e007f}", r"a\udb40\udc41\udb40\udc7f"),
    ("refused\rgranted", r"refused\u000dgranted"),
    ("no\u{8}\u{8}yes\u{7f}", r"no\u0008\u0008yes\u007f"),
    ("one\u{2028}two\u{85}three", r"one\u2028two\u0085three"),
];

const HONEST: &str =
    "The café in Zürich was charged twice, 5 €: 東京 می\u{200c}خواهم 👨\u{200d}👩\u{200d}👧 👍🏽.";

fn narrative(attack: &str) -> String {
    format!("The bank charged my card twice {attack} and does not answer my letters.")
}

/// What the command printed on both channels.
fn printed(data: &Path, words: &[&str]) -> Result<String> {
    let output = ombud(data)?.args(words).output()?;
    Ok(format!("{}{}", String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}

/// Whether some character of `text` would act on a terminal or hide there.
fn acts(text: &str) -> bool {
    let written = ATTACKS.iter().flat_map(|(attack, _)| attack.chars());
    let acting: Vec<char> = written.filter(|c| !c.is_ascii_graphic() && *c != ' ').collect();
    text.chars().any(|c| acting.contains(&c) || c.is_control() && c != '\n')
}

#[test]
fn ten_attacks_on_a_terminal_are_shown_escaped_by_every_command_and_honest_text_as_it_was_written()
-> Result<()> {
    let data = tempfile::tempdir()?;
    let file = data.path().join("complaints.csv");
    let mut csv = csv::Writer::from_path(&file)?;
    csv.write_record(["complaint_id", "narrative", "channel", "received_at"])?;
    for (number, (attack, _)) in ATTACKS.iter().enumerate() {
        csv.write_record([format!("attack-{number}").as_str(), &narrative(attack), "web", "2026-01-31"])?;
    }
    csv.write_record(["honest", HONEST, "web\u{202e}", "2026-01-31"])?;
    // What is refused, and said without what stood there.
    csv.write_record(["c-\u{202e}1", HONEST, "web", "2026-01-31"])?;
    csv.flush()?;
    drop(csv);
    let output = ombud(data.path())?.arg("up").arg(&file).args(["--once", "--json"]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(output.stdout.trim_ascii())?;
    ensure!(summary["routed"] == ATTACKS.len() + 1 && summary["rejected"] == 1, "{summary}");
    let rejected = fs::read_to_string(data.path().join("complaints.csv.rejected.csv"))?;
    ensure!(rejected.contains("id-format-character"), "{rejected}");

    for (number, (attack, expected)) in ATTACKS.iter().enumerate() {
        let id = format!("attack-{number}");
        let shown = printed(data.path(), &["show", &id])?;
        ensure!(!acts(&shown) && shown.contains(&narrative(expected)), "{shown:?}");
        let json = printed(data.path(), &["show", &id, "--json"])?;
        ensure!(!acts(&json), "{json:?}");
        let case = Log::of(data.path()).show(&id)?;
        ensure!(
            case["events"][0]["value"]["narrative"] == narrative(attack),
            "the value is the same: {case}"
        );
    }
    let honest = printed(data.path(), &["show", "honest"])?;
    ensure!(honest.contains(HONEST) && honest.contains(r"web\u202e"), "{honest}");

    let file = file.to_str().context("a path")?;
    for words in [
        &["tail", "complaints.raw", "--from", "start"][..],
        &["tail", "complaints.raw", "--from", "start", "--json"],
        &["tail", "complaints.routed", "--from", "start"],
        &["check", file],
        &["check", "complaints.raw", "--all", "--json"],
        &["doctor"],
        &["show", "c-\u{202e}1"],
        &["tail", "complaints.\u{1b}[2J"],
    ] {
        let shown = printed(data.path(), words)?;
        ensure!(!shown.is_empty() && !acts(&shown), "{words:?}: {shown:?}");
    }
    let raw = Log::of(data.path()).tail("complaints.raw")?;
    ensure!(raw.iter().any(|record| record["value"]["narrative"] == HONEST), "{raw:?}");
    Ok(())
}

/// What lies in `folder` and below it, itself included.
fn all_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => found.extend(all_below(&entry.path())?),
            false => found.push(entry.path()),
        }
    }
    Ok(found)
}

fn open_to_others(path: &Path) -> Result<bool> {
    Ok(fs::symlink_metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[test]
fn what_a_run_writes_is_its_users_alone_and_an_older_folder_is_closed() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (data, file) = (dir.path().join("data"), dir.path().join("complaints.csv"));
    fs::write(&file, format!("complaint_id,narrative\nc-1,{HONEST}\nc-2,  \n"))?;
    let run = |words: &[&str]| -> Result<String> {
        let output = ombud(dir.path())?.env("OMBUD_DATA", &data).args(words).output()?;
        let said = String::from_utf8(output.stderr)?;
        ensure!(output.status.code().is_some_and(|code| code == 0 || code == 3), "{words:?}: {said}");
        Ok(said)
    };
    run(&["up", "complaints.csv", "--received-at", "file", "--once"])?;
    let page = dir.path().join("quality.html");
    run(&["report", "quality", "--since", "30d", "--html", "quality.html"])?;
    let mut written = all_below(&data)?;
    ensure!(written.len() > 3 && written.contains(&data.join("ombud.db")), "{written:?}");
    written.extend([dir.path().join("complaints.csv.rejected.csv"), page]);
    for path in &written {
        ensure!(!open_to_others(path)?, "{} is open to others", path.display());
    }

    // As an older build left them.
    for (path, mode) in [(data.clone(), 0o755), (data.join("ombud.db"), 0o644), (data.join("lock"), 0o644)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    let said = run(&["up", "complaints.csv", "--received-at", "file", "--once"])?;
    ensure!(said.contains("closed to other users"), "{said}");
    for path in all_below(&data)? {
        ensure!(!open_to_others(&path)?, "{} is open to others", path.display());
    }
    Ok(())
}
