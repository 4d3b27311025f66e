//! The loop, on real complaints: a champion that has never heard of a product; what humans make of its decisions; a
//! challenger that learns from that, is killed and goes on, beats it on the test set and knows the product; a replay that
//! says what would change; shadow, canary, promotion and the way back. Nobody restarts `up`.
//!
//! Short: the repository's sample, a third each for the champion, for the humans and for the test. TEST_FULL=1: all of the
//! data sets beside the repository.

#![cfg(feature = "torch")]
#![expect(clippy::print_stdout, reason = "figures of a run, for whoever asks for them")]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use csv::{Reader, Writer};
use flate2::read::MultiGzDecoder;
use ombud_contract::taxonomy::Taxonomy;
use ombud_tests::{Log, Rollout, data_set, decision, default_models, ombud, sample};
use serde_json::Value;

/// A product under a name that no label tree has: nobody has heard of it until humans say it.
const HIDDEN: &str = "Another lending";
const CHALLENGER: &str = "challenger";

/// What the promise is about.
struct Complaints {
    /// The product that is [`HIDDEN`], as the data sets call it.
    hidden: &'static str,
    /// What the champion learns from, but for the hidden product.
    old: Vec<Row>,
    /// What it decides, and humans judge.
    new: Vec<Row>,
    /// What both models are measured on.
    test: Vec<Row>,
    /// Of the hidden product; nobody learns from them.
    asked: Vec<Row>,
    /// How often humans must have said a new label.
    admit: &'static str,
}

/// A row of the data sets, as far as it is needed here.
#[derive(Clone)]
struct Row {
    id: String,
    narrative: String,
    product: String,
    issue: String,
    /// `None` where the tags can't be trusted.
    vulnerable: Option<bool>,
}

impl Complaints {
    fn of_the_sample() -> Result<Self> {
        let hidden = "Payday, title or personal loan";
        let mut rows = rows(&sample(), "sample", hidden)?;
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        rows.iter().for_each(|row| *counts.entry(row.product.clone()).or_default() += 1);
        // Too few to be in each of three parts.
        rows.retain(|row| counts[&row.product] >= 9);
        let third = |nth: usize| rows.iter().skip(nth).step_by(3).cloned().collect();
        let test: Vec<Row> = third(2);
        let asked = test.iter().filter(|row| row.product == HIDDEN).cloned().collect();
        Ok(Self { hidden, old: third(0), new: third(1), test, asked, admit: "10" })
    }

    fn of_the_data_sets() -> Result<Self> {
        let hidden = "Student loan";
        let split = |name: &str| rows(&data_set(name)?, name, hidden);
        let train = split("train")?;
        let half = |odd: usize| train.iter().skip(odd).step_by(2).cloned().collect();
        let asked = split("validation")?.into_iter().filter(|row| row.product == HIDDEN).take(30).collect();
        Ok(Self { hidden, old: half(0), new: half(1), test: split("test")?, asked, admit: "100" })
    }
}

/// All rows of a file, with ids that begin with `name`.
fn rows(file: &Path, name: &str, hidden: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let read = Reader::from_reader(MultiGzDecoder::new(fs::File::open(file)?)).into_deserialize();
    for (at, row) in read.enumerate() {
        let mut row: BTreeMap<String, String> = row?;
        let says = |row: &BTreeMap<String, String>, column: &str| {
            row.get(column).is_some_and(|text| text.eq_ignore_ascii_case("true"))
        };
        // The sample has none of whose tags that is unknown.
        let known = !row.contains_key("tags_known") || says(&row, "tags_known");
        let trusted = known && !says(&row, "tags_all_positive");
        let tags = row.remove("tags").unwrap_or_default();
        let mut take = |column: &str| row.remove(column).with_context(|| format!("a column {column}"));
        rows.push(Row {
            id: format!("{name}-{at}"),
            narrative: take("narrative")?,
            product: take("product")?.replace(hidden, HIDDEN),
            issue: take("issue")?,
            vulnerable: trusted.then(|| !matches!(tags.trim(), "" | "None" | "N/A")),
        });
    }
    Ok(rows)
}

/// In our own columns; with labels only what a model may learn from.
fn write(rows: &[&Row], labelled: bool, file: &Path) -> Result<()> {
    let mut csv = Writer::from_path(file)?;
    csv.write_record(["complaint_id", "narrative", "product", "issue", "vulnerable"])?;
    for row in rows {
        let vulnerable = row.vulnerable.map(|yes| yes.to_string()).unwrap_or_default();
        let labels = [&row.product, &row.issue, &vulnerable].map(|label| if labelled { label } else { "" });
        csv.write_record([row.id.as_str(), &row.narrative, labels[0], labels[1], labels[2]])?;
    }
    Ok(csv.flush()?)
}

/// A human's verdict on each task of a route; the truth is what the row says.
fn judge(row: &Row, route: &Value, csv: &mut Writer<fs::File>) -> Result<()> {
    let issues = Taxonomy::by_label_set("issue@1").context("issues")?;
    let mut say = |kind: &str, task: &str, label: &str, code: &str| {
        csv.write_record([row.id.as_str(), kind, task, label, code])
    };
    let mut named = |task: &str, truth: &str| -> Result<()> {
        let code = if truth == HIDDEN { "new-label" } else { "" };
        match decision(route, task)?["label"].as_str() == Some(truth) {
            true => say("CONFIRMED", task, "", "")?,
            false => say("RELABELLED", task, truth, code)?,
        }
        Ok(())
    };
    if !row.product.is_empty() {
        named("product", &row.product)?;
    }
    if issues.leaves().contains(&row.issue) {
        named("issue", &row.issue)?;
    }
    if let Some(vulnerable) = row.vulnerable {
        let truth = if vulnerable { "VULNERABLE" } else { "NOT_INDICATED" };
        match route["vulnerability"] == truth {
            true => say("CONFIRMED", "vulnerable", "", "")?,
            false => say("VULNERABILITY", "", truth, "")?,
        }
    }
    Ok(())
}

/// A models folder with `champion`, and MegaBank's strategy of it: without the products that it doesn't know, and with an
/// audit sample of three in ten.
fn first_strategy(models: &Path, hidden: &str) -> Result<()> {
    let text = fs::read_to_string(default_models().join("strategy.toml"))?;
    let trees = fs::read_to_string(models.join("champion/taxonomy.toml"))?;
    ensure!(text.contains(&format!("\"{hidden}\" =")), "no team solves {hidden}");
    let products = Taxonomy::by_label_set("product@1").context("products")?;
    let is_unknown = |label: &&String| !trees.contains(&format!("\"{label}\""));
    let unknown: Vec<String> =
        products.leaves().iter().filter(is_unknown).map(|label| format!("\"{label}\"")).collect();
    let has_team = |line: &&str| !unknown.iter().any(|label| line.starts_with(&format!("{label} =")));
    let lines: Vec<&str> = text.lines().filter(has_team).collect();
    // A class of clocks may name several.
    let without = |text: String, label: &String| {
        text.replace(&format!(", {label}"), "").replace(&format!("{label}, "), "")
    };
    let text = unknown.iter().fold(lines.join("\n"), without);
    let changed = text
        .replace("model = \"complaints\"", "model = \"champion\"")
        .replace("product = \"product@1\"", "product = \"product@2\"")
        .replace("audit_basis_points = 100 ", "audit_basis_points = 3000 ")
        + "\n"
        + &trees.replace("[[label_set]]", "[[routing.label_trees]]");
    ensure!(changed.contains("product@2") && changed.contains("= 3000"), "{changed}");
    Ok(fs::write(models.join("strategy.toml"), changed)?)
}

#[test]
fn humans_teach_a_challenger_that_takes_over_and_gives_back() -> Result<()> {
    taught(&Complaints::of_the_sample()?, false)
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn humans_teach_it_on_all_of_the_data_sets() -> Result<()> {
    taught(&Complaints::of_the_data_sets()?, true)
}

fn taught(complaints: &Complaints, full: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    let path = |name: &str| data.join(name);
    let old: Vec<&Row> = complaints.old.iter().filter(|row| row.product != HIDDEN).collect();
    let new: Vec<&Row> = complaints.new.iter().collect();

    // The champion, in force.
    let models = path("quick-models");
    fs::create_dir(&models)?;
    write(&old, true, &path("old.csv"))?;
    let bare = tempfile::tempdir()?;
    let mut learn = ombud(bare.path())?;
    learn.arg("learn").arg(path("old.csv")).arg("--out").arg(models.join("champion"));
    learn.args(["--task", "product@2=product", "--task", "issue", "--task", "vulnerable", "--least", "2"]);
    ensure!(learn.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success(), "{learn:?}");
    first_strategy(&models, complaints.hidden)?;
    write(&new, false, &path("new.csv"))?;
    let routed = ombud(data)?.args(["up", "new.csv", "--received-at", "now", "--once"]).output()?;
    ensure!(routed.status.success(), "{}", String::from_utf8_lossy(&routed.stderr));
    let up = Rollout::start(data)?;

    // What humans make of its decisions.
    let routes = Log::of(data).tail("complaints.routed")?;
    let routes: BTreeMap<&str, &Value> = routes
        .iter()
        .filter_map(|record| Some((record["value"]["complaint_id"].as_str()?, &record["value"])))
        .collect();
    ensure!(routes.len() == new.len(), "{} of {} are routed", routes.len(), new.len());
    let mut verdicts = Writer::from_path(path("verdicts.csv"))?;
    verdicts.write_record(["complaint_id", "kind", "task", "label_after", "reason_code"])?;
    for row in &new {
        judge(row, routes[row.id.as_str()], &mut verdicts)?;
    }
    verdicts.flush()?;
    let given =
        up.json(&["feedback", "--file", &text(&path("verdicts.csv")), "--by", "agent-17", "--json"])?;
    ensure!(given["rejected"] == 0, "{given}");

    // The challenger, killed once.
    let challenger = models.join(CHALLENGER);
    let (old_file, out) = (text(&path("old.csv")), text(&challenger));
    let words = ["learn", &old_file, "--from-feedback", "--admit", complaints.admit, "--out", &out, "--json"];
    let mut killed = up.command()?.args(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let (made, until) =
        (models.join("challenger.feedback/set.json"), Instant::now() + Duration::from_secs(300));
    while !made.is_file() {
        ensure!(killed.try_wait()?.is_none() && Instant::now() < until, "no training set was made");
        thread::park_timeout(Duration::from_millis(20));
    }
    killed.kill()?;
    killed.wait()?;
    let learned = up.command()?.args(words).arg("-v").output()?;
    let said = String::from_utf8_lossy(&learned.stderr).into_owned();
    ensure!(learned.status.success() && said.contains("going on with an unfinished run"), "{said}");
    ensure!(!made.exists(), "narratives are left behind");
    let learned: Value = serde_json::from_slice(&learned.stdout)?;
    ensure!(learned["set"]["admitted"]["product"][HIDDEN].as_u64() > Some(0), "{}", learned["set"]);
    let evaluation = learned["evaluation_id"].as_str().context("an evaluation")?;
    println!("set: {}\non the audit sample:\n{}", learned["set"], says(&learned["evaluation"]["against"]));

    // Better on complaints that nobody learned from; where all are learned from, in the issues by more than chance.
    let champion = text(&models.join("champion"));
    write(&complaints.test.iter().collect::<Vec<_>>(), true, &path("test.csv"))?;
    let tests = text(&path("test.csv"));
    let words = ["--data", &tests, "--task", "product=product", "--json"];
    let of = |model: &str, against: &str| -> Result<Value> {
        up.json(&[&["evaluate", "--model", model, "--against", against][..], &words[..]].concat())
    };
    let tested = of(&out, &champion)?;
    println!("on the test set:\n{}", says(&tested["against"]));
    let product = &tested["against"]["tasks"]["product"];
    ensure!(product["accuracy"]["difference"].as_f64() > Some(0.0), "{product}");
    let issue = &tested["against"]["tasks"]["issue"]["issue"];
    ensure!(issue["accuracy"]["difference"].as_f64() > Some(0.0), "{issue}");
    ensure!(!full || issue["mcnemar"]["real"] == true, "{issue}");

    // What would change, and then it changes.
    let replayed = up.json(&["strategy", "replay", "--candidate", CHALLENGER, "--since", "1d", "--json"])?;
    let page = text(&path("replay.html"));
    up.run(&[
        "strategy",
        "replay",
        "--candidate",
        CHALLENGER,
        "--since",
        "1d",
        "--no-record",
        "--html",
        &page,
    ])?;
    ensure!(fs::metadata(&page)?.len() > 10_000);
    println!("replay: {}", summary(&replayed));
    let asked: Vec<&str> = complaints.asked.iter().map(|row| row.narrative.as_str()).collect();
    let known = |name: &str| -> Result<usize> {
        let routes = up.route(name, &asked)?;
        let product = routes.iter().map(|route| decision(route, "product"));
        Ok(product.collect::<Result<Vec<_>>>()?.iter().filter(|said| said["label"] == HIDDEN).count())
    };
    let proposal = learned["proposal"].as_str().context("a proposal")?;
    up.run(&["strategy", "set", proposal, "--by", "ann"])?;
    up.begun(2)?;
    ensure!(known("shadowed")? == 0, "a shadow decides");
    up.strategy(&format!("canary product {CHALLENGER} 50% --by ann"))?;
    up.begun(3)?;
    let in_canary = known("canary")?;
    up.strategy(&format!("promote product --evaluation {evaluation} --by ann"))?;
    up.begun(4)?;
    let promoted = known("promoted")?;
    up.strategy("roll-back --to 1 --by bob")?;
    up.begun(5)?;
    let back = known("back")?;
    println!("{HIDDEN} of {}: canary {in_canary}, promoted {promoted}, rolled back {back}", asked.len());
    ensure!(0 < in_canary && in_canary < promoted && back == 0);
    // From few examples much is unsure still.
    ensure!(!full || 2 * promoted > asked.len(), "{promoted} of {}", asked.len());
    Ok(())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Each task in a sentence.
fn says(comparison: &Value) -> String {
    let levels = |task: &Value| -> Vec<String> {
        let of = |level: &Value| level["says"].as_str().map(str::to_owned);
        of(task).map_or_else(
            || task.as_object().into_iter().flat_map(|all| all.values()).filter_map(of).collect(),
            |one| vec![one],
        )
    };
    let tasks = comparison["tasks"].as_object().into_iter().flat_map(|tasks| tasks.values());
    tasks.flat_map(levels).map(|sentence| format!("  {sentence}\n")).collect()
}

/// A replay without its list.
fn summary(replayed: &Value) -> Value {
    let fields = replayed.as_object().into_iter().flatten();
    fields.filter(|(_, value)| !value.is_array()).map(|(name, value)| (name.clone(), value.clone())).collect()
}
