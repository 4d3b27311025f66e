//! Leases on a CQL server. A lease is a row with a TTL, so that it ends by the server's clock.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use ombud_stream::Outage;
use scylla::{statement::prepared::PreparedStatement, value::CqlTimestamp};

use super::{CqlDesk, Outcome, ROUNDS, Shared, ttl};
use crate::{
    cql::read_error::ReadError,
    leases::{Claim, Lease, LeaseAnswer, Leases},
};

/// What somebody has is looked for in the hours around now: a lease that is longer than this, and was not renewed, is not
/// found by its holder.
const HOUR_MS: i64 = 3_600_000;

impl Leases for CqlDesk {
    fn take(&mut self, claim: &Claim, length: Duration) -> Result<LeaseAnswer, Outage> {
        self.wait(format!("take {}", claim.complaint_id), self.0.take(claim, length))
    }

    fn renew(&mut self, complaint_id: &str, lease_id: &str, length: Duration) -> Result<LeaseAnswer, Outage> {
        let action = format!("renew the lease of {complaint_id}");
        self.wait(action, self.0.extend(complaint_id, lease_id, length, false))
    }

    fn take_over(&mut self, claim: &Claim, from: &str, length: Duration) -> Result<LeaseAnswer, Outage> {
        self.wait(format!("take {} over", claim.complaint_id), self.0.take_over(claim, from, length))
    }

    fn release(&mut self, complaint_id: &str, lease_id: &str) -> Result<Option<Lease>, Outage> {
        self.wait(format!("release {complaint_id}"), self.0.release(complaint_id, lease_id))
    }

    fn finish(
        &mut self,
        complaint_id: &str,
        lease_id: &str,
        length: Duration,
    ) -> Result<LeaseAnswer, Outage> {
        self.wait(format!("finish {complaint_id}"), self.0.extend(complaint_id, lease_id, length, true))
    }

    fn forget(&mut self, complaint_id: &str) -> Result<(), Outage> {
        let forgetting =
            async { self.0.change(&self.0.statements.leases.forget, (complaint_id,)).await.map(drop) };
        self.wait(format!("forget that {complaint_id} was finished"), forgetting)
    }

    fn held(&mut self, complaint_ids: &[String]) -> Result<BTreeMap<String, Lease>, Outage> {
        let look = &self.0.statements.leases.look;
        let reading = self.0.leases_of(complaint_ids, look);
        let leases = self.wait(format!("read who has {} complaints", complaint_ids.len()), reading)?;
        Ok(leases.into_iter().map(|lease| (lease.claim.complaint_id.clone(), lease)).collect())
    }

    fn held_by(&mut self, holder: &str) -> Result<Vec<Lease>, Outage> {
        self.wait("read what somebody has".to_owned(), self.0.held_by(holder))
    }
}

/// A lease and the server's time.
type Columns = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<CqlTimestamp>,
    Option<CqlTimestamp>,
    Option<i64>,
    Option<bool>,
    CqlTimestamp,
);

impl Shared {
    async fn take(&self, claim: &Claim, length: Duration) -> Result<LeaseAnswer, ReadError> {
        self.note(claim, length).await?;
        let statements = &self.statements.leases;
        for _ in 0..ROUNDS {
            let Claim { complaint_id, lease_id, holder, team, revision } = claim;
            let values = (ttl(length), lease_id, holder, team, revision, millis(length), complaint_id);
            let look = match self.change(&statements.take, values).await? {
                Outcome::Applied => &statements.look,
                Outcome::Refused | Outcome::Unknown => &statements.look_serial,
            };
            match self.lease(complaint_id, look).await? {
                Some((lease, _)) if is_at_work(&lease, lease_id) => return Ok(LeaseAnswer::Yours(lease)),
                Some((lease, _)) => return Ok(LeaseAnswer::Held(lease)),
                // It ended between the write and the look.
                None => {}
            }
        }
        Ok(LeaseAnswer::Nobody)
    }

    async fn take_over(&self, claim: &Claim, from: &str, length: Duration) -> Result<LeaseAnswer, ReadError> {
        self.note(claim, length).await?;
        let statements = &self.statements.leases;
        let Claim { complaint_id, lease_id, holder, team, revision } = claim;
        let values = (ttl(length), lease_id, holder, team, revision, millis(length), complaint_id, from);
        self.change(&statements.take_over, values).await?;
        Ok(match self.lease(complaint_id, &statements.look_serial).await? {
            Some((lease, _)) if is_at_work(&lease, lease_id) => LeaseAnswer::Yours(lease),
            Some((lease, _)) => LeaseAnswer::Held(lease),
            None => LeaseAnswer::Nobody,
        })
    }

    /// Renews a lease, or marks its work as finished.
    async fn extend(
        &self,
        complaint_id: &str,
        lease_id: &str,
        length: Duration,
        finishes: bool,
    ) -> Result<LeaseAnswer, ReadError> {
        let statements = &self.statements.leases;
        let is_its = |lease: &Lease| lease.claim.lease_id == lease_id && (finishes || !lease.finished);
        let lease = match self.lease(complaint_id, &statements.look_serial).await? {
            Some((lease, _)) if is_its(&lease) => lease,
            Some((lease, _)) => return Ok(LeaseAnswer::Held(lease)),
            None => return Ok(LeaseAnswer::Nobody),
        };
        if !finishes {
            self.note(&lease.claim, length).await?;
        }
        let Claim { holder, team, revision, .. } = &lease.claim;
        let (ttl, length, was) = (ttl(length), millis(length), lease.finished);
        let changed = if finishes && !was {
            let values = (ttl, lease_id, holder, team, revision, length, complaint_id, lease_id);
            self.change(&statements.finish, values).await?
        } else {
            let (since, id) = (CqlTimestamp(lease.since), complaint_id);
            let values = (ttl, lease_id, holder, team, revision, since, length, was, id, lease_id, was);
            self.change(&statements.extend, values).await?
        };
        let look = if changed == Outcome::Applied { &statements.look } else { &statements.look_serial };
        Ok(match self.lease(complaint_id, look).await? {
            Some((lease, _)) if is_its(&lease) && lease.finished == finishes => LeaseAnswer::Yours(lease),
            Some((lease, _)) => LeaseAnswer::Held(lease),
            None => LeaseAnswer::Nobody,
        })
    }

    async fn release(&self, complaint_id: &str, lease_id: &str) -> Result<Option<Lease>, ReadError> {
        let statements = &self.statements.leases;
        let Some((lease, now)) = self.lease(complaint_id, &statements.look_serial).await? else {
            return Ok(None);
        };
        if !is_at_work(&lease, lease_id) {
            return Ok(None);
        }
        let changed = self.change(&statements.release, (complaint_id, lease_id)).await?;
        // Of an unknown outcome: it is over, and perhaps by this.
        Ok((changed != Outcome::Refused).then_some(Lease { until: now, ..lease }))
    }

    async fn held_by(&self, holder: &str) -> Result<Vec<Lease>, ReadError> {
        let statements = &self.statements.leases;
        let hour = self.hour();
        let mut complaint_ids = Vec::new();
        for hour in [hour - 1, hour, hour + 1] {
            let noted = self.rows::<(String,)>(&statements.noted, (holder, hour)).await?;
            complaint_ids.extend(noted.into_iter().map(|(complaint_id,)| complaint_id));
        }
        complaint_ids.sort_unstable();
        complaint_ids.dedup();
        let mut leases = self.leases_of(&complaint_ids, &statements.look_serial).await?;
        leases.retain(|lease| lease.claim.holder == holder && !lease.finished);
        leases.sort_by(|a, b| (a.since, &a.claim.complaint_id).cmp(&(b.since, &b.claim.complaint_id)));
        Ok(leases)
    }

    /// Notes what a holder may have before they have it.
    async fn note(&self, claim: &Claim, length: Duration) -> Result<(), ReadError> {
        let Claim { complaint_id, lease_id, holder, .. } = claim;
        // Longer than the lease, which begins later.
        let ttl = ttl(length.saturating_add(self.link.bound));
        let values = (holder, self.hour(), complaint_id, lease_id, ttl);
        self.write(&self.statements.leases.note, values).await
    }

    fn hour(&self) -> i64 {
        self.clock.now_ms().div_euclid(HOUR_MS)
    }

    /// The leases that some complaints have.
    async fn leases_of(
        &self,
        complaint_ids: &[String],
        look: &PreparedStatement,
    ) -> Result<Vec<Lease>, ReadError> {
        let reads = complaint_ids.iter().map(|complaint_id| self.lease(complaint_id, look));
        let found: Vec<_> = stream::iter(reads).buffered(self.concurrency).try_collect().await?;
        Ok(found.into_iter().flatten().map(|(lease, _)| lease).collect())
    }

    /// The lease of a complaint, and the server's time.
    async fn lease(
        &self,
        complaint_id: &str,
        look: &PreparedStatement,
    ) -> Result<Option<(Lease, i64)>, ReadError> {
        Ok(self.row::<Columns>(look, (complaint_id,)).await?.and_then(|columns| lease(complaint_id, columns)))
    }
}

/// The lease of a row. One whose columns are going has ended.
fn lease(complaint_id: &str, columns: Columns) -> Option<(Lease, i64)> {
    let (lease_id, holder, team, revision, since, written, length_ms, finished, now) = columns;
    let claim = Claim {
        complaint_id: complaint_id.to_owned(),
        lease_id: lease_id?,
        holder: holder?,
        team: team?,
        revision: revision?,
    };
    let since = since?.0;
    let until = written.map_or(since, |written| written.0).saturating_add(length_ms?);
    Some((Lease { claim, since, until, finished: finished? }, now.0))
}

/// Whether it is the lease `lease_id`, under which somebody works.
fn is_at_work(lease: &Lease, lease_id: &str) -> bool {
    lease.claim.lease_id == lease_id && !lease.finished
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}
