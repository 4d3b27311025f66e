//! What every store of sketches has to keep: one suite, run over each implementation.

use bytes::Bytes;

use crate::{CaseStore, ErasedSketch, Row, SketchRow, Sketches, day_of};

/// Runs every promise as a test of its own; `$fresh` (a function) makes an empty store and what keeps it alive.
#[macro_export]
macro_rules! sketches_keep_their_promises {
    ($fresh:path: $($promise:ident),+ $(,)?) => {
        $(#[test] fn $promise() {
            let (mut store, _alive) = $fresh();
            $crate::testing::alike::$promise(&mut store);
        })+
    };
    ($fresh:path) => {
        $crate::sketches_keep_their_promises!($fresh:
            a_days_sketches_come_back,
            what_is_written_again_in_other_blocks_says_the_same,
            what_was_erased_does_not_come_back,
        );
    };
}

const DAY: i64 = 86_400_000;
/// No TTL of a server counts from it, and nothing is compared with it: tests write what they like.
const MONDAY: i64 = 1_700_000_000_000;

fn sketch(n: i64) -> SketchRow {
    SketchRow {
        received_at: day_start() + n,
        complaint_id: format!("c-{n:04}"),
        submission: 1,
        sketch: Bytes::from(vec![u8::try_from(n % 251).expect("small"); 256]),
        channel: "web".into(),
        representative: (n % 2 == 0).then(|| "Claims Ltd".into()),
    }
}

fn day_start() -> i64 {
    MONDAY / DAY * DAY
}

fn read(store: &mut impl Sketches, at: i64) -> Vec<SketchRow> {
    let mut rows = Vec::new();
    store.sketches(day_of(at), &mut |row| rows.push(row)).expect("answers");
    rows.sort();
    rows.dedup();
    rows
}

fn write(store: &mut impl CaseStore, rows: &[SketchRow]) {
    let rows: Vec<Row> = rows.iter().cloned().map(Row::Sketch).collect();
    store.write(&rows).expect("writes");
}

/// More than is read at once, with what is absent, and nothing of other days.
pub fn a_days_sketches_come_back(store: &mut (impl CaseStore + Sketches)) {
    let rows: Vec<SketchRow> = (0..1_300).map(sketch).collect();
    let again = SketchRow { submission: 2, ..sketch(7) };
    let others = [-1, DAY].map(|n| SketchRow { received_at: day_start() + n, ..sketch(1) });
    let shuffled: Vec<SketchRow> =
        rows.iter().rev().cloned().chain(others.clone()).chain([again.clone()]).collect();
    write(store, &shuffled);
    let mut expected = rows;
    expected.insert(8, again);
    assert!(read(store, day_start()) == expected, "sketches are missing or changed");
    assert_eq!(read(store, day_start() + DAY), others[1..]);
    assert!(read(store, day_start() + 5 * DAY).is_empty());
}

/// A replay, which cuts its batches elsewhere; also beside other content under the same number.
pub fn what_is_written_again_in_other_blocks_says_the_same(store: &mut (impl CaseStore + Sketches)) {
    let mut rows: Vec<SketchRow> = (0..5).map(sketch).collect();
    rows.push(SketchRow { channel: "phone".into(), ..sketch(4) });
    rows.sort();
    for cut in [6, 6, 2, 4] {
        rows.chunks(cut).for_each(|rows| write(store, rows));
        assert_eq!(read(store, day_start()), rows);
    }
}

/// Neither by a replay nor by a later submission of that day; its neighbours and other days stay.
pub fn what_was_erased_does_not_come_back(store: &mut (impl CaseStore + Sketches)) {
    let elsewhere = SketchRow { received_at: day_start() + DAY, ..sketch(1) };
    write(store, &[sketch(1), sketch(2), elsewhere.clone()]);
    let erased = ErasedSketch { received_at: day_start() + 1, complaint_id: sketch(1).complaint_id };
    for _ in 0..2 {
        store.write(&[Row::ErasedSketch(erased.clone())]).expect("writes");
        assert_eq!(read(store, day_start()), [sketch(2)]);
        write(store, &[sketch(1), SketchRow { submission: 2, ..sketch(1) }]);
        assert_eq!(read(store, day_start()), [sketch(2)], "a replay brought it back");
    }
    assert_eq!(read(store, day_start() + DAY), [elsewhere]);
}
