//! People sign in at a provider that is not ours, npm's oidc-provider: the browser's way there and back, over HTTP, to one of two
//! consoles; who they are then follows from their groups; and when their session ends at the provider, it ends here.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use axum::{Extension, Router, routing::any};
use ombud_console::{Entrance, EntranceParts, Waiter, answer};
use ombud_contract::{catalogue::Topic, codec, records::AuditEntry};
use ombud_launch::{
    config::Settings,
    guard::{Caller, Guard},
};
use ombud_local::{Local, LocalDesk, Options};
use ombud_store::{Sessions, Users};
use ombud_stream::{Clock, Reader as _, SystemClock, TopicPartition};
use ombud_tests::repository;
use tokio::{runtime::Runtime, task::JoinSet};
use ureq::{Agent, http::StatusCode};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The most redirects of one sign-in.
const MOST_STEPS: usize = 20;
const SECRET: &str = "a-secret-of-the-test-alone";

/// The provider, in a process of its own.
struct Provider {
    child: Child,
    says: BufReader<ChildStdout>,
    issuer: String,
}

impl Provider {
    /// Starts one that knows the console at `console`.
    fn start(console: &str) -> Result<Self> {
        let prepared = Command::new(repository().join("scripts/oidc")).stderr(Stdio::inherit()).output()?;
        ensure!(prepared.status.success(), "scripts/oidc: {}", prepared.status);
        let folder = String::from_utf8(prepared.stdout)?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promises/people_sign_in/provider.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .args([folder.trim(), console])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let says = BufReader::new(child.stdout.take().context("what it prints")?);
        let mut provider = Self { child, says, issuer: String::new() };
        let line = provider.line()?;
        provider.issuer = line.strip_prefix("ready ").context("the provider is not ready")?.to_owned();
        Ok(provider)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.says.read_line(&mut line)? > 0, "the provider ended");
        Ok(line.trim_end().to_owned())
    }

    /// Ends the session of `subject` there; what came of telling the console.
    fn log_out(&mut self, subject: &str) -> Result<String> {
        writeln!(self.child.stdin.as_mut().context("its input")?, "logout {subject}")?;
        self.line()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Consoles over one log and one store, each on a port of its own.
struct World {
    folder: tempfile::TempDir,
    local: Local,
    runtime: Runtime,
    served: JoinSet<std::io::Result<()>>,
}

impl World {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let local = Local::open(folder.path(), Options::catalogue("", 1))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { folder, local, runtime, served: JoinSet::new() })
    }

    /// Serves a console on `listener`. `/api/*` answers who asks.
    fn serve(&mut self, listener: TcpListener, settings: &Settings) -> Result<()> {
        let (sink, deliveries) = self.local.sink::<Waiter>(64);
        // Ends with the sink, which the entrance owns.
        thread::spawn(move || answer(&deliveries));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (path, time) = (self.folder.path().to_owned(), Arc::clone(&clock));
        let open = move || LocalDesk::open(&path, Arc::clone(&time)).unwrap();
        let open_users = open.clone();
        let parts = EntranceParts {
            sink: Box::new(sink),
            sessions: Arc::new(move || Ok(Box::new(open()) as Box<dyn Sessions>)),
            users: Some(Arc::new(move || Ok(Box::new(open_users()) as Box<dyn Users>))),
            clock,
        };
        let entrance = Entrance::of(settings, parts)?.context("somebody signs in")?;
        let guard = Guard::with_people(&settings.http, None, Some(entrance.people()))?;
        let who = |Extension(caller): Extension<Caller>| async move {
            format!(
                "{} {} {:?}",
                caller.signature(""),
                caller.roles_text().join("+"),
                caller.works_for("card-services")
            )
        };
        let routes = guard.around(Router::new().route("/api/{*path}", any(who)));
        let routes = routes.merge(guard.around_pages(entrance.pages()));
        listener.set_nonblocking(true)?;
        let _entered = self.runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        self.served.spawn(async move { axum::serve(listener, routes).await });
        Ok(())
    }

    fn deeds(&self) -> Result<Vec<(String, String)>> {
        let partition = TopicPartition::new(Topic::Audit.name(""), 0);
        let records = self.local.reader()?.fetch(&partition, 0, Duration::ZERO)?.records;
        let mut deeds = Vec::new();
        for record in records {
            let entry: AuditEntry = codec::decode(record.value.as_deref().context("its value")?)?;
            deeds.push((entry.actor, entry.action));
        }
        Ok(deeds)
    }
}

/// What a browser does: keeps cookies by host and port, and follows where it is led.
struct Browser {
    agent: Agent,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// Who says so at the provider.
    person: &'static str,
}

struct Page {
    url: String,
    status: StatusCode,
    body: String,
}

impl Browser {
    fn of(person: &'static str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(TIMEOUT));
        Self { agent: config.build().into(), cookies: BTreeMap::new(), person }
    }

    /// The page to which `url` leads in the end. With `stop`, where the next step would begin with it, instead.
    fn open(&mut self, url: &str, stop: Option<&str>) -> Result<Page> {
        let mut url = url.to_owned();
        for _ in 0..MOST_STEPS {
            if stop.is_some_and(|stop| url.starts_with(stop)) {
                return Ok(Page { url, status: StatusCode::FOUND, body: String::new() });
            }
            let (status, location, body) = self.get(&url)?;
            let Some(location) = location else { return Ok(Page { url, status, body }) };
            url = if location.starts_with('/') { format!("{}{location}", origin(&url)) } else { location };
        }
        anyhow::bail!("{url} leads on and on")
    }

    fn get(&mut self, url: &str) -> Result<(StatusCode, Option<String>, String)> {
        let jar = self.cookies.entry(origin(url)).or_default();
        let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            self.agent.get(url).header("cookie", cookies.join("; ")).header("x-person", self.person);
        let mut answer = request.call()?;
        let headers = answer.headers();
        for set in headers.get_all("set-cookie") {
            let pair = set.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie has a name")?;
            match value {
                "" => jar.remove(name),
                value => jar.insert(name.to_owned(), value.to_owned()),
            };
        }
        let location = headers.get("location").map(|to| to.to_str().map(str::to_owned)).transpose()?;
        let status = answer.status();
        Ok((status, location.filter(|_| status.is_redirection()), answer.body_mut().read_to_string()?))
    }

    /// Who the console at `url` says that this is.
    fn who(&mut self, url: &str) -> Result<(u16, String)> {
        let (status, _, body) = self.get(&format!("{url}/api/me"))?;
        Ok((status.as_u16(), body))
    }
}

fn origin(url: &str) -> String {
    url.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn settings(issuer: &str, console: SocketAddr) -> Settings {
    let mut settings = Settings::default();
    settings.http.public_url = format!("http://{console}");
    let sign_in = &mut settings.sign_in;
    sign_in.oidc_issuer = issuer.to_owned();
    sign_in.oidc_client_id = "ombud".into();
    sign_in.oidc_client_secret = SECRET.into();
    sign_in.oidc_scopes = "groups".into();
    sign_in.roles.insert("clerk".into(), "/staff/cards".into());
    sign_in.teams.insert("card-services".into(), "/staff/cards".into());
    settings
}

#[test]
fn a_provider_signs_people_in_and_out() -> Result<()> {
    let (first, second) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    let (console, replica) = (first.local_addr()?, format!("http://{}", second.local_addr()?));
    let here = format!("http://{console}");
    let mut provider = Provider::start(&here)?;
    let settings = settings(&provider.issuer, console);
    let mut world = World::new()?;
    world.serve(first, &settings)?;
    world.serve(second, &settings)?;

    // Without a session nobody is let in, though the port is this machine's: people are known by a provider.
    let mut clerk = Browser::of("u-17");
    assert_eq!(clerk.who(&here)?.0, 401);
    let arrived = clerk.open(&format!("{here}/oidc/start"), None)?;
    assert_eq!(arrived.status, 200, "{} {}", arrived.url, arrived.body);
    assert!(arrived.url.starts_with(&format!("{here}/oidc/callback?")), "{}", arrived.url);
    assert_eq!(clerk.who(&here)?, (200, "u-17 clerk true".to_owned()));
    // The other replica knows them as well; a browser sends cookies to a host whatever its port.
    let jar = clerk.cookies[&here].clone();
    assert_eq!(jar.keys().collect::<Vec<_>>(), ["ombud"], "what the round trip needed is gone");
    clerk.cookies.insert(replica.clone(), jar);
    assert_eq!(clerk.who(&replica)?.0, 200);

    // The answer that led back is worth nothing twice, nor in another browser, nor with another state.
    assert_eq!(clerk.open(&arrived.url, None)?.status, 400);
    let mut thief = Browser::of("u-17");
    let begun = thief.open(&format!("{here}/oidc/start"), Some(&format!("{here}/oidc/callback")))?;
    let mut victim = Browser::of("u-18");
    assert_eq!(victim.open(&begun.url, None)?.status, 400, "who did not begin it is not signed in by it");
    victim.open(&format!("{here}/oidc/start"), Some(&format!("{here}/oidc/callback")))?;
    assert_eq!(victim.open(&begun.url, None)?.status, 400, "nor who began another");
    assert_eq!(victim.who(&here)?.0, 401);

    // Somebody without a group here is known, and may nothing.
    let mut stranger = Browser::of("u-18");
    stranger.open(&format!("{here}/oidc/start"), None)?;
    assert_eq!(stranger.who(&here)?, (200, "u-18  false".to_owned()));
    assert_eq!(stranger.get(&format!("{here}/api/queues"))?.0, 403);

    // The provider says that the clerk's session is over: here it is, too, on every replica; and nobody else's.
    assert_eq!(provider.log_out("u-17")?, "ended");
    assert_eq!((clerk.who(&here)?.0, clerk.who(&replica)?.0, stranger.who(&here)?.0), (401, 401, 200));
    let signed_in: Vec<String> = world
        .deeds()?
        .into_iter()
        .filter(|(_, action)| action == "signed-in")
        .map(|(actor, _)| actor)
        .collect();
    assert_eq!(signed_in, ["u-17", "u-18"]);
    world.runtime.block_on(world.served.shutdown());
    Ok(())
}

#[test]
fn what_the_provider_did_not_sign_ends_no_session() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let console = listener.local_addr()?;
    let here = format!("http://{console}");
    let provider = Provider::start(&here)?;
    let mut world = World::new()?;
    world.serve(listener, &settings(&provider.issuer, console))?;
    let mut clerk = Browser::of("u-17");
    clerk.open(&format!("{here}/oidc/start"), None)?;
    assert_eq!(clerk.who(&here)?.0, 200);
    // `none`, a secret that both know, and no token at all. The claims are right in each.
    let now = SystemClock.now_ms() / 1_000;
    let claims = serde_json::json!({
        "iss": provider.issuer, "aud": "ombud", "iat": now, "exp": now + 60, "jti": "j-1", "sub": "u-17",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    });
    for (alg, signature) in [("none", ""), ("HS256", "AAAA"), ("RS256", "AAAA")] {
        let header = serde_json::json!({"alg": alg, "typ": "logout+jwt"});
        let token = format!("{}.{}.{signature}", encoded(&header), encoded(&claims));
        let answer =
            clerk.agent.post(format!("{here}/oidc/back-channel")).send_form([("logout_token", token)])?;
        assert_eq!(answer.status(), 400, "{alg}");
    }
    let answer = clerk.agent.post(format!("{here}/oidc/back-channel")).send_form([("logout_token", "x")])?;
    assert_eq!(answer.status(), 400);
    assert_eq!(clerk.who(&here)?.0, 200);
    world.runtime.block_on(world.served.shutdown());
    Ok(())
}

/// As a token writes it: base64 for URLs, without padding.
fn encoded(value: &serde_json::Value) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in value.to_string().as_bytes().chunks(3) {
        let bits =
            chunk.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..=chunk.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    text
}
