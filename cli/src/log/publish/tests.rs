//! What a publisher does when its queue is full, when the log refuses, and when the log is gone.

use std::collections::VecDeque;

use crossbeam_channel::{Sender, bounded};
use ombud_contract::records::RawComplaint;
use ombud_stream::{Outage, Refused, TopicPartition};

use super::*;

/// Holds `room` records; one more is refused, and the oldest that it holds becomes durable.
struct Narrow {
    room: usize,
    held: VecDeque<Outgoing>,
    taken: Vec<String>,
    delivered: Sender<Delivery<()>>,
}

impl Narrow {
    fn deliver(&mut self) {
        let Some(record) = self.held.pop_front() else { return };
        let place = (TopicPartition::new(record.topic, 0), 0);
        self.delivered.send(Delivery { token: (), result: Ok(place) }).unwrap();
    }
}

impl Sink<()> for Narrow {
    fn send(&mut self, record: Outgoing, token: ()) -> Result<(), Refused<()>> {
        if self.held.len() == self.room {
            self.deliver();
            return Err(Refused { record, token, outage: None });
        }
        self.taken.push(String::from_utf8(record.key.clone().unwrap().to_vec()).unwrap());
        self.held.push_back(record);
        Ok(())
    }
}

fn record(id: &str) -> Outgoing {
    outgoing(&"complaints.raw".into(), id, &RawComplaint::new(id, "They charged me.", 1)).unwrap()
}

fn narrow(room: usize) -> Publisher<Narrow> {
    let (delivered, deliveries) = bounded(8);
    Publisher::new((Narrow { room, held: VecDeque::new(), taken: Vec::new(), delivered }, deliveries))
}

#[test]
fn a_full_queue_is_waited_for_and_every_record_goes_once_in_order() {
    let mut publisher = narrow(2);
    for id in ["c-1", "c-2", "c-3", "c-4", "c-5"] {
        publisher.send(record(id)).unwrap();
    }
    assert_eq!(publisher.sink.taken, ["c-1", "c-2", "c-3", "c-4", "c-5"]);
    assert_eq!(publisher.in_flight, 2, "the others came back as durable on the way");
}

#[test]
fn a_flush_ends_when_all_that_was_sent_is_durable() {
    let mut publisher = narrow(3);
    publisher.flush().unwrap();
    for id in ["c-1", "c-2", "c-3"] {
        publisher.send(record(id)).unwrap();
    }
    (0..3).for_each(|_| publisher.sink.deliver());
    publisher.flush().unwrap();
    assert_eq!((publisher.in_flight, publisher.deliveries.len()), (0, 0));
}

#[test]
fn a_record_that_does_not_become_durable_fails_the_flush_and_the_next_record() {
    let lost = || Delivery { token: (), result: Err(Outage::passing("append", "away")) };
    type Step = fn(&mut Publisher<Narrow>) -> Result<()>;
    let steps: [Step; 2] = [Publisher::flush, |publisher| publisher.send(record("c-2"))];
    for next in steps {
        let mut publisher = narrow(2);
        publisher.send(record("c-1")).unwrap();
        publisher.sink.delivered.send(lost()).unwrap();
        assert!(next(&mut publisher).is_err_and(|error| error.is::<Outage>()));
    }
}

#[test]
fn a_sink_that_is_broken_is_not_tried_again() {
    struct Broken(usize);
    impl Sink<()> for Broken {
        fn send(&mut self, record: Outgoing, token: ()) -> Result<(), Refused<()>> {
            self.0 += 1;
            Err(Refused { record, token, outage: Some(Outage::fatal("append", "not authorised")) })
        }
    }
    let (_told, deliveries) = bounded(1);
    let mut publisher = Publisher::new((Broken(0), deliveries));
    assert!(publisher.send(record("c-1")).is_err_and(|error| error.is::<Outage>()));
    assert_eq!(publisher.sink.0, 1);
    publisher.flush().unwrap();
}

#[test]
fn a_log_that_is_closed_with_records_in_flight_is_a_failure() {
    let mut publisher = narrow(1);
    publisher.send(record("c-1")).unwrap();
    // Nobody can answer any more.
    publisher.sink.delivered = bounded(1).0;
    assert_eq!(publisher.flush().unwrap_err().to_string(), "append: the log was closed");
}

#[test]
fn a_record_is_stamped_as_the_commands() {
    let record = record("c-1");
    let worker = record.headers.iter().find(|(name, _)| name == "ombud-worker").unwrap();
    assert_eq!((worker.1.as_deref(), record.key.as_deref()), (Some(&b"ombud"[..]), Some(&b"c-1"[..])));
    assert_eq!(record.partition, None, "its key chooses the partition");
}

/// Its log refuses the first record once it has it.
struct Refusing(Sender<Delivery<()>>, bool);

impl Sink<()> for Refusing {
    fn send(&mut self, record: Outgoing, token: ()) -> Result<(), Refused<()>> {
        let place = (TopicPartition::new(record.topic, 0), 0);
        let refused = std::mem::replace(&mut self.1, false);
        let result = if refused { Err(Outage::passing("append", "the disk is full")) } else { Ok(place) };
        self.0.send(Delivery { token, result }).unwrap();
        Ok(())
    }
}

#[test]
fn what_failed_is_reported_once_and_the_next_is_not_waited_for_in_its_stead() {
    let (delivered, deliveries) = bounded(8);
    let mut publisher = Publisher::new((Refusing(delivered, true), deliveries));
    publisher.send(record("c-1")).unwrap();
    assert!(publisher.flush().is_err());
    publisher.send(record("c-2")).unwrap();
    publisher.flush().unwrap();
    assert_eq!(publisher.in_flight, 0);
}
