//! The dead letter of a record that the archive can't read.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use metrics::counter;
use ombud_contract::{
    codec::CodecError,
    dead_letter::{Fault, UnreadableRecord},
    records::DeadReason,
};
use ombud_stream::{Delivery, Outage, Outgoing, Record, Sink};

use crate::topics::{TOPICS, WORKER};

/// What the archive makes of a record, as metrics call it.
const OUTCOMES: [&str; 4] = ["kept", "nothing", "overtaken", "parked"];

/// Makes every counter begin at 0: one that first appears with what it counts raises no alarm.
pub(crate) fn count_from_zero() {
    for (topic, outcome) in TOPICS.iter().flat_map(|topic| OUTCOMES.map(|outcome| (topic, outcome))) {
        counter!("ombud_archived_total", "topic" => topic.base_name(), "outcome" => outcome).increment(0);
    }
    counter!("ombud_split_routes_total").increment(0);
    for reason in DeadReason::ALL {
        let reason = reason.metric_label();
        counter!("ombud_dead_letters_total", "worker" => WORKER, "reason" => reason).increment(0);
    }
}

/// What goes to `topic` for `record`.
///
/// # Errors
/// The letter itself can't be written, which no record brings about.
pub(crate) fn letter(
    record: &Record,
    why: &Fault,
    topic: &Arc<str>,
    now_ms: i64,
) -> Result<Outgoing, CodecError> {
    let unread = UnreadableRecord {
        topic: &record.source.topic,
        partition: record.source.partition,
        offset: record.offset,
        appended_at: record.appended_at,
        key: record.key.as_ref(),
        value: record.as_logged(),
        headers: &record.headers,
    };
    let value = unread.letter(WORKER, why.reason, &why.to_string(), now_ms)?;
    Ok(Outgoing::stamped(Arc::clone(topic), None, record.key.clone(), value, WORKER, &record.headers))
}

/// Sends dead letters and waits until they are durable, for as long as `within`.
///
/// # Errors
/// Not all of them are: some may be.
pub(crate) fn park(
    sink: &mut impl Sink<()>,
    deliveries: &Receiver<Delivery<()>>,
    letters: Vec<Outgoing>,
    within: Duration,
) -> Result<(), Outage> {
    let until = Instant::now() + within;
    let late = |what: &str| Outage::passing("park unreadable records", what.to_owned());
    let mut in_flight = 0_usize;
    for mut letter in letters {
        while let Err(refused) = sink.send(letter, ()) {
            match refused.outage {
                Some(outage) => return Err(outage),
                None if Instant::now() >= until => return Err(late("the sink has no room")),
                None => letter = refused.record,
            }
            for delivery in deliveries.try_iter() {
                delivery.result?;
                in_flight -= 1;
            }
        }
        in_flight += 1;
    }
    for _ in 0..in_flight {
        let delivery = deliveries.recv_deadline(until).map_err(|_| late("no delivery came in time"))?;
        delivery.result?;
    }
    Ok(())
}
