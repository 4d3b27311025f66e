//! What a model is measured by is what it does: `ombud evaluate` and a complaint's route give the same answers.

#![cfg(feature = "torch")]

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Deployment, Log, Role, Routes, data_set, default_models, ombud, repository, sample};
use serde_json::{Value, json};

/// Batches differ between the two, and with them the last bits of an encoder's numbers.
const MOST_DIFFERENCE: f64 = 1e-4;

/// How long the flow over brokers may take, three processes on the cores of one.
const WAIT_TIMEOUT: Duration = Duration::from_secs(600);

/// (complaint, task) -> (version, outcome, label, level, truncated tokens), confidence.
type Answers = BTreeMap<(String, String), (Vec<Value>, f64)>;

fn answers<'a>(said: impl IntoIterator<Item = (&'a Value, &'a Value)>) -> Result<Answers> {
    let one = |(id, said): (&Value, &Value)| {
        let text = |value: &Value| value.as_str().map(str::to_owned).context("a text");
        let told =
            ["model_version", "outcome", "label", "level", "truncated_tokens"].map(|name| said[name].clone());
        let confidence = said["confidence"].as_f64().context("a confidence")?;
        Ok(((text(id)?, text(&said["task"])?), (told.to_vec(), confidence)))
    };
    said.into_iter().map(one).collect()
}

/// By `ombud evaluate` with what the strategy of `models` names.
fn evaluated(data: &Path, models: &Path, file: &Path) -> Result<Answers> {
    let list = data.join("answers.jsonl");
    let mut evaluate = ombud(data)?;
    evaluate.env("OMBUD_MODELS", models).arg("evaluate").arg("--data").arg(file).arg("--json");
    let output = evaluate.arg("--answers").arg(&list).output()?;
    ensure!(output.status.success(), "evaluate: {}", String::from_utf8_lossy(&output.stderr));
    let lines = BufReader::new(File::open(&list)?).lines();
    let lines: Vec<Value> = lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect::<Result<_>>()?;
    answers(lines.iter().map(|line| (&line["complaint_id"], line)))
}

/// As they arrived in complaints.routed.
fn decided(routes: &[Value]) -> Result<Answers> {
    let decisions = routes.iter().flat_map(|route| {
        let decisions = route["value"]["decisions"].as_array().into_iter().flatten();
        decisions.map(|decision| (&route["value"]["complaint_id"], decision))
    });
    answers(decisions)
}

/// By `ombud up`.
fn routed(data: &Path, models: &Path, file: &Path) -> Result<Answers> {
    let mut up = ombud(data)?;
    let output = up.env("OMBUD_MODELS", models).arg("up").arg(file).args(["--once", "--json"]).output()?;
    ensure!(output.status.success(), "up: {}", String::from_utf8_lossy(&output.stderr));
    decided(&Log::of(data).tail("complaints.routed")?)
}

fn agree(models: &Path, file: &Path) -> Result<()> {
    let data = tempfile::tempdir()?;
    let (evaluated, routed) = (evaluated(data.path(), models, file)?, routed(data.path(), models, file)?);
    same(&evaluated, &routed)
}

fn same(evaluated: &Answers, routed: &Answers) -> Result<()> {
    ensure!(evaluated.len() > 700 && evaluated.keys().eq(routed.keys()), "other complaints were asked about");
    for (key, (told, confidence)) in evaluated {
        let (arrived, in_route) = &routed[key];
        ensure!(told == arrived, "{key:?}: evaluate says {told:?}, the route {arrived:?}");
        let apart = (confidence - in_route).abs();
        ensure!(apart <= MOST_DIFFERENCE, "{key:?}: confidences are {apart} apart");
    }
    Ok(())
}

/// A models folder of its own with a blend of the default bag and a small encoder; a cascade is in it, so that some
/// complaints are answered by both and some by the bag.
fn blend(dir: &Path) -> Result<PathBuf> {
    let models = dir.join("models");
    let folder = models.join("blend");
    let (bag, encoder) =
        (repository().join("models/complaints-bag"), repository().join("crates/torch/tests/goldens/bert"));
    for (from, to) in [(&bag, folder.join("bag")), (&encoder, folder.join("encoder"))] {
        fs::create_dir_all(&to)?;
        for file in fs::read_dir(from)? {
            let file = file?;
            fs::copy(file.path(), to.join(file.file_name()))?;
        }
    }
    let mut manifest: Value = serde_json::from_slice(&fs::read(bag.join("ombud.json"))?)?;
    manifest["model_id"] = json!("blend");
    manifest["family"] = json!("blend");
    for head in manifest["heads"].as_array_mut().context("heads")? {
        head["temperature"] = json!(1.0);
    }
    fs::write(folder.join("ombud.json"), manifest.to_string())?;
    let fusion = json!({
        "members": ["bag", "encoder"],
        "heads": {
            "product": {"weights": {"bag": 0.7, "encoder": 0.4}},
            "issue": {"weights": {"bag": 1.0}},
            "vulnerable": {"weights": {"bag": 1.0}, "shift": [0.0, 0.1]},
        },
        "cascade": {"product": 0.9, "issue": 0.3, "vulnerable": 0.6},
    });
    fs::write(folder.join("blend.json"), fusion.to_string())?;
    let strategy = fs::read_to_string(default_models().join("strategy.toml"))?;
    fs::write(models.join("strategy.toml"), strategy.replace("model = \"complaints\"", "model = \"blend\""))?;
    Ok(models)
}

#[test]
fn the_default_models_are_measured_by_what_they_route() -> Result<()> {
    agree(&default_models(), &sample())
}

#[test]
fn a_blend_is_measured_by_what_it_routes() -> Result<()> {
    let dir = tempfile::tempdir()?;
    agree(&blend(dir.path())?, &sample())
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn all_of_the_data_sets_test_split_is_measured_by_what_it_routes() -> Result<()> {
    agree(&default_models(), &data_set("test")?)
}

#[test]
fn on_brokers_too_a_process_a_task_routes_what_is_measured() -> Result<()> {
    agree_on_brokers(&sample())
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn on_brokers_too_all_of_the_data_sets_test_split_is_measured_by_what_it_routes() -> Result<()> {
    agree_on_brokers(&data_set("test")?)
}

fn agree_on_brokers(file: &Path) -> Result<()> {
    let models = default_models();
    let named = [("OMBUD_MODELS", models.to_str().context("a path in UTF-8")?)];
    let deployment = Deployment::with(6, &named)?;
    let mut roles = vec![deployment.launch(&["join"])?];
    for task in ["product", "issue", "vulnerable"] {
        roles.push(deployment.launch(&["infer", "--task", task])?);
    }
    roles.iter_mut().try_for_each(Role::wait_until_ready)?;
    let path = file.to_str().context("a path in UTF-8")?;
    let sent: Value = serde_json::from_str(&deployment.run(&["send", "--bulk", "--json", path])?)?;
    let complaints = usize::try_from(sent["sent"].as_u64().context("how many were sent")?)?;
    Routes::follow(&deployment)?.wait_for_complete(complaints, WAIT_TIMEOUT)?;

    let routes = deployment.tail("complaints.routed")?;
    let data = tempfile::tempdir()?;
    same(&evaluated(data.path(), &models, file)?, &decided(&routes)?)
}
