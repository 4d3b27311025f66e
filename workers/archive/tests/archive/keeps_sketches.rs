//! What complaints are compared by is kept beside their cases, once, and goes when they are erased.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use bytes::Bytes;
use ombud_archive::GROUP;
use ombud_contract::{catalogue::Topic, records::RawComplaint};
use ombud_local::Local;
use ombud_store::{SketchRow, Sketches as _, day_of};

use crate::world::{RECEIVED, append_under, archive, log, raw, route, send};

const NARRATIVE: &str =
    "They charged my card twice and nobody at the branch could tell me why this happened to me.";

fn sketches(local: &Local, at: i64) -> Vec<SketchRow> {
    let mut rows = Vec::new();
    local.cases().unwrap().sketches(day_of(at), &mut |row| rows.push(row)).unwrap();
    rows
}

fn long() -> RawComplaint {
    RawComplaint { narrative: NARRATIVE.into(), ..raw() }
}

#[test]
fn a_submission_is_sketched_once_and_its_sketch_holds_no_word() {
    let (local, _dir) = log();
    send(&local, &long());
    send(&local, &RawComplaint { complaint_id: "c-2".into(), narrative: "Too short.".into(), ..raw() });
    let months_ago = RawComplaint { received_at: RECEIVED - 60 * 86_400_000, submission: 2, ..long() };
    send(&local, &months_ago);
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    archive(&local, "the same from the start", local.cases().unwrap()).unwrap();
    let [row] = &sketches(&local, RECEIVED)[..] else { panic!("{:?}", sketches(&local, RECEIVED)) };
    assert_eq!((row.complaint_id.as_str(), row.channel.as_str(), row.sketch.len()), ("c-1", "web", 256));
    assert!(
        !NARRATIVE
            .split(' ')
            .any(|word| word.len() > 3 && row.sketch.windows(4).any(|w| w == &word.as_bytes()[..4]))
    );
    assert!(sketches(&local, months_ago.received_at).is_empty(), "a backfill is compared with nothing");
}

#[test]
fn an_erased_complaint_is_compared_no_more_and_a_replay_does_not_bring_it_back() {
    let (local, _dir) = log();
    send(&local, &long());
    send(&local, &route(1, "cards"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert_eq!(sketches(&local, RECEIVED).len(), 1);
    append_under(&local, Topic::Routed, Some(Bytes::from_static(b"c-1")), None);
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert!(sketches(&local, RECEIVED).is_empty());
    archive(&local, "the same from the start", local.cases().unwrap()).unwrap();
    assert!(sketches(&local, RECEIVED).is_empty());
}
