//! What the worklist's file survives, and when it is made again.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{fs, path::Path};

use ombud_contract::{
    records::{FeedbackKind, RoutedComplaint, WorkKind},
    work::Phase,
};
use ombud_local::LocalWorklist;
use ombud_store::{ItemFilter, ItemOrder, LastRecord, WorkItem, Worklist, WorklistChange, WorklistPosition};
use proptest::{collection::vec, prelude::*, sample::Index};
use rusqlite::Connection;

use crate::worklist_given::{NOON, REVISION, clocks, done, due, route, routed, verdict, withdrawn};

fn open(dir: &Path) -> LocalWorklist {
    LocalWorklist::open(dir, clocks()).unwrap()
}

fn position(next: i64) -> WorklistPosition {
    let last = Some(LastRecord { offset: next - 1, digest: [7; 32] });
    WorklistPosition { topic: "complaints.routed".into(), partition: 3, next, last }
}

fn listed(worklist: &LocalWorklist) -> Vec<WorkItem> {
    let all = ItemFilter { states: Phase::ALL.to_vec(), ..ItemFilter::default() };
    worklist.page(&all, ItemOrder::Next, None, 1_000).unwrap().items
}

#[test]
fn what_is_there_and_how_far_it_was_read_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let before = {
        let worklist = open(dir.path());
        worklist.apply(&[routed(route("c-1", "cards"))], &[position(8)]).unwrap();
        listed(&worklist)
    };
    let worklist = open(dir.path());
    assert_eq!((listed(&worklist), worklist.positions().unwrap()), (before, vec![position(8)]));
    worklist.apply(&[], &[position(9)]).unwrap();
    assert_eq!(worklist.positions().unwrap(), [position(9)]);
}

#[test]
fn a_file_that_is_lost_of_another_build_or_no_file_of_ours_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = {
        let worklist = open(dir.path());
        worklist.apply(&[routed(route("c-1", "cards"))], &[position(8)]).unwrap();
        worklist.path()
    };
    let spoil: [&dyn Fn(); 4] = [
        &|| fs::remove_file(&path).unwrap(),
        &|| Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap(),
        &|| {
            fs::write(&path, "no database at all, and longer than a header of one would be: ".repeat(99))
                .unwrap()
        },
        &|| fs::write(&path, "").unwrap(),
    ];
    for spoil in spoil {
        spoil();
        let worklist = open(dir.path());
        assert!(listed(&worklist).is_empty() && worklist.positions().unwrap().is_empty());
        worklist.apply(&[routed(route("c-1", "cards"))], &[position(8)]).unwrap();
        assert_eq!(listed(&worklist).len(), 1);
    }
}

#[test]
fn a_row_that_is_not_what_was_written_is_noticed_and_the_view_begins_again() {
    let changes = [
        "UPDATE complaints SET source = replace(source, 'cards', 'loans')",
        "UPDATE complaints SET digest = zeroblob(32)",
        "UPDATE complaints SET digest = 7",
        // It would stand in a wrong place.
        "UPDATE complaints SET due = 5",
        "UPDATE complaints SET state = 3",
    ];
    for change in changes {
        let dir = tempfile::tempdir().unwrap();
        let worklist = open(dir.path());
        worklist.apply(&[routed(route("c-1", "cards"))], &[position(8)]).unwrap();
        let changed = Connection::open(worklist.path()).unwrap().execute(change, []).unwrap();
        assert_eq!(changed, 1, "{change}");
        let refused = worklist.item("c-1").unwrap_err();
        assert!(!refused.fatal && worklist.is_damaged(), "{change}: {refused}");
        worklist.clear().unwrap();
        assert!(!worklist.is_damaged() && worklist.item("c-1").unwrap().is_none());
        assert!(worklist.positions().unwrap().is_empty());
        worklist.apply(&[routed(route("c-1", "cards"))], &[]).unwrap();
        assert!(worklist.item("c-1").unwrap().is_some(), "{change}");
    }
}

#[test]
fn a_cleared_view_stays_cleared_for_every_reader_and_lasts() {
    let dir = tempfile::tempdir().unwrap();
    {
        let worklist = open(dir.path());
        for round in 0..3 {
            worklist.apply(&[routed(route(&format!("c-{round}"), "cards"))], &[]).unwrap();
            // Several readers, each with what it has opened.
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| assert_eq!(listed(&worklist).len(), 1));
                }
            });
            worklist.clear().unwrap();
            assert!(listed(&worklist).is_empty());
        }
        worklist.apply(&[routed(route("c-9", "cards"))], &[position(4)]).unwrap();
    }
    let worklist = open(dir.path());
    assert_eq!((listed(&worklist).len(), worklist.positions().unwrap()), (1, vec![position(4)]));
}

#[test]
fn processes_that_share_a_folder_have_a_file_each() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (open(dir.path()), open(dir.path()));
    assert_ne!(one.path(), other.path());
    one.apply(&[routed(route("c-1", "cards"))], &[]).unwrap();
    assert!(other.item("c-1").unwrap().is_none());
    let path = one.path();
    drop(one);
    assert_eq!(open(dir.path()).path(), path, "it is free again");
}

#[test]
fn what_was_answered_long_ago_leaves_the_lists_is_still_found_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let worklist = open(dir.path());
    let mut changes = vec![withdrawn("c-0", "cards")];
    for number in 1..6 {
        let id = format!("c-{number}");
        changes
            .push(routed(RoutedComplaint { customer_ref: Some("customer-1".into()), ..route(&id, "cards") }));
        if number > 1 {
            changes.push(verdict(&id, FeedbackKind::NotAComplaint, None, NOON + 1_000 * number));
        }
    }
    worklist.apply(&changes, &[]).unwrap();
    assert_eq!(worklist.put_away(NOON + 3_500, 2).unwrap(), 2, "a bounded part at once");
    assert_eq!(worklist.put_away(NOON + 3_500, 9).unwrap(), 1);
    assert_eq!(worklist.put_away(NOON + 3_500, 9).unwrap(), 0);
    let ids = |items: Vec<WorkItem>| items.into_iter().map(|item| item.complaint_id).collect::<Vec<_>>();
    assert_eq!(ids(listed(&worklist)).len(), 3);
    assert!(ids(listed(&worklist)).contains(&"c-1".to_owned()), "what is open never leaves");
    assert_eq!(worklist.search("customer-1", 9).unwrap().len(), 5);
    let away = worklist.item("c-2").unwrap().unwrap();
    assert_eq!(away.state, Phase::Answered);
    worklist.apply(&[verdict("c-2", FeedbackKind::Confirmed, None, NOON + 9_000)], &[]).unwrap();
    assert!(ids(listed(&worklist)).contains(&"c-2".to_owned()));
}

#[test]
fn an_erased_complaint_leaves_nothing_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let worklist = open(dir.path());
    let erased = WorklistChange::Erased { complaint_id: "c-1".into(), partition: 0 };
    worklist.apply(&[routed(route("c-1", "cards")), done("c-1", WorkKind::Claimed, NOON)], &[]).unwrap();
    worklist.apply(&[erased.clone(), erased], &[]).unwrap();
    assert_eq!(worklist.item("c-1").unwrap(), None);
    let rows: i64 = Connection::open(worklist.path())
        .unwrap()
        .query_row("SELECT count(*) FROM complaints", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 0);
}

fn a_change() -> impl Strategy<Value = WorklistChange> {
    let id = (0..4_u8).prop_map(|number| format!("c-{number}"));
    (id, 0..6_u8, 0..4_i64).prop_map(|(id, what, at)| match what {
        0 => {
            routed(RoutedComplaint { clocks: due(NOON + at), revision: REVISION + at, ..route(&id, "cards") })
        }
        1 => routed(RoutedComplaint { revision: REVISION + (at << 11), ..route(&id, "loans") }),
        2 => done(&id, WorkKind::Claimed, NOON + at),
        3 => done(&id, WorkKind::FinalResponse, NOON + at),
        4 => verdict(&id, FeedbackKind::Reallocated, Some("mortgages"), NOON + at),
        _ => verdict(&id, FeedbackKind::NotAComplaint, None, NOON + at),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_view_that_is_made_again_equals_the_running_one(
        changes in vec(a_change(), 1..40), cuts in vec(any::<Index>(), 5), order in vec(any::<Index>(), 40),
    ) {
        let (running, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(changes.len())).collect();
        cuts.sort_unstable();
        let mut from = 0;
        for cut in cuts.into_iter().chain([changes.len()]) {
            // Opened anew for every part, and some of it comes twice.
            let worklist = open(running.path());
            worklist.apply(&changes[from.min(cut)..cut], &[]).unwrap();
            worklist.apply(&changes[..cut], &[]).unwrap();
            from = cut;
        }
        let mut other = changes.clone();
        for (at, index) in order.iter().enumerate().take(other.len()) {
            let with = index.index(other.len());
            other.swap(at, with);
        }
        let rebuilt = open(again.path());
        rebuilt.apply(&other, &[]).unwrap();
        let running = open(running.path());
        prop_assert_eq!(listed(&running), listed(&rebuilt));
        prop_assert_eq!(running.counts().unwrap(), rebuilt.counts().unwrap());
    }
}
