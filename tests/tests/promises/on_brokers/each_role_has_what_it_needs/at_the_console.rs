//! What the console's user misses, and how it is noticed: by the same functions in a command, or by an answer of the API.

use anyhow::{Context, Result, ensure};
use ombud_tests::Right;
use serde_json::{Value, json};

use super::{KNOWN, Proof};

/// No command writes this, but the console that people run as the operator.
pub(super) fn is_of_the_operators(right: &Right) -> bool {
    right.role == "operator" && right.operation == "Write" && right.name.ends_with("complaints.work")
}

/// A record of complaints.raw is read where a dead letter of it is sent again: whether it was sent already.
fn is_missed_where_letters_are_sent(right: &Right) -> bool {
    right.role == "console" && right.operation == "Read" && right.name.ends_with("complaints.raw")
}

impl Proof {
    /// The page of health shows what `ombud doctor` says, by the same functions.
    pub(super) fn examining_without(&mut self) -> Result<()> {
        self.without(
            |right| right.role == "console" && ["Describe", "DescribeConfigs"].contains(&&*right.operation),
            |_| vec!["doctor".to_owned()],
        )
    }

    /// What a console does with strategies, it does by the functions of the command: it reads what was asked for, and publishes
    /// it when it is approved.
    pub(super) fn approving_without(&mut self, model: &str) -> Result<()> {
        let ask = ["strategy", "request", "shadow", "product", model, "1%", "--by", "ann", "--json"];
        let request: Value = serde_json::from_str(&self.guarded.as_role("operator").run(&ask)?)?;
        let id = request["request_id"].as_str().context("an id")?;
        self.without(
            |right| right.role == "console" && right.name.ends_with("models.strategy"),
            |_| ["strategy", "approve", id, "--by", "bob"].map(str::to_owned).to_vec(),
        )
    }

    /// What the console writes only when it is asked to, to topics that it sees: it answers with what is missing.
    pub(super) fn console_without(&mut self) -> Result<()> {
        let asks = |right: &Right| {
            let topics = ["complaints.raw", "complaints.feedback", "complaints.work", "console.audit"];
            let is_seen = topics.iter().any(|topic| right.name.ends_with(topic));
            right.role == "console" && right.operation == "Write" && is_seen || is_of_the_operators(right)
        };
        for right in self.take(asks) {
            let console = self.guarded.as_user(&right.user_without()).start(&["console"])?;
            let (path, body) = match right.name.rsplit('.').next() {
                Some("raw") => (
                    "/api/complaints",
                    json!({ "complaint_id": "by-nobody", "narrative": "My card was charged twice." }),
                ),
                Some("feedback") => (
                    "/api/feedback",
                    json!({ "complaint_id": KNOWN, "kind": "CONFIRMED", "actor": "agent-19" }),
                ),
                _ => {
                    let noted = json!({ "complaint_id": KNOWN, "kind": "NOTED", "reason_code": "called", "actor": "agent-19" });
                    ("/api/work", noted)
                }
            };
            let (status, said) = console.post(path, &body.to_string())?;
            ensure!(status == 503 && right.is_named_in(&said), "{right:?}: {status} {said}");
            console.stop()?;
        }
        self.redriving_without()
    }

    /// What an operator sends again on the page of health is sent by the same functions as `ombud redrive` sends it by.
    fn redriving_without(&mut self) -> Result<()> {
        let letter = self.letter_of(&self.guarded.deployment.topic("complaints.raw"))?;
        // A record lies behind it: whether that is the letter's own, sent before, is to be read.
        self.succeeds(self.produce("ombud-crm", "complaints.raw")?)?;
        self.without(is_missed_where_letters_are_sent, |_| {
            ["redrive", "--id", &letter, "--yes"].map(str::to_owned).to_vec()
        })
    }

    /// The id of a dead letter whose record lies in `topic`.
    fn letter_of(&mut self, topic: &str) -> Result<String> {
        let letters = self.guarded.as_role("operator").tail("complaints.dead-letters")?;
        let of_topic = letters.iter().find(|letter| letter["value"]["source_topic"] == topic);
        let id = of_topic.and_then(|letter| letter["value"]["dead_letter_id"].as_str());
        id.map(str::to_owned).with_context(|| format!("a letter of {topic}: {letters:?}"))
    }
}
