//! Who decides and where complaints go changes with as many persons as the version before asks for, and never with fewer.

use std::collections::BTreeSet;

use ombud_contract::records::{Arm, Role, Strategy};
use ombud_models::{
    ApprovalFault, MOST_APPROVALS, Strategies, StrategyError, is_same_person, with_approvals,
};
use proptest::prelude::*;
use proptest::strategy::Strategy as _;

use crate::given;

/// Of one field of a strategy.
type StrategyEdit = fn(&mut Strategy);

/// The first strategy, which asks for `approvals` of the next.
fn first(approvals: i32) -> Strategy {
    Strategy { approvals, effective_from: 0, ..given::first_strategy() }
}

fn history(first: Strategy) -> Strategies {
    let mut strategies = Strategies::default();
    strategies.push(first).unwrap();
    strategies
}

/// What follows the newest a second later, changed by `change`.
fn next(strategies: &Strategies, change: impl FnOnce(&mut Strategy)) -> Strategy {
    let newest = strategies.newest().unwrap().record.clone();
    let mut next = Strategy {
        version: newest.version + 1,
        effective_from: newest.effective_from + 1_000,
        changed_by: "ann".to_owned(),
        request_id: None,
        requested_by: None,
        approved_by: Vec::new(),
        ..newest
    };
    change(&mut next);
    next
}

fn approved(next: &Strategy, by: &[&str]) -> Strategy {
    let by: Vec<String> = by.iter().map(|name| (*name).to_owned()).collect();
    with_approvals(next.clone(), "r-1", "ann", &by)
}

fn lacks(strategies: &Strategies, next: Strategy) -> (i32, i32) {
    match strategies.clone().push(next) {
        Err(StrategyError::Approvals(ApprovalFault::Missing { needed, given, .. })) => (needed, given),
        other => panic!("{other:?}"),
    }
}

fn shadow() -> Arm {
    let champion = given::first_strategy().tasks[0].arms[0].clone();
    Arm { name: "shadow".to_owned(), role: Role::Shadow, basis_points: 1_000, ..champion }
}

#[test]
fn whatever_changes_who_decides_or_where_complaints_go_needs_a_second_person() {
    let strategies = history(first(1));
    let changes: [(&str, StrategyEdit); 11] = [
        ("deadline", |next| next.deadline_ms += 1),
        ("amend window", |next| next.amend_window_ms += 1),
        ("audit sample", |next| next.audit_basis_points += 1),
        ("approvals", |next| next.approvals = 0),
        ("more approvals", |next| next.approvals = 2),
        ("threshold", |next| next.tasks[0].review_below += 0.1),
        ("draw", |next| next.tasks[0].salt.push('2')),
        ("required", |next| next.tasks[0].required = false),
        ("model", |next| next.tasks[0].arms[0].model_version = "c".repeat(64)),
        ("task", |next| _ = next.tasks.pop()),
        ("routing table", |next| {
            let mut table: toml::Table = next.routing.parse().unwrap();
            let triage_desk = table["vulnerable_desk"].clone();
            table.insert("triage_desk".to_owned(), triage_desk);
            next.routing = table.to_string();
        }),
    ];
    for (what, change) in changes {
        let changed = next(&strategies, change);
        assert_eq!(lacks(&strategies, changed.clone()), (1, 0), "{what}");
        let approved = approved(&changed, &["bob"]);
        assert!(strategies.clone().push(approved).is_ok(), "{what}");
    }
}

#[test]
fn a_shadow_a_reason_and_a_table_that_is_only_written_otherwise_need_nobody_else() {
    let mut strategies = history(first(2));
    let changes: [fn(&mut Strategy); 4] = [
        |next| next.tasks[0].arms.insert(0, shadow()),
        |next| next.reason = "another".to_owned(),
        |next| next.routing.insert_str(0, "# MegaBank's teams\n"),
        |next| next.tasks[0].arms.retain(|arm| arm.role != Role::Shadow),
    ];
    for change in changes {
        let free = next(&strategies, change);
        strategies.push(free).unwrap();
    }
    assert_eq!(strategies.iter().count(), 5);
}

#[test]
fn a_version_that_was_in_force_comes_back_by_one_person_and_what_it_asked_for_does_not() {
    let mut strategies = history(first(0));
    let stricter = next(&strategies, |next| (next.deadline_ms, next.approvals) = (60_000, 1));
    strategies.push(stricter).unwrap();
    // The first one's content, and its approvals too: that takes two.
    let both = next(&strategies, |next| (next.deadline_ms, next.approvals) = (30_000, 0));
    assert_eq!(lacks(&strategies, both), (1, 0));
    let back = next(&strategies, |next| {
        next.deadline_ms = 30_000;
        next.tasks[0].arms.push(shadow());
    });
    strategies.push(back).unwrap();
    // A mixture of two that were in force never was.
    let mixed = next(&strategies, |next| {
        (next.deadline_ms, next.audit_basis_points) = (60_000, 200);
    });
    assert_eq!(lacks(&strategies, mixed), (1, 0));
}

#[test]
fn a_version_that_never_began_is_no_way_back() {
    let mut strategies = history(first(1));
    let announced = approved(&next(&strategies, |next| next.deadline_ms = 60_000), &["bob"]);
    strategies.push(announced.clone()).unwrap();
    // Taken back before it began: both begin at the same moment, and so the announced one never decided.
    let instead = next(&strategies, |next| {
        (next.deadline_ms, next.effective_from) = (30_000, announced.effective_from);
    });
    strategies.push(instead).unwrap();
    let again = next(&strategies, |next| next.deadline_ms = 60_000);
    assert_eq!(lacks(&strategies, again), (1, 0));
}

#[test]
fn who_approves_is_another_person_each_time() {
    let strategies = history(first(2));
    let changed = next(&strategies, |next| next.deadline_ms += 1);
    for (by, what) in [
        (&["ann", "bob"][..], "who asked for it"),
        (&["ANN ", "bob"], "no name of a person"),
        (&["Ann", "bob"], "who asked for it"),
        (&["Bob", "bob"], "one person approved it twice"),
        (&["bo\u{200b}b", "bob"], "no name of a person"),
        (&["", "bob"], "no name of a person"),
    ] {
        let error = strategies.clone().push(approved(&changed, by)).unwrap_err().to_string();
        assert!(error.contains(what), "{by:?}: {error}");
    }
    let enough = approved(&changed, &["cid", "bob"]);
    assert_eq!(enough.approved_by, ["bob", "cid"]);
    assert!(strategies.clone().push(enough.clone()).is_ok());
    for forged in [
        Strategy { requested_by: None, ..enough.clone() },
        Strategy { changed_by: "bob".to_owned(), ..enough.clone() },
        Strategy { approved_by: vec!["cid".to_owned(), "bob".to_owned()], ..enough.clone() },
        Strategy { approved_by: vec!["bob".to_owned()], ..enough.clone() },
    ] {
        assert!(strategies.clone().push(forged.clone()).is_err(), "{forged:?}");
    }
}

#[test]
fn a_version_asks_for_0_to_9() {
    for (approvals, is_right) in [(-1, false), (0, true), (MOST_APPROVALS, true), (10, false)] {
        let pushed = Strategies::default().push(first(approvals)).map(drop);
        assert_eq!(pushed.is_ok(), is_right, "{approvals}: {pushed:?}");
    }
}

/// What a record of the property test says, in few words: its content by number, and who stands on it.
#[derive(Clone, Debug)]
struct Candidate {
    version: i64,
    /// Seconds after the newest.
    later: i64,
    content: i64,
    approvals: i32,
    has_shadow: bool,
    requested_by: Option<usize>,
    approved_by: Vec<usize>,
}

const PERSONS: [&str; 6] = ["ann", "bob", "cid", "Ann", " bob", ""];

fn candidate() -> impl proptest::strategy::Strategy<Value = Candidate> {
    let who = 0..PERSONS.len();
    let persons = (prop::option::of(who.clone()), prop::collection::vec(who, 0..4));
    (0_i64..3, 0_i64..2, 0_i64..3, 0_i32..3, any::<bool>(), persons).prop_map(
        |(turn, later, content, approvals, has_shadow, (requested_by, approved_by))| Candidate {
            // Mostly in turn.
            version: turn.min(1),
            later,
            content,
            approvals,
            has_shadow,
            requested_by,
            approved_by,
        },
    )
}

/// What was taken, as the rule is said in words.
struct Accepted {
    content: i64,
    approvals: i32,
    from: i64,
}

/// How many different persons, none of them the one who asked, stand on it.
fn others(candidate: &Candidate) -> usize {
    // By what a reader takes for a person: no case, no blanks, no empty name.
    let plain = |at: usize| PERSONS[at].trim().to_lowercase();
    let Some(requested_by) = candidate.requested_by.map(plain) else { return 0 };
    let approvers = candidate.approved_by.iter().map(|at| plain(*at));
    let others: BTreeSet<String> =
        approvers.filter(|name| !name.is_empty() && *name != requested_by).collect();
    others.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_sequence_of_records_lets_a_change_in_that_lacks_approvals(
        candidates in prop::collection::vec(candidate(), 1..24),
        asked in 0_i32..3,
    ) {
        let mut strategies = history(first(asked));
        let mut accepted = vec![Accepted { content: 0, approvals: asked, from: 0 }];
        for candidate in candidates {
            let newest = accepted.last().unwrap();
            let from = newest.from + candidate.later * 1_000;
            let named = |at: &usize| PERSONS[*at].to_owned();
            let mut approved_by: Vec<String> = candidate.approved_by.iter().map(named).collect();
            approved_by.sort();
            let mut record = next(&strategies, |next| {
                next.version += candidate.version - 1;
                next.effective_from = from;
                next.deadline_ms = 30_000 + candidate.content;
                next.approvals = candidate.approvals;
                next.requested_by = candidate.requested_by.as_ref().map(named);
                next.approved_by = approved_by;
            });
            record.tasks[0].arms.retain(|arm| arm.role != Role::Shadow);
            if candidate.has_shadow {
                record.tasks[0].arms.push(shadow());
            }
            if strategies.push(record).is_err() {
                continue;
            }
            let is_same = newest.content == candidate.content && newest.approvals == candidate.approvals;
            let served = accepted.windows(2).any(|two| {
                two[0].content == candidate.content && two[0].from < two[1].from
            });
            let goes_back = served && newest.approvals == candidate.approvals;
            let asked = usize::try_from(newest.approvals).unwrap();
            prop_assert!(
                is_same || goes_back || others(&candidate) >= asked,
                "{candidate:?} was taken after content {} that asks for {asked}", newest.content
            );
            accepted.push(Accepted { content: candidate.content, approvals: candidate.approvals, from });
        }
        prop_assert_eq!(strategies.iter().count(), accepted.len());
    }

    #[test]
    fn whoever_has_what_it_takes_is_let_in(content in 1_i64..5, asked in 0_i32..3, approvals in 0_i32..3) {
        let mut strategies = history(first(asked));
        let changed = next(&strategies, |next| {
            (next.deadline_ms, next.approvals) = (30_000 + content, approvals);
        });
        let by = ["bob", "cid"];
        let asked = usize::try_from(asked).unwrap();
        prop_assert!(strategies.push(approved(&changed, &by[..asked])).is_ok());
        prop_assert!(by.iter().all(|one| !is_same_person(one, "ann")));
    }
}
