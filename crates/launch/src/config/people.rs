//! Who signs in, and how: the settings. What they may be together is in `private.rs`.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::secret::Secret;

/// Who signs in at the console, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Whether people sign in with passwords that Ombud keeps, where the log is embedded: `auto` says yes where HTTP stays on
    /// this machine or `http.public_url` is https, `on` refuses to start elsewhere, `off` says no.
    pub local: LocalUsers,
    /// How long a session lasts without a request, in seconds.
    pub idle_s: u64,
    /// How long a session lasts, however much it is used, in seconds; the roles that a provider gave last as long.
    pub absolute_s: u64,
    /// The OpenID provider's issuer, such as `https://login.bank.example/realms/staff`; empty signs in nobody by it.
    pub oidc_issuer: String,
    /// The name under which the provider knows Ombud.
    pub oidc_client_id: String,
    /// What Ombud proves to the provider that it is with; empty where it is a public client.
    pub oidc_client_secret: Secret,
    /// File that holds it; wins over `oidc_client_secret`.
    pub oidc_client_secret_file: PathBuf,
    /// What is asked for besides `openid`, with spaces between them, such as `groups`.
    pub oidc_scopes: String,
    /// The claim of the ID token that is the person's name in records: one that the provider gives to nobody else.
    pub oidc_name_claim: String,
    /// The claim of the ID token that lists their groups.
    pub oidc_groups_claim: String,
    /// PEM file of the authority that signed the provider's certificate; empty trusts the system's authorities.
    pub oidc_ca: PathBuf,
    /// What a proxy shows in the header `x-ombud-proxy-secret`, so that it is believed who asks; empty believes none.
    pub proxy_secret: Secret,
    /// File that holds it; wins over `proxy_secret`.
    pub proxy_secret_file: PathBuf,
    /// The proxy's header with the person's name in records.
    pub proxy_name_header: String,
    /// The proxy's header with their groups, with commas between them.
    pub proxy_groups_header: String,
    /// Which groups, with commas between them, have the role of this name: clerk, specialist, lead, model-owner, approver,
    /// auditor or operator.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
    /// Which groups, with commas between them, work for the team of this name.
    #[serde(default)]
    pub teams: BTreeMap<String, String>,
    /// Which groups, with commas between them, work for every team.
    pub all_teams: String,
}

/// Whether people sign in with passwords that Ombud keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LocalUsers {
    /// Where a password goes over TLS or stays on this machine.
    Auto,
    /// Yes, or nothing starts.
    On,
    /// No.
    Off,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            local: LocalUsers::Auto,
            idle_s: 1_800,
            absolute_s: 43_200,
            oidc_issuer: String::new(),
            oidc_client_id: String::new(),
            oidc_client_secret: Secret::default(),
            oidc_client_secret_file: PathBuf::new(),
            oidc_scopes: String::new(),
            oidc_name_claim: "sub".into(),
            oidc_groups_claim: "groups".into(),
            oidc_ca: PathBuf::new(),
            proxy_secret: Secret::default(),
            proxy_secret_file: PathBuf::new(),
            proxy_name_header: "x-forwarded-user".into(),
            proxy_groups_header: "x-forwarded-groups".into(),
            roles: BTreeMap::new(),
            teams: BTreeMap::new(),
            all_teams: String::new(),
        }
    }
}

impl SignIn {
    /// Whether a provider knows the people.
    pub fn has_oidc(&self) -> bool {
        !self.oidc_issuer.is_empty()
    }

    /// Whether a proxy is believed who asks.
    pub fn has_proxy(&self) -> bool {
        !self.proxy_secret.is_empty()
    }
}
