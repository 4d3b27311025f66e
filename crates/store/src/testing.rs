//! What every store of cases has to keep: one suite, run over each implementation.

#![expect(clippy::expect_used, reason = "every function here is the body of a test")]

pub mod alike;
pub mod desk;
mod known;

use bytes::Bytes;
use jiff::civil::Date;

pub use known::{of_rows_with_one_key_the_last_stays, what_is_known_of_cases_is_what_their_events_say};

use crate::{
    CaseStore, JudgedCases,
    day::day_of,
    row::{
        CaseEvent, CustomerCase, FeedbackDay, Kind, ModelDecision, ModelRow, QueueEntry, Row, StrategyRow,
        Unqueued,
    },
};

/// Runs every promise as a test of its own; `$fresh` (a function) makes an empty store and what keeps it alive.
#[macro_export]
macro_rules! case_store_keeps_its_promises {
    ($fresh:path: $($promise:ident),+ $(,)?) => {
        $(#[test] fn $promise() {
            let (mut store, _alive) = $fresh();
            $crate::testing::$promise(&mut store);
        })+
    };
    ($fresh:path) => {
        $crate::case_store_keeps_its_promises!($fresh:
            a_case_is_read_by_kind_and_newest_first,
            many_cases_come_in_the_order_in_which_they_are_asked_for,
            what_is_known_of_cases_is_what_their_events_say,
            of_rows_with_one_key_the_last_stays,
            cases_that_humans_judged_come_once_the_latest_day_first,
            writing_again_changes_nothing,
            what_is_absent_stays_absent,
            a_large_batch_of_every_kind_is_written,
            a_queue_shows_its_day_latest_first,
            the_greatest_revision_of_a_queue_row_stays,
            a_newer_queue_row_leaves_nothing_of_the_older,
            what_was_taken_away_does_not_come_back,
            a_days_feedback_comes_earliest_first,
            what_a_version_said_on_a_day_comes_by_complaint,
        );
    };
}

fn event(kind: Kind, seq: i64, id: &str) -> CaseEvent {
    CaseEvent {
        complaint_id: "c-1".into(),
        kind,
        seq,
        id: id.into(),
        at: 1_700_000_000_000 + seq,
        task: Some("product".into()),
        team: None,
        model_id: Some("bag".into()),
        model_version: None,
        schema_id: Some(7),
        body: Bytes::from_static(b"\0\0\0\0\x07body"),
        origin: "complaints.raw/0/1".into(),
    }
}

fn queued(received_at: i64, complaint_id: &str, revision: i64) -> QueueEntry {
    QueueEntry {
        team: "cards".into(),
        received_at,
        complaint_id: complaint_id.into(),
        revision,
        priority: i32::try_from(revision).expect("small"),
        vulnerability: "POSSIBLE".into(),
        needs_human: true,
        product: Some("Credit card".into()),
        issue: None,
        missing: "issue".into(),
        resolve_by: Some(received_at + 1),
    }
}

fn taken(entry: &QueueEntry, revision: i64) -> Row {
    Row::Unqueued(Unqueued {
        team: entry.team.clone(),
        received_at: entry.received_at,
        complaint_id: entry.complaint_id.clone(),
        revision,
    })
}

fn queue(store: &mut impl CaseStore) -> Vec<QueueEntry> {
    store.queue("cards", day_of(0)).expect("answers")
}

/// A day's verdicts, as they were given.
pub fn feedback(store: &mut impl CaseStore, day: Date) -> Vec<FeedbackDay> {
    let mut verdicts = Vec::new();
    store.feedback(day, &mut |verdict| verdicts.push(verdict)).expect("answers");
    verdicts
}

/// What a version of `bag` said on a day, as it was given.
pub fn decisions(store: &mut impl CaseStore, version: &str, day: Date) -> Vec<ModelDecision> {
    let mut decisions = Vec::new();
    store.decisions("bag", version, day, &mut |decision| decisions.push(decision)).expect("answers");
    decisions
}

/// All of an event comes back, and nothing of other complaints.
pub fn a_case_is_read_by_kind_and_newest_first(store: &mut impl CaseStore) {
    let [old, new] = [event(Kind::Routed, 1, "a"), event(Kind::Routed, 2, "a")];
    let [first, second] = [event(Kind::Prediction, 1, "a"), event(Kind::Prediction, 1, "b")];
    let raw = event(Kind::Raw, 1, "z");
    let other = CaseEvent { complaint_id: "c-2".into(), ..raw.clone() };
    let written = [&old, &second, &other, &new, &raw, &first].map(|event| Row::CaseEvent(event.clone()));
    store.write(&written).expect("writes");
    assert_eq!(store.case("c-1").expect("answers"), [raw, first, second, new, old]);
    assert!(store.case("c-3").expect("answers").is_empty());
}

/// Each as if it were asked for alone: one that is asked for twice, and one that nobody knows.
pub fn many_cases_come_in_the_order_in_which_they_are_asked_for(store: &mut impl CaseStore) {
    let of = |n: i64| CaseEvent { complaint_id: format!("c-{n}"), ..event(Kind::Raw, n, "a") };
    let rows: Vec<Row> =
        (0..150).flat_map(|n| [of(n), CaseEvent { seq: n + 1, ..of(n) }]).map(Row::CaseEvent).collect();
    store.write(&rows).expect("writes");
    let ids: Vec<String> = (0..150).rev().chain([7, 7, 1_000]).map(|n| format!("c-{n}")).collect();
    let mut given = Vec::new();
    store.cases(&ids, &mut |id, events| given.push((id.to_owned(), events))).expect("answers");
    assert_eq!(given.len(), ids.len());
    for ((id, events), asked) in given.into_iter().zip(ids) {
        let alone = store.case(&asked).expect("answers");
        assert!((&id, &events) == (&asked, &alone), "{asked}");
        assert_eq!(events.len(), if asked == "c-1000" { 0 } else { 2 }, "{asked}");
    }
    store.cases(&[], &mut |id, _| unreachable!("nobody asked for {id}")).expect("answers");
}

/// More than a page of them, with several verdicts and on several days.
pub fn cases_that_humans_judged_come_once_the_latest_day_first(store: &mut impl CaseStore) {
    const DAY: i64 = 86_400_000;
    let verdict = |at: i64, id: &str| {
        Row::Feedback(FeedbackDay {
            decided_at: at,
            feedback_id: format!("{id}-{at}"),
            complaint_id: id.to_owned(),
            kind: "CONFIRMED".into(),
            model_version: None,
            label_before: None,
            label_after: None,
            audit_sample: false,
        })
    };
    let mut rows: Vec<Row> = (0..300).map(|n| verdict(DAY + n, &format!("c-{n:03}"))).collect();
    // Before and behind the span, and again within it.
    rows.extend([
        verdict(5, "early"),
        verdict(4 * DAY, "late"),
        verdict(3 * DAY, "c-007"),
        verdict(3 * DAY + 1, "c-007"),
    ]);
    rows.extend([verdict(3 * DAY + 2, "c-299"), verdict(5, "c-001")]);
    store.write(&rows).expect("writes");
    let mut judged = JudgedCases::find(store, 6, 4 * DAY).expect("answers");
    assert_eq!(judged.len(), 300);
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = judged.next_page(store).expect("answers");
        if page.is_empty() {
            break;
        }
        ids.extend(page);
        pages += 1;
        assert_eq!(judged.given(), ids.len());
    }
    assert!(pages > 2, "{pages} pages");
    let newest = ["c-299", "c-007"].map(str::to_owned).into_iter();
    let others = (0..299).rev().filter(|n| *n != 7).map(|n| format!("c-{n:03}"));
    assert!(ids.iter().cloned().eq(newest.chain(others)), "{ids:?}");
    assert!(JudgedCases::find(store, 10, 10).expect("answers").is_empty());
}

/// A replay writes the same cells.
pub fn writing_again_changes_nothing(store: &mut impl CaseStore) {
    let rows = [Row::CaseEvent(event(Kind::Raw, 1, "a")), Row::Queued(queued(5, "c-1", 1))];
    for _ in 0..2 {
        store.write(&rows).expect("writes");
        assert_eq!(store.case("c-1").expect("answers").len(), 1);
        assert_eq!(queue(store), [queued(5, "c-1", 1)]);
    }
}

/// With every column that may be absent.
pub fn what_is_absent_stays_absent(store: &mut impl CaseStore) {
    let bare = CaseEvent {
        task: None,
        model_id: None,
        schema_id: None,
        body: Bytes::new(),
        ..event(Kind::Raw, 1, "a")
    };
    let entry = QueueEntry { product: None, resolve_by: None, missing: String::new(), ..queued(5, "c-1", 1) };
    store.write(&[Row::CaseEvent(bare.clone()), Row::Queued(entry.clone())]).expect("writes");
    assert_eq!(store.case("c-1").expect("answers"), [bare], "and its digest is that of what was written");
    assert_eq!(queue(store), [entry]);
}

/// More than is read or written at once, and a body as large as a record may be.
pub fn a_large_batch_of_every_kind_is_written(store: &mut impl CaseStore) {
    let large = CaseEvent { body: vec![7; 1 << 20].into(), ..event(Kind::Raw, 0, "large") };
    let mut events = vec![large];
    events.extend((1..250).rev().map(|seq| event(Kind::Prediction, seq, "a")));
    let entries: Vec<_> = (0..650).rev().map(|received_at| queued(received_at, "c-1", 1)).collect();
    let mut rows: Vec<Row> = entries.iter().cloned().map(Row::Queued).collect();
    rows.extend(events.iter().cloned().map(Row::CaseEvent));
    rows.extend((0..100).flat_map(one_of_each_other));
    store.write(&rows).expect("writes");
    assert!(store.case("c-1").expect("answers") == events, "events are missing or changed");
    assert!(queue(store) == entries, "entries are missing or changed");
}

/// Of the other tables.
fn one_of_each_other(n: i64) -> [Row; 5] {
    let (id, at) = (n.to_string(), 1_700_000_000_000 + n);
    [
        Row::CustomerCase(CustomerCase {
            customer_ref: "r".into(),
            received_at: at,
            complaint_id: id.clone(),
        }),
        Row::Decision(ModelDecision {
            model_id: "bag".into(),
            model_version: "v".into(),
            day: day_of(at),
            complaint_id: id.clone(),
            prediction_id: id.clone(),
            task: "product".into(),
            role: "DECIDING".into(),
            arm: "champion".into(),
            outcome: "LABELLED".into(),
            label: (n % 2 == 0).then(|| "Mortgage".into()),
            confidence: 0.75,
            strategy_version: n,
        }),
        Row::Feedback(FeedbackDay {
            decided_at: at,
            feedback_id: id.clone(),
            complaint_id: id.clone(),
            kind: "REALLOCATED".into(),
            model_version: None,
            label_before: None,
            label_after: Some("Mortgage".into()),
            audit_sample: n % 2 == 0,
        }),
        Row::Strategy(StrategyRow {
            scope: "all".into(),
            version: n,
            effective_from: at,
            changed_by: "somebody".into(),
            body: Bytes::from_static(b"body"),
        }),
        Row::Model(ModelRow {
            model_id: "bag".into(),
            version: id,
            tasks: "product,issue".into(),
            state: "REGISTERED".into(),
            created_at: at,
            body: Bytes::from_static(b"body"),
        }),
    ]
}

/// One UTC day, more than is read at once, with what is absent; a verdict that is written again is one.
pub fn a_days_feedback_comes_earliest_first(store: &mut impl CaseStore) {
    const DAY: i64 = 86_400_000;
    let verdict = |at: i64, id: &str| FeedbackDay {
        decided_at: at,
        feedback_id: id.into(),
        complaint_id: format!("c-{at}"),
        kind: "RELABELLED".into(),
        model_version: (at % 2 == 0).then(|| "v".into()),
        label_before: None,
        label_after: Some("Mortgage".into()),
        audit_sample: at % 3 == 0,
    };
    let mut day: Vec<_> = (0..1_200).map(|at| verdict(at, "a")).collect();
    day.insert(6, verdict(5, "b"));
    day.push(verdict(DAY - 1, "a"));
    let mut rows: Vec<Row> = day.iter().rev().cloned().map(Row::Feedback).collect();
    rows.extend([-1, DAY].map(|at| Row::Feedback(verdict(at, "a"))));
    store.write(&rows).expect("writes");
    store.write(&rows[..10]).expect("writes again");
    assert!(feedback(store, day_of(0)) == day, "verdicts are missing or changed");
    assert_eq!(feedback(store, day_of(DAY)), [verdict(DAY, "a")]);
    assert!(feedback(store, day_of(5 * DAY)).is_empty());
}

/// One version and one UTC day, more than is read at once, with what is absent; what is written again is one.
pub fn what_a_version_said_on_a_day_comes_by_complaint(store: &mut impl CaseStore) {
    const DAY: i64 = 86_400_000;
    let said = |version: &str, at: i64, n: i32| ModelDecision {
        model_id: "bag".into(),
        model_version: version.into(),
        day: day_of(at),
        complaint_id: format!("c-{n:04}"),
        prediction_id: "p".into(),
        task: "product".into(),
        role: if n % 3 == 0 { "SHADOW" } else { "DECIDING" }.into(),
        arm: "champion".into(),
        outcome: "LABELLED".into(),
        label: (n % 2 == 0).then(|| "Mortgage".into()),
        confidence: 0.25,
        strategy_version: n.into(),
    };
    let day: Vec<_> = (0..1_200).map(|n| said("v", 5, n)).collect();
    let mut rows: Vec<Row> = day.iter().rev().cloned().map(Row::Decision).collect();
    rows.extend([said("v", DAY, 1), said("w", 5, 1)].map(Row::Decision));
    store.write(&rows).expect("writes");
    store.write(&rows[..10]).expect("writes again");
    assert!(decisions(store, "v", day_of(0)) == day, "decisions are missing or changed");
    assert_eq!(decisions(store, "v", day_of(DAY)), [said("v", DAY, 1)]);
    assert!(decisions(store, "x", day_of(0)).is_empty());
}

/// One team and one UTC day, by time of receipt.
pub fn a_queue_shows_its_day_latest_first(store: &mut impl CaseStore) {
    const DAY: i64 = 86_400_000;
    let entries = [queued(5, "b", 1), queued(DAY - 1, "c", 1), queued(5, "a", 1), queued(DAY, "d", 1)];
    let elsewhere = QueueEntry { team: "loans".into(), ..queued(5, "e", 1) };
    let rows: Vec<Row> = entries.iter().cloned().chain([elsewhere]).map(Row::Queued).collect();
    store.write(&rows).expect("writes");
    let ids: Vec<String> = queue(store).into_iter().map(|entry| entry.complaint_id).collect();
    assert_eq!(ids, ["c", "a", "b"]);
}

/// Whichever comes last.
pub fn the_greatest_revision_of_a_queue_row_stays(store: &mut impl CaseStore) {
    for revision in [2, 1, 3] {
        store.write(&[Row::Queued(queued(5, "c-1", revision))]).expect("writes");
    }
    store.write(&[taken(&queued(5, "c-1", 1), 2)]).expect("writes");
    assert_eq!(queue(store), [queued(5, "c-1", 3)], "an older taking away has no effect");
}

/// What the newer one leaves open was decided by no one else.
pub fn a_newer_queue_row_leaves_nothing_of_the_older(store: &mut impl CaseStore) {
    let newer = QueueEntry { product: None, resolve_by: None, ..queued(5, "c-1", 2) };
    for entry in [queued(5, "c-1", 1), newer.clone(), queued(5, "c-1", 1)] {
        store.write(&[Row::Queued(entry)]).expect("writes");
    }
    assert_eq!(queue(store), [newer]);
}

/// Not by the insert that it took away, nor by an older one; a newer one may put it back.
pub fn what_was_taken_away_does_not_come_back(store: &mut impl CaseStore) {
    let entry = queued(5, "c-1", 2);
    store.write(&[taken(&entry, 3)]).expect("writes");
    for revision in [2, 3] {
        store.write(&[Row::Queued(queued(5, "c-1", revision))]).expect("writes");
        assert!(queue(store).is_empty(), "revision {revision}");
    }
    store.write(&[Row::Queued(queued(5, "c-1", 4))]).expect("writes");
    assert_eq!(queue(store), [queued(5, "c-1", 4)]);
}
