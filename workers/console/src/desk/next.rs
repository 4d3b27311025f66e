//! The next item and its lease, in one call.

use std::{collections::BTreeSet, time::Duration};

use ombud_contract::{records::WorkEvent, work::Phase};
use ombud_store::{ItemPage, Lease, LeaseAnswer, PageStart, WorkItem};
use ombud_stream::Outage;

use super::{
    claims::{ClaimAnswer, Claims},
    history,
};

/// The reason code of a lease of what is no work of the teams that were asked for any more.
const GONE: &str = "gone";

/// Gives the page after the one that ended there, of up to so many items.
pub type ReadPage<'a> = &'a mut dyn FnMut(Option<&PageStart>, usize) -> Result<ItemPage, Outage>;

/// What one or several teams have to do, as a worklist shows it.
pub struct Queue<'a> {
    /// Whether a team's work is among it.
    pub is_of: &'a dyn Fn(&str) -> bool,
    /// Open ones of these teams, in the order in which work is to be done: `Worklist::page` with `ItemOrder::Next`.
    pub page: ReadPage<'a>,
    /// One complaint: `Worklist::item`.
    pub item: &'a mut dyn FnMut(&str) -> Result<Option<WorkItem>, Outage>,
    /// What the asker does not want now, such as what they have just given back.
    pub skipped: &'a BTreeSet<String>,
}

/// What came of asking for the next item. Its events are appended before the answer goes out.
#[derive(Clone, Debug, PartialEq)]
pub enum NextAnswer {
    /// This one.
    Yours {
        /// The complaint.
        item: Box<WorkItem>,
        /// The asker's.
        lease: Lease,
        /// CLAIMED, and RELEASED of what the asker had and is no work of these teams any more.
        events: Vec<WorkEvent>,
    },
    /// Somebody has, or has just finished, whatever there is.
    Nothing(Vec<WorkEvent>),
    /// Others were faster at as many as one call tries: ask again.
    Busy(Vec<WorkEvent>),
    /// The worklist is too far behind its topics to hand work out: ask again.
    Behind(Duration),
}

impl Claims<'_> {
    /// Gives the asker what they have not finished, the earliest first; else takes the first item of the queue that nobody has.
    ///
    /// # Errors
    /// The store or the worklist doesn't answer. Whether something was taken is unknown: the next call gives it.
    pub fn next(&mut self, queue: &mut Queue<'_>) -> Result<NextAnswer, Outage> {
        if self.behind > self.limits.most_behind {
            return Ok(NextAnswer::Behind(self.behind));
        }
        let mut events = Vec::new();
        if let Some((item, lease)) = self.unfinished(queue, &mut events)? {
            events.push(history::claimed(&lease, self.claimant, ""));
            return Ok(NextAnswer::Yours { item: Box::new(item), lease, events });
        }
        let (mut after, mut tries) = (None, 0);
        for _ in 0..self.limits.pages {
            let page = (queue.page)(after.as_ref(), self.limits.page)?;
            let ids: Vec<String> = page.items.iter().map(|item| item.complaint_id.clone()).collect();
            let held = self.leases.held(&ids)?;
            let is_free = |item: &WorkItem| {
                !held.contains_key(&item.complaint_id) && !queue.skipped.contains(&item.complaint_id)
            };
            for item in page.items.into_iter().filter(is_free) {
                if tries == self.limits.tries {
                    return Ok(NextAnswer::Busy(events));
                }
                tries += 1;
                let claim = self.fresh(&item);
                if let LeaseAnswer::Yours(lease) = self.leases.take(&claim, self.limits.lease)? {
                    events.push(history::claimed(&lease, self.claimant, ""));
                    return Ok(NextAnswer::Yours { item: Box::new(item), lease, events });
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(NextAnswer::Nothing(events));
            }
        }
        Ok(NextAnswer::Busy(events))
    }

    /// What the asker has of these teams, renewed. What they have no work with any more is given back.
    fn unfinished(
        &mut self,
        queue: &mut Queue<'_>,
        events: &mut Vec<WorkEvent>,
    ) -> Result<Option<(WorkItem, Lease)>, Outage> {
        for lease in self.leases.held_by(&self.claimant.name)? {
            let complaint_id = &lease.claim.complaint_id;
            if !(queue.is_of)(&lease.claim.team) || queue.skipped.contains(complaint_id) {
                continue;
            }
            // One that this view has not seen yet stays.
            let Some(item) = (queue.item)(complaint_id)? else { continue };
            let is_over = matches!(item.state, Phase::Answered | Phase::Withdrawn);
            if is_over || !(queue.is_of)(&item.team) {
                if let ClaimAnswer::Ended(released) =
                    self.release(complaint_id, &lease.claim.lease_id, GONE)?
                {
                    events.extend(released);
                }
                continue;
            }
            if let LeaseAnswer::Yours(lease) =
                self.leases.renew(complaint_id, &lease.claim.lease_id, self.limits.lease)?
            {
                return Ok(Some((item, lease)));
            }
        }
        Ok(None)
    }
}
