//! What travels on the topics is found again in its case.

use std::time::Duration;

use bytes::Bytes;
use ombud_archive::GROUP;
use ombud_contract::{
    catalogue::Topic,
    codec::{Record as _, decode, encode},
    ids,
    records::{
        DeadLetter, DeadReason, Feedback, FeedbackKind, Prediction, RawComplaint, RoutedComplaint, Strategy,
        Why, WorkEvent, WorkKind,
    },
};
use ombud_store::{CaseStore, Kind, day_of};
use ombud_stream::{Outgoing, Reader, Sink, TopicPartition};

use crate::world::{RECEIVED, append, append_under, archive, first_strategy, log, queue, raw, route, send};

#[test]
fn a_complaint_is_found_in_its_case_and_in_its_newest_teams_queue() {
    let (local, _dir) = log();
    send(&local, &raw());
    send(&local, &route(1, "cards"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert_eq!(queue(&local, "cards").len(), 1);

    send(&local, &route(2, "loans"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert!(queue(&local, "cards").is_empty(), "the row was stored in an earlier batch");
    assert_eq!(queue(&local, "loans")[0].revision, 2);

    send(&local, &route(3, "triage"));
    send(&local, &RoutedComplaint { received_at: RECEIVED + 5, ..route(4, "triage") });
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert!(queue(&local, "loans").is_empty());
    let [entry] = &queue(&local, "triage")[..] else {
        panic!("one row, also where received_at was corrected")
    };
    assert_eq!((entry.revision, entry.received_at), (4, RECEIVED + 5));

    let events = local.cases().unwrap().case("c-1").unwrap();
    let kinds: Vec<(Kind, i64)> = events.iter().map(|event| (event.kind, event.seq)).collect();
    assert_eq!(kinds[..2], [(Kind::Raw, 1), (Kind::Routed, 4)]);
    assert_eq!(decode::<RawComplaint>(&events[0].body).unwrap(), raw());
}

#[test]
fn what_a_narrative_says_outright_is_kept_in_the_case() {
    let (local, _dir) = log();
    let example = include_str!("../../../../schemas/complaints.predictions/examples/valid/evident.json");
    let prediction: Prediction = serde_json::from_str(example).unwrap();
    send(&local, &prediction);
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    let events = local.cases().unwrap().case(&prediction.complaint_id).unwrap();
    assert_eq!(decode::<Prediction>(&events[0].body).unwrap(), prediction);
    assert!(prediction.evidence[0].explicit && prediction.score.is_some());
}

#[test]
fn a_replay_writes_the_same_cells() {
    let (local, _dir) = log();
    send(&local, &raw());
    for (revision, team) in [(1, "cards"), (2, "loans"), (3, "cards")] {
        send(&local, &route(revision, team));
    }
    let state =
        || (local.cases().unwrap().case("c-1").unwrap(), queue(&local, "cards"), queue(&local, "loans"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    let before = state();
    assert_eq!((before.0.len(), before.1.len(), before.2.len()), (4, 1, 0));
    archive(&local, "the same from the start", local.cases().unwrap()).unwrap();
    assert_eq!(state(), before);
}

#[test]
fn a_complaint_of_two_partitions_is_one_case_in_the_queue_of_its_greatest_revision() {
    let (local, _dir) = log();
    send(&local, &RoutedComplaint { raw_partition: 2, ..route(20, "loans") });
    send(&local, &RoutedComplaint { raw_partition: 7, ..route(10, "cards") });
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert_eq!((queue(&local, "loans").len(), queue(&local, "cards").len()), (1, 0));
    assert_eq!(local.cases().unwrap().case("c-1").unwrap().len(), 2);
    send(&local, &RoutedComplaint { raw_partition: 7, why: Why::Withdrawn, ..route(30, "triage") });
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert!(queue(&local, "loans").is_empty() && queue(&local, "triage").is_empty());
}

#[test]
fn a_withdrawn_complaint_lies_in_no_queue() {
    let (local, _dir) = log();
    send(&local, &route(1, "cards"));
    send(&local, &RoutedComplaint { why: Why::Withdrawn, ..route(2, "cards") });
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert!(queue(&local, "cards").is_empty());
}

#[test]
fn what_nobody_can_read_is_parked_with_its_bytes_and_its_neighbours_are_kept() {
    let (local, _dir) = log();
    append(&local, Topic::Raw, "c-1", Bytes::from_static(b"join parks this"));
    append(&local, Topic::Routed, "c-1", Bytes::from_static(b"\0\0\0\0\0not a route"));
    send(&local, &route(1, "cards"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert_eq!(queue(&local, "cards").len(), 1);

    let dead = TopicPartition::new(DeadLetter::TOPIC.name(""), 0);
    let letters = local.reader().unwrap().fetch(&dead, 0, Duration::ZERO).unwrap().records;
    let [letter] = &letters[..] else { panic!("raw records are parked by join alone: {letters:?}") };
    let letter: DeadLetter = decode(letter.value.as_deref().unwrap()).unwrap();
    assert_eq!((letter.reason, letter.worker.as_str()), (DeadReason::UnknownSchema, "archive"));
    assert_eq!((letter.source_topic.as_str(), letter.source_offset), ("complaints.routed", 0));
    assert_eq!(letter.value.as_deref(), Some(&b"\0\0\0\0\0not a route"[..]));
}

#[test]
fn what_is_not_what_was_written_is_parked_as_corrupt_and_its_neighbours_are_kept() {
    let (local, _dir) = log();
    let (mut sink, deliveries) = local.sink(1);
    let mut append_changed = |topic: Topic, was: Bytes, is: Bytes| {
        let key = Some(Bytes::from_static(b"c-1"));
        let record = Outgoing::stamped(topic.name("").into(), Some(0), key, was, "join", &[]);
        sink.send(Outgoing { value: Some(is), ..record }, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap();
    };
    let routed = |team| encode(&route(1, team)).unwrap();
    append_changed(Topic::Routed, routed("cards"), routed("carts"));
    let narrative = |text: &str| encode(&RawComplaint { narrative: text.into(), ..raw() }).unwrap();
    append_changed(Topic::Raw, narrative("They charged my card."), narrative("They charged my cart."));
    send(&local, &route(2, "cards"));
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    assert_eq!((queue(&local, "cards").len(), queue(&local, "carts").len()), (1, 0));
    assert_eq!(local.cases().unwrap().case("c-1").unwrap().len(), 1, "the narrative is join's to park");
    let dead = TopicPartition::new(DeadLetter::TOPIC.name(""), 0);
    let letters = local.reader().unwrap().fetch(&dead, 0, Duration::ZERO).unwrap().records;
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    let letter: DeadLetter = decode(letter.value.as_deref().unwrap()).unwrap();
    assert_eq!((letter.reason, letter.worker.as_str()), (DeadReason::Corrupt, "archive"));
    assert_eq!(letter.value.as_deref(), Some(&routed("carts")[..]));
}

#[test]
fn a_raw_record_is_kept_under_its_own_id_and_what_has_none_under_its_place() {
    let (local, _dir) = log();
    let of = |id: &str| encode(&RawComplaint { complaint_id: id.into(), ..raw() }).unwrap();
    let records: [(Option<&'static [u8]>, Option<Bytes>); 5] = [
        (None, Some(of("null"))),
        (Some(b"\0\0\0\0\x05\x08avro"), Some(of("avro"))),
        (Some(b"another"), Some(of("mine"))),
        (None, Some(Bytes::from_static(b"junk"))),
        (None, None),
    ];
    for (key, value) in records {
        append_under(&local, Topic::Raw, key.map(Bytes::from_static), value);
    }
    // As the joiner routes what lies at offset 3.
    let place = ids::unnamed_id(0, 3);
    let why = Why::Unreadable;
    send(&local, &RoutedComplaint { complaint_id: place.clone(), why, ..route(1, "triage-desk") });

    let of_case = |id: &str| local.cases().unwrap().case(id).unwrap();
    for group in [GROUP, "the same from the start"] {
        archive(&local, group, local.cases().unwrap()).unwrap();
        assert_eq!(["null", "avro", "mine", "another"].map(|id| of_case(id).len()), [1, 1, 0, 0]);
        let events = of_case(&place);
        let [raw, routed] = &events[..] else { panic!("what it is, and where it went: {events:?}") };
        assert_eq!((raw.kind, routed.kind), (Kind::Raw, Kind::Routed));
        assert_eq!(raw.origin, "complaints.raw/0/3");
        assert_eq!(raw.id, ids::dead_letter_id("complaints.raw", 0, 3));
        assert!(raw.body.is_empty(), "the bytes are in the dead letter");
        assert_eq!(of_case(&ids::unnamed_id(0, 4)).len(), 1, "a tombstone without a key is seen, too");
        assert_eq!(queue(&local, "triage-desk").len(), 1);
    }
}

fn verdict(id: &str) -> Feedback {
    Feedback {
        feedback_id: id.into(),
        complaint_id: "c-1".into(),
        route_id: "route-1".into(),
        revision: 1,
        kind: FeedbackKind::Reallocated,
        task: None,
        prediction_id: None,
        model_id: None,
        model_version: None,
        label_before: None,
        label_after: None,
        from_team: Some("cards".into()),
        to_team: Some("loans".into()),
        reason_code: "WRONG_PRODUCT".into(),
        actor: "agent-17".into(),
        actor_role: String::new(),
        source: "card-queue".into(),
        audit_sample: false,
        decided_at: RECEIVED + 7,
        retracts: None,
    }
}

#[test]
fn a_verdict_is_kept_in_its_case_and_one_that_breaks_a_rule_is_parked() {
    let (local, _dir) = log();
    let same_team = Feedback { to_team: Some("cards".into()), ..verdict("f-2") };
    let told = Feedback { reason_code: "She said it was the wrong card.".into(), ..verdict("f-3") };
    for feedback in [&verdict("f-1"), &same_team, &told, &verdict("f-1")] {
        send(&local, feedback);
    }
    append(&local, Topic::Feedback, "c-2", encode(&verdict("f-4")).unwrap());
    archive(&local, GROUP, local.cases().unwrap()).unwrap();

    let events = local.cases().unwrap().case("c-1").unwrap();
    let [event] = &events[..] else { panic!("the same verdict twice is one: {events:?}") };
    assert_eq!(event.kind, Kind::Feedback);
    assert_eq!(decode::<Feedback>(&event.body).unwrap(), verdict("f-1"));
    let mut of_day = Vec::new();
    local.cases().unwrap().feedback(day_of(RECEIVED), &mut |one| of_day.push(one.feedback_id)).unwrap();
    assert_eq!(of_day, ["f-1"]);

    let dead = TopicPartition::new(DeadLetter::TOPIC.name(""), 0);
    let letters = local.reader().unwrap().fetch(&dead, 0, Duration::ZERO).unwrap().records;
    let letters: Vec<DeadLetter> =
        letters.iter().map(|letter| decode(letter.value.as_deref().unwrap()).unwrap()).collect();
    assert_eq!(letters.len(), 3);
    assert!(letters.iter().all(|letter| letter.reason == DeadReason::Invalid));
    assert!(letters[0].detail.starts_with("to_team: "), "{}", letters[0].detail);
    assert!(letters[1].detail.starts_with("reason_code: ") && !letters[1].detail.contains("She"));
    assert_eq!(letters[2].detail, "the key is not the complaint id");
}

#[test]
fn a_verdict_to_a_team_that_nobody_knows_or_of_a_time_to_come_is_parked_with_the_reason() {
    let (local, _dir) = log();
    let in_force = first_strategy();
    let routing = in_force.routing.replace("card-services", "old-desk");
    // By the time of the verdicts it is not in force.
    let routed_by = Strategy { version: 2, effective_from: 4_000_000_000_000, routing, ..in_force.clone() };
    for strategy in [&in_force, &routed_by] {
        append(&local, Topic::Strategy, "strategy", encode(strategy).unwrap());
    }
    send(&local, &RoutedComplaint { strategy_version: 2, ..route(1, "cards") });
    archive(&local, GROUP, local.cases().unwrap()).unwrap();

    let to = |id: &str, team: &str| Feedback { to_team: Some(team.into()), ..verdict(id) };
    let hopeful = Feedback { decided_at: RECEIVED + 300_001, ..to("f-3", "home-lending") };
    // Of the strategy that routed, and of no route.
    let elsewhere = Feedback { revision: 7, ..to("f-4", "old-desk") };
    for feedback in
        [&to("f-1", "old-desk"), &to("f-2", "lones"), &hopeful, &elsewhere, &to("f-5", "home-lending")]
    {
        send(&local, feedback);
    }
    archive(&local, GROUP, local.cases().unwrap()).unwrap();
    let mut kept = Vec::new();
    local.cases().unwrap().feedback(day_of(RECEIVED), &mut |one| kept.push(one.feedback_id)).unwrap();
    assert_eq!(kept, ["f-1", "f-5"]);
    let dead = TopicPartition::new(DeadLetter::TOPIC.name(""), 0);
    let letters = local.reader().unwrap().fetch(&dead, 0, Duration::ZERO).unwrap().records;
    let details: Vec<String> = letters
        .iter()
        .map(|letter| decode::<DeadLetter>(letter.value.as_deref().unwrap()).unwrap().detail)
        .collect();
    assert_eq!(details.len(), 3, "{details:?}");
    assert!(details[0].starts_with("to_team: name a team") && !details[0].contains("lones"), "{details:?}");
    assert!(details[1].starts_with("decided_at: ") && details[2] == details[0], "{details:?}");
}

#[test]
fn what_was_done_is_kept_in_its_case_and_what_breaks_a_rule_is_parked() {
    let (local, _dir) = log();
    let done = |kind, at| WorkEvent::new("c-1", kind, 1, RECEIVED + at, "agent-17").named();
    let (claimed, acknowledged) = (done(WorkKind::Claimed, 1), done(WorkKind::Acknowledged, 2));
    // What may not follow is no fault of the record: it is kept, and shown as out of order.
    let reopened = done(WorkKind::Reopened, 3);
    let answered = done(WorkKind::FinalResponse, 4);
    let hopeful = done(WorkKind::Acknowledged, 300_001);
    for event in [&acknowledged, &claimed, &answered, &reopened, &hopeful, &acknowledged] {
        send(&local, event);
    }
    append(&local, Topic::Work, "c-2", encode(&claimed).unwrap());
    append(&local, Topic::Work, "c-1", Bytes::from_static(b"no event"));
    for group in [GROUP, "the same from the start"] {
        archive(&local, group, local.cases().unwrap()).unwrap();
        let events = local.cases().unwrap().case("c-1").unwrap();
        assert!(events.iter().all(|event| event.kind == Kind::Work), "{events:?}");
        let mut kept: Vec<WorkEvent> = events.iter().map(|event| decode(&event.body).unwrap()).collect();
        kept.sort_by_key(|event| event.done_at);
        assert_eq!(kept, [claimed.clone(), acknowledged.clone(), reopened.clone()], "one sent twice is one");
    }

    let dead = TopicPartition::new(DeadLetter::TOPIC.name(""), 0);
    let letters = local.reader().unwrap().fetch(&dead, 0, Duration::ZERO).unwrap().records;
    let mut letters: Vec<DeadLetter> =
        letters.iter().map(|letter| decode(letter.value.as_deref().unwrap()).unwrap()).collect();
    letters.sort_by_key(|letter| letter.source_offset);
    letters.dedup_by_key(|letter| letter.source_offset);
    let told: Vec<(DeadReason, &str)> =
        letters.iter().map(|letter| (letter.reason, letter.detail.split(':').next().unwrap())).collect();
    assert_eq!(
        told[..3],
        [
            (DeadReason::Invalid, "outcome"),
            (DeadReason::Invalid, "done_at"),
            (DeadReason::Invalid, "the key is not the complaint id"),
        ]
    );
    assert_eq!((told[3].0, told.len()), (DeadReason::Undecodable, 4));
    assert!(letters.iter().all(|letter| letter.source_topic == "complaints.work"));
}
