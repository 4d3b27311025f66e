//! Changes as pages make them: by the book of `/api/requests`, with its rules, its audit and its answers.

use std::sync::Mutex;

use axum::http::StatusCode;
use ombud_console::pages::ChangeDesk;
use ombud_contract::{codec, records::AuditEntry};
use ombud_launch::guard::{Caller, Person, PersonSource, Role, SignedIn, Teams};
use ombud_models::ModelName;

use super::*;
use crate::{log::scan::scan, strategies::requests::StrategyDesk};

fn caller(name: &str) -> Caller {
    let roles = [Role::ModelOwner, Role::Approver].into();
    let person = Person { name: name.to_owned(), roles, teams: Teams::All };
    SignedIn { person, source: PersonSource::Session }.into()
}

fn canary() -> StrategyChange {
    let model: ModelName = "challenger".parse().unwrap();
    StrategyChange::Canary { task: "product".to_owned(), model, basis_points: 1_000 }
}

impl StrategyLog {
    fn desk(&self) -> StrategyDesk {
        let book = self.requests.book(&self.backend, &self.settings);
        StrategyDesk::new(Arc::new(Mutex::new(book)), &self.settings)
    }

    /// Action, actor, way in and version of everything that the audit has.
    fn audit(&self) -> Vec<(String, String, String, Option<String>)> {
        let mut reader = self.backend.view().reader(READER).unwrap();
        let mut entries: Vec<AuditEntry> = Vec::new();
        for (partition, end) in self.backend.view().ends(&Topic::Audit.name("")).unwrap() {
            scan(&mut reader, &partition, 0, end, |record| {
                entries.push(codec::decode(record.value.as_deref().unwrap()).unwrap());
                Ok(())
            })
            .unwrap();
        }
        entries.sort_by_key(|entry| entry.at);
        entries.into_iter().map(|one| (one.action, one.actor, one.source, one.record_id)).collect()
    }
}

fn said(action: &str, actor: &str, record: Option<&str>) -> (String, String, String, Option<String>) {
    (action.to_owned(), actor.to_owned(), "session".to_owned(), record.map(str::to_owned))
}

#[test]
fn a_page_asks_for_what_another_person_approves_and_its_own_request_nobody_can() {
    let log = StrategyLog::asking_for(1);
    let desk = log.desk();
    let refused = desk.publish(canary(), None, 1, &caller("ann")).unwrap_err();
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
    assert_eq!(log.audit(), [], "what is refused is not done");
    let id = desk.ask(canary(), Some("try".to_owned()), &caller("ann")).unwrap();
    let open = desk.requests().unwrap();
    assert_eq!((open.len(), &open[0].request_id, open[0].is_stale), (1, &id, false));
    assert!(matches!(open[0].change, Some(StrategyChange::Canary { basis_points: 1_000, .. })), "{open:?}");
    let own = desk.approve(&id, None, &caller("Ann")).unwrap_err();
    assert_eq!(own.status, StatusCode::FORBIDDEN);
    assert!(own.text.contains("another person must approve it"), "{own:?}");
    assert_eq!(desk.approve(&id, None, &caller("bob")).unwrap(), Some(2));
    assert_eq!(desk.requests().unwrap(), []);
    assert_eq!(
        log.audit(),
        [
            said("change-requested", "ann", None),
            said("change-approved", "bob", None),
            said("strategy-published", "bob", Some("2")),
            said("change-published", "bob", Some("2"))
        ]
    );
    // Going back needs nobody else.
    let back = StrategyChange::RollBack { to: Some(1) };
    assert_eq!(desk.publish(back, None, 2, &caller("ann")).unwrap(), 3);
    let newest = desk.log().unwrap().strategies.newest().unwrap().record.clone();
    assert_eq!((newest.approved_by.len(), newest.requested_by.as_deref()), (0, Some("ann")));
}

#[test]
fn a_page_publishes_what_needs_nobody_else_only_after_the_version_that_was_seen() {
    let log = StrategyLog::start();
    let desk = log.desk();
    assert_eq!(desk.publish(canary(), Some("try".to_owned()), 1, &caller("ann")).unwrap(), 2);
    let late = desk.publish(StrategyChange::RollBack { to: Some(1) }, None, 1, &caller("bob")).unwrap_err();
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("published by ann"), "{late:?}");
    let newest = desk.log().unwrap().strategies.newest().unwrap().record.clone();
    assert_eq!((newest.version, newest.changed_by.as_str(), newest.reason.as_str()), (2, "ann", "try"));
    assert_eq!(
        log.audit(),
        ["change-requested", "strategy-published", "change-published"].map(|action| said(
            action,
            "ann",
            (action != "change-requested").then_some("2")
        ))
    );
}

#[test]
fn a_page_reads_what_the_shelf_has_of_a_version() {
    let log = StrategyLog::start();
    let desk = log.desk();
    let version = Artefact::open(&log.settings.models.join("complaints")).unwrap().version;
    let known = desk.description("complaints", &version).unwrap();
    assert_eq!((known.manifest.unwrap().model_id.as_str(), known.card), ("complaints", None));
    assert_eq!(desk.description("complaints", &"0".repeat(64)), None);
}
