//! The statements that write rows of cases.

use ombud_store::{Row, day_of};
use rusqlite::Connection;

use crate::{bodies, sketches, topics::Topics};

/// Writes rows within the writer's transaction.
pub(crate) fn write_all(connection: &Connection, topics: &Topics, rows: &[Row]) -> rusqlite::Result<()> {
    rows.iter().try_for_each(|row| write(connection, topics, row))?;
    sketches::write(connection, rows)
}

fn write(connection: &Connection, topics: &Topics, row: &Row) -> rusqlite::Result<()> {
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql)?.execute(values).map(drop)
    };
    match row {
        Row::CaseEvent(e) => {
            let record = bodies::record_of(connection, topics, e)?;
            let body = if record.is_some() { &[][..] } else { &*e.body };
            run(
                "INSERT OR REPLACE INTO case_events
                 (complaint_id, kind, seq, id, at, task, team, model_id, model_version, schema_id, body, origin, digest,
                  record_place)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                &[
                    &e.complaint_id, &(e.kind as i8), &e.seq, &e.id, &e.at, &e.task, &e.team, &e.model_id,
                    &e.model_version, &e.schema_id, &body, &e.origin, &e.digest(), &record,
                ],
            )
        }
        Row::Queued(q) => run(
            "INSERT INTO queue_by_team_day
             (team, day, received_at, complaint_id, revision, gone, priority, vulnerability, needs_human, product,
              issue, missing, resolve_by)
             VALUES (?1, ?2, ?3, ?4, ?5, FALSE, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT DO UPDATE SET
               revision = excluded.revision, gone = FALSE, priority = excluded.priority,
               vulnerability = excluded.vulnerability, needs_human = excluded.needs_human,
               product = excluded.product, issue = excluded.issue, missing = excluded.missing,
               resolve_by = excluded.resolve_by
             WHERE excluded.revision > revision OR (excluded.revision = revision AND NOT gone)",
            &[
                &q.team, &day_of(q.received_at).to_string(), &q.received_at, &q.complaint_id, &q.revision,
                &q.priority, &q.vulnerability, &q.needs_human, &q.product, &q.issue, &q.missing, &q.resolve_by,
            ],
        ),
        // The row stays, marked: as on a CQL server, what was taken away beats the inserts before it.
        Row::Unqueued(u) => run(
            "INSERT INTO queue_by_team_day (team, day, received_at, complaint_id, revision, gone)
             VALUES (?1, ?2, ?3, ?4, ?5, TRUE)
             ON CONFLICT DO UPDATE SET revision = excluded.revision, gone = TRUE
             WHERE excluded.revision >= revision",
            &[&u.team, &day_of(u.received_at).to_string(), &u.received_at, &u.complaint_id, &u.revision],
        ),
        Row::CustomerCase(c) => run(
            "INSERT OR REPLACE INTO cases_by_customer (customer_ref, received_at, complaint_id) VALUES (?1, ?2, ?3)",
            &[&c.customer_ref, &c.received_at, &c.complaint_id],
        ),
        Row::Decision(d) => run(
            "INSERT OR REPLACE INTO decisions_by_model
             (model_id, model_version, day, complaint_id, prediction_id, task, role, arm, outcome, label, confidence,
              strategy_version)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            &[
                &d.model_id, &d.model_version, &d.day.to_string(), &d.complaint_id, &d.prediction_id, &d.task,
                &d.role, &d.arm, &d.outcome, &d.label, &d.confidence, &d.strategy_version,
            ],
        ),
        Row::Feedback(f) => run(
            "INSERT OR REPLACE INTO feedback_by_day
             (day, decided_at, feedback_id, complaint_id, kind, model_version, label_before, label_after, audit_sample)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            &[
                &day_of(f.decided_at).to_string(), &f.decided_at, &f.feedback_id, &f.complaint_id, &f.kind,
                &f.model_version, &f.label_before, &f.label_after, &f.audit_sample,
            ],
        ),
        Row::Strategy(s) => run(
            "INSERT OR REPLACE INTO strategy_history (scope, version, effective_from, changed_by, body)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            &[&s.scope, &s.version, &s.effective_from, &s.changed_by, &&*s.body],
        ),
        Row::Model(m) => run(
            "INSERT OR REPLACE INTO model_versions (model_id, version, tasks, state, created_at, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[&m.model_id, &m.version, &m.tasks, &m.state, &m.created_at, &&*m.body],
        ),
        // In blocks, together with the others.
        Row::Sketch(_) => Ok(()),
        Row::ErasedSketch(e) => sketches::erase(connection, e),
    }
}
