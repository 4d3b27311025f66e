//! A model whose tokenizer panics, runs for ever or asks for more memory than there is dies in a process of its own: its
//! version is rejected and whoever loads it goes on. A host that can't give a trial its limits says so and rejects nothing.

#![cfg(feature = "torch")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Log, Serving, binary, ombud, quick_models, repository};
use serde_json::{Value, json};

/// In units of 1,024 bytes: more than this program takes, and less than a trial needs.
const TOO_LITTLE: &str = "3000000";

/// What a tokenizer does to whoever reads it or cuts a text with it.
#[derive(Clone, Copy, Debug)]
enum Hostile {
    /// The library takes for granted that a table of normalisations can be read.
    Panics,
    /// A pattern matches nothing at all 9 * 10^18 times.
    RunsForEver,
    /// A table says that it has 2^30 entries of eight bytes.
    AsksForMemory,
}

impl Hostile {
    const ALL: [Self; 3] = [Self::Panics, Self::RunsForEver, Self::AsksForMemory];

    /// How a process ends that reads it.
    fn end(self) -> &'static str {
        match self {
            Self::Panics => "exit status: 101",
            Self::RunsForEver => "SIGXCPU",
            Self::AsksForMemory => "SIGABRT",
        }
    }

    /// An encoder in `models` with such a tokenizer, and an identity of its own.
    fn make(self, models: &Path) -> Result<PathBuf> {
        let name = format!("hostile-{}", format!("{self:?}").to_lowercase());
        let dir = encoder(models, &name)?;
        let file = dir.join("tokenizer.json");
        let mut tokenizer: Value = serde_json::from_slice(&fs::read(&file)?)?;
        let table = |content: &str| json!({"type": "Precompiled", "precompiled_charsmap": content});
        match self {
            Self::Panics => tokenizer["normalizer"] = table(""),
            Self::AsksForMemory => tokenizer["normalizer"] = table("/////w=="),
            Self::RunsForEver => {
                let pattern = json!({"Regex": "((?=.)(?=.)){9000000000000000000}x"});
                tokenizer["pre_tokenizer"] =
                    json!({"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": false});
            }
        }
        fs::write(file, serde_json::to_vec(&tokenizer)?)?;
        Ok(dir)
    }
}

/// A small encoder that answers for product, as the model `name` in `models`.
fn encoder(models: &Path, name: &str) -> Result<PathBuf> {
    let dir = models.join(name);
    fs::create_dir_all(&dir)?;
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(repository().join("crates/torch/tests/goldens/bert").join(file), dir.join(file))?;
    }
    let manifest = fs::read_to_string(repository().join("crates/torch/tests/goldens/bert/ombud.json"))?;
    fs::write(dir.join("ombud.json"), manifest.replace("golden-bert", name))?;
    Ok(dir)
}

/// `ombud models export` of `model`, which loads it as workers do.
fn load(command: &mut Command, model: &Path, out: &Path) -> Result<Output> {
    command.args(["models", "export", "--task", "product", "--model"]).arg(model).arg(out);
    Ok(command.output()?)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The first `count` versions that the registry of the run in `data` has as rejected, however long they take.
fn rejected(data: &Path, count: usize) -> Result<Vec<Value>> {
    let mut following = ombud(data)?
        .args(["tail", "models.registry", "--json", "--from", "start", "--follow"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut rejected = Vec::new();
    for line in BufReader::new(following.stdout.take().context("its output")?).lines() {
        let mut record: Value = serde_json::from_str(&line?)?;
        if record["value"]["state"] == "REJECTED" {
            rejected.push(record["value"].take());
        }
        if rejected.len() == count {
            break;
        }
    }
    following.kill()?;
    following.wait()?;
    ensure!(rejected.len() == count, "tail ended before {count} were rejected: {rejected:?}");
    Ok(rejected)
}

#[test]
fn a_version_that_dies_in_its_trial_is_rejected_and_the_worker_serves_on() -> Result<()> {
    let data = tempfile::tempdir()?;
    let models = quick_models(data.path())?;
    let shadow = |name: &str| {
        format!(", {{ name = \"{name}\", model = \"{name}\", role = \"shadow\", basis_points = 1 }}")
    };
    let mut shadows = String::new();
    for hostile in Hostile::ALL {
        let dir = hostile.make(&models)?;
        shadows.push_str(&shadow(&dir.file_name().context("its name")?.to_string_lossy()));
    }
    encoder(&models, "honest")?;
    shadows.push_str(&shadow("honest"));
    let file = models.join("strategy.toml");
    let alone = fs::read_to_string(&file)?;
    let tried = alone.replacen(
        "model = \"complaints-bag\" }]",
        &format!("model = \"complaints-bag\" }}{shadows}]"),
        1,
    );
    ensure!(tried != alone, "the first strategy is not as this promise expects it: {alone}");
    fs::write(&file, tried)?;

    let mut serving = Serving::start(data.path())?;
    let rejected = rejected(data.path(), Hostile::ALL.len())?;
    for hostile in Hostile::ALL {
        let name = format!("hostile-{}", format!("{hostile:?}").to_lowercase());
        let known = rejected.iter().find(|known| known["model_id"] == *name).context("it is rejected")?;
        let why = known["state_reason"].as_str().context("a reason")?;
        ensure!(why.starts_with("unloadable: "), "{known}");
        ensure!(why.contains("died") && why.contains(hostile.end()), "{hostile:?}: {why}");
    }

    let complaint = r#"{"complaint_id":"h-1","narrative":"I was charged twice for one payment and nobody at the bank calls me back about it."}"#;
    let (status, body) = serving.post("/api/complaints", complaint)?;
    ensure!(status == 202, "{status} {body}");
    let route = Log::of(data.path()).wait_for("complaints.routed")?;
    ensure!(route["value"]["complaint_id"] == "h-1", "{route}");
    serving.stop()
}

#[test]
fn a_host_that_can_not_give_the_limits_says_so_and_what_it_has_loaded_before_it_loads_again() -> Result<()> {
    let data = tempfile::tempdir()?;
    let (honest, hostile) = (encoder(data.path(), "honest")?, Hostile::Panics.make(data.path())?);
    // `ulimit -v` of whoever starts it.
    let short = || -> Result<Command> {
        let ours = ombud(data.path())?;
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {TOO_LITTLE} && exec \"$0\" \"$@\"")]).arg(binary()?);
        for (name, value) in ours.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(data.path());
        Ok(command)
    };
    for (number, model) in [&honest, &hostile].into_iter().enumerate() {
        let output = load(&mut short()?, model, &data.path().join(format!("short-{number}")))?;
        let said = said(&output);
        ensure!(!output.status.success() && said.contains("can't be tried on this host"), "{said}");
        ensure!(said.contains("ulimit -v") && !said.contains("died"), "{said}");
    }

    let output = load(&mut ombud(data.path())?, &honest, &data.path().join("tried"))?;
    ensure!(output.status.success(), "{}", said(&output));
    let output = load(&mut short()?, &honest, &data.path().join("again"))?;
    ensure!(output.status.success(), "what passed is not tried again: {}", said(&output));
    let output = load(&mut ombud(data.path())?, &hostile, &data.path().join("died"))?;
    ensure!(said(&output).contains(Hostile::Panics.end()), "{}", said(&output));
    ensure!(!data.path().join("died").exists());
    Ok(())
}
