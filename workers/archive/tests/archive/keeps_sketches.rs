//! What complaints are compared by is kept beside their cases, once, and goes when they are erased.

use std::time::Duration;

use bytes::Bytes;
use ombud_archive::GROUP;
use ombud_contract::{
    catalogue::Topic,
    codec::encode,
    records::{Prediction, RawComplaint},
};
use ombud_local::Local;
use ombud_store::{SketchRow, Sketches as _, day_of};
use rustix::time::{ClockId, clock_gettime};

use crate::world::{RECEIVED, append, append_under, archive, log, raw, route, send};

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

/// CPU time of this process so far.
fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), u32::try_from(spent.tv_nsec).unwrap())
}

/// What archiving them costs, with all that comes of each; compared or, received long ago, not.
fn cost(narratives: &[String], received_at: i64) -> Duration {
    let (local, _dir) = log();
    let example = include_str!("../../../../schemas/complaints.predictions/examples/valid/evident.json");
    let prediction: Prediction = serde_json::from_str(example).unwrap();
    for (n, narrative) in narratives.iter().enumerate() {
        let complaint_id = format!("c-{n}");
        let raw = RawComplaint {
            complaint_id: complaint_id.clone(),
            narrative: narrative.clone(),
            received_at,
            ..raw()
        };
        append(&local, Topic::Raw, &complaint_id, encode(&raw).unwrap());
        for task in ["product", "issue", "vulnerable"] {
            let prediction = Prediction {
                complaint_id: complaint_id.clone(),
                prediction_id: format!("{n}-{task}"),
                task: task.into(),
                ..prediction.clone()
            };
            append(&local, Topic::Predictions, &complaint_id, encode(&prediction).unwrap());
        }
        let mut route = route(1, "cards");
        route.complaint_id = complaint_id.clone();
        append(&local, Topic::Routed, &complaint_id, encode(&route).unwrap());
    }
    let before = cpu();
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    cpu() - before
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn comparing_complaints_costs_the_archive_at_most_a_twentieth_of_its_time() {
    // As long as real ones are: 170 words.
    let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
    let word = |n: usize| [n, n / 26, n / 7, n / 3, n / 11].map(letter).iter().collect::<String>();
    let narrative = |n: usize| (0..170).map(|at| word(n * 31 + at * at * 7)).collect::<Vec<_>>().join(" ");
    let narratives: Vec<String> = (0..1_500).map(narrative).collect();
    let mut shares: Vec<f64> = (0..3)
        .map(|_| {
            let (mut without, mut with) = (Duration::MAX, Duration::MAX);
            // In turn, and the least of each: whatever else the machine does only adds.
            for _ in 0..5 {
                without = without.min(cost(&narratives, RECEIVED - 60 * 86_400_000));
                with = with.min(cost(&narratives, RECEIVED));
            }
            println!("{without:?} without, {with:?} with");
            with.as_secs_f64() / without.as_secs_f64() - 1.0
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    println!("the median of three: {:.1} % more", 100.0 * shares[1]);
    assert!(shares[1] <= 0.05, "{shares:?}");
}
