//! Requests to a running `up`, which alone writes the embedded log.

pub(crate) mod desk;
pub(crate) mod operator;

use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use ombud_launch::{
    JsonRefusal,
    config::{Secret, Settings},
};
use ombud_local::{Local, LocalError};
use ombud_stream::may_carry_secret;
use serde::{Serialize, de::DeserializeOwned};
use ureq::{Agent, http::StatusCode};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The URL at which `address` is asked on this machine.
pub(crate) fn url(address: SocketAddr) -> String {
    // An address, no name: `localhost` may be ::1, where somebody else may listen on the same port.
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => format!("http://[::1]:{}", address.port()),
        _ => format!("http://{address}"),
    }
}

/// A client of `url`, which may take `timeout` for an answer. What goes over plain HTTP goes there itself: a proxy that the environment
/// names would read the token and the complaint.
pub(crate) fn agent(url: &str, timeout: Duration) -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(timeout));
    match url.starts_with("https://") {
        true => config.build().into(),
        false => config.proxy(None).build().into(),
    }
}

/// Whether an `up` has the data folder `data`.
///
/// # Errors
/// The folder can't be looked at.
pub(crate) fn is_served(data: &Path) -> Result<bool> {
    match Local::hold(data) {
        Ok(_) => Ok(false),
        Err(LocalError::Locked { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// What `up` answers.
pub(crate) struct Answer {
    url: String,
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

/// Posts `body` as JSON to `path` of the `up` that `settings` name, with the token that they name.
///
/// # Errors
/// Nobody answers there, or nobody knows the token.
pub(crate) fn ask(settings: &Settings, path: &str, body: &impl Serialize) -> Result<Answer> {
    ask_with(&settings.http.token, settings, path, body)
}

fn ask_with(token: &Secret, settings: &Settings, path: &str, body: &impl Serialize) -> Result<Answer> {
    let url = url(settings.http.address);
    let mut request = agent(&url, TIMEOUT).post(format!("{url}{path}"));
    if let Some(bearer) = bearer(&url, token)? {
        request = request.header("authorization", bearer);
    }
    read_answer(&url, path, request.send_json(body))
}

fn read_answer(
    url: &str,
    path: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Answer> {
    let mut answer = answer.with_context(|| {
        format!("reach `ombud up` at {url}: start it, for it alone writes the embedded log; or name Kafka with --kafka")
    })?;
    let (status, body) = (answer.status(), answer.body_mut().read_to_string()?);
    if status == StatusCode::UNAUTHORIZED {
        bail!(
            "get access at {url}: set http.token (OMBUD_HTTP__TOKEN, or http.token_file) to a token that it knows; or name \
             its data folder with --data, where `strategy` and `models` find the operator's"
        );
    }
    Ok(Answer { url: format!("{url}{path}"), status, body })
}

/// What shows `token` to the guard at `url`; nothing where there is none.
///
/// # Errors
/// It would go over plain HTTP to another host.
pub(crate) fn bearer(url: &str, token: &Secret) -> Result<Option<String>> {
    if token.is_empty() {
        return Ok(None);
    }
    may_carry_secret(url)
        .context("show http.token (OMBUD_HTTP__TOKEN) at http.address (OMBUD_HTTP__ADDRESS)")?;
    Ok(Some(format!("Bearer {}", token.reveal())))
}

impl Answer {
    /// What was asked for.
    ///
    /// # Errors
    /// `up` refuses: its own words then.
    pub(crate) fn taken<T: DeserializeOwned>(self) -> Result<T> {
        let Self { url, status, body } = self;
        if status.is_success() {
            return serde_json::from_str(&body)
                .with_context(|| format!("read the answer of {url}: is it `ombud up`?"));
        }
        Err(refusal(&url, status, &body))
    }
}

/// Why `url` refuses, in its own words.
fn refusal(url: &str, status: StatusCode, body: &str) -> anyhow::Error {
    match serde_json::from_str::<JsonRefusal>(body) {
        Ok(JsonRefusal { error }) => anyhow!(error),
        Err(_) => anyhow!("{url} answered {status}: is it this version's `ombud up`?"),
    }
}

/// Has the `up` that `settings` name make a change: posts `body` as JSON to `path`, with the operator's token where that `up`
/// shares our data folder, and gives its answer.
///
/// # Errors
/// Nobody answers there, or `up` refuses: its own words then.
pub(crate) fn post<T: DeserializeOwned>(settings: &Settings, path: &str, body: &impl Serialize) -> Result<T> {
    let Settings { data, http, .. } = settings;
    let operators = operator::token(data, http.address.ip())?;
    ask_with(operators.as_ref().unwrap_or(&http.token), settings, path, body)?.taken()
}

/// What the `up` that `settings` name says at `path`; asked as [`post`] asks.
///
/// # Errors
/// Nobody answers there, or `up` refuses: its own words then.
pub(crate) fn get<T: DeserializeOwned>(settings: &Settings, path: &str) -> Result<T> {
    let Settings { data, http, .. } = settings;
    let operators = operator::token(data, http.address.ip())?;
    let url = url(http.address);
    let mut request = agent(&url, TIMEOUT).get(format!("{url}{path}"));
    if let Some(bearer) = bearer(&url, operators.as_ref().unwrap_or(&http.token))? {
        request = request.header("authorization", bearer);
    }
    read_answer(&url, path, request.call())?.taken()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_stands_for_all_is_asked_on_this_machine() {
        assert_eq!(url("0.0.0.0:8080".parse().unwrap()), "http://127.0.0.1:8080");
        assert_eq!(url("[::]:8080".parse().unwrap()), "http://[::1]:8080");
        assert_eq!(url("127.0.0.1:80".parse().unwrap()), "http://127.0.0.1:80");
    }

    #[test]
    fn a_token_is_shown_on_this_machine_and_at_no_other_host() {
        let token = Secret::from("sesame");
        for here in ["0.0.0.0:8080", "127.0.0.1:8080", "[::1]:8080"] {
            let shown = bearer(&url(here.parse().unwrap()), &token).unwrap();
            assert_eq!(shown.as_deref(), Some("Bearer sesame"), "{here}");
        }
        // 192.0.2.0/24 is nobody's: it is there for documents.
        let elsewhere = url("192.0.2.1:8080".parse().unwrap());
        let refused = format!("{:#}", bearer(&elsewhere, &token).unwrap_err());
        assert!(refused.contains("http.address") && refused.contains("another host"), "{refused}");
        assert!(!refused.contains("sesame"), "{refused}");
        assert_eq!(bearer(&elsewhere, &Secret::default()).unwrap(), None, "there is nothing to show");
    }
}
