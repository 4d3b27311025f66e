//! Pages against requests of strangers, of other sites, and of people who mean ill: each is answered as the tables say, changes
//! nothing and lends nobody a word; what a CRM, a model, a strategy or a person writes stays text on every page.

#![cfg(feature = "torch")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use ombud_launch::guard::PAGES;
use ombud_tests::{Log, Serving, ombud};
use serde_json::Value;

// A row is a line.
#[rustfmt::skip]
mod attempts;
mod written;

use attempts::{ALL, Attempt, Expected, FORM, HOST};

const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const PASSWORD: &str = "correct+horse+battery";
const EVERY_ROLE: [&str; 7] =
    ["clerk", "specialist", "lead", "model-owner", "approver", "auditor", "operator"];
/// Would act in text, in an attribute, in a script, on a terminal and on the order of letters.
const EVIL: &str = "'\"><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}\u{202e}\u{7}";
/// What of it acts without being a letter.
const HIDDEN: [char; 2] = ['\u{202e}', '\u{7}'];
/// What stands on a page where [`EVIL`] has become a part of it, or an address leads elsewhere.
const MARKUP: [&str; 7] = [
    "<img",
    "<script>",
    "onerror=alert(1)>",
    "href=\"javascript:",
    "href=\"data:",
    "href=\"http",
    "href=\"//",
];

/// An answer, as it came.
#[derive(Debug)]
struct Answer {
    /// 0 where the connection ended without one.
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    /// The cookie that it sets, as a browser keeps it.
    fn cookie(&self) -> Result<String> {
        let set = self.header("set-cookie").with_context(|| format!("no cookie: {self:?}"))?;
        Ok(set.split(';').next().unwrap_or_default().to_owned())
    }
}

/// What is answered to these bytes.
fn send(address: &str, request: &[u8]) -> Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    // It may be refused before all of it is read.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// A running `up` with somebody who may do everything and somebody of one team.
struct Console {
    up: Serving,
    data: tempfile::TempDir,
    /// The cookie of eva, who has every role and every team.
    eva: String,
}

impl Console {
    fn open() -> Result<Self> {
        let data = tempfile::tempdir()?;
        let up = Serving::start(data.path())?;
        let mut console = Self { up, data, eva: String::new() };
        let mut words = vec!["users", "add", "eva", "--all-teams"];
        EVERY_ROLE.iter().for_each(|role| words.extend(["--role", role]));
        console.eva = console.admit("eva", &words)?;
        Ok(console)
    }

    fn run(&self, words: &[&str]) -> Result<String> {
        let output =
            ombud(self.data.path())?.env("OMBUD_HTTP__ADDRESS", self.up.address()).args(words).output()?;
        ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Lets somebody in by `words`; their cookie.
    fn admit(&self, name: &str, words: &[&str]) -> Result<String> {
        let said = self.run(words)?;
        let (_, token) = said.split_once("token=").with_context(|| format!("a link: {said}"))?;
        let token = token.split_whitespace().next().unwrap_or_default();
        let chosen =
            self.form("/sign-in/link", "", &format!("token={token}&name={name}&password={PASSWORD}"))?;
        ensure!(chosen.status == 303, "{chosen:?}");
        self.sign_in(name)
    }

    fn sign_in(&self, name: &str) -> Result<String> {
        let answer = self.form("/sign-in", "", &format!("name={name}&password={PASSWORD}"))?;
        ensure!(answer.status == 303, "{answer:?}");
        answer.cookie()
    }

    /// The answer to `head`, these header lines and `body`; its length is given where no line of them speaks of it.
    fn ask(&self, head: &str, lines: &[String], body: &str) -> Result<Answer> {
        let speaks =
            |line: &String| ["content-length", "transfer-encoding"].iter().any(|name| line.starts_with(name));
        let length = match lines.iter().any(speaks) || (body.is_empty() && head.starts_with("GET")) {
            true => String::new(),
            false => format!("content-length: {}\r\n", body.len()),
        };
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let request = format!("{head} HTTP/1.1\r\nconnection: close\r\n{lines}{length}\r\n{body}");
        send(self.up.address(), request.as_bytes())
    }

    /// A page, as a browser with `cookie` asks for it.
    fn page(&self, path: &str, cookie: &str) -> Result<Answer> {
        self.ask(&format!("GET {path}"), &with_cookie(cookie, &[HOST]), "")
    }

    /// A form of a page of ours.
    fn form(&self, path: &str, cookie: &str, body: &str) -> Result<Answer> {
        let own = [HOST, FORM, "origin: http://localhost:8080", "sec-fetch-site: same-origin"];
        self.ask(&format!("POST {path}"), &with_cookie(cookie, &own), body)
    }

    /// JSON to the API, with the operator's own token.
    fn tell(&self, path: &str, body: &Value) -> Result<u16> {
        let token = std::fs::read_to_string(self.data.path().join("operator.token"))?;
        let lines = [HOST, "content-type: application/json", &format!("authorization: Bearer {token}")];
        Ok(self.ask(&format!("POST {path}"), &lines.map(str::to_owned), &body.to_string())?.status)
    }

    /// How many records each topic has that a person can write to.
    fn records(&self) -> Result<Vec<usize>> {
        let log = Log::of(self.data.path());
        let topics = ["complaints.feedback", "complaints.work", "models.strategy", "models.registry"];
        topics.into_iter().map(|topic| Ok(log.tail(topic)?.len())).collect()
    }

    fn attempt(&self, (why, head, lines, body, expected): &Attempt) -> Result<()> {
        let long = "x".repeat(300_000);
        let fill = |text: &&str| text.replace("ME", &self.eva).replace("LONG", &long);
        let lines: Vec<String> = lines.iter().map(fill).collect();
        let answer = self.ask(&fill(head), &lines, body)?;
        let Answer { status, .. } = answer;
        let is_as_expected = match expected {
            Expected::Status(expected) => status == *expected,
            Expected::LeadsTo(path) => status == 303 && answer.header("location") == Some(path),
            Expected::ClosedOr(expected) => status == 0 || status == *expected,
        };
        ensure!(is_as_expected, "{why}: {head} {body}: {expected:?}, and not {answer:?}");
        harmless(&answer).with_context(|| format!("{why}: {head}"))
    }
}

fn with_cookie(cookie: &str, lines: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    if !cookie.is_empty() {
        lines.push(format!("cookie: {cookie}"));
    }
    lines
}

/// Whatever is answered: it is kept nowhere and stands in no frame, leads to no other site, and has no line of another's making.
fn harmless(answer: &Answer) -> Result<()> {
    for line in answer.head.lines() {
        let line = line.to_ascii_lowercase();
        ensure!(!line.starts_with("x-injected") && !line.starts_with("access-control-"), "{answer:?}");
    }
    if let Some(leads_to) = answer.header("location") {
        let is_ours =
            leads_to.starts_with('/') && !leads_to.starts_with("//") && !leads_to.contains(['\\', ':']);
        ensure!(is_ours, "{answer:?}");
    }
    // These are refused before anybody knows what is asked for.
    if [0, 400, 431].contains(&answer.status) && answer.body.is_empty() {
        return Ok(());
    }
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        ensure!(answer.header(name) == Some(value), "{name}: {answer:?}");
    }
    let policy = answer.header("content-security-policy").unwrap_or_default();
    ensure!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{answer:?}");
    // A file that is taken away is shown by no browser.
    if answer.header("content-disposition").is_some_and(|it| it.starts_with("attachment")) {
        return Ok(());
    }
    ensure!(!MARKUP.iter().any(|act| answer.body.contains(act)), "{answer:?}");
    // What was typed into a field stays in it as it was.
    let attributes = answer.body.split("=\"").enumerate();
    let shown: String = attributes
        .map(|(at, part)| if at == 0 { part } else { part.split_once('"').map_or("", |(_, rest)| rest) })
        .collect();
    ensure!(!shown.contains(HIDDEN), "{answer:?}");
    Ok(())
}

/// As a browser writes it into an address.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[test]
fn requests_of_strangers_and_of_other_sites_are_refused_and_change_nothing() -> Result<()> {
    let mut console = Console::open()?;
    let before = console.records()?;
    let mut tried = 0;
    for (_, attempts) in ALL {
        for attempt in attempts {
            console.attempt(attempt)?;
            tried += 1;
        }
    }
    ensure!(tried >= 60, "{tried}");
    // Every form of ours, as another site would send it.
    for row in PAGES.iter().filter(|row| row.method == "POST") {
        let head = format!("POST {}", row.path.replace(['{', '}'], ""));
        for foreign in [
            &["origin: http://evil.example"][..],
            &["origin: null"],
            &["sec-fetch-site: cross-site"],
            &["origin: http://evil.example", "sec-fetch-site: cross-site"],
        ] {
            let lines = with_cookie(&console.eva, &[&[HOST, FORM], foreign].concat());
            let answer = console.ask(&head, &lines, "complaint_id=c-1")?;
            ensure!(answer.status == 403, "{head} {foreign:?}: {answer:?}");
            harmless(&answer)?;
        }
    }
    // Two requests in one: the second is nobody's.
    let lines =
        [HOST, FORM, "content-length: 4", "transfer-encoding: chunked", "origin: http://localhost:8080"];
    let inner = format!("GET /settings HTTP/1.1\r\n{HOST}\r\ncookie: {}\r\n\r\n", console.eva);
    let answer = console.ask("POST /settings", &with_cookie("", &lines), &format!("0\r\n\r\n{inner}"))?;
    ensure!(!answer.body.contains("HTTP/1.1 200") && !answer.body.contains("eva"), "{answer:?}");
    // Too much at once.
    let large = format!("language=en&theme=system&keys=on&x={}", "y".repeat(2 << 20));
    ensure!(console.form("/settings", &console.eva, &large)?.status == 413);
    let many = format!("language=en&theme=system&keys=on{}", "&a=b".repeat(100_000));
    let many = console.form("/settings", &console.eva, &many)?;
    ensure!([303, 413, 422].contains(&many.status), "{many:?}");
    ensure!(console.records()? == before, "something was written");
    ensure!(console.page("/settings", &console.eva)?.status == 200, "she is signed in still");
    console.up.stop()
}
