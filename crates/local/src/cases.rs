//! The case store in the log's own file: the same rows and the same meaning as on a CQL server, which keeps the lists of
//! a day in buckets.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::civil::Date;
use ombud_store::{
    CaseEvent, CaseStore, FeedbackDay, Kind, KnownCase, KnownSubmission, ModelDecision, QueueEntry, Row,
    SketchRow, Sketches,
};
use ombud_stream::Outage;
use rusqlite::{Connection, types::ValueRef};

use crate::{
    change::LogChange,
    digest,
    error::{LocalError, outage},
    file::open_to_read,
    queue::NoRoom,
    shared::Shared,
    sketches,
};

/// How long a write may wait for room in the writer's queue.
const WRITE_QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// The cases of a log's folder; made by [`crate::Local::cases`] and, to read only, [`crate::LocalView::cases`].
pub struct LocalCases {
    shared: Arc<Shared>,
    connection: Connection,
}

impl LocalCases {
    pub(crate) fn new(shared: Arc<Shared>) -> Result<Self, LocalError> {
        let connection = open_to_read(&shared.path)?;
        Ok(Self { shared, connection })
    }

    pub(crate) fn file(&self) -> &Connection {
        &self.connection
    }

    /// A query of events with all their columns; the last is the digest.
    fn events(&self) -> String {
        let Shared { body, digest, .. } = &*self.shared;
        format!(
            "SELECT complaint_id, kind, seq, id, at, task, team, model_id, model_version, schema_id, {body}, origin, {digest}
             FROM case_events"
        )
    }

    /// Gives every event that is not what was written to `each`, of all cases; and how many events there are. Reads all.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn each_damaged(&mut self, each: &mut dyn FnMut(&CaseEvent)) -> Result<u64, Outage> {
        let mut read = || -> rusqlite::Result<u64> {
            let mut query = self.connection.prepare(&self.events())?;
            let mut rows = query.query([])?;
            let mut events = 0;
            while let Some(row) = rows.next()? {
                events += 1;
                let event = event(row)?;
                if event.is_spoilt() {
                    each(&event);
                }
            }
            Ok(events)
        };
        read().map_err(|e| outage("read all cases", e))
    }
}

impl CaseStore for LocalCases {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        let doing = || format!("write {} rows of cases", rows.len());
        let bytes = rows.iter().map(size).sum();
        let room = self.shared.queue.room(bytes, WRITE_QUEUE_TIMEOUT).map_err(|why| match why {
            NoRoom::Full => Outage::passing(doing(), "the writer is behind"),
            NoRoom::Closed => Outage::fatal(doing(), "the log is closed, or open for reading only"),
        })?;
        let (answer, outcome) = crossbeam_channel::bounded(1);
        let done = Box::new(move |result| drop(answer.send(result)));
        room.put(LogChange::Cases { rows: rows.to_vec(), done });
        outcome.recv().unwrap_or_else(|gone| Err(Outage::fatal(doing(), gone)))
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        let read = || -> rusqlite::Result<Vec<CaseEvent>> {
            let mut query = self.connection.prepare_cached(&format!(
                "{} WHERE complaint_id = ?1 ORDER BY kind, seq DESC, id",
                self.events()
            ))?;
            query.query_map([complaint_id], event)?.collect()
        };
        read().map_err(|e| outage(format!("read case {complaint_id}"), e))
    }

    fn known_cases(
        &mut self,
        complaint_ids: &[String],
        each: &mut dyn FnMut(&str, KnownCase),
    ) -> Result<(), Outage> {
        let known = |complaint_id: &String| -> rusqlite::Result<KnownCase> {
            let mut submissions = self
                .connection
                .prepare_cached("SELECT id, origin FROM case_events WHERE complaint_id = ?1 AND kind = ?2")?;
            let mut routes = self.connection.prepare_cached(&format!(
                "{} WHERE complaint_id = ?1 AND kind = ?2 ORDER BY seq DESC, id",
                self.events()
            ))?;
            let submission = |row: &rusqlite::Row<'_>| {
                Ok(KnownSubmission { input_sha256: text(row, 0)?, origin: text(row, 1)? })
            };
            Ok(KnownCase {
                submissions: submissions
                    .query_map((complaint_id, Kind::Raw as i8), submission)?
                    .collect::<rusqlite::Result<_>>()?,
                routes: routes
                    .query_map((complaint_id, Kind::Routed as i8), event)?
                    .collect::<rusqlite::Result<_>>()?,
            })
        };
        for complaint_id in complaint_ids {
            let read = known(complaint_id);
            each(complaint_id, read.map_err(|e| outage(format!("read case {complaint_id}"), e))?);
        }
        Ok(())
    }

    fn queue(&mut self, team: &str, day: Date) -> Result<Vec<QueueEntry>, Outage> {
        let read = || -> rusqlite::Result<Vec<QueueEntry>> {
            let mut query = self.connection.prepare_cached(
                "SELECT received_at, complaint_id, revision, priority, vulnerability, needs_human, product, issue,
                        missing, resolve_by
                 FROM queue_by_team_day WHERE team = ?1 AND day = ?2 AND NOT gone
                 ORDER BY received_at DESC, complaint_id",
            )?;
            let entry = |row: &rusqlite::Row<'_>| {
                Ok(QueueEntry {
                    team: team.into(),
                    received_at: row.get(0)?,
                    complaint_id: row.get(1)?,
                    revision: row.get(2)?,
                    priority: row.get(3)?,
                    vulnerability: row.get(4)?,
                    needs_human: row.get(5)?,
                    product: row.get(6)?,
                    issue: row.get(7)?,
                    missing: row.get(8)?,
                    resolve_by: row.get(9)?,
                })
            };
            query.query_map((team, day.to_string()), entry)?.collect()
        };
        read().map_err(|e| outage(format!("read the queue of {team} on {day}"), e))
    }

    fn feedback(&mut self, day: Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        let mut read = || -> rusqlite::Result<()> {
            let mut query = self.connection.prepare_cached(
                "SELECT decided_at, feedback_id, complaint_id, kind, model_version, label_before, label_after,
                        audit_sample
                 FROM feedback_by_day WHERE day = ?1 ORDER BY decided_at, feedback_id",
            )?;
            let verdict = |row: &rusqlite::Row<'_>| {
                Ok(FeedbackDay {
                    decided_at: row.get(0)?,
                    feedback_id: row.get(1)?,
                    complaint_id: row.get(2)?,
                    kind: row.get(3)?,
                    model_version: row.get(4)?,
                    label_before: row.get(5)?,
                    label_after: row.get(6)?,
                    audit_sample: row.get(7)?,
                })
            };
            for verdict in query.query_map([day.to_string()], verdict)? {
                each(verdict?);
            }
            Ok(())
        };
        read().map_err(|e| outage(format!("read the feedback of {day}"), e))
    }

    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: Date,
        each: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
        let mut read = || -> rusqlite::Result<()> {
            let mut query = self.connection.prepare_cached(
                "SELECT complaint_id, prediction_id, task, role, arm, outcome, label, confidence, strategy_version
                 FROM decisions_by_model WHERE model_id = ?1 AND model_version = ?2 AND day = ?3
                 ORDER BY complaint_id, prediction_id",
            )?;
            let decision = |row: &rusqlite::Row<'_>| {
                Ok(ModelDecision {
                    model_id: model_id.into(),
                    model_version: model_version.into(),
                    day,
                    complaint_id: row.get(0)?,
                    prediction_id: row.get(1)?,
                    task: row.get(2)?,
                    role: row.get(3)?,
                    arm: row.get(4)?,
                    outcome: row.get(5)?,
                    label: row.get(6)?,
                    confidence: row.get(7)?,
                    strategy_version: row.get(8)?,
                })
            };
            for decision in query.query_map((model_id, model_version, day.to_string()), decision)? {
                each(decision?);
            }
            Ok(())
        };
        read().map_err(|e| outage(format!("read what {model_id}@{model_version} said on {day}"), e))
    }
}

/// A text of a row, whatever damage has made of it.
fn optional_text(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    let bytes = digest::bytes(row.get_ref(column)?);
    Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}

fn text(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<String> {
    optional_text(row, column).map(Option::unwrap_or_default)
}

/// The event of a row; spoilt, where it is not what was written.
fn event(row: &rusqlite::Row<'_>) -> rusqlite::Result<CaseEvent> {
    let number = |column: usize| row.get_ref(column).map(digest::number);
    // Nobody has written another: a newer build's file is refused.
    let kind = i8::try_from(number(1)?).ok().and_then(Kind::of);
    let schema_id = match row.get_ref(9)? {
        ValueRef::Integer(id) => i32::try_from(id).ok(),
        _ => None,
    };
    let event = CaseEvent {
        complaint_id: text(row, 0)?,
        kind: kind.unwrap_or(Kind::Explanation),
        seq: number(2)?,
        id: text(row, 3)?,
        at: number(4)?,
        task: optional_text(row, 5)?,
        team: optional_text(row, 6)?,
        model_id: optional_text(row, 7)?,
        model_version: optional_text(row, 8)?,
        schema_id,
        body: Bytes::copy_from_slice(digest::bytes(row.get_ref(10)?).unwrap_or_default()),
        origin: text(row, 11)?,
    };
    let is_sound = kind.is_some() && digest::fits(row.get_ref(12)?, || event.digest());
    Ok(if is_sound { event } else { event.spoilt() })
}

/// Bytes that a waiting row holds, but for a few short strings.
fn size(row: &Row) -> usize {
    match row {
        Row::CaseEvent(event) => event.body.len(),
        Row::Strategy(strategy) => strategy.body.len(),
        Row::Model(model) => model.body.len(),
        Row::Sketch(sketch) => sketch.sketch.len(),
        _ => 0,
    }
}

impl Sketches for LocalCases {
    fn sketches(&mut self, day: Date, each: &mut dyn FnMut(SketchRow)) -> Result<(), Outage> {
        sketches::read(self.file(), day, each).map_err(|e| outage(format!("read the sketches of {day}"), e))
    }
}
