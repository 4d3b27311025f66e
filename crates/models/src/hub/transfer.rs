//! What is asked of the hub over HTTP, for no longer than its timeouts allow and the process runs.
//!
//! hf-hub lays the cache out as Python does. Its own client knows no deadline, so the bytes come by this one.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use hf_hub::api::Progress;
use indicatif::ProgressBar;
use ombud_stream::{may_carry_secret, names_user, without_user};
use serde::Deserialize;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body, Error, Timeout};

use super::cache::Blob;
use super::{Hub, HubError, HubTimeouts};
use crate::hub_name::{Commit, NameError};
use crate::stop::Stop;

/// How often a transfer asks whether to stop.
const STOP_POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Downloads that break without a byte are retried so many times; one that got further resumes where it stopped.
const MOST_RETRIES: usize = 3;
/// Redirects that are followed to learn what a file is.
const MOST_REDIRECTS: usize = 10;
/// Read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// The commit that a revision is, and its files.
#[derive(Deserialize)]
pub(super) struct Listing {
    pub(super) sha: String,
    pub(super) siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
pub(super) struct Sibling {
    pub(super) rfilename: String,
}

/// A file as the hub knows it.
pub(super) struct Remote {
    pub(super) commit: Commit,
    /// Its content; of large files its SHA-256.
    pub(super) blob: Blob,
    pub(super) bytes: u64,
}

/// The bytes of a file that are still missing.
struct Rest {
    from: u64,
    /// The length of the whole file.
    end: u64,
}

/// What went wrong, before it is known with which model.
pub(super) enum Failure {
    Http(Error),
    /// The cache can't be read or written.
    File(io::Error),
    /// The answer is not a hub's.
    Odd(String),
}

/// The hub gave a name that no hub has.
impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        Self::Odd(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Http(error)
    }
}

/// One exchange with the hub.
pub(super) struct Transfer<'a> {
    agent: Agent,
    hub: &'a Hub,
    stop: &'a Stop,
    began: Instant,
    /// When the hub was last asked, or last sent a byte.
    heard: Cell<Instant>,
}

/// Runs `errand`; a read that waits for the hub ends with an error when `stop` is requested. A connect that is under way
/// takes as long as [`HubTimeouts::connect`] at most.
pub(super) fn with_hub<T>(
    hub: &Hub,
    stop: &Stop,
    errand: impl FnOnce(&Transfer<'_>) -> Result<T, HubError>,
) -> Result<T, HubError> {
    may_be_asked(hub)?;
    let now = Instant::now();
    let transfer = Transfer { agent: agent(hub.timeouts), hub, stop, began: now, heard: Cell::new(now) };
    thread::scope(|scope| {
        let (done, is_done) = sync_channel::<()>(0);
        let agent = transfer.agent.clone();
        let hang_up = move || {
            while is_done.recv_timeout(STOP_POLL_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if stop.requested() {
                    return agent.shutdown();
                }
            }
        };
        let started = thread::Builder::new().name("hub".to_owned()).spawn_scoped(scope, hang_up);
        started.map_err(HubError::Thread)?;
        let result = errand(&transfer);
        drop(done);
        result
    })
}

/// Refuses an address that would be shown with a password wherever it fails, and one where others could read the token.
fn may_be_asked(hub: &Hub) -> Result<(), HubError> {
    let refused = |why: String| HubError::Exposed { endpoint: without_user(&hub.endpoint), why };
    if names_user(&hub.endpoint) {
        return Err(refused(
            "take user and password out of HF_ENDPOINT, and set HF_TOKEN instead".to_owned(),
        ));
    }
    if hub.token.is_some() {
        may_carry_secret(&hub.endpoint).map_err(|exposed| {
            refused(format!("it would {exposed}; or unset HF_TOKEN, and remove the file `token` of HF_HOME"))
        })?;
    }
    Ok(())
}

fn agent(timeouts: HubTimeouts) -> Agent {
    let config = Agent::config_builder()
        .timeout_resolve(Some(timeouts.connect))
        .timeout_connect(Some(timeouts.connect))
        .timeout_send_request(Some(timeouts.silence))
        .timeout_recv_response(Some(timeouts.silence))
        .timeout_per_read(Some(timeouts.silence))
        .timeout_per_write(Some(timeouts.silence))
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        // Ranges count the bytes of the file itself.
        .accept_encoding("identity")
        .user_agent(concat!("ombud/", env!("CARGO_PKG_VERSION")))
        .build();
    config.into()
}

impl Transfer<'_> {
    /// How long the hub has been silent.
    pub(super) fn silence(&self) -> Duration {
        self.heard.get().elapsed()
    }

    /// Whether it ended because the process stops.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.requested()
    }

    /// What `place`, a path under the hub's address, lists.
    pub(super) fn listing(&self, place: &str) -> Result<Listing, Failure> {
        let mut response = self.ask(&format!("{}/{place}", self.endpoint()), None, true)?;
        Ok(response.body_mut().read_json()?)
    }

    /// What the file at `url` is; its content is not fetched.
    pub(super) fn remote(&self, url: &str) -> Result<Remote, Failure> {
        let (mut at, mut named) = (url.to_owned(), None);
        for _ in 0..MOST_REDIRECTS {
            let response = self.ask(&at, Some("bytes=0-0".to_owned()), false)?;
            let said = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
            // The hub's own answer says what the file is; where it leads to says how long it is.
            named = named.or_else(|| {
                let etag = said("x-linked-etag").or_else(|| said("etag"))?;
                Some((said("x-repo-commit")?.to_owned(), Blob::tagged(etag)?))
            });
            if response.status().is_redirection() {
                let target = said("location").and_then(|target| absolute(&at, target));
                at = target.ok_or_else(|| Failure::Odd("it redirects to nowhere".to_owned()))?;
                continue;
            }
            let bytes = said("content-range").and_then(|range| range.rsplit('/').next()?.parse().ok());
            return match (named, bytes) {
                (Some((commit, blob)), Some(bytes)) => {
                    Ok(Remote { commit: Commit::parse(&commit)?, blob, bytes })
                }
                _ => Err(Failure::Odd("it does not say what the file is and how long".to_owned())),
            };
        }
        Err(Failure::Odd(format!("it redirects more than {MOST_REDIRECTS} times")))
    }

    /// Appends to `file` what it still lacks of the file at `url`, which has `bytes`.
    pub(super) fn download(&self, url: &str, name: &str, bytes: u64, mut file: File) -> Result<(), Failure> {
        let mut bar = ProgressBar::new(bytes);
        // hf-hub cuts a long name at a byte, and panics within a letter.
        let shown = name.replace(|letter: char| !letter.is_ascii(), "?");
        Progress::init(&mut bar, usize::try_from(bytes).unwrap_or(usize::MAX), &shown);
        let mut breaks = 0;
        loop {
            let has = length(&file)?;
            if has == bytes {
                Progress::finish(&mut bar);
                return Ok(());
            }
            bar.set_position(has);
            if has > bytes {
                // What is there belongs to another content of this name: restarted.
                file.set_len(0).map_err(Failure::File)?;
                continue;
            }
            let appended = self.append(url, Rest { from: has, end: bytes }, &mut file, &mut bar);
            let came = length(&file)? != has;
            breaks = if came { 0 } else { breaks + 1 };
            match appended {
                Ok(()) if breaks <= MOST_RETRIES => {}
                Ok(()) => return Err(Failure::Odd(format!("it ends {name} after {has} of {bytes} bytes"))),
                Err(failure) if self.is_stopped() || !passes(&failure, came) || breaks > MOST_RETRIES => {
                    return Err(failure);
                }
                Err(_) => {}
            }
        }
    }

    /// Appends `rest`, and not one byte more.
    fn append(&self, url: &str, rest: Rest, file: &mut File, bar: &mut ProgressBar) -> Result<(), Failure> {
        let response = self.ask(url, Some(format!("bytes={}-", rest.from)), true)?;
        let mut left = rest.end - rest.from;
        if rest.from > 0 && response.status() != StatusCode::PARTIAL_CONTENT {
            file.set_len(0).map_err(Failure::File)?;
            left = rest.end;
        }
        let mut body = response.into_body().into_reader();
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let read = match body.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Failure::Http(Error::from(error))),
            };
            self.heard.set(Instant::now());
            let Some(after) = left.checked_sub(read as u64) else {
                let what = format!("it sends more than the {} bytes that it names", rest.end);
                return Err(Failure::Odd(what));
            };
            left = after;
            file.write_all(&chunk[..read]).map_err(Failure::File)?;
            Progress::update(bar, read);
        }
    }

    fn ask(&self, url: &str, range: Option<String>, follow: bool) -> Result<Response<Body>, Error> {
        self.heard.set(Instant::now());
        let mut request = self.agent.get(url);
        // Where a file lies elsewhere, the address itself is the permission.
        if let Some(token) = self.hub.token.as_ref().filter(|_| self.is_hubs(url)) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.0));
        }
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
        }
        let left = self.hub.timeouts.whole.saturating_sub(self.began.elapsed());
        let mut config = request.config().timeout_global(Some(left));
        if !follow {
            config = config.max_redirects(0);
        }
        let response = config.build().call()?;
        self.heard.set(Instant::now());
        Ok(response)
    }

    pub(super) fn endpoint(&self) -> &str {
        self.hub.endpoint.trim_end_matches('/')
    }

    fn is_hubs(&self, url: &str) -> bool {
        url.strip_prefix(self.endpoint()).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Whether a download may be retried after this. A hub that is silent for too long is given up at once, unless bytes came
/// before.
fn passes(failure: &Failure, came: bool) -> bool {
    match failure {
        Failure::Http(Error::StatusCode(_)) => false,
        Failure::Http(Error::Timeout(Timeout::Global)) => false,
        Failure::Http(Error::Timeout(_)) => came,
        Failure::Http(_) => true,
        Failure::File(_) | Failure::Odd(_) => false,
    }
}

fn length(file: &File) -> Result<u64, Failure> {
    Ok(file.metadata().map_err(Failure::File)?.len())
}

/// Where a redirect from `at` leads to.
fn absolute(at: &str, target: &str) -> Option<String> {
    if target.contains("://") {
        return Some(target.to_owned());
    }
    let (scheme, rest) = at.split_once("://")?;
    let host = rest.split('/').next()?;
    target.starts_with('/').then(|| format!("{scheme}://{host}{target}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_at_its_host_unless_it_names_another() {
        let at = "https://hub.example/bank/triage/resolve/main/a";
        assert_eq!(absolute(at, "/other/a").unwrap(), "https://hub.example/other/a");
        assert_eq!(absolute(at, "https://cdn.example/a").unwrap(), "https://cdn.example/a");
        assert!(absolute(at, "a").is_none());
    }
}
