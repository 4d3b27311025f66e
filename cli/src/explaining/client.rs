//! Asks a process that explains: one signed question, one answer, all of it within a bound.

use std::time::Duration;

use ombud_console::ExplainRefusal;
use ombud_explain::Explanation;
use ombud_launch::config::Secret;
use ombud_stream::{Clock, SystemClock};
use serde::de::DeserializeOwned;
use ureq::{Agent, Body, http::Response};

use super::protocol::{Answered, PATH, Question, SIGNATURE, WireRefusal, signature};
use crate::running_up;

/// How many bytes of an answer are read. Of the longest narrative, in words of one letter, each with its share, three tasks have
/// less.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// No code of a refusal that we know.
const STRANGE: &str = "strange-answer";

/// A process that explains, and what it knows us by.
#[derive(Clone)]
pub(crate) struct ExplainClient {
    agent: Agent,
    url: String,
    secret: Secret,
}

impl ExplainClient {
    /// Asks at `address`, a URL; an answer may take `timeout`, the wait behind others included.
    pub(crate) fn new(address: &str, secret: Secret, timeout: Duration) -> Self {
        let address = address.trim_end_matches('/');
        Self { agent: running_up::agent(address, timeout), url: format!("{address}{PATH}"), secret }
    }

    /// The explanations of a question's jobs, in their order. Stamps the question.
    ///
    /// # Errors
    /// See [`ExplainRefusal`].
    pub(crate) fn ask(&self, mut question: Question) -> Result<Vec<Explanation>, ExplainRefusal> {
        question.issued_at_ms = SystemClock.now_ms();
        let wanted = question.jobs.len();
        let body = serde_json::to_vec(&question)
            .map_err(|error| ExplainRefusal::Outage(format!("write the question: {error}")))?;
        let request = self
            .agent
            .post(&self.url)
            .header(SIGNATURE, signature(&self.secret, &body))
            .content_type("application/json");
        let unreached = |error: ureq::Error| ExplainRefusal::Outage(format!("ask {}: {error}", self.url));
        let mut answer = request.send(&body).map_err(unreached)?;
        match answer.status().as_u16() {
            200 => {
                let Answered { explanations } = self.read(&mut answer)?;
                if explanations.len() != wanted {
                    let (url, had) = (&self.url, explanations.len());
                    return Err(ExplainRefusal::Outage(format!("ask {url}: it answered {had} of {wanted}")));
                }
                Ok(explanations)
            }
            status => Err(refusal(status, self.read(&mut answer)?)),
        }
    }

    fn read<T: DeserializeOwned>(&self, answer: &mut Response<Body>) -> Result<T, ExplainRefusal> {
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let text = text
            .map_err(|error| ExplainRefusal::Outage(format!("read the answer of {}: {error}", self.url)))?;
        serde_json::from_str(&text).map_err(|_| {
            let (url, what) = (&self.url, "is it `ombud explain --serve` of this version?");
            ExplainRefusal::Outage(format!("read the answer of {url}, which is {status}: {what}"))
        })
    }
}

/// What a refusal means for whoever wants an explanation.
fn refusal(status: u16, WireRefusal { code, error }: WireRefusal) -> ExplainRefusal {
    match status {
        404 => ExplainRefusal::ModelGone(error),
        422 => ExplainRefusal::Refused { code, error },
        503 => ExplainRefusal::Busy,
        // The secrets or clocks of both sides, or a defect: nothing that whoever asks here can change.
        _ if code.is_empty() => ExplainRefusal::Outage(format!("{STRANGE}: {error}")),
        _ => ExplainRefusal::Outage(format!("{code}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_whoever_explains_says_becomes_what_whoever_asked_is_shown() {
        let said = |status: u16, code: &str| {
            refusal(status, WireRefusal { code: code.to_owned(), error: "what is wrong".to_owned() })
        };
        assert_eq!(said(404, "model-gone"), ExplainRefusal::ModelGone("what is wrong".into()));
        let (code, error) = ("unknown-label".to_owned(), "what is wrong".to_owned());
        assert_eq!(said(422, "unknown-label"), ExplainRefusal::Refused { code, error });
        assert_eq!(said(503, "busy"), ExplainRefusal::Busy);
        assert_eq!(said(401, "signature"), ExplainRefusal::Outage("signature: what is wrong".into()));
    }

    #[test]
    fn where_nobody_listens_that_is_an_outage_and_says_where() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let client =
            ExplainClient::new(&url, "0123456789abcdef0123456789abcdef".into(), Duration::from_secs(5));
        let refused =
            client.ask(Question { issued_at_ms: 0, jobs: Vec::new(), models: Vec::new() }).unwrap_err();
        assert!(matches!(&refused, ExplainRefusal::Outage(why) if why.contains(&url)), "{refused:?}");
    }
}
