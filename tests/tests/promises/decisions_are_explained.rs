//! Why a complaint was decided as it was: over HTTP, by the command beside the `up` that runs, and by the command alone, the same.

#![cfg(feature = "torch")]

use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{DESK, Log, Serving, ombud, sample};
use serde_json::{Value, json};

/// How long an answer may take beside other tests, the start of the process that explains included.
const WAIT_TIMEOUT: Duration = Duration::from_secs(150);
/// The token of [`DESK`].
const DESK_TOKEN: &str = "sesame-open";

/// Routes the sample, and gives its routes.
fn routed(data: &Path) -> Result<Vec<Value>> {
    let output = ombud(data)?.arg("up").arg(sample()).args(["--once", "--json"]).output()?;
    ensure!(output.status.success(), "up: {}", String::from_utf8_lossy(&output.stderr));
    let routes = Log::of(data).tail("complaints.routed")?;
    Ok(routes.into_iter().map(|record| record["value"].clone()).collect())
}

/// The id of a complaint that was not drawn for the audit sample, which is judged before anybody may see why.
fn id_of(routes: &[Value], is_it: impl Fn(&Value) -> bool) -> Result<String> {
    let drawn = |route: &Value| route["human_reasons"].to_string().contains("audit-sample");
    let found = routes.iter().find(|route| !drawn(route) && is_it(route)).context("such a route")?;
    Ok(found["complaint_id"].as_str().context("an id")?.to_owned())
}

fn says_it_outright(route: &Value) -> bool {
    let decisions = route["decisions"].as_array();
    decisions.is_some_and(|all| all.iter().any(|decision| decision["explicit_evidence"] == true))
}

/// What `ombud explain --json` prints, beside the `up` at `address`.
fn explained(data: &Path, address: &str, words: &[&str]) -> Result<String> {
    let mut command = ombud(data)?;
    let output =
        command.env("OMBUD_HTTP__ADDRESS", address).args(["explain", "--json"]).args(words).output()?;
    ensure!(output.status.success(), "explain: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// Asks over HTTP, as whoever has `token`; again where it is not known yet or too many wait.
fn asked(up: &Serving, token: &str, id: &str, question: &Value) -> Result<(u16, Value)> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(WAIT_TIMEOUT))
        .build()
        .into();
    let url = format!("http://{}/api/complaints/{id}/explain", up.address());
    let until = Instant::now() + WAIT_TIMEOUT;
    loop {
        let request = agent.post(&url).header("authorization", format!("Bearer {token}"));
        let mut answer = request.content_type("application/json").send(question.to_string())?;
        let (status, body) = (answer.status().as_u16(), answer.body_mut().read_to_string()?);
        if status != 503 || Instant::now() > until {
            return Ok((status, serde_json::from_str(&body)?));
        }
        thread::park_timeout(Duration::from_millis(200));
    }
}

/// The token of all rights that `up` leaves beside its data.
fn operators_token(data: &Path) -> Result<String> {
    Ok(std::fs::read_to_string(data.join("operator.token"))?.trim().to_owned())
}

fn of_task<'a>(explanations: &'a Value, task: &str) -> Result<&'a Value> {
    let all = explanations["explanations"].as_array().context("explanations")?;
    all.iter().find(|one| one["task"] == task).with_context(|| format!("none of {task}: {explanations}"))
}

#[test]
fn the_api_and_the_command_explain_a_decision_alike_and_twice_with_equal_bytes() -> Result<()> {
    let data = tempfile::tempdir()?;
    let id = id_of(&routed(data.path())?, |route| route["needs_human"] == false)?;
    let mut up = Serving::start(data.path())?;
    let address = up.address().to_owned();
    let beside = explained(data.path(), &address, &[&id])?;
    let again = explained(data.path(), &address, &[&id])?;
    ensure!(beside == again, "{beside} became {again}");
    let (status, served) = asked(&up, &operators_token(data.path())?, &id, &json!({}))?;
    let said: Value = serde_json::from_str(&beside)?;
    ensure!(status == 200 && served == said, "{status}: {served} is not {said}");

    ensure!(said["explanations"].as_array().is_some_and(|all| all.len() == 3), "{said}");
    let product = of_task(&said, "product")?;
    ensure!(product["reproduction"]["is_reproduced"] == true, "{product}");
    let contrast = &product["contrast"];
    let bars = contrast["bars"].as_array().context("bars")?;
    let sum: f64 = bars.iter().filter_map(|bar| bar["value"].as_f64()).sum();
    let value = contrast["value"].as_f64().context("a value")?;
    ensure!((sum - value).abs() <= 1e-5, "the bars make {sum} of {value}");
    ensure!(contrast["words"].as_array().is_some_and(|words| !words.is_empty()), "{contrast}");
    let otherwise = product["routing"]["counterfactual"]["text"].as_str();
    ensure!(otherwise.is_some_and(|text| !text.is_empty()), "{product}");

    let label = match contrast["answer"]["label"] == "Mortgage" {
        true => "Student loan",
        false => "Mortgage",
    };
    let words = [id.as_str(), "--task", "product", "--against", label];
    let against: Value = serde_json::from_str(&explained(data.path(), &address, &words)?)?;
    ensure!(of_task(&against, "product")?["contrast"]["against"]["label"] == label, "{against}");

    // A label that there is not is refused with those that there are.
    let question = json!({ "task": "product", "against": "Snacks" });
    let (status, refused) = asked(&up, &operators_token(data.path())?, &id, &question)?;
    ensure!(status == 422 && refused["error"].to_string().contains("Mortgage"), "{status} {refused}");
    up.stop()?;

    // Nobody has the folder any more: the command computes by itself.
    let alone = explained(data.path(), &address, &[&id])?;
    ensure!(alone == beside, "{alone} is not {beside}");
    Ok(())
}

#[test]
fn who_may_not_see_evidence_sees_none_in_an_explanation() -> Result<()> {
    let data = tempfile::tempdir()?;
    let id = id_of(&routed(data.path())?, says_it_outright)?;
    let scopes = ("OMBUD_HTTP__SCOPES__DESK", "narratives,read");
    let up = Serving::start_with(data.path(), &[DESK[0], scopes])?;
    let (status, whole) = asked(&up, &operators_token(data.path())?, &id, &json!({}))?;
    ensure!(status == 200, "{status} {whole}");
    let evidence = of_task(&whole, "vulnerable")?["evidence"].as_array().context("evidence")?.clone();
    let categories: Vec<&str> = evidence.iter().filter_map(|phrase| phrase["category"].as_str()).collect();
    ensure!(!categories.is_empty(), "{whole}");
    let (status, hidden) = asked(&up, DESK_TOKEN, &id, &json!({}))?;
    ensure!(status == 200, "{status} {hidden}");
    let text = hidden.to_string();
    ensure!(
        categories.iter().all(|category| !text.contains(&format!("\"{category}\""))),
        "{categories:?}: {text}"
    );
    Ok(())
}

/// The process that explains for the `up` of this id: its id, its niceness, and what its arguments are.
fn explains_for(up: u32) -> Option<(u32, String, String)> {
    std::fs::read_dir("/proc").ok()?.filter_map(Result::ok).find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let read = |name: &str| std::fs::read_to_string(entry.path().join(name)).ok();
        let words = read("cmdline")?.replace('\0', " ");
        // Behind the name in parentheses: state, parent, and niceness as the seventeenth.
        let stat: Vec<String> = read("stat")?.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect();
        let is_it = stat[1] == up.to_string() && words.contains("--child");
        is_it.then(|| (pid, stat[16].clone(), words))
    })
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
    let until = Instant::now() + WAIT_TIMEOUT;
    while !is_so() {
        ensure!(Instant::now() < until, "{what} after {WAIT_TIMEOUT:?}");
        thread::park_timeout(Duration::from_millis(20));
    }
    Ok(())
}

fn kill(pid: u32) -> Result<()> {
    ensure!(Command::new("kill").args(["-KILL", &pid.to_string()]).status()?.success());
    Ok(())
}

#[test]
fn what_explains_starts_with_the_first_question_goes_first_and_ends_with_its_up_however_that_ends()
-> Result<()> {
    let data = tempfile::tempdir()?;
    let id = id_of(&routed(data.path())?, |route| route["needs_human"] == false)?;
    let up = Serving::start(data.path())?;
    ensure!(explains_for(up.pid()).is_none(), "it runs before anybody asks");
    let token = operators_token(data.path())?;
    let (status, first) = asked(&up, &token, &id, &json!({ "task": "product" }))?;
    ensure!(status == 200, "{status} {first}");
    let (pid, niceness, words) = explains_for(up.pid()).context("it runs")?;
    ensure!(niceness == "15", "its niceness is {niceness}");
    ensure!(!words.contains("OMBUD") && words.split(' ').all(|word| word.len() < 40), "a secret: {words}");

    // One that died is started again by the next question.
    kill(pid)?;
    let (status, second) = asked(&up, &token, &id, &json!({ "task": "product" }))?;
    ensure!(status == 200 && second == first, "{status} {second}");
    let (other, ..) = explains_for(up.pid()).context("another runs")?;
    ensure!(other != pid);
    kill(up.pid())?;
    let is_gone = || !Path::new(&format!("/proc/{other}/stat")).exists();
    wait_until("it still runs", is_gone)
}

#[test]
fn people_read_why_and_labelled_rows_show_the_words_that_decide() -> Result<()> {
    let data = tempfile::tempdir()?;
    let id = id_of(&routed(data.path())?, |route| route["needs_human"] == false)?;
    let output = ombud(data.path())?.args(["explain", &id]).output()?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for words in ["because of", "words for it", "what the customer wrote", "why team", "the same comes out"] {
        ensure!(said.contains(words), "{words}: {said}");
    }
    let mut command = ombud(data.path())?;
    command.args(["explain", "--limit", "5", "--task", "product", "--json", "--data"]).arg(sample());
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    let lines: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(lines.len() == 6 && lines[5]["complaints"] == 5, "{lines:?}");
    ensure!(lines[5]["top_words"].as_array().is_some_and(|groups| !groups.is_empty()), "{}", lines[5]);
    Ok(())
}
