//! Who signs in at this process's port: the ways in that its settings offer, over the stores beside its cases.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Result;
use ombud_console::{Entrance, EntranceParts, answer};
use ombud_launch::config::Settings;
use ombud_stream::{Clock, Outage};

use super::Crew;
use crate::{
    log::{backend::Backend, publish::IN_FLIGHT},
    running_up,
};

/// The entrance of a process, where somebody signs in there.
pub(super) fn open_entrance(
    crew: &mut Crew<'_, '_>,
    settings: &Settings,
    backend: &Backend,
    clock: Arc<dyn Clock>,
) -> Result<Option<Entrance>> {
    let (sink, deliveries) = backend.sink(IN_FLIGHT)?;
    let (sessions, users) = (backend.view(), backend.view());
    let parts = EntranceParts {
        sink,
        sessions: Arc::new(move || sessions.sessions().map_err(unopened)),
        users: Some(Arc::new(move || users.users().map_err(unopened))),
        clock,
    };
    let entrance = Entrance::of(settings, parts)?;
    if entrance.is_some() {
        crew.start("sign-in-records", move |_| {
            answer(&deliveries);
            Ok(())
        })?;
    }
    Ok(entrance)
}

/// The page on which the first user chooses a password, where nobody has one yet.
pub(super) fn first_link(
    entrance: Option<&Entrance>,
    settings: &Settings,
    address: SocketAddr,
) -> Result<Option<String>> {
    let secret = match entrance {
        Some(entrance) => entrance.first_link()?,
        None => None,
    };
    let address = running_up::url(address);
    Ok(secret.map(|secret| link_page(settings, &address, &secret)))
}

/// Where people open the console that listens at `address`.
pub(super) fn console_page(settings: &Settings, address: SocketAddr) -> String {
    format!("{}/", base(settings, &running_up::url(address)))
}

/// The page of a link: under the public URL, or at `address` where there is none.
pub(crate) fn link_page(settings: &Settings, address: &str, secret: &str) -> String {
    format!("{}/sign-in/link?token={secret}", base(settings, address))
}

/// What browsers reach it under.
fn base<'a>(settings: &'a Settings, address: &'a str) -> &'a str {
    match settings.http.public_url.trim_end_matches('/') {
        "" => address,
        public => public,
    }
}

/// Why a store of sign-in is not there: an outage keeps whether it may pass, and anything else never does.
fn unopened(error: anyhow::Error) -> Outage {
    match error.downcast() {
        Ok(outage) => outage,
        Err(error) => Outage::fatal("open the store of sessions and users", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_where_browsers_reach_the_console() {
        let mut settings = Settings::default();
        let here = "http://127.0.0.1:8080";
        assert_eq!(link_page(&settings, here, "s"), "http://127.0.0.1:8080/sign-in/link?token=s");
        let everywhere = SocketAddr::from(([0, 0, 0, 0], 8080));
        assert_eq!(console_page(&settings, everywhere), "http://127.0.0.1:8080/");
        settings.http.public_url = "https://ombud.bank.example/".into();
        assert_eq!(link_page(&settings, here, "s"), "https://ombud.bank.example/sign-in/link?token=s");
        assert_eq!(console_page(&settings, everywhere), "https://ombud.bank.example/");
    }
}
