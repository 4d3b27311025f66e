//! What Python's transformers trained is imported, and what is exported it loads; both give the same logits. By the real
//! library, for each architecture.

#![cfg(feature = "torch")]

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Result, ensure};
use ombud_tests::{ombud, repository};
use tempfile::TempDir;

const ARCHITECTURES: [&str; 5] = ["bert", "distilbert", "mpnet", "roberta", "xlm-roberta"];

/// A folder to work in, and Python with transformers.
struct Exchange {
    folder: TempDir,
    python: PathBuf,
}

impl Exchange {
    fn begin() -> Result<Self> {
        let output =
            Command::new(repository().join("scripts/transformers")).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "scripts/transformers: {}", output.status);
        let python = Path::new(String::from_utf8(output.stdout)?.trim()).join("python");
        Ok(Self { folder: tempfile::tempdir()?, python })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a script of `tests/clients` in the folder.
    fn python<S: AsRef<OsStr>>(&self, script: &str, arguments: &[S]) -> Result<String> {
        let output = Command::new(&self.python)
            .arg(repository().join("tests/clients").join(script))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HF_HOME", self.path("hf"))
            .env("HF_HUB_OFFLINE", "1")
            .output()?;
        said(&output)
    }

    fn ombud(&self, arguments: &[&str]) -> Result<Output> {
        Ok(ombud(self.folder.path())?.arg("models").args(arguments).output()?)
    }
}

fn said(output: &Output) -> Result<String> {
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{}: {out}{error}", output.status);
    Ok(out.into_owned())
}

#[test]
fn what_python_trained_is_imported_and_exported_with_the_same_logits() -> Result<()> {
    let exchange = Exchange::begin()?;
    exchange.python("transformers_makes.py", &["theirs"])?;
    std::fs::create_dir_all(exchange.path("back"))?;
    let mut folders = Vec::new();
    for architecture in ARCHITECTURES {
        let (theirs, ours) = (format!("theirs/{architecture}"), format!("ours-{architecture}"));
        let mapped =
            ["import", &theirs, "--task", "product", "--map", "debts=Debt collection", "--out", &ours];
        let imported = said(&exchange.ombud(&mapped)?)?;
        ensure!(imported.contains("Credit card or prepaid card"), "{imported}");
        let exported = format!("back/{architecture}");
        let printed = said(&exchange.ombud(&["export", &exported, "--task", "product", "--model", &ours])?)?;
        ensure!(printed.contains("ForSequenceClassification"), "{printed}");
        folders.push(format!("{exported}={theirs}"));
    }
    print!("{}", exchange.python("transformers_agrees.py", &folders)?);
    Ok(())
}

#[test]
fn each_head_of_ours_is_exported_with_our_logits_the_query_that_python_lacks_with_its_class() -> Result<()> {
    let exchange = Exchange::begin()?;
    exchange.python("transformers_makes.py", &["made"])?;
    let mut folders = Vec::new();
    for architecture in ARCHITECTURES {
        let model = format!("made/{architecture}-heads");
        for (task, own_class) in [("product", true), ("vulnerable", false)] {
            let exported = format!("{architecture}-{task}");
            let printed = said(&exchange.ombud(&["export", &exported, "--task", task, "--model", &model])?)?;
            ensure!(printed.contains("trust_remote_code=True") == own_class, "{printed}");
            folders.push(exported);
        }
    }
    print!("{}", exchange.python("transformers_agrees.py", &folders)?);
    Ok(())
}

#[test]
fn labels_that_do_not_fit_are_refused_by_name_and_nothing_is_written() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let theirs = repository().join("crates/torch/tests/goldens/bert");
    let mut import = ombud(folder.path())?;
    import.args(["models", "import"]).arg(theirs).args(["--task", "issue", "--out", "ours"]);
    let refused = import.output()?;
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(refused.status.code() == Some(1), "{error}");
    ensure!(
        error.contains("\"Student loan\"") && error.contains("\"Fraud or scam\"") && error.contains("--map"),
        "{error}"
    );
    ensure!(!folder.path().join("ours").exists());
    Ok(())
}

#[test]
fn a_model_that_python_does_not_have_is_not_exported() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let refused = ombud(folder.path())?.args(["models", "export", "out", "--task", "product"]).output()?;
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(refused.status.code() == Some(1) && error.contains("has no bag model"), "{error}");
    ensure!(!folder.path().join("out").exists());
    Ok(())
}
