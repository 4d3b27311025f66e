//! Requests in the desk's file.

use ombud_store::{ChangeRequest, RequestState, Requests};
use ombud_stream::Outage;
use rusqlite::{Connection, OptionalExtension as _, Row, types::Type};

use super::LocalDesk;

const COLUMNS: &str = "request_id, requested_by, requested_at, reason, base_version, change, state";

impl Requests for LocalDesk {
    fn ask(&mut self, request: &ChangeRequest) -> Result<(), Outage> {
        self.write(
            || format!("keep request {}", request.request_id),
            |file, _| {
                let insert = format!(
                    "INSERT INTO requests ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING"
                );
                let added = file.prepare_cached(&insert)?.execute((
                    &request.request_id,
                    &request.requested_by,
                    request.requested_at,
                    &request.reason,
                    request.base_version,
                    &request.change,
                    request.state.symbol(),
                ))?;
                for (number, person) in request.approved_by.iter().enumerate().take_while(|_| added == 1) {
                    add_approval(file, &request.request_id, number, person)?;
                }
                Ok(())
            },
        )
    }

    fn request(&mut self, request_id: &str) -> Result<Option<ChangeRequest>, Outage> {
        self.read(|| format!("read request {request_id}"), |file, _| find(file, request_id))
    }

    fn open_requests(&mut self) -> Result<Vec<ChangeRequest>, Outage> {
        self.read(
            || "read the open requests".to_owned(),
            |file, _| {
                let mut query = file.prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM requests WHERE state = ?1 ORDER BY requested_at, request_id"
                ))?;
                let found = query.query_map([RequestState::Open.symbol()], request)?;
                found.map(|request| with_approvals(file, request?)).collect()
            },
        )
    }

    fn approve(&mut self, request_id: &str, person: &str) -> Result<Option<ChangeRequest>, Outage> {
        self.write(
            || format!("approve request {request_id}"),
            |file, _| {
                let Some(mut request) = find(file, request_id)? else { return Ok(None) };
                let is_new = !request.approved_by.iter().any(|other| other == person);
                if request.state == RequestState::Open && is_new {
                    add_approval(file, request_id, request.approved_by.len(), person)?;
                    request.approved_by.push(person.to_owned());
                }
                Ok(Some(request))
            },
        )
    }

    fn end_request(&mut self, request_id: &str, state: RequestState) -> Result<bool, Outage> {
        self.write(
            || format!("end request {request_id}"),
            |file, _| {
                let open = RequestState::Open.symbol();
                let change = "UPDATE requests SET state = ?2 WHERE request_id = ?1 AND state IN (?2, ?3)";
                let changed = file.prepare_cached(change)?.execute((request_id, state.symbol(), open))?;
                Ok(changed == 1)
            },
        )
    }
}

fn find(file: &Connection, request_id: &str) -> rusqlite::Result<Option<ChangeRequest>> {
    let query = format!("SELECT {COLUMNS} FROM requests WHERE request_id = ?1");
    let found = file.prepare_cached(&query)?.query_row([request_id], request).optional()?;
    found.map(|request| with_approvals(file, request)).transpose()
}

fn request(row: &Row<'_>) -> rusqlite::Result<ChangeRequest> {
    let state: String = row.get(6)?;
    let unknown = || rusqlite::Error::FromSqlConversionFailure(6, Type::Text, "no state of a request".into());
    Ok(ChangeRequest {
        request_id: row.get(0)?,
        requested_by: row.get(1)?,
        requested_at: row.get(2)?,
        reason: row.get(3)?,
        base_version: row.get(4)?,
        change: row.get(5)?,
        approved_by: Vec::new(),
        state: RequestState::of(&state).ok_or_else(unknown)?,
    })
}

fn with_approvals(file: &Connection, mut request: ChangeRequest) -> rusqlite::Result<ChangeRequest> {
    let mut query =
        file.prepare_cached("SELECT person FROM approvals WHERE request_id = ?1 ORDER BY number")?;
    let people = query.query_map([&request.request_id], |row| row.get(0))?;
    request.approved_by = people.collect::<rusqlite::Result<_>>()?;
    Ok(request)
}

fn add_approval(file: &Connection, request_id: &str, number: usize, person: &str) -> rusqlite::Result<()> {
    let add = "INSERT INTO approvals (request_id, number, person) VALUES (?1, ?2, ?3)";
    file.prepare_cached(add)?.execute((request_id, number as i64, person)).map(drop)
}
