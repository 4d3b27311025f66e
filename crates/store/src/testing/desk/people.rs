//! What every store of sessions and of users has to keep.

use std::collections::BTreeSet;

use super::{DeskWorld, LONG, ROUNDING, SHORT, at_once};
use crate::{Sessions, User, Users};

/// And are replaced when they are saved again.
pub fn sessions_end_when_their_time_is_over(world: &impl DeskWorld) {
    let (mut desk, mut other) = (world.open(), world.open());
    desk.save("short", "anna", b"one", SHORT).expect("answers");
    desk.save("long", "anna", b"two", SHORT).expect("answers");
    desk.save("again", "anna", b"three", SHORT).expect("answers");
    assert_eq!(other.load("short").expect("answers").as_deref(), Some(&b"one"[..]));
    other.save("long", "anna", b"\0\xff", LONG).expect("answers");
    other.save("again", "anna", b"four", LONG).expect("answers");
    world.pass(SHORT + ROUNDING);
    assert_eq!(desk.load("short").expect("answers"), None);
    assert_eq!(desk.load("long").expect("answers").as_deref(), Some(&b"\0\xff"[..]));
    assert_eq!(desk.load("again").expect("answers").as_deref(), Some(&b"four"[..]));
    assert_eq!(desk.load("never").expect("answers"), None);
}

/// On every replica, however often it is ended.
pub fn a_session_that_was_ended_is_gone(world: &impl DeskWorld) {
    let (mut desk, mut other) = (world.open(), world.open());
    desk.save("a", "anna", b"one", LONG).expect("answers");
    desk.save("b", "anna", b"two", LONG).expect("answers");
    other.end("a").expect("answers");
    other.end("a").expect("again");
    assert_eq!(desk.load("a").expect("answers"), None);
    assert!(desk.load("b").expect("answers").is_some());
}

/// On every replica.
pub fn all_sessions_of_somebody_end_and_no_others(world: &impl DeskWorld) {
    let (mut desk, mut other) = (world.open(), world.open());
    for n in 0..5 {
        desk.save(&format!("a-{n}"), "anna", b"one", LONG).expect("answers");
    }
    desk.save("b", "ben", b"two", LONG).expect("answers");
    other.end_all("anna").expect("answers");
    for n in 0..5 {
        assert_eq!(desk.load(&format!("a-{n}")).expect("answers"), None, "a-{n}");
    }
    assert!(desk.load("b").expect("answers").is_some());
}

fn user(name: &str, changed_at: i64) -> User {
    User {
        name: name.into(),
        password_hash: Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into()),
        roles: ["clerk", "lead"].map(str::to_owned).into(),
        teams: Some(["cards", "loans"].map(str::to_owned).into()),
        disabled: false,
        changed_at,
    }
}

/// With what is absent: no password, no role, every team, no team.
pub fn users_come_back_as_they_were_by_name(world: &impl DeskWorld) {
    let (mut desk, mut other) = (world.open(), world.open());
    let bare = User { password_hash: None, roles: BTreeSet::new(), teams: None, ..user("ben", 2) };
    let idle = User { teams: Some(BTreeSet::new()), disabled: true, ..user("carl", 3) };
    let everybody = [user("anna", 1), bare, idle];
    for user in everybody.iter().rev() {
        assert!(desk.save_user(user, None).expect("answers"));
    }
    assert_eq!(other.users().expect("answers"), everybody);
    for user in &everybody {
        assert_eq!(other.user(&user.name).expect("answers").as_ref(), Some(user));
    }
    assert_eq!(other.user("dora").expect("answers"), None);
}

/// Of many who change at once one does; the same change again is as good.
pub fn a_change_of_a_user_needs_the_one_before(world: &impl DeskWorld) {
    let mut desk = world.open();
    assert!(!desk.save_user(&user("anna", 2), Some(1)).expect("answers"), "there is none to change");
    assert!(desk.save_user(&user("anna", 1), None).expect("answers"));
    assert!(desk.save_user(&user("anna", 1), None).expect("answers"), "the same again");
    assert!(!desk.save_user(&user("anna", 2), None).expect("answers"), "the name is taken");
    let changed = at_once(world, 4, |number, mut desk| {
        let teams = Some([format!("team-{number}")].into());
        desk.save_user(&User { teams, ..user("anna", 2) }, Some(1)).expect("answers")
    });
    assert_eq!(changed.iter().filter(|changed| **changed).count(), 1, "{changed:?}");
    let winner = changed.iter().position(|changed| *changed).expect("one did");
    let found = desk.user("anna").expect("answers").expect("is there");
    assert_eq!(found.teams, Some([format!("team-{winner}")].into()), "nothing is left of what it was");
    let bare = User { password_hash: None, roles: BTreeSet::new(), teams: None, ..user("anna", 3) };
    assert!(desk.save_user(&bare, Some(2)).expect("answers"));
    assert_eq!(desk.user("anna").expect("answers"), Some(bare));
}

/// For the first of many who use it at once.
pub fn a_link_works_once_and_until_its_time_is_over(world: &impl DeskWorld) {
    let mut desk = world.open();
    desk.save_link("a", "anna", LONG).expect("answers");
    desk.save_link("late", "ben", SHORT).expect("answers");
    assert_eq!(desk.link("a").expect("answers").as_deref(), Some("anna"), "a look does not use it");
    let used = at_once(world, 4, |_, mut desk| desk.use_link("a").expect("answers"));
    let used: Vec<_> = used.into_iter().flatten().collect();
    assert_eq!(used, ["anna"]);
    assert_eq!(desk.link("a").expect("answers"), None);
    desk.save_link("a", "anna", LONG).expect("answers");
    assert_eq!(desk.use_link("a").expect("answers"), None, "what was used stays used");
    world.pass(SHORT + ROUNDING);
    assert_eq!(desk.link("late").expect("answers"), None);
    assert_eq!(desk.use_link("late").expect("answers"), None);
    assert_eq!(desk.use_link("never").expect("answers"), None);
}
