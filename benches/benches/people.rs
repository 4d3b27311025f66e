//! A running console, and people who are signed in there.

use std::{
    env,
    net::SocketAddr,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Serving, ombud};
use serde_json::Value;
use ureq::Agent;

/// What all of them chose.
const PASSWORD: &str = "a-long-enough-secret-17";
/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// For the worklist to be read.
const READ_TIMEOUT: Duration = Duration::from_secs(300);

/// `ombud up` over `data`, and who signs in at its console.
pub(crate) struct Console<'a> {
    data: &'a Path,
    pub(crate) serving: Serving,
}

impl<'a> Console<'a> {
    /// Starts it with these variables; it is ready when its worklist is read.
    pub(crate) fn start(data: &'a Path, variables: &[(&str, &str)]) -> Result<Self> {
        let console = Self { data, serving: Serving::start_with(data, variables)? };
        let until = Instant::now() + READ_TIMEOUT;
        while console.serving.get("/readyz")?.0 != 200 {
            ensure!(Instant::now() < until, "the console is not ready");
            thread::park_timeout(Duration::from_millis(200));
        }
        Ok(console)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.serving.address())
    }

    /// Lets `name` in for every team, and signs them in; gives their cookie, as a browser sends it.
    pub(crate) fn sign_in(&self, name: &str, roles: &[&str]) -> Result<String> {
        let roles = roles.iter().flat_map(|role| ["--role", role]);
        self.users(&[&["add", name, "--all-teams"][..], &roles.collect::<Vec<_>>()].concat())?;
        let link: Value = serde_json::from_str(&self.users(&["link", name, "--json"])?)?;
        let page = link["page"].as_str().context("a page where a password is chosen")?;
        let (_, token) = page.split_once("token=").context("its token")?;
        self.post("/sign-in/link", &[("token", token), ("name", name), ("password", PASSWORD)])?;
        let cookie = self.post("/sign-in", &[("name", name), ("password", PASSWORD)])?;
        cookie.with_context(|| format!("{name} is not signed in"))
    }

    fn users(&self, arguments: &[&str]) -> Result<String> {
        let address: SocketAddr = self.serving.address().parse()?;
        let mut users = ombud(self.data)?;
        let output =
            users.env("OMBUD_HTTP__ADDRESS", address.to_string()).arg("users").args(arguments).output()?;
        ensure!(output.status.success(), "users: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Sends a form; gives the session that the answer begins.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Option<String>> {
        let answer =
            agent(Some(TIMEOUT)).post(format!("{}{path}", self.url())).send_form(fields.iter().copied())?;
        ensure!(answer.status().as_u16() < 400, "{path}: {}", answer.status());
        let cookies = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        let pairs = cookies.filter_map(|cookie| cookie.split(';').next());
        Ok(pairs.filter(|pair| pair.starts_with("ombud=")).map(str::to_owned).next_back())
    }
}

/// Asks over plain HTTP; follows no redirect.
pub(crate) fn agent(timeout: Option<Duration>) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(timeout)
        .build()
        .into()
}

/// The number among the arguments, or else `usual`.
pub(crate) fn named_number(usual: usize) -> usize {
    env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(usual)
}
