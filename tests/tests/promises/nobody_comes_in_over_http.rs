//! Requests of pages, of strangers and of tokens that may not: each is refused beside the honest one, which succeeds, and
//! afterwards the log has what the honest ones said and nothing else.

#![cfg(feature = "torch")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::mpsc::{SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Log, Serving, browser, ombud};
use serde_json::{Value, json};

const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// No request may take longer than its head and its body together.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(70);
/// In 2100: no strategy of this test ever begins.
const FAR_FUTURE_MS: i64 = 4_102_444_800_000;

/// A page that tries all that a browser lets a page of another site try, and tells its own site what came of it.
const PAGE: &str = include_str!("nobody_comes_in_over_http/page.html");

const COMPLAINTS: &str = "POST /api/complaints";
const STRATEGY: &str = "POST /api/strategy";
const MODELS: &str = "POST /api/models";
const FEEDBACK: &str = "POST /api/feedback";
/// The complaint that verdicts are given on.
const FIRST: &str = "first";
const VERDICT: &str = r#"{"complaint_id":"first","kind":"CONFIRMED","actor":"agent-17"}"#;
const JSON: &str = "content-type: application/json";
const HOST: &str = "host: localhost:8080";

/// The systems of the test, and what `printf %s TOKEN | sha256sum` says.
const SYSTEMS: [(&str, &str); 5] = [
    ("OMBUD_HTTP__TOKENS__LEDGER", "57c3db6f43a4c556c4bdc13f108179228e687d35bc8f443d3a8fbd0d254d514b"),
    ("OMBUD_HTTP__TOKENS__SENDER", "0947aa13860b98ae75aca013cf6e9d23d7cd260afca948ab3dcae4b971a20298"),
    ("OMBUD_HTTP__TOKENS__RELEASER", "3a248b023c0f4f14ce706d5de14e8df5b772f4da7c28c1592b5d167893a95630"),
    ("OMBUD_HTTP__SCOPES__SENDER", "complaints"),
    ("OMBUD_HTTP__SCOPES__RELEASER", "strategy,models"),
];
const LEDGER: &str = "authorization: Bearer ledger-9f2c";
const SENDER: &str = "authorization: Bearer sender-9f2c";
const RELEASER: &str = "authorization: Bearer releaser-9f2c";

/// A running `up`, and what honest requests have said to it.
struct Bank<'a> {
    up: &'a Serving,
    operator: String,
    strategy: Value,
    model: Value,
    complaints: Vec<String>,
    signatures: Vec<String>,
    verdicts: usize,
}

impl<'a> Bank<'a> {
    fn new(up: &'a Serving, data: &Path) -> Result<Self> {
        let said = |words: &[&str]| -> Result<Value> {
            let output = ombud(data)?.args(words).output()?;
            ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
            Ok(serde_json::from_slice(&output.stdout)?)
        };
        let token = std::fs::read_to_string(data.join("operator.token"))?;
        Ok(Self {
            up,
            operator: format!("authorization: Bearer {token}"),
            strategy: said(&["strategy", "show", "--json"])?,
            model: said(&["models", "list", "--json"])?,
            complaints: Vec::new(),
            signatures: Vec::new(),
            verdicts: 0,
        })
    }

    /// The body that succeeds next at `path`: of a strategy it is the next version, signed by somebody else.
    fn body(&self, path: &str) -> String {
        match path {
            STRATEGY => {
                let version = 2 + self.signatures.len();
                let mut next = self.strategy.clone();
                next["version"] = version.into();
                next["effective_from"] = (FAR_FUTURE_MS + version as i64).into();
                (next["changed_by"], next["changed_at"]) = ("the-board".into(), 7.into());
                next.to_string()
            }
            MODELS => json!({"change": "add", "model_id": self.model["model_id"],
                "version": self.model["version"], "hub_id": null, "hub_revision": null})
            .to_string(),
            FEEDBACK => VERDICT.to_owned(),
            _ => {
                let id = format!("honest-{}", self.complaints.len());
                json!({"complaint_id": id, "narrative": "They charged me twice and nobody answers."})
                    .to_string()
            }
        }
    }

    /// The status of `head`, these header lines and `body`.
    fn ask(&self, head: &str, lines: &[&str], body: &str) -> Result<u16> {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let length = body.len();
        let request =
            format!("{head} HTTP/1.1\r\nconnection: close\r\n{lines}content-length: {length}\r\n\r\n{body}");
        send(self.up.address(), request.as_bytes())
    }

    /// `attack` is refused with `status`, and the same body with the `honest` lines is taken.
    fn hold(
        &mut self,
        path: &str,
        attack: &[&str],
        honest: &[&str],
        status: u16,
        signed: &str,
    ) -> Result<()> {
        let body = self.body(path);
        let refused = self.ask(path, attack, &body)?;
        ensure!(refused == status, "{path} {attack:?} is answered with {refused} instead of {status}");
        self.honest(path, honest, &body, signed)
    }

    fn honest(&mut self, path: &str, lines: &[&str], body: &str, signed: &str) -> Result<()> {
        let taken = self.ask(path, lines, body)?;
        ensure!((200..300).contains(&taken), "{path} {lines:?} is honest, and answered with {taken}");
        match path {
            COMPLAINTS => self.complaints.push(format!("honest-{}", self.complaints.len())),
            STRATEGY => self.signatures.push(signed.to_owned()),
            FEEDBACK => self.verdicts += 1,
            _ => {}
        }
        Ok(())
    }

    /// The log has what honest requests said, signed and dated by the server.
    fn judge(&self, data: &Path) -> Result<()> {
        let values = |topic: &str, field: &str| -> Result<Vec<String>> {
            let records = Log::of(data).tail(topic)?;
            let of = |record: &Value| record["value"][field].as_str().map(str::to_owned);
            records.iter().map(|record| of(record).with_context(|| format!("{field} of {topic}"))).collect()
        };
        let mut complaints = values("complaints.raw", "complaint_id")?;
        complaints.retain(|id| id != FIRST);
        complaints.sort_unstable();
        let mut expected = self.complaints.clone();
        expected.sort_unstable();
        ensure!(complaints == expected, "{complaints:?} are in the log, {expected:?} were honest");
        let signed = values("models.strategy", "changed_by")?;
        ensure!(signed[1..] == self.signatures[..], "{signed:?} {:?}", self.signatures);
        for record in Log::of(data).tail("models.strategy")? {
            ensure!(record["value"]["changed_at"].as_i64().context("a time")? > 7, "{record}");
        }
        let versions = values("models.registry", "version")?;
        ensure!(versions.len() == 1, "adding what is there adds nothing: {versions:?}");
        let verdicts = values("complaints.feedback", "complaint_id")?.len();
        ensure!(verdicts == self.verdicts, "{verdicts} verdicts are in the log, {} honest", self.verdicts);
        Ok(())
    }
}

/// What is answered to these bytes; 0 where the connection is closed without an answer.
fn send(address: &str, request: &[u8]) -> Result<u16> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    // It may be refused before all of it is read.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default())
}

#[test]
fn a_page_of_another_site_changes_nothing_on_the_default_start() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut up = Serving::start(data.path())?;
    let mut bank = Bank::new(&up, data.path())?;
    let operator = bank.operator.clone();
    let token = operator.as_str();
    let own = "origin: http://localhost:8080";
    for path in [COMPLAINTS, STRATEGY, MODELS] {
        let honest = [HOST, JSON, token];
        for (attack, status) in [
            // What a form or a script of a page may send without asking, and what it may not.
            ([HOST, "content-type: text/plain", "origin: http://evil.example"], 403),
            ([HOST, JSON, "origin: http://evil.example"], 403),
            ([HOST, JSON, "origin: null"], 403),
            ([HOST, JSON, "origin: http://localhost:3000"], 403),
            ([HOST, JSON, "origin: https://localhost:8080.evil.example"], 403),
            // A name that was pointed at us after the page was read.
            (["host: evil.example", JSON, "origin: http://evil.example"], 421),
            (["host: evil.example:8080", JSON, token], 421),
            (["host: localhost.evil.example", JSON, token], 421),
            (["host: evil.example@localhost", JSON, token], 421),
            ([HOST, "host: evil.example", JSON], 421),
            // No JSON, with everything else in order.
            ([HOST, "content-type: text/plain", token], 415),
            ([HOST, "content-type: application/x-www-form-urlencoded", token], 415),
            ([HOST, "content-type: text/plain; a=application/json", token], 415),
            ([HOST, "accept: application/json", token], 415),
        ] {
            bank.hold(path, &attack, &honest, status, "the-board")?;
        }
        // Beside no host at all, a page of our own.
        bank.hold(path, &[JSON, token], &[HOST, own, JSON, token], 421, "the-board")?;
    }
    for path in [STRATEGY, MODELS] {
        bank.hold(path, &[HOST, JSON], &[HOST, JSON, token], 401, "the-board")?;
        bank.hold(path, &[HOST, JSON, RELEASER], &[HOST, JSON, token], 401, "the-board")?;
    }
    bank.judge(data.path())?;
    up.stop()
}

#[test]
fn a_token_does_what_its_scopes_say_and_nothing_is_too_large_or_too_slow() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut up = Serving::start_with(data.path(), &SYSTEMS)?;
    let mut bank = Bank::new(&up, data.path())?;
    let operator = bank.operator.clone();
    let first = json!({"complaint_id": FIRST, "narrative": "They charged me twice and nobody answers."});
    ensure!(bank.ask(COMPLAINTS, &[HOST, JSON, SENDER], &first.to_string())? == 202);
    let until = Instant::now() + WAIT_TIMEOUT;
    while bank.ask(FEEDBACK, &[HOST, JSON, LEDGER], VERDICT)? != 202 {
        ensure!(Instant::now() < until, "the first complaint has no case");
        thread::park_timeout(Duration::from_millis(100));
    }
    bank.verdicts = 1;

    let operator = operator.as_str();
    for (path, attack, honest, status, signed) in [
        (COMPLAINTS, RELEASER, SENDER, 403, ""),
        (COMPLAINTS, "x-token: sender-9f2c", LEDGER, 401, ""),
        (FEEDBACK, SENDER, LEDGER, 403, ""),
        (FEEDBACK, RELEASER, LEDGER, 403, ""),
        (STRATEGY, LEDGER, RELEASER, 403, "releaser"),
        (STRATEGY, SENDER, operator, 403, "the-board"),
        (STRATEGY, "authorization: Bearer", RELEASER, 401, "releaser"),
        (MODELS, LEDGER, RELEASER, 403, ""),
        (MODELS, SENDER, operator, 403, ""),
        (MODELS, "authorization: Basic c2VuZGVyLTlmMmM=", RELEASER, 401, ""),
    ] {
        bank.hold(path, &[HOST, JSON, attack], &[HOST, JSON, honest], status, signed)?;
    }
    for (token, status) in [(SENDER, 403), (RELEASER, 403), (LEDGER, 200), (operator, 200)] {
        let answered = bank.ask("GET /api/openapi.json", &[HOST, JSON, token], "")?;
        ensure!(answered == status, "{token}: {answered}");
    }

    // Too large: a body, a body in chunks, a body that is only announced, a head.
    let token = RELEASER;
    for (path, token) in [(COMPLAINTS, SENDER), (FEEDBACK, LEDGER), (STRATEGY, token), (MODELS, token)] {
        let (body, lines) = (bank.body(path), [HOST, JSON, token]);
        let large = format!("{body}{}", " ".repeat(2 << 20));
        let head = format!("{path} HTTP/1.1\r\nconnection: close\r\n{}\r\n", lines.join("\r\n"));
        let chunk =
            format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
        let announced = format!("{head}content-length: 99999999999\r\n\r\n");
        let header = format!("{head}x-long: {}\r\n\r\n", "x".repeat(200_000));
        ensure!(bank.ask(path, &lines, &large)? == 413, "{path}: a large body");
        ensure!(send(up.address(), chunk.as_bytes())? == 413, "{path}: in chunks");
        ensure!(send(up.address(), announced.as_bytes())? == 413, "{path}: announced");
        ensure!(send(up.address(), header.as_bytes())? == 431, "{path}: a long head");
        bank.honest(path, &lines, &body, "releaser")?;
    }

    // Too slow: more heads that never end than there are connections.
    let mut slow = Vec::new();
    for _ in 0..600 {
        let mut half = TcpStream::connect(up.address())?;
        // The oldest have had to make room already.
        let _ = half.write_all(b"POST /api/strategy HTTP/1.1\r\nhost: localhost\r\n");
        slow.push(half);
    }
    let asked = Instant::now();
    ensure!(send(up.address(), b"GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n")? == 200);
    ensure!(asked.elapsed() < Duration::from_secs(2), "health took {:?}", asked.elapsed());
    let body = bank.body(COMPLAINTS);
    bank.honest(COMPLAINTS, &[HOST, JSON, SENDER], &body, "")?;
    drop(slow);

    bank.judge(data.path())?;
    up.stop()
}

/// Serves `page` on every path of `listener`, and gives on what is asked of `/done?`.
fn serve(listener: &TcpListener, page: &str, done: &SyncSender<String>) {
    thread::scope(|scope| {
        // Side by side: a browser also opens connections that it does not use.
        for stream in listener.incoming().flatten() {
            scope.spawn(move || answer(&stream, page, done));
        }
    });
}

fn answer(mut stream: &TcpStream, page: &str, done: &SyncSender<String>) {
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    let length = page.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}");
    let _ = write!(stream, "{head}\r\nconnection: close\r\n\r\n{page}");
    if let Some((_, said)) = line.split_once("/done?") {
        let _ = done.try_send(said.split(' ').next().unwrap_or_default().to_owned());
    }
}

#[test]
fn a_page_in_a_real_browser_changes_nothing_and_reads_nothing() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut up = Serving::start(data.path())?;
    let mut bank = Bank::new(&up, data.path())?;
    let operator = bank.operator.clone();
    let port = up.address().rsplit(':').next().context("a port")?;
    let bodies: Vec<(&str, String)> =
        [COMPLAINTS, STRATEGY, MODELS, FEEDBACK].map(|path| (&path[5..], bank.body(path))).into();
    let page = PAGE.replace("PORT", port).replace("BODIES", &serde_json::to_string(&bodies)?);

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let site = format!("http://evil.example:{}/", listener.local_addr()?.port());
    let (done, outcomes) = sync_channel(1);
    thread::spawn(move || serve(&listener, &page, &done));
    let profile = tempfile::tempdir()?;
    let mut browser = browser(profile.path())?
        .args(["--host-resolver-rules=MAP evil.example 127.0.0.1", &site])
        .spawn()
        .context("start the browser")?;
    let outcomes = outcomes.recv_timeout(WAIT_TIMEOUT);
    browser.kill()?;
    browser.wait()?;
    let outcomes = outcomes.context("the page has not come to its end")?;
    // 3 names for this host, and at each 4 bodies in 4 ways, 3 that are read and 2 that are shown.
    ensure!(outcomes == "tried=63&let=0", "{outcomes}");
    let refused = Instant::now() + WAIT_TIMEOUT;
    // Two of the four ways are refused by the browser itself, which asks first.
    while metric(&up, "ombud_http_refused_total")? < 36.0 {
        ensure!(Instant::now() < refused, "what the page sent has not come");
        thread::park_timeout(Duration::from_millis(100));
    }
    for path in [COMPLAINTS, STRATEGY, MODELS] {
        let body = bank.body(path);
        bank.honest(path, &[HOST, JSON, &operator], &body, "the-board")?;
    }
    bank.judge(data.path())?;
    up.stop()
}

/// The value of a metric without labels.
fn metric(up: &Serving, name: &str) -> Result<f64> {
    let mut stream = TcpStream::connect(up.address())?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let value = answer.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    Ok(value.unwrap_or_default())
}
