//! What others write stays text on every page and in every file; and a session is worth something to its person alone, until it ends.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_launch::guard::PAGES;
use serde_json::{Value, json};

use super::{
    ANSWER_TIMEOUT, Console, EVIL, FORM, HIDDEN, HOST, PASSWORD, WAIT_TIMEOUT, attempts::ADDRESSES, encoded,
    harmless, with_cookie,
};

/// The id of a complaint whose every field is hostile. A slash, a percent sign, dots and markup are letters of an id.
const ID: &str = "a/../%2e%2e?'\"><img src=x onerror=alert(1)>#{{7*7}}";
/// Every field that some form has.
const FIELDS: &[&str] = &[
    "action",
    "against_issue",
    "against_product",
    "answer",
    "as_of",
    "base",
    "caused",
    "change",
    "cause_code",
    "complaint",
    "complaint_id",
    "confirmed",
    "decision",
    "forwarded_to",
    "from",
    "issue",
    "keys",
    "kind",
    "language",
    "lease_id",
    "letter",
    "model",
    "note",
    "outcome",
    "percent",
    "product",
    "product_1",
    "read",
    "reason",
    "reason_code",
    "redress_currency",
    "redress_minor",
    "revision",
    "skipped",
    "task",
    "team",
    "team_1",
    "text",
    "theme",
    "to",
    "to_team",
    "undo",
    "undo_of",
    "undoes",
    "verdict",
    "view",
    "vulnerability_code",
    "vulnerable",
];
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// Beyond the day on which this test is read.
const FAR_FUTURE_MS: i64 = 4_102_444_800_000;

impl Console {
    /// Sends the hostile complaint; the team that has it, once it is in the archive.
    fn take_hostile(&self) -> Result<String> {
        // What hides is refused at the door, but for the narrative.
        let text = EVIL.replace(HIDDEN, "");
        let complaint = json!({
            "complaint_id": ID, "narrative": format!("My card was charged twice. {EVIL}"), "channel": text,
            "legal_entity": text, "customer_ref": "=HYPERLINK(\"http://evil.example\")<img src=x>",
            "external_ref": text, "attributes": {"representative": text, "<img src=x>": "@SUM(1)"},
        });
        let status = self.tell("/api/complaints", &complaint)?;
        ensure!(status == 202, "{status}");
        let until = Instant::now() + WAIT_TIMEOUT;
        loop {
            let found = self.page(&format!("/api/search?q={}", encoded(ID)), &self.eva)?;
            let team = serde_json::from_str::<Value>(&found.body).ok();
            let team = team.and_then(|found| found["items"][0]["team"].as_str().map(str::to_owned));
            let page = self.page(&format!("/complaints/{}/narrative", encoded(ID)), &self.eva)?;
            if let Some(team) = team.filter(|_| page.status == 200) {
                return Ok(team);
            }
            ensure!(Instant::now() < until, "the complaint does not come: {found:?} {page:?}");
            thread::park_timeout(LOOK_INTERVAL);
        }
    }

    /// Waits for the page of history to show why the hostile strategy was published: not on a page, so that pages may be
    /// two seconds behind.
    fn see_hostile_strategy(&self) -> Result<()> {
        let until = Instant::now() + WAIT_TIMEOUT;
        loop {
            let history = self.page("/strategy/history", &self.eva)?;
            if history.body.contains("&lt;img src=x") {
                return harmless(&history);
            }
            ensure!(Instant::now() < until, "the strategy does not show: {history:?}");
            thread::park_timeout(LOOK_INTERVAL);
        }
    }
}

/// The next version of the strategy, in whose words somebody has put markup.
fn hostile_strategy(console: &Console) -> Result<Value> {
    let mut next: Value = serde_json::from_str(&console.run(&["strategy", "show", "--json"])?)?;
    let version = next["version"].as_i64().context("a version")? + 1;
    (next["version"], next["reason"]) = (version.into(), EVIL.into());
    next["effective_from"] = FAR_FUTURE_MS.into();
    Ok(next)
}

#[test]
fn what_a_crm_a_strategy_or_a_person_writes_stays_text_on_every_page_and_in_every_file() -> Result<()> {
    let mut console = Console::open()?;
    let team = console.take_hostile()?;
    let taken = console.tell("/api/strategy", &hostile_strategy(&console)?)?;
    ensure!(taken == 201, "{taken}");
    let (id, team) = (encoded(ID), encoded(&team));
    let mut shown = BTreeSet::new();
    for row in PAGES.iter().filter(|row| row.method == "GET" && row.path != "/events") {
        let path = row
            .path
            .replace("{complaint_id}", &id)
            .replace("{team}", &team)
            .replace("{model_id}", "complaints-bag")
            .replace("{version}", "1");
        let page = console.page(&path, &console.eva)?;
        ensure!(page.status != 500, "{path}: {page:?}");
        harmless(&page).with_context(|| path.clone())?;
        if page.body.contains("a/../%2e%2e?") {
            shown.insert(row.path);
        }
    }
    for path in [
        "/complaints/{complaint_id}",
        "/complaints/{complaint_id}/narrative",
        "/teams/{team}",
        "/teams/{team}/export",
        "/vulnerable/{complaint_id}",
    ] {
        ensure!(shown.contains(path), "{path} does not show what was written: {shown:?}");
    }
    console.see_hostile_strategy()?;
    let file = console.page(&format!("/teams/{team}/export"), &console.eva)?;
    ensure!(file.body.lines().skip(1).all(|line| !line.contains("charged twice")), "{file:?}");
    ensure!(file.header("content-type") == Some("text/csv; charset=utf-8"), "{file:?}");
    for begins in ["=", "+", "@", "\"="] {
        ensure!(!file.body.split([',', '\n']).any(|cell| cell.starts_with(begins)), "{begins}: {file:?}");
    }

    for address in ADDRESSES {
        for written in [EVIL, "=1+1<img src=x>", "\0\r\nx-injected: 1", "💥<script>", "%22%3e<img"] {
            let path = address.replace("EVIL", &encoded(written));
            let page = console.page(&path, &console.eva)?;
            ensure!((200..500).contains(&page.status), "{path}: {page:?}");
            harmless(&page).with_context(|| path.clone())?;
        }
    }
    let fields: Vec<String> = FIELDS.iter().map(|name| format!("{name}={}", encoded(EVIL))).collect();
    for row in PAGES.iter().filter(|row| row.method == "POST") {
        let path = row.path.replace("{complaint_id}", &id).replace("{team}", &team).replace("{id}", "r-1");
        let page = console.form(&path, &console.eva, &fields.join("&"))?;
        ensure!((200..500).contains(&page.status), "{path}: {page:?}");
        harmless(&page).with_context(|| path.clone())?;
    }
    console.up.stop()
}

#[test]
fn a_session_is_its_persons_alone_and_over_when_it_is_said_to_be() -> Result<()> {
    let mut console = Console::open()?;
    let words = ["users", "add", "cleo", "--role", "clerk", "--team", "card-services"];
    let cleo = console.admit("cleo", &words)?;
    let eva = console.eva.clone();
    ensure!(console.page("/desk", &cleo)?.status == 200 && console.page("/trail", &cleo)?.status == 403);
    ensure!(console.page("/trail", &eva)?.status == 200);
    // Nothing of one person's id helps another.
    let mixed = format!("{}{}", &eva[..eva.len() / 2], &cleo[cleo.len() / 2..]);
    for other in [
        mixed.as_str(),
        &eva.to_uppercase(),
        &format!("{eva}0"),
        &eva[..eva.len() - 1],
        &format!("{eva}; {cleo}"),
    ] {
        ensure!(console.page("/desk", other)?.status == 303, "{other}");
    }

    // An id that a stranger has planted is not taken up, and what this browser had before ends.
    let planted = format!("ombud={}", "a".repeat(eva.len() - "ombud=".len()));
    for before in [planted, cleo.clone()] {
        let lines = with_cookie(&before, &[HOST, FORM, "origin: http://localhost:8080"]);
        let body = format!("name=cleo&password={PASSWORD}");
        let answer = console.ask("POST /sign-in", &lines, &body)?;
        let set = answer.header("set-cookie").context("a cookie")?.to_owned();
        for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Strict"] {
            ensure!(set.contains(attribute), "{attribute}: {set}");
        }
        ensure!(!set.contains("Domain") && !set.contains("Max-Age") && !set.starts_with(&before), "{set}");
        ensure!(console.page("/desk", &before)?.status == 303, "{before} counts after the sign-in");
        ensure!(console.page("/desk", &answer.cookie()?)?.status == 200);
    }
    let kept = console.form("/settings", &eva, "language=es&theme=dark&keys=off")?;
    let kept = kept.header("set-cookie").context("what was chosen")?.to_owned();
    ensure!(
        kept.contains("HttpOnly") && kept.contains("SameSite=Strict") && !kept.contains("Domain"),
        "{kept}"
    );

    // Whoever kept a copy of the cookie has nothing after the sign-out: no page, no form, no stream.
    let mut stream = BufReader::new(TcpStream::connect(console.up.address())?);
    stream.get_ref().set_read_timeout(Some(ANSWER_TIMEOUT))?;
    write!(stream.get_mut(), "GET /events HTTP/1.1\r\n{HOST}\r\ncookie: {eva}\r\n\r\n")?;
    let mut line = String::new();
    stream.read_line(&mut line)?;
    ensure!(line.contains(" 200 "), "{line}");
    let before = console.records()?;
    let out = console.form("/sign-out", &eva, "")?;
    ensure!(out.header("set-cookie").is_some_and(|set| set.starts_with("ombud=;")), "{out:?}");
    for row in PAGES {
        let head = format!("{} {}", row.method, row.path.replace(['{', '}'], ""));
        let lines = with_cookie(&eva, &[HOST, FORM, "origin: http://localhost:8080"]);
        let answer = console.ask(&head, &lines, "complaint_id=c-1")?;
        let leads_to = answer.header("location").unwrap_or_default();
        ensure!(answer.status == 303 && leads_to.starts_with("/sign-in"), "{head}: {answer:?}");
        ensure!(!answer.body.contains("eva"), "{head}: {answer:?}");
    }
    ensure!(console.records()? == before, "something was written");
    // A stream looks once a minute whether its person is still there.
    let until = Instant::now() + WAIT_TIMEOUT;
    stream.get_ref().set_read_timeout(Some(WAIT_TIMEOUT))?;
    loop {
        line.clear();
        // Its end, or that of the chunks in which it comes.
        if stream.read_line(&mut line)? == 0 || line == "0\r\n" {
            break;
        }
        ensure!(Instant::now() < until, "the stream goes on after the sign-out");
    }
    console.up.stop()
}
