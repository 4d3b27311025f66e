//! What nobody can read: parked with its bytes, and routed to a human.

use bytes::Bytes;
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{DeadLetter, DeadReason, RawComplaint, RoutedComplaint, Vulnerability, Why},
};

use crate::world::{BEGIN, World};

#[test]
fn what_cannot_be_read_is_parked_with_its_bytes_and_its_key_is_routed_to_a_human() {
    let world = World::new();
    let junk = Bytes::from_static(b"\0\0\0\0\x07junk");
    world.append(Topic::Raw, 1, Some("a"), junk.clone());
    world.append(Topic::Raw, 1, None, junk.clone());
    let raw = world.complain("b");
    world.answer_all(&raw);
    world.join_until(|| world.routes().len() == 3 && world.read(Topic::DeadLetters).len() == 2);
    let mut routes = world.routes();
    routes.sort_by(|a, b| a.complaint_id.cmp(&b.complaint_id));
    let ids: Vec<&str> = routes.iter().map(|route| route.complaint_id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "unreadable-1-1"]);
    assert_eq!((routes[2].team.as_str(), routes[2].needs_human), ("triage-desk", true));
    assert_eq!((routes[0].why, routes[0].needs_human), (Why::Unreadable, true));
    assert_eq!(routes[0].vulnerability, Vulnerability::Possible);
    assert_eq!((routes[1].why, routes[2].why), (Why::Complete, Why::Unreadable));
    for record in world.read(Topic::DeadLetters) {
        let letter: DeadLetter = codec::decode(record.value.as_ref().unwrap()).unwrap();
        assert_eq!(letter.value.as_deref(), Some(&*junk));
        assert_eq!((letter.worker.as_str(), letter.source_topic.as_str()), ("join", "complaints.raw"));
        assert!(matches!(letter.reason, DeadReason::Undecodable | DeadReason::UnknownSchema));
    }
}

#[test]
fn what_is_not_what_was_written_is_parked_as_corrupt_and_its_complaint_goes_to_a_human() {
    let world = World::new();
    let complaint = |text: &str| codec::encode(&RawComplaint::new("a", text, BEGIN)).unwrap();
    // Each can be read, and each is another than it says.
    let changed = [complaint("the bank took a fef"), complaint("the bank took a feg")];
    for is in &changed {
        world.append_changed(Topic::Raw, "a", complaint("the bank took a fee"), is.clone());
    }
    let raw = world.complain("b");
    world.answer_all(&raw);
    let of = |id: &str| -> Vec<RoutedComplaint> {
        world.routes().into_iter().filter(|route| route.complaint_id == id).collect()
    };
    // The route of the last is of the last: they are two contents.
    let newest = || of("a").iter().map(|route| route.raw_offset).max();
    world.join_until(|| {
        newest() == Some(1) && !of("b").is_empty() && world.read(Topic::DeadLetters).len() == 2
    });
    assert!(of("a").iter().all(|route| route.why == Why::Unreadable && route.needs_human));
    assert_eq!(of("b")[0].why, Why::Complete);
    for (record, is) in world.read(Topic::DeadLetters).iter().zip(&changed) {
        let letter: DeadLetter = codec::decode(record.value.as_ref().unwrap()).unwrap();
        assert_eq!((letter.reason, letter.worker.as_str()), (DeadReason::Corrupt, "join"));
        assert_eq!(letter.value.as_deref(), Some(&is[..]));
    }
}

#[test]
fn a_complaint_is_routed_under_no_key_or_a_framed_one_and_parked_under_another_complaints() {
    let world = World::new();
    let keys = [
        ("null", None),
        ("json", Some("\"json\"")),
        ("avro", Some("\0\0\0\0\x05\x08avro")),
        ("mine", Some("another")),
    ];
    for (id, key) in keys {
        let complaint = RawComplaint::new(id, "the bank took a fee that it had promised not to take", BEGIN);
        let offset = world.append(Topic::Raw, 1, key, codec::encode(&complaint).unwrap());
        world.answer_all(&(complaint, offset));
    }
    world.join_until(|| world.routes().len() == 4 && world.read(Topic::DeadLetters).len() == 1);
    let mut routes = world.routes();
    routes.sort_by(|a, b| a.complaint_id.cmp(&b.complaint_id));
    let found: Vec<(&str, Why)> = routes.iter().map(|route| (&*route.complaint_id, route.why)).collect();
    let complete = |id| (id, Why::Complete);
    let expected = [("another", Why::Unreadable), complete("avro"), complete("json"), complete("null")];
    assert_eq!(found, expected);
    let letters = world.read(Topic::DeadLetters);
    let letter: DeadLetter = codec::decode(letters[0].value.as_ref().unwrap()).unwrap();
    assert_eq!(letter.reason, DeadReason::Invalid);
    assert_eq!(letter.detail, "the key is not the complaint id");
}
