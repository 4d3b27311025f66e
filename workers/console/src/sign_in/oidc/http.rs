//! How a provider is asked: by our own HTTP client, with bounds, and without following where it leads.

use std::{fs, io::Read as _, path::Path, time::Duration};

use openidconnect::{HttpRequest, HttpResponse, http};
use reqwest::{Certificate, blocking::Client, redirect::Policy};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer: documents and keys have some thousands.
const MOST_BYTES: u64 = 1 << 20;

/// Why a provider was not asked, or did not answer. Says nothing of what was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error("ask {host}")]
    Request {
        host: String,
        #[source]
        cause: reqwest::Error,
    },
    #[error("read the answer of {host}: it must be HTTP of at most 1 MiB")]
    Answer { host: String },
}

/// Why the client can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ProviderClientError {
    /// The file of the authority can't be read.
    #[error("read {path}, which sign_in.oidc_ca names")]
    Ca {
        /// The file.
        path: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The authority is no certificate, or TLS can't be set up.
    #[error("set up TLS to the provider of sign_in.oidc_issuer: check sign_in.oidc_ca")]
    Tls(#[source] reqwest::Error),
}

/// A client of providers.
pub(crate) struct ProviderClient(Client);

impl ProviderClient {
    /// One that trusts the authority in the file `ca` besides the system's; the system's alone where it is empty.
    pub(crate) fn new(ca: &Path) -> Result<Self, ProviderClientError> {
        // A redirect could lead to a host that was never named.
        let mut builder = Client::builder().timeout(TIMEOUT).redirect(Policy::none());
        if !ca.as_os_str().is_empty() {
            let path = ca.display().to_string();
            let pem = fs::read(ca).map_err(|cause| ProviderClientError::Ca { path, cause })?;
            for certificate in Certificate::from_pem_bundle(&pem).map_err(ProviderClientError::Tls)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        Ok(Self(builder.build().map_err(ProviderClientError::Tls)?))
    }

    /// The answer to `request`. Blocks, and not in a runtime's own thread.
    pub(crate) fn ask(&self, request: HttpRequest) -> Result<HttpResponse, AskError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let failed =
            |cause: reqwest::Error| AskError::Request { host: host.clone(), cause: cause.without_url() };
        let request = reqwest::blocking::Request::try_from(request).map_err(failed)?;
        let answer = self.0.execute(request).map_err(failed)?;
        let unreadable = || AskError::Answer { host: host.clone() };
        let mut built = http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            built = built.header(name, value);
        }
        let mut body = Vec::new();
        let read = answer.take(MOST_BYTES + 1).read_to_end(&mut body);
        if read.is_err() || body.len() as u64 > MOST_BYTES {
            return Err(unreadable());
        }
        built.body(body).map_err(|_| unreadable())
    }
}
