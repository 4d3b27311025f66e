//! Leases in the desk's file.

use std::{collections::BTreeMap, time::Duration};

use ombud_store::{Claim, Lease, LeaseAnswer, Leases};
use ombud_stream::Outage;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{LocalDesk, end};

const COLUMNS: &str = "complaint_id, lease_id, holder, team, revision, since, until, finished";

impl Leases for LocalDesk {
    fn take(&mut self, claim: &Claim, length: Duration) -> Result<LeaseAnswer, Outage> {
        self.write(
            || format!("take {}", claim.complaint_id),
            |file, now| match live(file, &claim.complaint_id, now)? {
                Some(lease) if is_at_work(&lease, &claim.lease_id) => Ok(LeaseAnswer::Yours(lease)),
                Some(lease) => Ok(LeaseAnswer::Held(lease)),
                None => {
                    file.prepare_cached("DELETE FROM leases WHERE until <= ?1")?.execute([now])?;
                    begin(file, claim, now, length)
                }
            },
        )
    }

    fn renew(&mut self, complaint_id: &str, lease_id: &str, length: Duration) -> Result<LeaseAnswer, Outage> {
        self.write(
            || format!("renew the lease of {complaint_id}"),
            |file, now| match live(file, complaint_id, now)? {
                Some(lease) if is_at_work(&lease, lease_id) => {
                    // Two that renew at once, of clocks that differ: the later end stays.
                    let until = end(now, length).max(lease.until);
                    put(file, Lease { until, ..lease })
                }
                other => Ok(not_yours(other)),
            },
        )
    }

    fn take_over(&mut self, claim: &Claim, from: &str, length: Duration) -> Result<LeaseAnswer, Outage> {
        self.write(
            || format!("take {} over", claim.complaint_id),
            |file, now| match live(file, &claim.complaint_id, now)? {
                Some(lease) if is_at_work(&lease, &claim.lease_id) => Ok(LeaseAnswer::Yours(lease)),
                Some(lease) if is_at_work(&lease, from) => begin(file, claim, now, length),
                other => Ok(not_yours(other)),
            },
        )
    }

    fn release(&mut self, complaint_id: &str, lease_id: &str) -> Result<Option<Lease>, Outage> {
        self.write(
            || format!("release {complaint_id}"),
            |file, now| match live(file, complaint_id, now)? {
                Some(lease) if is_at_work(&lease, lease_id) => {
                    remove(file, complaint_id)?;
                    Ok(Some(Lease { until: now, ..lease }))
                }
                _ => Ok(None),
            },
        )
    }

    fn finish(
        &mut self,
        complaint_id: &str,
        lease_id: &str,
        length: Duration,
    ) -> Result<LeaseAnswer, Outage> {
        self.write(
            || format!("finish {complaint_id}"),
            |file, now| match live(file, complaint_id, now)? {
                Some(lease) if lease.claim.lease_id == lease_id => {
                    let since = if lease.finished { lease.since } else { now };
                    // A repeat appends the closing event again, which views have to see before this ends.
                    let until = end(now, length).max(if lease.finished { lease.until } else { now });
                    put(file, Lease { since, until, finished: true, ..lease })
                }
                other => Ok(not_yours(other)),
            },
        )
    }

    fn forget(&mut self, complaint_id: &str) -> Result<(), Outage> {
        self.write(
            || format!("forget that {complaint_id} was finished"),
            |file, now| match live(file, complaint_id, now)? {
                Some(lease) if lease.finished => remove(file, complaint_id),
                _ => Ok(()),
            },
        )
    }

    fn held(&mut self, complaint_ids: &[String]) -> Result<BTreeMap<String, Lease>, Outage> {
        self.read(
            || format!("read who has {} complaints", complaint_ids.len()),
            |file, now| {
                let mut held = BTreeMap::new();
                for complaint_id in complaint_ids {
                    if let Some(lease) = live(file, complaint_id, now)? {
                        held.insert(complaint_id.clone(), lease);
                    }
                }
                Ok(held)
            },
        )
    }

    fn held_by(&mut self, holder: &str) -> Result<Vec<Lease>, Outage> {
        self.read(
            || "read what somebody has".to_owned(),
            |file, now| {
                let mut query = file.prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM leases WHERE holder = ?1 AND until > ?2 AND NOT finished
                     ORDER BY since, complaint_id"
                ))?;
                query.query_map((holder, now), lease)?.collect()
            },
        )
    }
}

/// Whether it is the lease `lease_id`, under which somebody works.
fn is_at_work(lease: &Lease, lease_id: &str) -> bool {
    lease.claim.lease_id == lease_id && !lease.finished
}

fn not_yours(found: Option<Lease>) -> LeaseAnswer {
    found.map_or(LeaseAnswer::Nobody, LeaseAnswer::Held)
}

/// The lease that a complaint has now.
fn live(file: &Connection, complaint_id: &str, now: i64) -> rusqlite::Result<Option<Lease>> {
    let mut query =
        file.prepare_cached(&format!("SELECT {COLUMNS} FROM leases WHERE complaint_id = ?1 AND until > ?2"))?;
    query.query_row((complaint_id, now), lease).optional()
}

fn lease(row: &Row<'_>) -> rusqlite::Result<Lease> {
    let claim = Claim {
        complaint_id: row.get(0)?,
        lease_id: row.get(1)?,
        holder: row.get(2)?,
        team: row.get(3)?,
        revision: row.get(4)?,
    };
    Ok(Lease { claim, since: row.get(5)?, until: row.get(6)?, finished: row.get(7)? })
}

fn begin(file: &Connection, claim: &Claim, now: i64, length: Duration) -> rusqlite::Result<LeaseAnswer> {
    put(file, Lease { claim: claim.clone(), since: now, until: end(now, length), finished: false })
}

fn put(file: &Connection, lease: Lease) -> rusqlite::Result<LeaseAnswer> {
    let Claim { complaint_id, lease_id, holder, team, revision } = &lease.claim;
    let insert = format!("INSERT OR REPLACE INTO leases ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    file.prepare_cached(&insert)?.execute((
        complaint_id,
        lease_id,
        holder,
        team,
        revision,
        lease.since,
        lease.until,
        lease.finished,
    ))?;
    Ok(LeaseAnswer::Yours(lease))
}

fn remove(file: &Connection, complaint_id: &str) -> rusqlite::Result<()> {
    file.prepare_cached("DELETE FROM leases WHERE complaint_id = ?1")?.execute([complaint_id]).map(drop)
}
