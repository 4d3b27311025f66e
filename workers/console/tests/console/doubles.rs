//! What stands in for others in a bank of tests: persons whom a header names, and a log that takes no record of the audit.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ombud_console::Waiter;
use ombud_contract::catalogue::Topic;
use ombud_launch::guard::{Person, PersonSource, Role, SignedIn, Teams};
use ombud_stream::{Outage, Outgoing, Refused, Sink};

/// A sink that takes nothing for console.audit while a test says so.
pub(crate) struct AuditBreaker<S>(pub(crate) S, pub(crate) Arc<AtomicBool>);

impl<S: Sink<Waiter>> Sink<Waiter> for AuditBreaker<S> {
    fn send(&mut self, record: Outgoing, token: Waiter) -> Result<(), Refused<Waiter>> {
        if self.1.load(Ordering::SeqCst) && *record.topic == *Topic::Audit.name("") {
            let outage = Some(Outage::passing("append to console.audit", "the disk is full"));
            return Err(Refused { record, token, outage });
        }
        self.0.send(record, token)
    }
}

/// `anna/clerk,lead/cards,loans`; `*` for every team.
pub(crate) fn person(who: &str) -> SignedIn {
    let [name, roles, teams] = who.split('/').collect::<Vec<_>>()[..] else { panic!("{who}") };
    let role = |name: &str| Role::ALL.into_iter().find(|role| role.name() == name).unwrap();
    let teams = match teams {
        "*" => Teams::All,
        teams => Teams::Only(teams.split(',').map(str::to_owned).collect::<BTreeSet<_>>()),
    };
    let roles = roles.split(',').filter(|role| !role.is_empty()).map(role).collect();
    SignedIn { person: Person { name: name.into(), roles, teams }, source: PersonSource::Session }
}
