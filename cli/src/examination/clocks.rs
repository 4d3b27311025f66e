//! Other machines' clocks against ours: a strategy begins by the log's clock and is published by ours, so they may differ
//! by less than its lead.

use anyhow::Result;
use ombud_contract::catalogue::Topic;
use ombud_kafka::{Connection, Kafka};
use ombud_models::LEAD;
use ombud_stream::{Clock, Reader, SystemClock, TopicPartition};

use super::Finding;
use crate::log::backend::READER;

/// What two machines that keep their time differ by at most, in milliseconds.
const USUAL_OFFSET_MS: i64 = 1_000;
const FIX: &str = "let every machine keep its time by NTP";

/// `theirs` was read at some moment from `before` to `after` by our clock, all in milliseconds.
pub(super) fn compare(whose: &str, theirs: i64, before: i64, after: i64) -> Finding {
    // At least so much, however long the answer took.
    let off = (theirs - after).max(before - theirs).max(0);
    if off > lead_ms() {
        return Finding::bad("clock", format!("{whose} differs from ours by {off} ms or more"), FIX);
    }
    if off > USUAL_OFFSET_MS {
        return Finding::warn("clock", format!("{whose} differs from ours by {off} ms or more"), FIX);
    }
    Finding::ok(
        "clock",
        format!("{whose} agrees with ours within {} ms", (theirs - before).abs().max(after - before)),
    )
}

/// The brokers' clock stamps what is appended to complaints.raw: a stamp in the future shows that it is ahead.
/// That it is behind can't be seen without appending.
pub(super) fn brokers(connection: &Connection, prefix: &str, findings: &mut Vec<Finding>) {
    match ahead(connection, prefix) {
        Ok(ahead) => findings.push(match ahead {
            Some(bound) if bound >= lead_ms() => {
                Finding::bad("clock", format!("a broker's is more than {bound} ms ahead of ours"), FIX)
            }
            Some(bound) => {
                Finding::warn("clock", format!("a broker's is more than {bound} ms ahead of ours"), FIX)
            }
            None => Finding::ok("clock", "no broker has stamped a record of complaints.raw later than now"),
        }),
        // Reported already, for Kafka and for the topics.
        Err(error) => tracing::debug!(%error, "brokers' clocks not compared"),
    }
}

/// The larger of the two bounds that a stamp exceeds.
fn ahead(connection: &Connection, prefix: &str) -> Result<Option<i64>> {
    let kafka = Kafka::connect(connection, prefix)?;
    let raw = Topic::Raw.name(prefix);
    let partitions = kafka.partitions(&raw)?;
    let mut reader = kafka.reader(READER)?;
    let now = SystemClock.now_ms();
    let mut exceeded = None;
    for bound in [USUAL_OFFSET_MS, lead_ms()] {
        for number in 0..partitions {
            let partition = TopicPartition::new(raw.as_str(), number);
            if reader.offset_at(&partition, now + bound)? < reader.end(&partition)? {
                exceeded = Some(bound);
                break;
            }
        }
    }
    Ok(exceeded)
}

fn lead_ms() -> i64 {
    i64::try_from(LEAD.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examination::Health;

    #[test]
    fn clocks_may_differ_by_less_than_the_strategys_lead() {
        for (theirs, health) in [
            (10_000, Health::Ok),
            (11_050, Health::Ok),
            (11_051, Health::Warn),
            (8_999, Health::Warn),
            (15_050, Health::Warn),
            (15_051, Health::Bad),
            (4_999, Health::Bad),
        ] {
            assert_eq!(compare("its", theirs, 10_000, 10_050).health, health, "{theirs}");
        }
    }

    #[test]
    fn a_slow_answer_is_no_difference() {
        assert_eq!(compare("its", 12_000, 10_000, 20_000).health, Health::Ok);
    }
}
