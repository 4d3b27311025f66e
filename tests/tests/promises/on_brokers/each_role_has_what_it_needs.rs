//! Each role may do on the brokers what it needs, and no more: the whole flow runs as users with exactly the ACLs that `ombud
//! setup --export acls` prints, on a broker that refuses everything else. Whoever lacks one of them ends within 15 s and names
//! it: in the fast form one right for each way in which it is missed, in the long form every right of every role.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]
#![allow(clippy::print_stdout, reason = "how long each refusal took is worth a look")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use ombud_models::Artefact;
use ombud_tests::{Broken, Guarded, Offers, Right, Role, Routes, end_of, sample, sample_times};

mod at_the_console;

/// How soon whoever lacks a right names it.
const END_TIMEOUT: Duration = Duration::from_secs(15);
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// The sample's complaints.
const SENT: usize = 300;
const INFER: [&str; 3] = ["infer", "--task", "product,issue,vulnerable"];
const SET_UP: [&str; 5] = ["setup", "--partitions", "2", "--replication-factor", "1"];
const REPORT: [&str; 4] = ["report", "quality", "--since", "1d"];
/// Its exit code where the verdicts have not been archived yet.
const JUDGED_BY_NOBODY: i32 = 3;
/// The complaint that comes by HTTP.
const KNOWN: &str = "by-http";
/// What nobody can read: of it come dead letters.
const POISON: &str = "no complaint, and no verdict either";

/// A right for each way in which one is missed: at start, when a group is joined, a topic read or written, when topics are made
/// or looked at, where groups are not shown, on a page, and by a client that is not ours.
const SOME: [(&str, &str, &str); 9] = [
    ("setup", "Create", "complaints.raw"),
    ("infer", "Write", "complaints.predictions"),
    ("archive", "Read", "ombud.archive"),
    ("join", "Read", "complaints.routed"),
    ("join", "Write", "complaints.routed"),
    ("operator", "DescribeConfigs", "models.strategy"),
    ("operator", "Describe", "ombud."),
    ("console", "Read", "complaints.raw"),
    ("product-team", "Read", "team."),
];

fn is_some(right: &Right) -> bool {
    let is = |(role, operation, name): &(&str, &str, &str)| {
        right.role == *role && right.operation == *operation && right.name.ends_with(name)
    };
    SOME.iter().any(is)
}

#[test]
fn the_flow_runs_with_the_rights_that_are_exported_and_one_that_is_missing_is_named() -> Result<()> {
    let mut proof = Proof::begin(is_some)?;
    ensure!(proof.untried.len() == SOME.len(), "{:?}", proof.untried);
    proof.run()
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn whoever_lacks_any_one_of_its_rights_ends_and_names_it() -> Result<()> {
    let mut proof = Proof::begin(|_| true)?;
    ensure!(proof.untried.len() == proof.guarded.rights.len());
    proof.run()
}

/// A complaint by HTTP.
fn post(console: &Role, id: &str) -> Result<()> {
    let narrative = "My card was charged twice and nobody refunds me.";
    let complaint = format!(r#"{{"complaint_id": "{id}", "narrative": "{narrative}"}}"#);
    let (status, said) = console.post("/api/complaints", &complaint)?;
    ensure!(status == 202, "{status}: {said}");
    Ok(())
}

struct Proof {
    guarded: Guarded,
    /// Rights of which there is a user that lacks it, and as whom nobody has run anything yet.
    untried: Vec<Right>,
    longest: Duration,
}

impl Proof {
    fn begin(is_left_out: impl Fn(&Right) -> bool) -> Result<Self> {
        let guarded = Guarded::start(&is_left_out)?;
        let untried = guarded.rights.iter().filter(|right| is_left_out(right)).cloned().collect();
        Ok(Self { guarded, untried, longest: Duration::ZERO })
    }

    fn run(&mut self) -> Result<()> {
        self.set_up()?;
        let (offered, file) = (self.offer()?, self.file("more.csv")?);
        let [infer, join, archive, console] = self.start_roles()?;
        self.flow(&console)?;
        self.commands_without(&offered, &file)?;
        self.clients_without()?;
        self.workers_without([infer, join, archive, console])?;
        ensure!(self.untried.is_empty(), "nobody has tried without {:?}", self.untried);
        println!("the longest took {:?}", self.longest);
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.guarded.deployment.folder()
    }

    /// A file with complaints of its own.
    fn file(&self, name: &str) -> Result<PathBuf> {
        let file = self.folder().join(name);
        sample_times(1, &file)?;
        Ok(file)
    }

    /// A whole model that no strategy names: who has the right to it may retire it.
    fn offer(&mut self) -> Result<Artefact> {
        Offers::share(&mut self.guarded.deployment);
        Offers::to(&self.guarded.deployment).bag(1)
    }

    /// Topics, schemas, tables and the first strategy, by a user that may no more. What is missed is missed at different times:
    /// before there are topics, before there is a strategy, and where there is all.
    fn set_up(&mut self) -> Result<()> {
        let setup = |more: &[&str]| {
            let words: Vec<String> = SET_UP.iter().chain(more).map(|word| (*word).to_owned()).collect();
            move |_: &Right| words.clone()
        };
        let of = |operation: &'static str, topic: &'static str| {
            move |right: &Right| {
                right.role == "setup" && right.operation == operation && right.name.ends_with(topic)
            }
        };
        self.without(of("Create", ""), setup(&["--dry-run"]))?;
        // Of what it also reads it sees the topic without this right, and misses it when it adds partitions.
        let reads =
            |right: &Right| ["complaints.raw", "complaints.routed"].iter().any(|it| right.name.ends_with(it));
        self.without(|right| of("Alter", "")(right) && !reads(right), setup(&["--dry-run"]))?;
        // Each comes one step further than the one before.
        self.without(of("Write", "models.registry"), setup(&[]))?;
        self.without(of("Write", "models.strategy"), setup(&[]))?;
        self.without(of("Read", "models.registry"), setup(&[]))?;
        self.guarded.as_role("setup").run(&SET_UP)?;
        self.without(of("Read", "models.strategy"), setup(&["--dry-run"]))?;
        let widen = |_: &Right| ["setup", "--widen", "4", "--dry-run"].map(str::to_owned).to_vec();
        self.without(of("Alter", ""), widen)?;
        self.without(of("AlterConfigs", ""), setup(&["--dry-run"]))
    }

    fn start_roles(&mut self) -> Result<[Role; 4]> {
        Ok([
            self.guarded.as_role("infer").start(&INFER)?,
            self.guarded.as_role("join").start(&["join"])?,
            self.guarded.as_role("archive").start(&["archive"])?,
            self.guarded.as_role("console").start(&["console"])?,
        ])
    }

    /// Complaints from everybody who may send some, through to a verdict and a report.
    fn flow(&mut self, console: &Role) -> Result<()> {
        self.guarded.as_role("operator").run(&["send", "--bulk", sample().to_str().unwrap()])?;
        post(console, KNOWN)?;
        self.succeeds(self.produce("ombud-crm", "complaints.raw")?)?;
        let mut routes = Routes::follow(&self.guarded.deployment)?;
        routes.wait_for_complete(SENT + 1, WAIT_TIMEOUT)?;
        routes.wait_until(WAIT_TIMEOUT, |routes| routes.by_complaint.len() == SENT + 2)?;

        let audit = self.guarded.deployment.topic("console.audit");
        self.succeeds(self.consume("ombud-product-team", "complaints.routed")?)?;
        self.succeeds(self.produce("ombud-product-team", "complaints.feedback")?)?;
        self.succeeds(self.produce("ombud-product-team", "complaints.work")?)?;
        let operator = self.guarded.as_role("operator");
        let until = Instant::now() + WAIT_TIMEOUT;
        while operator.run(&["show", KNOWN]).is_err() {
            ensure!(Instant::now() < until, "{KNOWN} is not archived");
        }
        let verdict = format!(r#"{{"complaint_id": "{KNOWN}", "kind": "CONFIRMED", "actor": "agent-17"}}"#);
        let (status, said) = console.post("/api/feedback", &verdict)?;
        ensure!(status == 202, "{status}: {said}");
        operator.run(&["feedback", KNOWN, "confirmed", "--by", "agent-17"])?;
        self.succeeds(self.consume("ombud-product-team", "complaints.work")?)?;
        self.guarded.as_role("auditor").run(&["tail", &audit, "--from", "start"])?;
        let operator = self.guarded.as_role("operator");
        for words in [&["doctor"][..], &["strategy", "history"], &["models", "list"]] {
            operator.run(words)?;
        }
        // The chart gives people a pod that runs the console as the operator.
        operator.start(&["console"])?.stop()?;
        // join has parked what the CRM sent, archive what the product team wrote to two topics.
        while operator.tail("complaints.dead-letters")?.len() < 3 {
            ensure!(Instant::now() < until, "three dead letters do not come");
        }
        for words in [["strategy", "show"], ["models", "list"]] {
            self.guarded.as_role("learn").run(&words)?;
        }
        let report = self.guarded.as_role("report").command()?.args(REPORT).output()?;
        ensure!(matches!(report.status.code(), Some(0 | JUDGED_BY_NOBODY)), "{report:?}");
        Ok(())
    }

    /// Commands that end by themselves. `learn --from-feedback` reads and registers as `models` and `strategy` do, by the same
    /// functions.
    fn commands_without(&mut self, offered: &Artefact, file: &Path) -> Result<()> {
        let file = file.to_str().unwrap().to_owned();
        let model = format!("{}@{}", offered.manifest.model_id, offered.version);
        let words = |right: &Right| -> Vec<String> {
            let model = model.as_str();
            let words: &[&str] = match (right.role.as_str(), right.operation.as_str()) {
                ("report", _) => &REPORT,
                ("learn", "Read") if right.name.ends_with("models.strategy") => &["strategy", "show"],
                ("learn", "Read") => &["models", "list"],
                (_, "DescribeConfigs") => &["doctor"],
                (_, "Describe") => &["send", "--bulk", &file],
                (_, "Read") => &["tail", &right.name, "--from", "start"],
                _ if right.name.ends_with("complaints.raw") => &["send", &file],
                _ if right.name.ends_with("complaints.feedback") => {
                    &["feedback", KNOWN, "confirmed", "--by", "agent-18"]
                }
                _ if right.name.ends_with("console.audit") => {
                    &["strategy", "request", "shadow", "product", model, "1%", "--by", "ann"]
                }
                _ if right.name.ends_with("models.registry") => &["models", "retire", model],
                _ => &["strategy", "shadow", "product", model, "1%", "--by", "test"],
            };
            words.iter().map(|word| (*word).to_owned()).collect()
        };
        let is_of_a_command = |right: &Right| {
            ["operator", "learn", "report", "auditor"].contains(&right.role.as_str())
                && !at_the_console::is_of_the_operators(right)
        };
        self.without(is_of_a_command, words)?;
        self.examining_without()?;
        self.approving_without(&model)?;
        // Once complaints are routed, setup holds them against each other.
        let look = |_: &Right| SET_UP.iter().chain(&["--dry-run"]).map(|word| (*word).to_owned()).collect();
        self.without(|right| right.role == "setup", look)
    }

    /// Systems that are not ours: what the broker says to them is all that they hear.
    fn clients_without(&mut self) -> Result<()> {
        for right in self.take(|right| ["crm", "product-team"].contains(&right.role.as_str())) {
            let user = right.user_without();
            let client = match right.operation.as_str() {
                "Write" => {
                    self.produce(&user, right.name.trim_start_matches(&self.guarded.deployment.prefix))?
                }
                _ if right.resource == "topic" => {
                    self.consume(&user, right.name.trim_start_matches(&self.guarded.deployment.prefix))?
                }
                _ => self.consume(&user, "complaints.routed")?,
            };
            let end = end_of(client, self.folder(), END_TIMEOUT)?;
            let refusal = format!("{} authorization failed", right.resource);
            ensure!(
                end.status.is_some_and(|status| !status.success())
                    && end.said.to_lowercase().contains(&refusal),
                "{right:?}: {end:?}"
            );
        }
        Ok(())
    }

    fn workers_without(&mut self, [infer, join, archive, console]: [Role; 4]) -> Result<()> {
        let words = |right: &Right| match right.role.as_str() {
            "infer" => INFER.map(str::to_owned).to_vec(),
            role => vec![role.to_owned()],
        };
        let is_written = |right: &Right, role: &str, topic: &str| {
            right.role == role && right.operation == "Write" && right.name.ends_with(topic)
        };
        self.console_without()?;
        // What these two write comes about below.
        self.without(
            |right| {
                !is_written(right, "join", "complaints.routed")
                    && !is_written(right, "infer", "models.registry")
            },
            words,
        )?;
        [join, archive].into_iter().try_for_each(|role| role.stop().map(drop))?;

        for number in 0..8 {
            post(&console, &format!("routed-by-nobody-{number}"))?;
        }
        console.stop()?;
        self.without(|right| is_written(right, "join", "complaints.routed"), words)?;
        infer.stop()?;
        if self.untried.is_empty() {
            return Ok(());
        }

        // A model that must not serve, and that a strategy names all the same: who finds that out rejects it.
        let broken = Offers::to(&self.guarded.deployment).broken(Broken::NotANumber)?;
        let named = format!("{}@{}", broken.manifest.model_id, broken.version);
        let shadow = ["strategy", "shadow", "product", &named, "1%", "--by", "test"];
        self.guarded.as_role("operator").run(&shadow)?;
        self.without(|right| is_written(right, "infer", "models.registry"), words)
    }

    /// Those of the untried rights that `which` means; they count as tried.
    fn take(&mut self, which: impl Fn(&Right) -> bool) -> Vec<Right> {
        let (now, later): (Vec<Right>, Vec<Right>) =
            std::mem::take(&mut self.untried).into_iter().partition(|right| which(right));
        self.untried = later;
        now
    }

    /// For each untried right that `which` means, the command that `words` gives for it is run by the user that lacks it: it ends soon and
    /// badly, and names the right.
    fn without(
        &mut self,
        which: impl Fn(&Right) -> bool,
        words: impl Fn(&Right) -> Vec<String>,
    ) -> Result<()> {
        for right in self.take(which) {
            let words = words(&right);
            let mut command = self.guarded.as_user(&right.user_without()).command()?;
            command.args(&words);
            let end = end_of(command, self.folder(), END_TIMEOUT)?;
            self.longest = self.longest.max(end.took);
            println!("{} without {} on {}: {:?}", right.role, right.operation, right.name, end.took);
            ensure!(
                end.status.is_some_and(|status| !status.success()) && right.is_named_in(&end.said),
                "ombud {} without {right:?}: {end:?}",
                words.join(" ")
            );
        }
        Ok(())
    }

    /// A client that appends a line nobody can read.
    fn produce(&self, user: &str, topic: &str) -> Result<Command> {
        let file = self.folder().join("poison.txt");
        fs::write(&file, POISON)?;
        let topic = self.guarded.deployment.topic(topic);
        let mut kcat = self.guarded.kcat(user)?;
        kcat.args(["-P", "-t", &topic, "-k", "by-kcat", "-l"]).arg(file);
        Ok(kcat)
    }

    /// A client that takes one record, as a member of a group of its team.
    fn consume(&self, user: &str, topic: &str) -> Result<Command> {
        let topic = self.guarded.deployment.topic(topic);
        let mut kcat = self.guarded.kcat(user)?;
        kcat.args(["-c", "1", "-e", "-X", "auto.offset.reset=earliest", "-G", "team.card-desk", &topic]);
        Ok(kcat)
    }

    fn succeeds(&self, client: Command) -> Result<()> {
        let end = end_of(client, self.folder(), WAIT_TIMEOUT)?;
        ensure!(end.status.is_some_and(|status| status.success()), "{end:?}");
        Ok(())
    }
}
