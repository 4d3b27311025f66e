//! The console that `queue` and `work` ask: that of a running `up`, or one by its URL. It alone has the worklist and holds who
//! works on what, so nothing goes around it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
pub(crate) use ombud_console::encoded;
use ombud_launch::config::Settings;
use serde::{Serialize, de::DeserializeOwned};
use ureq::{Agent, Body, http::Response};

use super::{Answer, TIMEOUT, agent, bearer, operator, refusal, url};

/// A dossier of the longest narrative, with a share for each word of each task, has less.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// Which console is asked.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ConsoleAddress {
    /// The console's URL, such as https://ombud.bank.example: needed on brokers [default: the `up` at http.address]
    #[arg(long, value_name = "URL")]
    pub(crate) console: Option<String>,
}

/// A console, and what shows us to it.
pub(crate) struct DeskClient {
    url: String,
    agent: Agent,
    bearer: Option<String>,
}

impl DeskClient {
    /// The one that `address` or `settings` name. Beside an `up` that shares our data folder the operator's own token is shown,
    /// else http.token.
    pub(crate) fn of(address: &ConsoleAddress, settings: &Settings) -> Result<Self> {
        let (base, operators) = match &address.console {
            Some(console) => (console.trim_end_matches('/').to_owned(), None),
            None if settings.kafka_bootstrap.is_empty() => {
                let token = operator::token(&settings.data, settings.http.address.ip())?;
                (url(settings.http.address), token)
            }
            None => bail!(
                "find the console: on brokers it alone knows who works on what; name it with --console URL"
            ),
        };
        let bearer = bearer(&base, operators.as_ref().unwrap_or(&settings.http.token))?;
        Ok(Self { agent: agent(&base, TIMEOUT), url: base, bearer })
    }

    /// The same, for what may take `timeout` to be answered.
    #[must_use]
    pub(crate) fn patient(self, timeout: Duration) -> Self {
        Self { agent: agent(&self.url, timeout), ..self }
    }

    /// The file that `path` has.
    pub(crate) fn file(&self, path: &str) -> Result<String> {
        let url = format!("{}{path}", self.url);
        let mut request = self.agent.get(&url);
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        let Answer { url, status, body } = self.read(url, request.call())?;
        match status.is_success() {
            true => Ok(body),
            false => Err(refusal(&url, status, &body)),
        }
    }

    /// What `path` has.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let url = format!("{}{path}", self.url);
        let mut request = self.agent.get(&url);
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        self.read(url, request.call())?.taken()
    }

    /// The answer to `body` at `path`.
    pub(crate) fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer> {
        let url = format!("{}{path}", self.url);
        let mut request = self.agent.post(&url);
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        self.read(url, request.send_json(body))
    }

    fn read(&self, url: String, answer: Result<Response<Body>, ureq::Error>) -> Result<Answer> {
        let reach = || {
            format!(
                "reach the console at {}: start `ombud up` or `ombud console`, or name it with --console URL",
                self.url
            )
        };
        let mut answer = answer.with_context(reach)?;
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        let status = answer.status();
        if status == 401 {
            bail!(
                "get access at {}: set http.token (OMBUD_HTTP__TOKEN, or http.token_file) to a token that it knows; or name its \
                 data folder with --data, where the operator's token lies",
                self.url
            );
        }
        Ok(Answer { url, status, body })
    }
}

#[cfg(test)]
mod tests {
    use ombud_launch::config::{Inputs, load};

    use super::*;

    #[test]
    fn an_id_is_one_segment_of_a_path_whatever_is_in_it() {
        assert_eq!(encoded("c-1_a.b~"), "c-1_a.b~");
        assert_eq!(encoded("a/b?c d\u{e9}"), "a%2Fb%3Fc%20d%C3%A9");
    }

    #[test]
    fn on_brokers_the_console_has_to_be_named() {
        let mut settings = load(&Inputs::default()).unwrap().settings;
        settings.kafka_bootstrap = "broker:9092".into();
        let refused = DeskClient::of(&ConsoleAddress::default(), &settings).err().unwrap().to_string();
        assert!(refused.contains("--console URL"), "{refused}");
        let named = ConsoleAddress { console: Some("https://ombud.bank.example/".into()) };
        assert_eq!(DeskClient::of(&named, &settings).unwrap().url, "https://ombud.bank.example");
    }
}
