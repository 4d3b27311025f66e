//! What must hold in every schedule: I1 to I11 of the design, each checked where it could first be seen to break.

use std::{collections::BTreeMap, sync::Arc};

use ombud_contract::records::{Outcome, Role, RoutedComplaint, Vulnerability, Why};

use crate::{
    event::SubmissionKind,
    position::Position,
    revision,
    rules::Rules,
    sim::{
        rules::{AMEND_MS, DEADLINE_MS, clock_attributes, clocks},
        witness::{Violation, violated},
        world::{Flight, RoutedRecord, World},
    },
};

impl World {
    /// I9, after every step of a shard.
    pub(crate) fn check_bounds(&self, m: usize) -> Result<(), Violation> {
        let Some(status) = self.members[m].status(self.now) else { return Ok(()) };
        let limits = &self.limits;
        if status.unsettled > limits.open_cap {
            let what = format!("{} raw records held, {} allowed", status.unsettled, limits.open_cap);
            return violated("I9", what);
        }
        if status.early > limits.early_cap {
            let what = format!("{} early predictions, {} allowed", status.early, limits.early_cap);
            return violated("I9", what);
        }
        Ok(())
    }

    /// I9 for what is remembered, once a commit has shown what may be forgotten.
    pub(crate) fn check_memory(&self, m: usize) -> Result<(), Violation> {
        let Some(shard) = &self.members[m].shard else { return Ok(()) };
        let allowed = self.limits.closed_cap + shard.unforgettable();
        let closed = shard.status(self.now).closed;
        if closed > allowed {
            return violated("I9", format!("{closed} closed cases, {allowed} allowed"));
        }
        Ok(())
    }

    /// I5: nobody hands a record to the producer after a later owner has begun, though the producer may take until then.
    pub(crate) fn check_hand_over(&self, m: usize) -> Result<(), Violation> {
        if self.group.generation > self.members[m].generation {
            return violated("I5", format!("m{m} hands a record over after a later owner has begun"));
        }
        Ok(())
    }

    /// Everything that a record in routed must keep, before it is appended.
    pub(crate) fn check_append(&mut self, flight: &Flight) -> Result<(), Violation> {
        let Some(record) = &flight.record else { return Ok(()) };
        let id = &flight.complaint_id;
        if self.group.generation > flight.generation {
            self.faults.late_appends += 1;
            self.witness.overlapped = true;
            self.check_late(flight, record)?;
        }
        self.witness.check_meaning(id, record)?;
        self.witness.check_order(id, record)?;
        self.witness.check_round(id, record)?;
        self.check_answers(flight.live_since, record)?;
        self.check_clocks(record)?;
        let silent = !record
            .decisions
            .iter()
            .any(|d| d.task == "vulnerable" && d.outcome == Outcome::Labelled && d.label.is_some());
        if silent && record.vulnerability == Vulnerability::NotIndicated {
            return violated("I10", format!("{} says no vulnerability and nobody did", record.route_id));
        }
        Ok(())
    }

    /// I5: of each complaint and lost ownership one record comes late at most, and it does not overtake what a later
    /// owner said about the same submission.
    fn check_late(&mut self, flight: &Flight, record: &Arc<RoutedComplaint>) -> Result<(), Violation> {
        let key = (Arc::clone(&flight.complaint_id), flight.generation);
        let first = self.witness.late.entry(key).or_insert_with(|| Arc::clone(record));
        if *first != *record {
            return violated("I5", format!("{} comes late after {}", record.route_id, first.route_id));
        }
        let submitted = revision::time(record.revision);
        let newest = self
            .routed
            .iter()
            .filter_map(|r| r.record.as_ref())
            .filter(|r| r.complaint_id == record.complaint_id && r.raw_offset == record.raw_offset)
            .filter(|r| r.writer_epoch > record.writer_epoch && revision::time(r.revision) == submitted)
            .map(|r| r.revision)
            .max();
        if newest.is_some_and(|newest| newest < record.revision) {
            return violated("I5", format!("{} comes late and is greater than {newest:?}", record.route_id));
        }
        Ok(())
    }

    /// A route of an earlier owner is about to be read: whether the present owner still knows what it means.
    pub(crate) fn note_forgotten(&mut self, m: usize, theirs: &RoutedComplaint) {
        let member = &self.members[m];
        let Some(shard) = &member.shard else { return };
        let settled = theirs.raw_offset < member.raw_next as i64;
        if theirs.writer_epoch < shard.status(self.now).epoch
            && settled
            && !shard.remembers(&theirs.complaint_id)
        {
            self.witness.forgotten.insert(theirs.complaint_id.as_str().into());
        }
    }

    /// A changelog is about to be folded from `from`: complaints whose greatest record it no longer shows.
    pub(crate) fn note_unfolded(&mut self, from: usize) {
        let greatest = |records: &[RoutedRecord]| {
            let mut greatest: BTreeMap<Arc<str>, i64> = BTreeMap::new();
            for (id, record) in records.iter().filter_map(|r| Some((&r.complaint_id, r.record.as_ref()?))) {
                let known = greatest.entry(Arc::clone(id)).or_insert(record.revision);
                *known = record.revision.max(*known);
            }
            greatest
        };
        let folded = greatest(&self.routed[from..]);
        for (id, before) in greatest(&self.routed[..from]) {
            if folded.get(&id).is_some_and(|after| *after < before) {
                self.witness.forgotten.insert(id);
            }
        }
    }

    /// A clock is that of its submission and of the strategy of its time: no amendment, recovery or later strategy moves it.
    fn check_clocks(&self, record: &RoutedComplaint) -> Result<(), Violation> {
        let raw = &self.raw[record.raw_offset as usize];
        if record.why == Why::Unreadable || raw.what.kind == SubmissionKind::Unreadable {
            // It has what is known of the complaint.
            return Ok(());
        }
        let (about, version) = (&raw.what.about, self.rules.plan(raw.appended_at).strategy);
        let expected = match raw.what.kind {
            SubmissionKind::Withdrawn => Vec::new(),
            _ => clocks(version, about.received_at, about.regulator_sent_at),
        };
        let starts =
            (record.regulator_sent_at, record.notice_at) == (about.regulator_sent_at, about.notice_at);
        let whose = record.legal_entity == about.legal_entity;
        let looked_at = record.clock_attributes == clock_attributes(&about.attributes);
        if record.clocks != expected || !starts || !whose || !looked_at {
            return violated("clocks", format!("{} has other clocks than its submission", record.route_id));
        }
        Ok(())
    }

    /// I6: each decision is the first answer to its question. I7: what a deadline calls missing was not there.
    fn check_answers(&self, live_since: i64, record: &RoutedComplaint) -> Result<(), Violation> {
        let answers = || {
            self.predictions.iter().filter(|p| {
                p.body.as_ref().is_some_and(|p| p.raw_offset == record.raw_offset && p.role == Role::Deciding)
            })
        };
        for decision in &record.decisions {
            let first = answers().find(|p| p.body.as_ref().is_some_and(|p| p.task == decision.task));
            let first = first.and_then(|p| p.body.as_ref()).map(|p| p.prediction_id.as_str());
            if first != Some(&decision.prediction_id) {
                return violated("I6", format!("{} rests on {}", record.route_id, decision.prediction_id));
            }
        }
        if record.why != Why::Deadline {
            return Ok(());
        }
        let raw = &self.raw[record.raw_offset as usize];
        let live = live_since + self.limits.grace_ms;
        let wait = if raw.what.bulk { self.limits.bulk_wait_ms } else { DEADLINE_MS };
        let deadline = (raw.appended_at + wait).max(live);
        if record.routed_at < deadline {
            return violated("I7", format!("{} fired before its deadline", record.route_id));
        }
        let was_there = |p: &&crate::sim::world::PredictionRecord| {
            let body = p.body.as_ref();
            p.appended_at < deadline && body.is_some_and(|p| record.missing_tasks.contains(&p.task))
        };
        if record.routed_at < deadline + self.limits.hard_cap_ms && answers().any(|p| was_there(&p)) {
            return violated("I7", format!("{} misses what lay in the log", record.route_id));
        }
        Ok(())
    }

    /// I2 and I1, before the coordinator stores a commit.
    pub(crate) fn check_commit(&mut self, m: usize, new: &Position) -> Result<(), Violation> {
        let old = self.group.committed.clone();
        let old = old.unwrap_or(Position { raw: 0, meta: crate::position::Meta::default() });
        let claims = self.group.committed_by < self.members[m].generation;
        let ahead = new.raw >= old.raw
            && new.meta.predictions >= old.meta.predictions
            && new.meta.routed >= old.meta.routed
            && new.meta.clock >= old.meta.clock
            && new.meta.epoch >= old.meta.epoch;
        if !ahead || (claims && new.meta.epoch <= self.witness.greatest_claim) {
            return violated("I2", format!("{old:?} goes back to {new:?}"));
        }
        if new.raw > self.raw.len() as i64 || new.meta.predictions > self.predictions.len() as i64 {
            return violated("I2", format!("{new:?} lies beyond the end"));
        }
        self.witness.greatest_claim = self.witness.greatest_claim.max(new.meta.epoch);
        for offset in old.raw..new.raw {
            self.check_accounted(offset as usize)?;
        }
        for offset in old.meta.predictions..new.meta.predictions {
            self.check_used(offset as usize)?;
        }
        Ok(())
    }

    /// I1 for one raw record.
    fn check_accounted(&self, offset: usize) -> Result<(), Violation> {
        let raw = &self.raw[offset];
        let id = &raw.what.complaint_id;
        if raw.what.kind == SubmissionKind::Unreadable && !self.is_parked(offset) {
            return violated("I1", format!("raw@{offset} has no dead letter"));
        }
        let of_it = || self.routed.iter().filter(|r| r.complaint_id == *id);
        if of_it().any(|r| r.record.is_none()) {
            return Ok(());
        }
        // Where the run of submissions with this content begins: any of them may have begun the round.
        let begin = self.raw[..=offset]
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, r)| r.what.complaint_id == *id && r.what.kind != SubmissionKind::Unreadable)
            .find(|(_, r)| r.what.input != raw.what.input)
            .map_or(0, |(at, _)| at + 1);
        let routed = of_it().filter_map(|r| r.record.as_ref()).any(|r| {
            let at = r.raw_offset as usize;
            r.input_sha256 == *raw.what.input && (begin..=offset).contains(&at)
        });
        // A newer submission that can be read replaces it, and answers for it; one that can't needs a newer route.
        let replaced = self.raw[offset + 1..].iter().any(|r| {
            r.what.complaint_id == *id
                && r.what.input != raw.what.input
                && r.what.kind != SubmissionKind::Unreadable
        });
        // It says what the newest route before it says: what came in between was void before it was routed.
        let routes = || of_it().filter_map(|r| r.record.as_ref());
        let newest = routes().filter(|r| r.raw_offset as usize <= offset).max_by_key(|r| r.revision);
        let stands = newest.is_some_and(|r| r.input_sha256 == *raw.what.input);
        let passed = of_it().filter_map(|r| r.record.as_ref()).any(|r| r.raw_offset as usize > offset);
        if routed || stands || replaced || passed {
            return Ok(());
        }
        violated("I1", format!("raw@{offset} is committed and neither routed nor void"))
    }

    /// I1 for one prediction: no answer that a round waits for is passed over.
    fn check_used(&self, offset: usize) -> Result<(), Violation> {
        let Some(body) = &self.predictions[offset].body else { return Ok(()) };
        let at = body.raw_offset as usize;
        let raw = &self.raw[at];
        let required = self.rules.plan(raw.appended_at).required;
        if body.role != Role::Deciding || !required.contains(&body.task) {
            return Ok(());
        }
        let id = &raw.what.complaint_id;
        let of_it = || self.routed.iter().filter(|r| r.complaint_id == *id);
        let erased = of_it().any(|r| r.record.is_none());
        let round = || of_it().filter_map(|r| r.record.as_ref()).filter(|r| r.raw_offset == body.raw_offset);
        let decided = round().any(|r| r.decisions.iter().any(|d| d.task == body.task));
        // A submission that repeats what is known begins no round; a newer one makes the round void.
        let related = |r: &crate::sim::world::RawRecord| r.what.complaint_id == *id;
        let repeats = self.raw[..at].iter().any(|r| related(r) && r.what.input == raw.what.input);
        let void = self.raw[at + 1..].iter().any(|r| related(r) && r.what.input != raw.what.input);
        // A closed case may be forgotten for room, and its amendments with it.
        let forgotten = self.limits.closed_cap < self.raw.len() && round().next().is_some();
        if erased || decided || repeats || void || forgotten {
            return Ok(());
        }
        violated("I1", format!("prediction@{offset} is committed and in no route"))
    }

    /// I8: nobody waits past the deadline when all is well and everything is read.
    pub(crate) fn check_deadlines(&self, bulk: bool) -> Result<(), Violation> {
        let Some(shard) = self.group.owner.and_then(|m| self.members[m].shard.as_ref()) else {
            return violated("I8", "nobody owns the shard at rest".to_owned());
        };
        let waiting = shard.overdue(self.now, |raw_offset| bulk || !self.raw[raw_offset as usize].what.bulk);
        match waiting {
            Some(raw_offset) => violated("I8", format!("raw@{raw_offset} still waits past its deadline")),
            None => Ok(()),
        }
    }

    /// I4 and I8 at the end: all is settled, and the log says what the owner knows.
    pub(crate) fn check_rest(&self) -> Result<(), Violation> {
        let Some(position) = &self.group.committed else {
            return violated("I8", "nothing is committed".to_owned());
        };
        if position.raw != self.raw.len() as i64 {
            return violated("I8", format!("raw@{} is never settled", position.raw));
        }
        if position.meta.predictions != self.predictions.len() as i64 {
            return violated("I8", format!("prediction@{} is never settled", position.meta.predictions));
        }
        let owner = self.group.owner.and_then(|m| self.members[m].shard.as_ref());
        for number in 0..self.complaints {
            let id = format!("c{number}");
            let all: Vec<_> = self.routed.iter().filter(|r| *r.complaint_id == *id).collect();
            let (Some(last), tombstone) = (all.last(), all.iter().rev().find(|r| r.record.is_none())) else {
                continue;
            };
            match (&last.record, tombstone) {
                (Some(record), Some(tombstone)) if last.appended_at < tombstone.appended_at + AMEND_MS => {
                    return violated("I4", format!("{} outlives its tombstone", record.route_id));
                }
                (Some(record), None) => {
                    self.check_newest(&id)?;
                    if self.witness.forgotten.contains(id.as_str()) {
                        continue;
                    }
                    self.check_last(record, &all)?;
                    let known = owner.and_then(|shard| shard.newest(&id));
                    if known.is_some_and(|known| known != (record.revision, &record.route_id)) {
                        return violated(
                            "I4",
                            format!("the owner knows {known:?}, last is {}", record.route_id),
                        );
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// I11: who keeps the greatest revision ends with what was submitted last.
    fn check_newest(&self, id: &str) -> Result<(), Violation> {
        let newest = self.raw.iter().rev().find(|r| *r.what.complaint_id == *id);
        let (Some(newest), Some(held)) = (newest, self.held(id)) else { return Ok(()) };
        if held.input_sha256 != *newest.what.input {
            return violated(
                "I11",
                format!("{} is the greatest, {} is newer", held.route_id, newest.what.input),
            );
        }
        Ok(())
    }

    /// What somebody holds of a complaint who keeps the greatest revision.
    pub(crate) fn held(&self, id: &str) -> Option<&RoutedComplaint> {
        let of_it = self.routed.iter().filter(|r| *r.complaint_id == *id);
        of_it.filter_map(|r| r.record.as_deref()).max_by_key(|record| record.revision)
    }

    fn check_last(&self, last: &RoutedComplaint, all: &[&RoutedRecord]) -> Result<(), Violation> {
        for record in all.iter().filter_map(|r| r.record.as_ref()) {
            if record.revision > last.revision {
                return violated(
                    "I4",
                    format!("{} lies last and {} is greater", last.route_id, record.route_id),
                );
            }
            if record.revision == last.revision && record.route_id != last.route_id {
                return violated("I4", format!("{} and {} are equals", last.route_id, record.route_id));
            }
        }
        Ok(())
    }
}
