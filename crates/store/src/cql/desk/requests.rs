//! Requests on a CQL server.

use futures_util::{StreamExt, TryStreamExt, stream};
use ombud_stream::Outage;
use scylla::value::CqlTimestamp;

use super::{CqlDesk, Outcome, ROUNDS, Shared};
use crate::{
    cql::read_error::ReadError,
    requests::{ChangeRequest, RequestState, Requests},
};

impl Requests for CqlDesk {
    fn ask(&mut self, request: &ChangeRequest) -> Result<(), Outage> {
        self.wait(format!("keep request {}", request.request_id), self.0.ask(request))
    }

    fn request(&mut self, request_id: &str) -> Result<Option<ChangeRequest>, Outage> {
        self.wait(format!("read request {request_id}"), self.0.change_request(request_id))
    }

    fn open_requests(&mut self) -> Result<Vec<ChangeRequest>, Outage> {
        self.wait("read the open requests".to_owned(), self.0.open_requests())
    }

    fn approve(&mut self, request_id: &str, person: &str) -> Result<Option<ChangeRequest>, Outage> {
        self.wait(format!("approve request {request_id}"), self.0.approve(request_id, person))
    }

    fn end_request(&mut self, request_id: &str, state: RequestState) -> Result<bool, Outage> {
        self.wait(format!("end request {request_id}"), self.0.end_request(request_id, state))
    }
}

type Columns = (String, CqlTimestamp, String, i64, String, Option<Vec<String>>, String);

impl Shared {
    async fn ask(&self, request: &ChangeRequest) -> Result<(), ReadError> {
        let statements = &self.statements.requests;
        // First, so that none is open and in no list.
        self.write(&statements.note, (&request.request_id,)).await?;
        let values = (
            &request.request_id,
            &request.requested_by,
            CqlTimestamp(request.requested_at),
            &request.reason,
            request.base_version,
            &request.change,
            &request.approved_by,
            count(&request.approved_by),
            request.state.symbol(),
        );
        self.change(&statements.ask, values).await.map(drop)
    }

    async fn change_request(&self, request_id: &str) -> Result<Option<ChangeRequest>, ReadError> {
        let found = self.row::<Columns>(&self.statements.requests.read, (request_id,)).await?;
        found.map(|columns| request(request_id, columns)).transpose()
    }

    async fn open_requests(&self) -> Result<Vec<ChangeRequest>, ReadError> {
        let noted = self.rows::<(String,)>(&self.statements.requests.noted, ()).await?;
        let reads = noted.iter().map(|(request_id,)| self.change_request(request_id));
        let found: Vec<_> = stream::iter(reads).buffered(self.concurrency).try_collect().await?;
        // One that is noted and not there is being asked for just now.
        let mut open: Vec<ChangeRequest> = found.into_iter().flatten().collect();
        open.retain(|request| request.state == RequestState::Open);
        open.sort_by(|a, b| (a.requested_at, &a.request_id).cmp(&(b.requested_at, &b.request_id)));
        Ok(open)
    }

    async fn approve(&self, request_id: &str, person: &str) -> Result<Option<ChangeRequest>, ReadError> {
        for _ in 0..ROUNDS {
            let Some(mut request) = self.change_request(request_id).await? else { return Ok(None) };
            let is_there = request.approved_by.iter().any(|other| other == person);
            if request.state != RequestState::Open || is_there {
                return Ok(Some(request));
            }
            let before = count(&request.approved_by);
            request.approved_by.push(person.to_owned());
            let values = (&request.approved_by, before + 1, request_id, before);
            if self.change(&self.statements.requests.approve, values).await? == Outcome::Applied {
                return Ok(Some(request));
            }
        }
        Err(ReadError::answer("others approved it, again and again"))
    }

    async fn end_request(&self, request_id: &str, state: RequestState) -> Result<bool, ReadError> {
        let statements = &self.statements.requests;
        let changed = self.change(&statements.end, (state.symbol(), request_id)).await?;
        let has_ended_so = match changed {
            Outcome::Applied => true,
            Outcome::Refused | Outcome::Unknown => {
                self.change_request(request_id).await?.is_some_and(|found| found.state == state)
            }
        };
        if has_ended_so {
            self.write(&statements.forget, (request_id,)).await?;
        }
        Ok(has_ended_so)
    }
}

fn count(people: &[String]) -> i32 {
    i32::try_from(people.len()).unwrap_or(i32::MAX)
}

fn request(request_id: &str, columns: Columns) -> Result<ChangeRequest, ReadError> {
    let (requested_by, requested_at, reason, base_version, change, approved_by, state) = columns;
    let unknown = || ReadError::answer(format!("a request is {state}, which this build doesn't know"));
    Ok(ChangeRequest {
        request_id: request_id.to_owned(),
        requested_by,
        requested_at: requested_at.0,
        reason,
        base_version,
        change,
        approved_by: approved_by.unwrap_or_default(),
        state: RequestState::of(&state).ok_or_else(unknown)?,
    })
}
