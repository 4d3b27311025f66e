//! One question to a running `up`, which alone writes the embedded log.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use ombud_launch::config::Settings;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use ureq::Agent;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What `up` says where it does not do what it was asked.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The URL at which `address` is asked on this machine.
pub(crate) fn url(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("http://localhost:{}", address.port()),
        false => format!("http://{address}"),
    }
}

/// Posts `body` as JSON to `path` of the `up` that `settings` name, and gives its answer.
///
/// # Errors
/// Nobody answers there, or `up` refuses: its own words then.
pub(crate) fn post<T: DeserializeOwned>(settings: &Settings, path: &str, body: &impl Serialize) -> Result<T> {
    let url = url(settings.http.address);
    let agent: Agent =
        Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build().into();
    let mut answer = agent.post(format!("{url}{path}")).send_json(body).with_context(|| {
        format!("reach `ombud up` at {url}: start it, for it alone writes the embedded log; or name Kafka with --kafka")
    })?;
    let status = answer.status();
    let text = answer.body_mut().read_to_string()?;
    if status.is_success() {
        return serde_json::from_str(&text)
            .with_context(|| format!("understand what {url}{path} answered: is it `ombud up`?"));
    }
    match serde_json::from_str::<Refusal>(&text) {
        Ok(Refusal { error }) => bail!(error),
        Err(_) => bail!("{url}{path} answered {status}: is it this version's `ombud up`?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_stands_for_all_is_asked_on_this_machine() {
        assert_eq!(url("0.0.0.0:8080".parse().unwrap()), "http://localhost:8080");
        assert_eq!(url("127.0.0.1:80".parse().unwrap()), "http://127.0.0.1:80");
    }
}
