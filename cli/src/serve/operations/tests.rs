use std::sync::Arc;

use ombud_contract::{catalogue::Topic, dead_letter::UnreadableRecord, ids, records::DeadReason};
use ombud_launch::shutdown::Shutdown;
use ombud_stream::{Outgoing, SystemClock, TopicPartition};

use super::*;
use crate::log::scan::scan;

/// What the customer wrote in a record that nobody could read.
const BAD: &[u8] = b"\0\0\0\0\x07They charged me twice.";

/// A folder with two records that nobody could read and their letters; gives the letters' ids.
fn with_letters(backend: &Backend) -> [String; 2] {
    let (mut sink, deliveries) = backend.sink::<()>(8).unwrap();
    let mut append = |record| {
        sink.send(record, ()).unwrap();
        deliveries.recv().unwrap().result.unwrap()
    };
    [0, 1].map(|number| {
        let value = (number == 0).then(|| bytes::Bytes::from_static(BAD));
        let (topic, headers) = (Topic::Raw.name("").into(), Vec::new());
        let raw = Outgoing { topic, partition: Some(2), key: None, value: value.clone(), headers };
        let (at, offset) = append(raw);
        let unread = UnreadableRecord {
            topic: &at.topic,
            partition: at.partition,
            offset,
            appended_at: 1,
            key: None,
            value: value.as_ref(),
            headers: &[],
        };
        let letter = unread.letter("join", DeadReason::Undecodable, "not Avro", 1_000 + offset).unwrap();
        append(Outgoing::stamped(Topic::DeadLetters.name("").into(), None, None, letter, "join", &[]));
        ids::dead_letter_id("complaints.raw", 2, offset)
    })
}

/// Runs `test` on the operations of a folder with two letters.
fn served(test: impl FnOnce(&ServedOperations, &Backend, [String; 2])) {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
    let backend = Backend::embedded(&settings).unwrap();
    let letters = with_letters(&backend);
    let (shutdown, readiness) = (Shutdown::default(), Readiness::default());
    readiness.remark("models", "one is tried again");
    std::thread::scope(|scope| {
        let mut crew = Crew::new(scope, shutdown, false);
        let clock = Arc::new(SystemClock);
        let operations = ServedOperations::start(&mut crew, &settings, &backend, clock, readiness).unwrap();
        test(&operations, &backend, letters);
        crew.stop(Ok(())).unwrap();
    });
}

fn raw(backend: &Backend) -> usize {
    let mut reader = backend.view().reader(READER).unwrap();
    let partition = TopicPartition::new("complaints.raw", 2);
    let end = reader.end(&partition).unwrap();
    usize::try_from(scan(&mut reader, &partition, 0, end, |_| Ok(())).unwrap()).unwrap()
}

#[test]
fn a_look_says_how_far_groups_are_and_which_letters_there_are_without_what_lies_in_them() {
    served(|operations, _, [first, second]| {
        let status = (0..20).find_map(|_| operations.status()).unwrap().what;
        let groups = status.groups.clone().unwrap();
        let lags: Vec<_> = groups.iter().map(|group| (group.group.as_str(), group.lag)).collect();
        assert_eq!(lags, [("ombud.infer.all", 2), ("ombud.join", 2), ("ombud.archive", 2)]);
        assert!(groups.iter().all(|group| group.oldest.is_some()), "{groups:?}");
        let letters = status.letters.clone().unwrap();
        assert_eq!((letters.looked_at, letters.is_more), (2, false));
        assert_eq!(letters.by_reason, [("undecodable".to_owned(), 2)]);
        let listed: Vec<_> =
            letters.newest.iter().map(|letter| (&letter.id, letter.refusal.is_some())).collect();
        assert_eq!(listed, [(&second, true), (&first, false)], "the newest first; one had no value");
        assert!(status.models.is_err() || status.models.clone().unwrap().is_empty());
        let answers = status.reached.iter().filter(|reached| reached.answer.is_ok()).count();
        assert_eq!(answers, 3, "{:?}", status.reached);
        assert_eq!(status.remarks[0].0, "models");
        assert!(!format!("{status:?}").contains("charged"), "{status:?}");
    });
}

#[test]
fn a_chosen_letter_is_sent_again_once_after_it_was_recorded_and_beside_a_running_up() {
    served(|operations, backend, [first, second]| {
        let unknown = "0".repeat(64);
        let ids = [first.clone(), second.clone(), unknown.clone()];
        let refused =
            operations.redrive(&ids, &mut |_| Err(Outage::passing("record it", "full"))).unwrap_err();
        assert_eq!((refused.to_string().contains("record it"), raw(backend)), (true, 2));

        let mut recorded = Vec::new();
        let mut redrive = || {
            let letters = operations.redrive(&ids, &mut |sent| {
                assert_eq!(raw(backend), 2, "nothing was sent before");
                recorded.extend_from_slice(sent);
                Ok(())
            });
            let letters = letters.unwrap().into_iter();
            letters.map(|letter| (letter.id, letter.fate)).collect::<Vec<_>>()
        };
        let rest = [(second.clone(), LetterFate::Refused), (unknown.clone(), LetterFate::Refused)];
        assert_eq!(redrive(), [&[(first.clone(), LetterFate::Sent)][..], &rest].concat());
        assert_eq!(redrive(), [&[(first.clone(), LetterFate::Already)][..], &rest].concat());
        assert_eq!((recorded, raw(backend)), (vec![first], 3));
    });
}

#[test]
fn the_doctor_looks_beside_a_running_up_where_somebody_asks() {
    served(|operations, _, _| {
        assert_eq!(operations.examination(false), Examination::default());
        // Each waits for some seconds.
        let lines = (0..20).find_map(|_| operations.examination(true).found).unwrap().what;
        assert!(lines.iter().any(|line| line.what == "log" && line.grade == Grade::Ok), "{lines:?}");
    });
}
