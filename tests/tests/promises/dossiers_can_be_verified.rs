//! A dossier is verified by a stranger: with the command's own rules, and with the 40 lines of Python that docs/dossier.md shows,
//! which agree on what is genuine and on every change.

#![cfg(feature = "torch")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use ombud_dossier::{
    DossierSources, KeyList, SigningKey, Statement, seal,
    testing::{single_byte_changes, sources},
    verify,
};
use ombud_tests::{Log, Serving, clients, ombud, repository};
use serde_json::Value;
use tempfile::TempDir;

use crate::first_build;

/// What is promised of the program on the page, beside its imports.
const MOST_LINES: usize = 40;

/// Dossiers of a made-up case, and those who verify them.
struct Bench {
    folder: TempDir,
    keys: String,
    files: Vec<PathBuf>,
}

impl Bench {
    fn new(keys: String) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("verify.py"), program()?)?;
        fs::write(folder.path().join("keys.toml"), &keys)?;
        Ok(Self { folder, keys, files: Vec::new() })
    }

    fn put(&mut self, file: &[u8]) -> Result<()> {
        let path = self.folder.path().join(format!("{}.json", self.files.len()));
        fs::write(&path, file)?;
        self.files.push(path);
        Ok(())
    }

    /// What Rust says about each file: the complaint, or `None` where it is refused.
    fn by_rust(&self) -> Result<Vec<Option<String>>> {
        let keys = KeyList::parse(&self.keys)?;
        let verified = |file: &PathBuf| Ok(verify(&fs::read(file)?, &keys).ok().map(|one| one.complaint_id));
        self.files.iter().map(verified).collect()
    }

    /// What Python says about each file, all in one process.
    fn by_python(&self) -> Result<Vec<Option<String>>> {
        let folder = self.folder.path();
        let output = Command::new(clients()?.join("python"))
            .arg(repository().join("tests/clients/dossiers.py"))
            .args([folder.join("verify.py"), folder.join("keys.toml")])
            .args(&self.files)
            .output()?;
        ensure!(output.status.success(), "dossiers.py: {}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout)?;
        lines.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}

/// The program on the page.
fn program() -> Result<String> {
    let page = fs::read_to_string(Path::new(repository()).join("docs/dossier.md"))?;
    let (_, rest) = page.split_once("```python\n").context("docs/dossier.md has no program")?;
    let (program, _) = rest.split_once("```\n").context("the program does not end")?;
    Ok(program.to_owned())
}

fn sealed(sources: &DossierSources, key: &SigningKey) -> Result<Vec<u8>> {
    Ok(seal(&Statement::of(sources)?, key)?)
}

#[test]
fn the_program_on_the_page_is_as_short_as_the_page_says() -> Result<()> {
    let program = program()?;
    let is_own = |line: &&str| !(line.is_empty() || line.starts_with("import ") || line.starts_with("from "));
    assert!(program.lines().filter(is_own).count() <= MOST_LINES);
    Ok(())
}

#[test]
fn python_agrees_on_what_is_genuine_and_on_a_thousand_changes_of_one_byte() -> Result<()> {
    let (key, stranger) = (SigningKey::generate(), SigningKey::generate());
    let mut bench = Bench::new(key.public().to_entry(0)?)?;
    let genuine = [
        sources(),
        DossierSources { sees_evidence: false, ..sources() },
        DossierSources { text_reason: Some("ombudsman".into()), ..sources() },
        DossierSources { as_of: Some(sources().exported_at - 1), models: Vec::new(), ..sources() },
        DossierSources {
            explanations: Err("the version is gone".into()),
            strategies: Vec::new(),
            ..sources()
        },
    ];
    for sources in &genuine {
        bench.put(&sealed(sources, &key)?)?;
    }
    let file = sealed(&genuine[0], &key)?;
    for changed in single_byte_changes(&file, 1_000) {
        bench.put(&changed)?;
    }
    bench.put(&sealed(&genuine[0], &stranger)?)?;
    let mut swapped: Value = serde_json::from_slice(&file)?;
    let other: Value = serde_json::from_slice(&sealed(&genuine[1], &key)?)?;
    swapped["page"] = other["page"].clone();
    bench.put(swapped.to_string().as_bytes())?;
    bench.put(&[&file[..], b"\n"].concat())?;

    let (rust, python) = (bench.by_rust()?, bench.by_python()?);
    assert_eq!(rust.len(), genuine.len() + 1_003);
    let (good, changed) = rust.split_at(genuine.len());
    assert!(good.iter().all(|said| said.as_deref() == Some("crm-2024-000117")), "{good:?}");
    assert!(changed.iter().all(Option::is_none));
    let apart: Vec<usize> = (0..rust.len()).filter(|&at| rust[at] != python[at]).collect();
    assert!(apart.is_empty() && rust.len() == python.len(), "Python says otherwise about {apart:?}");
    Ok(())
}

#[test]
fn python_agrees_on_keys_that_ended_or_were_revoked() -> Result<()> {
    let key = SigningKey::generate();
    let entry = key.public().to_entry(0)?;
    // It was exported on 1 July 2027.
    let lists = [
        (entry.clone(), true),
        (format!("{entry}until = 2027-07-01T00:00:00Z\n"), false),
        (format!("{entry}until = 2027-07-01T00:00:01Z\n"), true),
        (format!("{entry}revoked = 2028-01-01T00:00:00Z\n"), false),
        (key.public().to_entry(sources().exported_at)?, true),
        (key.public().to_entry(sources().exported_at + 1_000)?, false),
        (SigningKey::generate().public().to_entry(0)? + &entry, true),
    ];
    for (list, is_genuine) in lists {
        let mut bench = Bench::new(list)?;
        bench.put(&sealed(&sources(), &key)?)?;
        let said = (bench.by_rust()?, bench.by_python()?);
        assert_eq!((said.0[0].is_some(), said.1[0].is_some()), (is_genuine, is_genuine), "{}", bench.keys);
    }
    Ok(())
}

/// A folder that the command works in, with a complaint in it that was decided.
struct Bank(TempDir);

/// Its complaint.
const COMPLAINT: &str = "dossier-1";

impl Bank {
    fn new() -> Result<Self> {
        let bank = Self(tempfile::tempdir()?);
        let file = bank.0.path().join("complaints.csv");
        let narrative =
            "I am a veteran. A debt collector calls me every day about a loan that I have never taken out.";
        fs::write(&file, format!("complaint_id,narrative\n{COMPLAINT},\"{narrative}\"\n"))?;
        let up =
            ombud(bank.data())?.arg("up").arg(&file).args(["--received-at", "now", "--once"]).output()?;
        ensure!(up.status.success(), "up: {}", String::from_utf8_lossy(&up.stderr));
        Ok(bank)
    }

    fn data(&self) -> &Path {
        self.0.path()
    }

    /// The dossier of `id` as the command makes it, beside the `up` at `address` where one runs.
    fn export(&self, id: &str, address: Option<&str>, options: &[&str]) -> Result<Vec<u8>> {
        let file = self.data().join(format!("{}.json", fs::read_dir(self.data())?.count()));
        let mut command = ombud(self.data())?;
        if let Some(address) = address {
            command.env("OMBUD_HTTP__ADDRESS", address);
        }
        let output = command.args(["dossier", id, "--out"]).arg(&file).args(options).output()?;
        ensure!(output.status.success(), "dossier: {}", String::from_utf8_lossy(&output.stderr));
        Ok(fs::read(file)?)
    }

    /// The dossier as `up` gives it over HTTP to whoever has the operator's token.
    fn download(&self, up: &Serving, query: &str) -> Result<Vec<u8>> {
        let token = fs::read_to_string(self.data().join("operator.token"))?;
        let url = format!("http://{}/api/complaints/{COMPLAINT}/dossier{query}", up.address());
        let answer = ureq::get(&url).header("authorization", format!("Bearer {token}")).call();
        Ok(answer?.body_mut().read_to_vec()?)
    }

    /// The list of keys in the data folder.
    fn keys(&self) -> PathBuf {
        self.data().join("dossier-keys.toml")
    }

    /// What `ombud dossier verify --json` says about `file`, and its exit code: in a folder without data and settings.
    fn verified(&self, file: &[u8]) -> Result<(Value, Option<i32>)> {
        let elsewhere = tempfile::tempdir()?;
        let path = elsewhere.path().join("file.json");
        fs::write(&path, file)?;
        let mut command = ombud(elsewhere.path())?;
        let output = command
            .args(["dossier", "verify"])
            .arg(&path)
            .arg("--keys")
            .arg(self.keys())
            .arg("--json")
            .output()?;
        Ok((serde_json::from_slice(&output.stdout)?, output.status.code()))
    }

    fn exports(&self) -> Result<usize> {
        let entries = Log::of(self.data()).tail("console.audit")?;
        Ok(entries.iter().filter(|entry| entry["value"]["action"] == "dossier-exported").count())
    }
}

#[test]
fn a_real_dossier_is_genuine_beside_up_over_http_and_after_it_has_stopped() -> Result<()> {
    let bank = Bank::new()?;
    let mut up = Serving::start(bank.data())?;
    let address = up.address().to_owned();
    let mut files = vec![
        bank.download(&up, "")?,
        bank.export(COMPLAINT, Some(&address), &[])?,
        bank.export(COMPLAINT, Some(&address), &["--text", "ombudsman", "--no-evidence"])?,
    ];
    up.stop()?;
    files.push(bank.export(COMPLAINT, None, &[])?);
    ensure!(bank.exports()? == files.len(), "each export is recorded");

    let mut bench = Bench::new(fs::read_to_string(bank.keys())?)?;
    for file in &files {
        bench.put(file)?;
        let (said, code) = bank.verified(file)?;
        ensure!(code == Some(0) && said["verified"] == true && said["complaint_id"] == COMPLAINT, "{said}");
    }
    for changed in single_byte_changes(&files[0], 1_000) {
        bench.put(&changed)?;
    }
    let (rust, python) = (bench.by_rust()?, bench.by_python()?);
    let (genuine, changed) = rust.split_at(files.len());
    assert!(
        genuine.iter().all(|said| said.as_deref() == Some(COMPLAINT)) && changed.iter().all(Option::is_none)
    );
    assert_eq!(rust, python);

    let mut broken = files[0].clone();
    broken[100] ^= 1;
    let (said, code) = bank.verified(&broken)?;
    ensure!(code == Some(1) && said["verified"] == false && said["error"].is_string(), "{said}");
    Ok(())
}

#[test]
fn a_dossier_holds_words_and_evidence_for_those_who_asked_for_them_and_may_see_them() -> Result<()> {
    let bank = Bank::new()?;
    // A model's card speaks of all categories, whoever is vulnerable.
    let payload = |file: Vec<u8>| -> Result<String> {
        let keys = KeyList::parse(&fs::read_to_string(bank.keys())?)?;
        let mut statement = verify(&file, &keys)?.statement;
        statement["predicate"]["model"].take();
        Ok(statement.to_string())
    };
    let plain = payload(bank.export(COMPLAINT, None, &[])?)?;
    ensure!(
        plain.contains("armed_forces") && !plain.contains("every day about a loan"),
        "no reason was given"
    );
    let text = payload(bank.export(COMPLAINT, None, &["--text", "ombudsman", "--no-evidence"])?)?;
    ensure!(
        text.contains("every day about a loan") && !text.contains("armed_forces"),
        "evidence was left out"
    );
    Ok(())
}

#[test]
fn a_case_of_the_first_build_has_a_dossier_though_its_model_is_gone() -> Result<()> {
    let bank = Bank(tempfile::tempdir()?);
    let mut packed = GzDecoder::new(fs::File::open(first_build::fixture().join("ombud.db.gz"))?);
    std::io::copy(&mut packed, &mut fs::File::create(bank.data().join("ombud.db"))?)?;
    first_build::keep_model(bank.data())?;
    let keys = |bank: &Bank| -> Result<KeyList> { Ok(KeyList::parse(&fs::read_to_string(bank.keys())?)?) };
    let explained = verify(&bank.export(first_build::CONFIRMED, None, &[])?, &keys(&bank)?)?;
    ensure!(explained.complaint_id == first_build::CONFIRMED && explained.records > 3, "{explained:?}");
    fs::remove_dir_all(bank.data().join("models"))?;
    let gone = verify(&bank.export(first_build::CONFIRMED, None, &[])?, &keys(&bank)?)?;
    let notes = |part: &str| gone.statement["predicate"][part]["notes"].to_string();
    ensure!(notes("model").contains("gone"), "{}", notes("model"));
    ensure!(notes("words") != "[]", "the words are not explained, and it is said why");
    Ok(())
}
