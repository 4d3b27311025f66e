//! What can go wrong before a worker works.

use std::{io, net::SocketAddr, path::PathBuf};

/// Completes "failed to ..."; every text says what would be right.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration file is missing, unreadable or no TOML.
    #[error("read configuration file {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Box<config::ConfigError>,
    },
    /// Somebody else could have written the configuration file, and nobody has named it.
    #[error(
        "read {}, which was found in the current folder: others may write {}, for {why}; make it yours alone (chown, chmod \
         go-w), or name the file with --config (OMBUD_CONFIG) if you trust it",
        .file.display(),
        .place.display()
    )]
    FoundFile {
        /// The file.
        file: PathBuf,
        /// What others may write: the file, its folder, or what a link leads to.
        place: PathBuf,
        /// How others come to write it.
        why: String,
    },
    /// A variable of ours holds bytes that are no text.
    #[error("read variable {variable}: its value must be UTF-8")]
    NotText {
        /// The variable.
        variable: String,
    },
    /// Somebody set what does not exist.
    #[error("accept {name} from {origin}: there is no such setting; the nearest is {nearest}")]
    UnknownSetting {
        /// As it was written.
        name: String,
        /// Where it was written.
        origin: String,
        /// The known setting with the most similar name, as it would be written there.
        nearest: String,
    },
    /// A setting has a value that it can't have.
    #[error("accept {setting} = {value} from {origin}: it must be {right}")]
    WrongValue {
        /// The setting.
        setting: String,
        /// Its value.
        value: String,
        /// Where it was written.
        origin: String,
        /// What would be accepted.
        right: String,
    },
    /// Anybody would guess the token.
    #[error(
        "accept {setting} from {origin}: it is the SHA-256 of nothing, or of a word that is guessed first; make a token with \
         `openssl rand -hex 32 | tr -d '\\n' > NAME.token`, and write what `sha256sum < NAME.token` prints"
    )]
    GuessableToken {
        /// The setting.
        setting: String,
        /// Where it was written.
        origin: String,
    },
    /// Two joiners could write one shard: the one that lost it would still be at it when the other begins.
    #[error(
        "accept join.lease_ms = {lease_ms} and join.drain_ms = {drain_ms} with join.session_timeout_ms = \
         {session_timeout_ms}: the first two together must be less than the third, or two joiners write one shard; lower \
         join.lease_ms or join.drain_ms, or raise join.session_timeout_ms above {writes_for}"
    )]
    TwoOwners {
        /// How long routes may go on without a commit.
        lease_ms: i64,
        /// How long acknowledgements are waited for.
        drain_ms: i64,
        /// When the group gives the shard away.
        session_timeout_ms: i64,
        /// The first two together.
        writes_for: i64,
    },
    /// A property of librdkafka that Ombud sets itself, or that can't be one.
    #[error("accept {setting} from {origin}: {why}")]
    HeldProperty {
        /// The setting.
        setting: String,
        /// Where it was written.
        origin: String,
        /// Why it can't be set.
        why: &'static str,
    },
    /// The file that holds a password can't be read.
    #[error("read {}, which {setting} names", .path.display())]
    SecretFile {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The sources can't be read into settings although every value was accepted.
    #[error("read the settings")]
    Settings(#[source] Box<config::ConfigError>),
    /// Logs, metrics or traces are set up already in this process.
    #[error("install the {what} recorder: this process has one already")]
    Telemetry {
        /// Logs, metrics or traces.
        what: &'static str,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The receiver of traces can't be reached at all: its URL is invalid.
    #[error("set up traces; check telemetry.otlp_endpoint (OMBUD_TELEMETRY__OTLP_ENDPOINT)")]
    Traces(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another process listens there.
    #[error(
        "listen on {0}: the port is in use; stop what listens there, or choose another with http.address \
         (OMBUD_HTTP__ADDRESS) or http.metrics_address, port 0 for any free one"
    )]
    PortInUse(SocketAddr),
    /// The address can't be listened on for another reason.
    #[error(
        "listen on {address}; choose another with http.address (OMBUD_HTTP__ADDRESS) or http.metrics_address"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Whoever reaches the address could write to the log.
    #[error(
        "listen on {0} without tokens: set http.tokens.NAME to the SHA-256 of a token, listen on 127.0.0.1, or say \
         http.open = true (OMBUD_HTTP__OPEN) where a proxy lets in only whom it knows"
    )]
    Unguarded(SocketAddr),
    /// A token's hash is no SHA-256.
    #[error("read http.tokens.{name}: it must be a SHA-256 in hexadecimal")]
    TokenDigest {
        /// The token's name.
        name: String,
    },
    /// A token has a scope that does not exist.
    #[error("read http.scopes.{name}: it must be some of {}", crate::guard::Scope::names())]
    TokenScopes {
        /// The token's name.
        name: String,
    },
    /// A token by whose name others sign.
    #[error(
        "read http.tokens.{name}: what changes without a system's token is signed so; give the system another name"
    )]
    TakenName {
        /// The name.
        name: String,
    },
    /// Scopes without their token.
    #[error("read http.scopes.{name}: there is no http.tokens.{name}; both have the system's name")]
    ScopesOfNobody {
        /// The name that no token has.
        name: String,
    },
    /// Teams without their token.
    #[error("read http.teams.{name}: there is no http.tokens.{name}; both have the system's name")]
    TeamsOfNobody {
        /// The name that no token has.
        name: String,
    },
    /// What browsers reach the console under has a path, or is no URL.
    #[error(
        "read http.public_url = {0:?}: it must be a scheme and a host, such as https://ombud.bank.example, without a path"
    )]
    PublicUrl(String),
    /// People would sign in over plain HTTP.
    #[error(
        "let people sign in at {address} with http.public_url = {public_url:?}: passwords and cookies would go over plain HTTP; \
         put TLS before it and set http.public_url (OMBUD_HTTP__PUBLIC_URL) to its https URL, or listen on 127.0.0.1"
    )]
    PlainSignIn {
        /// Where it listens.
        address: SocketAddr,
        /// What browsers reach it under.
        public_url: String,
    },
    /// What a provider is asked and answers would go over plain HTTP.
    #[error("ask the provider of sign_in.oidc_issuer (OMBUD_SIGN_IN__OIDC_ISSUER): it must be https")]
    PlainProvider(#[source] ombud_stream::Exposed),
    /// A provider can't be used without this.
    #[error("use the provider of sign_in.oidc_issuer without {missing}: set it as the provider knows it")]
    ProviderWithout {
        /// The setting.
        missing: &'static str,
    },
    /// A proxy's secret could be guessed.
    #[error(
        "accept sign_in.proxy_secret: it must have at least {0} characters; `openssl rand -hex 32` makes one"
    )]
    ShortProxySecret(usize),
    /// The secret by which questions are signed could be guessed.
    #[error("accept explain.secret: it must have at least {0} characters; `openssl rand -hex 32` makes one")]
    ShortExplainSecret(usize),
    /// Nobody would answer what is not signed.
    #[error(
        "ask explain.address (OMBUD_EXPLAIN__ADDRESS) without a secret: set explain.secret_file to the file of the secret that \
         `ombud explain --serve` has"
    )]
    UnsignedExplain,
    /// No such role.
    #[error(
        "read sign_in.roles.{role}: there is no such role; there are {}",
        crate::guard::Role::ALL.map(crate::guard::Role::name).join(", ")
    )]
    UnknownRole {
        /// Its name.
        role: String,
    },
    /// A session could not last as long as it may be idle.
    #[error(
        "accept sign_in.idle_s = {idle_s} with sign_in.absolute_s = {absolute_s}: a session ends after the second at the \
         latest, so the first must be no more"
    )]
    IdleSession {
        /// How long without a request.
        idle_s: u64,
        /// How long at all.
        absolute_s: u64,
    },
    /// There is nowhere to keep local users.
    #[error(
        "accept sign_in.local = on beside brokers: local users are kept with the embedded log alone; set \
         sign_in.oidc_issuer, or put a proxy before the console and set sign_in.proxy_secret"
    )]
    LocalUsersOnBrokers,
    /// Where metrics are to be served is no address.
    #[error(
        "read http.metrics_address = {0:?}: it must be an IP address and a port, such as 127.0.0.1:9090, or empty"
    )]
    MetricsAddress(String),
    /// The system refused a signal handler or a thread.
    #[error("watch for signals")]
    Signals(#[source] io::Error),
}
