//! A bank with a console: the sample's complaints as of these days, people who sign in, and a strategy that asks for a second
//! person.

#![expect(clippy::disallowed_methods, reason = "complaints of these days are due in the days that come")]

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use csv::{Reader, Writer};
use flate2::read::MultiGzDecoder;
use jiff::{Span, Timestamp};
use ombud_contract::taxonomy::label_or_name;
use serde_json::{Map, Value, json};

use crate::{Serving, bag, ombud, quick_models, sample};

/// A complaint, and what a person who knows it would say.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// What the customer wrote.
    pub narrative: String,
    /// The label of its product.
    pub product: String,
    /// The label of its issue.
    pub issue: String,
    /// The customer is vulnerable.
    pub is_vulnerable: bool,
}

/// The complaints of the sample.
///
/// # Errors
/// The sample can't be read.
pub fn rows() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for row in Reader::from_reader(MultiGzDecoder::new(fs::File::open(sample())?)).into_deserialize() {
        let mut row: BTreeMap<String, String> = row?;
        let mut take = |column: &str| row.remove(column).with_context(|| format!("a column {column}"));
        let (product, issue) = (take("product")?, take("issue")?);
        rows.push(Row {
            id: take("complaint_id")?,
            narrative: take("narrative")?,
            product: label_or_name("product", &product).to_owned(),
            issue: label_or_name("issue", &issue).to_owned(),
            is_vulnerable: !take("tags")?.trim().is_empty(),
        });
    }
    Ok(rows)
}

/// The complaints as a bank sends them: without labels, received within the last three weeks, of customers who have several.
fn write(rows: &[Row], file: &Path) -> Result<()> {
    let now = Timestamp::now();
    let mut csv = Writer::from_path(file)?;
    csv.write_record(["complaint_id", "narrative", "received_at", "customer_ref"])?;
    for (at, row) in rows.iter().enumerate() {
        let received = now - Span::new().minutes((at as i64 * 131) % (20 * 24 * 60));
        let customer = format!("customer-{}", at % 250);
        csv.write_record([&row.id, &row.narrative, &received.to_string(), &customer])?;
    }
    Ok(csv.flush()?)
}

/// The models folder of a bank that asks for a second person, and draws enough for a sample to be judged.
fn strict_models(data: &Path) -> Result<toml::Value> {
    let file = quick_models(data)?.join("strategy.toml");
    let first = fs::read_to_string(&file)?;
    let strict = first
        .replace("approvals = 0", "approvals = 1")
        .replace("audit_basis_points = 100 ", "audit_basis_points = 1000 ");
    ensure!(strict.contains("approvals = 1") && strict.contains("= 1000 "), "{first}");
    fs::write(&file, &strict)?;
    Ok(toml::from_str(&strict)?)
}

/// A console with complaints.
pub struct Bank {
    folder: tempfile::TempDir,
    up: Serving,
    /// The strategy in force.
    pub strategy: toml::Value,
}

impl Bank {
    /// Routes `rows`, lets `between` do what it does to the data folder, and serves.
    ///
    /// # Errors
    /// `ombud up` fails, or `between` does.
    pub fn open(rows: &[Row], between: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let strategy = strict_models(folder.path())?;
        let file = folder.path().join("complaints.csv");
        write(rows, &file)?;
        let routed = ombud(folder.path())?.arg("up").arg(&file).args(["--once", "--json"]).output()?;
        ensure!(routed.status.success(), "up: {}", String::from_utf8_lossy(&routed.stderr));
        between(folder.path())?;
        let up = Serving::start(folder.path())?;
        Ok(Self { folder, up, strategy })
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where its console is.
    pub fn url(&self) -> String {
        format!("http://{}", self.up.address())
    }

    /// What the command prints with `words`.
    ///
    /// # Errors
    /// It fails.
    pub fn run(&self, words: &[&str]) -> Result<String> {
        let output =
            ombud(self.folder())?.env("OMBUD_HTTP__ADDRESS", self.up.address()).args(words).output()?;
        ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Lets `people` in, each by name and role, for every team where the role has to do with complaints; gives the pages where
    /// they choose a password.
    ///
    /// # Errors
    /// The command fails.
    pub fn people(&self, people: &[(&str, &str)]) -> Result<Value> {
        let mut pages = Map::new();
        for (name, role) in people {
            let mut words = vec!["users", "add", name, "--role", role];
            if ["clerk", "specialist", "lead"].contains(role) {
                words.push("--all-teams");
            }
            let printed = self.run(&words)?;
            let page = printed.split_whitespace().find(|word| word.starts_with("http"));
            pages.insert((*name).to_owned(), page.context("a page")?.into());
        }
        Ok(pages.into())
    }

    /// Registers another version of the bag, which nothing names yet, and what it was found to be worth.
    ///
    /// # Errors
    /// The command fails.
    pub fn candidate(&self) -> Result<Value> {
        let dir = self.folder().join("candidate");
        let artefact = bag(&dir, 7)?;
        let (dir, data) = (dir.to_string_lossy(), sample());
        self.run(&["models", "add", &dir])?;
        self.run(&["evaluate", "--model", &dir, "--data", &data.to_string_lossy(), "--record", "--json"])?;
        let (model, version) = (artefact.manifest.model_id.as_str(), artefact.version.as_str());
        Ok(json!({"model": model, "version": version, "label": format!("{model}@{}", &version[..12])}))
    }

    /// What a person knows of each of `rows`: its labels, and the team that answers for its product.
    pub fn truth(&self, rows: &[Row]) -> Value {
        let routing = &self.strategy["routing"];
        let team = |product: &str| {
            let team = routing["products"].get(product).and_then(|route| route["team"].as_str());
            routing["teams"][team.unwrap_or("triage-desk")].as_str().unwrap_or_default().to_owned()
        };
        let known = |row: &Row| {
            let Row { narrative, product, issue, is_vulnerable, .. } = row;
            let known = json!({"narrative": narrative, "product": product, "issue": issue,
                "vulnerable": is_vulnerable, "team": team(product)});
            (row.id.clone(), known)
        };
        rows.iter().map(known).collect::<Map<_, _>>().into()
    }

    /// Stops it as Kubernetes does.
    ///
    /// # Errors
    /// It does not end well.
    pub fn stop(&mut self) -> Result<()> {
        self.up.stop()
    }
}
