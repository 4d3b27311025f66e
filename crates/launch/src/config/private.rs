//! Whether what people sign in with goes over TLS or stays on this machine, and what else the settings of sign-in may be together.

use ombud_stream::may_carry_secret;

use super::{
    people::{LocalUsers, SignIn},
    settings::Settings,
};
use crate::{
    Error,
    guard::{Role, is_origin},
};

/// The fewest bytes of a proxy's secret: `openssl rand -hex 16` prints as many.
const PROXY_SECRET_BYTES: usize = 32;

/// Checks what these settings may be together; each by itself is checked before.
pub(super) fn check(settings: &Settings) -> Result<(), Error> {
    let (asked, public) = (&settings.sign_in, settings.http.public_url.as_str());
    if !public.is_empty() && !is_origin(public) {
        return Err(Error::PublicUrl(public.to_owned()));
    }
    if let Some(role) = asked.roles.keys().find(|name| Role::named(name).is_none()) {
        return Err(Error::UnknownRole { role: role.clone() });
    }
    if asked.idle_s > asked.absolute_s {
        return Err(Error::IdleSession { idle_s: asked.idle_s, absolute_s: asked.absolute_s });
    }
    check_oidc(asked, public)?;
    if asked.has_proxy() && asked.proxy_secret.reveal().len() < PROXY_SECRET_BYTES {
        return Err(Error::ShortProxySecret(PROXY_SECRET_BYTES));
    }
    let is_asked = asked.has_oidc() || asked.has_proxy() || asked.local == LocalUsers::On;
    if is_asked && !settings.is_private() {
        return Err(Error::PlainSignIn { address: settings.http.address, public_url: public.to_owned() });
    }
    if asked.local == LocalUsers::On && !settings.kafka_bootstrap.is_empty() {
        return Err(Error::LocalUsersOnBrokers);
    }
    Ok(())
}

fn check_oidc(asked: &SignIn, public: &str) -> Result<(), Error> {
    if !asked.has_oidc() {
        return Ok(());
    }
    let needed = [("sign_in.oidc_client_id", asked.oidc_client_id.as_str()), ("http.public_url", public)];
    if let Some((missing, _)) = needed.into_iter().find(|(_, value)| value.is_empty()) {
        return Err(Error::ProviderWithout { missing });
    }
    may_carry_secret(&asked.oidc_issuer).map_err(Error::PlainProvider)
}

impl Settings {
    /// Whether passwords and cookies of browsers go over TLS, or stay on this machine.
    pub fn is_private(&self) -> bool {
        let is_here = self.http.address.ip().is_loopback();
        match self.http.public_url.as_str() {
            "" => is_here,
            // A name of loopback keeps nobody away who reaches the address.
            url => url.starts_with("https://") || (is_here && may_carry_secret(url).is_ok()),
        }
    }

    /// Whether people sign in with passwords that Ombud keeps.
    pub fn has_local_users(&self) -> bool {
        let is_wanted = self.sign_in.local != LocalUsers::Off;
        is_wanted && self.kafka_bootstrap.is_empty() && self.is_private()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    fn checked(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let variables = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let loaded = load(&Inputs { variables, ..Inputs::default() });
        loaded.map(|loaded| loaded.settings).map_err(|error| error.to_string())
    }

    const ISSUER: (&str, &str) = ("OMBUD_SIGN_IN__OIDC_ISSUER", "https://login.bank.example");
    const CLIENT: (&str, &str) = ("OMBUD_SIGN_IN__OIDC_CLIENT_ID", "ombud");
    const PUBLIC: (&str, &str) = ("OMBUD_HTTP__PUBLIC_URL", "https://ombud.bank.example");
    const EVERYWHERE: (&str, &str) = ("OMBUD_HTTP__ADDRESS", "0.0.0.0:8080");
    const SECRET: (&str, &str) = ("OMBUD_SIGN_IN__PROXY_SECRET", "0123456789abcdef0123456789abcdef");

    #[test]
    fn what_people_sign_in_with_goes_over_tls_or_stays_on_this_machine() {
        for right in [
            &[][..],
            &[("OMBUD_SIGN_IN__LOCAL", "on")],
            &[("OMBUD_SIGN_IN__LOCAL", "on"), EVERYWHERE, PUBLIC],
            &[EVERYWHERE],
            &[ISSUER, CLIENT, PUBLIC, EVERYWHERE],
            &[ISSUER, CLIENT, ("OMBUD_HTTP__PUBLIC_URL", "http://127.0.0.1:8080")],
            &[SECRET],
            &[SECRET, PUBLIC, EVERYWHERE],
        ] {
            assert!(checked(right).is_ok(), "{right:?}: {:?}", checked(right));
        }
        for (wrong, named) in [
            (&[("OMBUD_SIGN_IN__LOCAL", "on"), EVERYWHERE][..], "http.public_url"),
            (&[SECRET, EVERYWHERE], "http.public_url"),
            (&[SECRET, EVERYWHERE, ("OMBUD_HTTP__PUBLIC_URL", "http://127.0.0.1:8080")], "https"),
            (&[SECRET, EVERYWHERE, ("OMBUD_HTTP__PUBLIC_URL", "http://ombud.bank.example")], "https"),
            (&[ISSUER, PUBLIC], "sign_in.oidc_client_id"),
            (&[ISSUER, CLIENT], "http.public_url"),
            (&[("OMBUD_SIGN_IN__OIDC_ISSUER", "http://login.bank.example"), CLIENT, PUBLIC], "https"),
            (&[("OMBUD_HTTP__PUBLIC_URL", "https://ombud.bank.example/desk")], "http.public_url"),
            (&[("OMBUD_SIGN_IN__PROXY_SECRET", "short")], "32"),
            (&[("OMBUD_SIGN_IN__ROLES__BOSS", "staff")], "clerk"),
            (&[("OMBUD_SIGN_IN__IDLE_S", "7200"), ("OMBUD_SIGN_IN__ABSOLUTE_S", "3600")], "absolute_s"),
            (
                &[
                    ("OMBUD_SIGN_IN__LOCAL", "on"),
                    ("OMBUD_KAFKA_BOOTSTRAP", "one:9092"),
                    ("OMBUD_REGISTRY_URL", "http://one:8081"),
                ],
                "sign_in.local",
            ),
        ] {
            let refused = checked(wrong).unwrap_err();
            assert!(refused.contains(named), "{wrong:?}: {refused}");
            assert!(!refused.contains("short"), "{refused}");
        }
    }

    #[test]
    fn local_users_are_there_where_a_password_stays_private_and_nowhere_else() {
        let has = |pairs: &[(&str, &str)]| checked(pairs).unwrap().has_local_users();
        assert!(has(&[]) && has(&[EVERYWHERE, PUBLIC]));
        assert!(!has(&[EVERYWHERE]) && !has(&[("OMBUD_SIGN_IN__LOCAL", "off")]));
        assert!(!has(&[("OMBUD_KAFKA_BOOTSTRAP", "one:9092")]));
    }
}
