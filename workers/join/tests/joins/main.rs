//! What the joiner promises, on the embedded log: complaints and answers in, routes and dead letters out.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic like the test itself")]

mod full_sink;
mod logs;
mod unreadable;
mod world;

use bytes::Bytes;
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{Evidence, RawComplaint, Vulnerability, Why},
};
use ombud_stream::{Outgoing, Sink};

use world::{BEGIN, TASKS, World};

#[test]
fn a_complaint_is_routed_as_soon_as_every_task_has_answered() {
    let world = World::new();
    let raw = world.complain("a");
    world.answer_all(&raw);
    world.join_until(|| !world.routes().is_empty());
    let routes = world.routes();
    assert_eq!(routes.len(), 1);
    assert_eq!((routes[0].why, routes[0].writer_epoch), (Why::Complete, 1));
    let tasks: Vec<&str> = routes[0].decisions.iter().map(|d| d.task.as_str()).collect();
    assert_eq!(tasks, TASKS);
    assert_eq!(world.read(Topic::Routed)[0].source.partition, 1);
    assert_eq!(routes[0].vulnerability, Vulnerability::NotIndicated);
}

#[test]
fn a_route_says_that_there_was_explicit_evidence_and_not_of_what() {
    let world = World::new();
    let raw = world.complain("a");
    world.answer(&raw, "issue", "Fees or interest");
    world.answer(&raw, "product", "Credit card");
    let evidence = Evidence { category: "mental_health".into(), explicit: true, start: 0, end: 8 };
    world.answer_by(&raw, "vulnerable", "VULNERABLE", vec![evidence]);
    world.join_until(|| !world.routes().is_empty());
    let routes = world.routes();
    let evident: Vec<bool> = routes[0].decisions.iter().map(|decision| decision.explicit_evidence).collect();
    assert_eq!((evident, routes[0].vulnerability), (vec![false, false, true], Vulnerability::Vulnerable));
    let value = world.read(Topic::Routed)[0].value.clone().unwrap();
    assert!(!value.windows(6).any(|bytes| bytes == b"mental"));
}

#[test]
fn a_late_answer_amends_what_the_deadline_routed() {
    let world = World::new();
    let raw = world.complain("a");
    world.answer(&raw, "product", "Credit card");
    world.join_until(|| !world.routes().is_empty());
    let routes = world.routes();
    assert_eq!((routes[0].why, routes[0].vulnerability), (Why::Deadline, Vulnerability::Possible));
    assert_eq!(routes[0].missing_tasks, ["issue", "vulnerable"]);

    world.answer(&raw, "issue", "Fees or interest");
    world.answer(&raw, "vulnerable", "NOT_INDICATED");
    world.join_until(|| world.routes().len() == 3);
    let last = &world.routes()[2];
    assert_eq!((last.why, last.writer_epoch), (Why::Amended, 2));
    assert!(routes[0].revision < last.revision);
    assert!(last.missing_tasks.is_empty());
}

#[test]
fn routes_are_counted_by_why_kind_and_what_is_missing_and_timed_by_kind() {
    let world = World::new();
    world.answer_all(&world.complain("a"));
    let last_year = RawComplaint::new("b", "a complaint of last year", BEGIN);
    world.answer_all(&world.send(RawComplaint { bulk: true, ..last_year }));
    let flag_missing = world.complain("c");
    world.answer(&flag_missing, "product", "Credit card");
    let others_missing = world.complain("d");
    world.answer(&others_missing, "vulnerable", "NOT_INDICATED");
    world.join_until(|| world.routes().len() == 4);
    // Of what comes to a settled submission nobody knows any more whether it was live.
    world.answer(&flag_missing, "vulnerable", "NOT_INDICATED");
    world.join_until(|| world.routes().len() == 5);

    let text = world.recorder.handle().render();
    let counted: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("ombud_routes_total{") && !line.ends_with(" 0"))
        .collect();
    for (labels, count) in [
        (r#"kind="live",missing="none",why="COMPLETE""#, 1),
        (r#"kind="bulk",missing="none",why="COMPLETE""#, 1),
        (r#"kind="live",missing="vulnerable",why="DEADLINE""#, 1),
        (r#"kind="live",missing="other",why="DEADLINE""#, 1),
        (r#"kind="unknown",missing="other",why="AMENDED""#, 1),
    ] {
        let line = format!("ombud_routes_total{{{labels}}} {count}");
        assert!(counted.contains(&line.as_str()), "{line}: {counted:?}");
    }
    assert_eq!(counted.len(), 5, "{counted:?}");
    let begun_at_0 = r#"ombud_routes_total{kind="bulk",missing="vulnerable",why="DEADLINE"} 0"#;
    for line in [
        begun_at_0,
        r#"ombud_route_seconds_count{kind="live"} 3"#,
        r#"ombud_route_seconds_count{kind="bulk"} 1"#,
        "ombud_join_overdue 0",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
}

#[test]
fn what_was_taken_last_has_the_greatest_revision_whichever_partition_it_lies_in() {
    let world = World::new();
    // 2027: before 2026 all revisions have one time.
    world.clock.advance(1_798_761_600_000 - BEGIN);
    let take_back = |partition: i32, id: &str| {
        let complaint = RawComplaint { withdrawn: true, ..RawComplaint::new(id, "they took a fee", BEGIN) };
        world.append(Topic::Raw, partition, Some(id), codec::encode(&complaint).unwrap());
        world.clock.advance(10);
    };
    for (partition, id) in [(1, "b"), (1, "c"), (1, "a"), (3, "a"), (1, "a")] {
        take_back(partition, id);
        let before = world.routes().len();
        world.join_until(|| world.routes().len() > before);
        let routes = world.routes();
        let newest =
            routes.iter().filter(|route| route.complaint_id == id).max_by_key(|route| route.revision);
        assert_eq!(newest.unwrap().raw_partition, partition);
    }
    assert!(world.read(Topic::DeadLetters).is_empty());
}

#[test]
fn a_joiner_that_comes_back_routes_nothing_again_and_forgets_nothing() {
    let world = World::new();
    let raws: Vec<_> = (0..40).map(|n| world.complain(&format!("c{n}"))).collect();
    raws[..20].iter().for_each(|raw| world.answer_all(raw));
    raws[20..].iter().for_each(|raw| world.answer(raw, "product", "Credit card"));
    world.join_until(|| world.routes().len() >= 10);
    raws[20..].iter().for_each(|raw| world.answer(raw, "issue", "Fees or interest"));
    raws[20..].iter().for_each(|raw| world.answer(raw, "vulnerable", "NOT_INDICATED"));
    let complete = || world.routes().iter().filter(|route| route.missing_tasks.is_empty()).count();
    world.join_until(|| complete() == 40);
    let routes = world.routes();
    let mut routed: Vec<&str> = routes.iter().map(|route| route.route_id.as_str()).collect();
    let all = routed.len();
    routed.sort_unstable();
    routed.dedup();
    assert_eq!(routed.len(), all, "a route was written twice");
}

#[test]
fn nothing_is_decided_before_there_is_a_strategy() {
    let world = World::without_strategy();
    let raw = world.complain("a");
    world.answer_all(&raw);
    let looks = std::cell::Cell::new(0);
    world.join_until(|| {
        looks.set(looks.get() + 1);
        if looks.get() == 200 {
            assert!(world.routes().is_empty());
            world.publish();
        }
        !world.routes().is_empty()
    });
    assert_eq!(world.routes()[0].why, Why::Complete);
}

#[test]
fn a_route_and_a_dead_letter_carry_the_trace_of_their_complaint() {
    let world = World::new();
    let parent = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let header = (parent.0.to_owned(), Some(Bytes::from_static(parent.1.as_bytes())));
    let (mut sink, deliveries) = world.local.sink(1);
    for junk in ["a", "b"] {
        let (key, value) = (Some(Bytes::from_static(junk.as_bytes())), Bytes::from_static(b"junk"));
        let follows = std::slice::from_ref(&header);
        sink.send(Outgoing::stamped(Topic::Raw.name("").into(), Some(1), key, value, "test", follows), ())
            .unwrap();
        deliveries.recv().unwrap().result.unwrap();
    }
    world.join_until(|| world.routes().len() == 2 && world.read(Topic::DeadLetters).len() == 2);
    for record in world.read(Topic::Routed).into_iter().chain(world.read(Topic::DeadLetters)) {
        assert!(record.headers.contains(&header), "{record:?}");
    }
}
