//! Files as other programs write them and people bring them: each comes out as its case in tests/cases says, whole or with its
//! reasons, and with nothing shown that is a customer's.

#![cfg(feature = "torch")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use ombud_tests::{Case, Log, Run, Serving, cases, folder_of, ombud, repository, shared_cases};
use serde_json::Value;

/// What a command said, and which rows it rejected.
struct Outcome {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
    /// The last line of stdout as JSON; null where it is none.
    result: Value,
    /// By reason.
    rejected: BTreeMap<String, u64>,
    noted: BTreeMap<String, u64>,
}

impl Outcome {
    fn of(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let result: Value =
            stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let (mut rejected, mut noted) = (BTreeMap::new(), BTreeMap::new());
        for reason in result["reasons"].as_array().into_iter().flatten() {
            let by_rule = if reason["wrong"] == true { &mut rejected } else { &mut noted };
            let rule = reason["rule"].as_str().unwrap_or_default().to_owned();
            *by_rule.entry(rule).or_default() += reason["count"].as_u64().unwrap_or_default();
        }
        Self { exit: output.status.code(), stdout, stderr, result, rejected, noted }
    }

    /// With the reasons in the file of rejected rows.
    fn with_rejected_rows(mut self, of: &Path) -> Result<Self> {
        let listed = of.with_added_extension("rejected.csv");
        if listed.exists() {
            let mut rows = csv::ReaderBuilder::new().flexible(true).from_path(listed)?;
            for row in rows.byte_records() {
                let reason = String::from_utf8_lossy(row?.get(1).context("a reason")?).into_owned();
                *self.rejected.entry(reason).or_default() += 1;
            }
        }
        Ok(self)
    }

    fn expect(&self, case: &Case) -> Result<()> {
        ensure!(self.exit == Some(case.exit), "exit {:?}: {}", self.exit, self.stderr);
        for (name, count) in &case.counts {
            ensure!(self.result[name] == *count, "{name} is {}, not {count}", self.result[name]);
        }
        ensure!(self.rejected == case.rejected, "rejected: {:?}", self.rejected);
        let mut noted = self.noted.clone();
        if !case.noted.contains_key("language-unknown") {
            noted.remove("language-unknown");
        }
        ensure!(noted == case.noted, "noted: {noted:?}");
        for (words, said, of) in
            [(&case.stderr, &self.stderr, "stderr"), (&case.stdout, &self.stdout, "stdout")]
        {
            let missing: Vec<_> = words.iter().filter(|words| !said.contains(*words)).collect();
            ensure!(missing.is_empty(), "{of} lacks {missing:?}: {said}");
        }
        let shown = case.hides.iter().find(|it| self.stdout.contains(*it) || self.stderr.contains(*it));
        ensure!(shown.is_none(), "{shown:?} is shown: {} {}", self.stdout, self.stderr);
        Ok(())
    }
}

/// The command `words`, which reads `file` as its case says.
fn read(mut command: Command, words: &[&str], file: &Path, case: &Case) -> Result<Output> {
    command.args(words);
    match case.stdin {
        true => command.arg("-").stdin(Stdio::from(File::open(file)?)),
        false => command.arg(file).stdin(Stdio::null()),
    };
    Ok(command.args(&case.words).output()?)
}

fn checked(case: &Case, data: &Path) -> Result<()> {
    Outcome::of(read(ombud(data)?, &["check", "--json"], &case.file, case)?).expect(case)
}

/// Rejected rows are listed beside a file, so it is copied first.
fn copy_into(folder: &Path, case: &Case) -> Result<PathBuf> {
    let copy = folder.join(case.file.file_name().context("a name")?);
    fs::copy(&case.file, &copy)?;
    Ok(copy)
}

fn routed(case: &Case) -> Result<()> {
    let data = tempfile::tempdir()?;
    let file = copy_into(data.path(), case)?;
    let output = read(ombud(data.path())?, &["up", "--once", "--json"], &file, case)?;
    Outcome::of(output).with_rejected_rows(&file)?.expect(case)?;
    let log = Log::of(data.path());
    if !case.raw.is_empty() {
        let records = log.tail("complaints.raw")?;
        let ids: BTreeSet<&str> =
            records.iter().filter_map(|it| it["value"]["complaint_id"].as_str()).collect();
        let named: BTreeSet<&str> = case.raw.keys().map(String::as_str).collect();
        ensure!(ids == named, "complaints.raw has {ids:?}");
        compare(&records, &case.raw)?;
    }
    if !case.routes.is_empty() {
        compare(&log.tail("complaints.routed")?, &case.routes)?;
    }
    Ok(())
}

/// Holds fields of the records against those that are expected.
fn compare(records: &[Value], expected: &BTreeMap<String, BTreeMap<String, Value>>) -> Result<()> {
    for (id, fields) in expected {
        let record = records.iter().find(|record| record["value"]["complaint_id"] == id.as_str());
        let record = &record.with_context(|| format!("a record of {id}"))?["value"];
        for (name, wanted) in fields {
            let wanted = match (name.as_str(), wanted) {
                ("received_at" | "regulator_sent_at" | "notice_at", Value::String(time)) => {
                    time.parse::<Timestamp>()?.as_millisecond().into()
                }
                (_, wanted) => wanted.clone(),
            };
            ensure!(record[name] == wanted, "{name} of {id} is {}, not {wanted}", record[name]);
        }
    }
    Ok(())
}

/// Takes verdicts while an `up` serves, as a bank's teams give them.
struct FeedbackServer {
    data: tempfile::TempDir,
    serving: Serving,
}

impl FeedbackServer {
    fn open(complaints: &Path) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let copy = data.path().join(complaints.file_name().context("a name")?);
        fs::copy(complaints, &copy)?;
        let output = ombud(data.path())?.arg("up").arg(copy).args(["--once", "--json"]).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let serving = Serving::start(data.path())?;
        Ok(Self { data, serving })
    }

    fn judged(&self, case: &Case) -> Result<()> {
        let file = copy_into(self.data.path(), case)?;
        let mut command = ombud(self.data.path())?;
        command.env("OMBUD_HTTP__ADDRESS", self.serving.address());
        let output = read(command, &["feedback", "--json", "--file"], &file, case)?;
        Outcome::of(output).with_rejected_rows(&file)?.expect(case)
    }
}

fn learned(case: &Case, data: &Path) -> Result<()> {
    let out = data.join("learned");
    let mut command = ombud(data)?;
    command.args(["learn", "--replace", "--json", "--out"]).arg(out);
    Outcome::of(read(command, &[], &case.file, case)?).expect(case)
}

/// Imports a copy of a folder as Python would have written it: without what is ours.
fn imported(case: &Case) -> Result<()> {
    let data = tempfile::tempdir()?;
    let theirs = data.path().join("theirs");
    fs::create_dir(&theirs)?;
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let renamed = case.renamed.get(name).map_or(name, String::as_str);
        fs::copy(case.file.join(name), theirs.join(renamed))?;
    }
    let path = theirs.join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path)?)?;
    for (name, value) in &case.config {
        config[name] = value.clone();
    }
    fs::write(path, config.to_string())?;
    let out = data.path().join("ours");
    let mut command = ombud(data.path())?;
    command.args(["models", "import", "--out"]).arg(&out);
    Outcome::of(command.arg(theirs).args(&case.words).output()?).expect(case)?;
    ensure!(out.exists() == (case.exit == 0), "what is refused leaves nothing behind");
    Ok(())
}

/// All of `cases`; the error names each that came out otherwise. Verdicts are about `complaints`.
fn each(cases: &[Case], complaints: &Path) -> Result<()> {
    ensure!(!cases.is_empty(), "there is no case");
    let data = tempfile::tempdir()?;
    let server = match cases.iter().any(|case| case.run == Run::Feedback) {
        true => Some(FeedbackServer::open(complaints)?),
        false => None,
    };
    let mut wrong = Vec::new();
    for case in cases {
        let came = match case.run {
            Run::Check => checked(case, data.path()),
            Run::Up => routed(case),
            Run::Feedback => server.as_ref().context("a server")?.judged(case),
            Run::Learn => learned(case, data.path()),
            Run::Import => imported(case),
        };
        if let Err(error) = came {
            let (file, words) = (case.file.display(), case.words.join(" "));
            wrong.push(format!("{}: {file} {words}: {error:#}", case.it));
        }
    }
    ensure!(wrong.is_empty(), "not as expected:\n{}", wrong.join("\n"));
    Ok(())
}

/// Those of one kind.
fn all_of(kind: &str) -> Result<()> {
    each(&cases(kind)?, &folder_of("verdicts").join("complaints.csv"))
}

#[test]
fn dates_are_read_in_one_order_or_refused_with_the_lines_that_show_why() -> Result<()> {
    all_of("dates")
}

#[test]
fn ids_stand_for_one_complaint_each_or_for_none() -> Result<()> {
    all_of("ids")
}

#[test]
fn tables_are_read_however_they_are_written_or_named_with_the_way_out() -> Result<()> {
    all_of("tables")
}

#[test]
fn json_is_read_in_every_shape_that_holds_complaints() -> Result<()> {
    all_of("json")
}

#[test]
fn columns_of_other_data_sets_are_read_and_those_that_are_not_are_named() -> Result<()> {
    all_of("columns")
}

#[test]
fn personal_data_where_none_belongs_is_counted_and_never_shown() -> Result<()> {
    all_of("personal")
}

#[test]
fn verdicts_of_a_spreadsheet_are_taken_or_rejected_one_by_one() -> Result<()> {
    all_of("verdicts")
}

#[test]
fn labels_that_are_none_are_not_learned_and_two_spellings_of_one_are_asked_about() -> Result<()> {
    all_of("labels")
}

#[test]
fn classifiers_of_others_are_imported_or_refused_with_what_to_do() -> Result<()> {
    all_of("models")
}

#[test]
fn texts_that_no_model_reads_are_read_by_people() -> Result<()> {
    all_of("texts")
}

#[test]
fn shared_cases_come_out_as_their_readers_expect() -> Result<()> {
    each(&shared_cases()?, &repository().join("../shared/cases/09-tickets-and-languages/tickets.jsonl"))
}
