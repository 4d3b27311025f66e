//! Clerks who work through a queue at several replicas, each with a view that is behind, until something goes wrong.

use std::{collections::BTreeSet, time::Duration};

use ombud_contract::{
    ids::work_id,
    records::{AnswerOutcome, WorkEvent, WorkKind},
    work::{Phase, Work},
};
use ombud_store::{ItemPage, Leases as _, PageStart};

use super::{
    super::{ClaimAnswer, ClaimLimits, Claims, Finish, NextAnswer, Queue, ran_out},
    chance::Chance,
    items::{TEAM, claimant, id_of, item, number_of},
    store::{Death, MemoryLeases},
};

#[derive(Clone, Debug)]
enum Clerk {
    Idle,
    Working { complaint_id: String, lease_id: String, ready_at: i64, beats: bool },
}

struct Replica {
    /// How far its view is behind the log.
    behind: i64,
    /// By how much the clock of the server that answers it is wrong.
    skew: i64,
}

pub(super) struct World {
    chance: Chance,
    pub(super) leases: MemoryLeases,
    /// What was appended, and when, by the true clock.
    log: Vec<(i64, WorkEvent)>,
    /// Appended by processes that died before they heard of it.
    in_flight: Vec<(i64, WorkEvent)>,
    replicas: Vec<Replica>,
    clerks: Vec<Clerk>,
    complaints: usize,
    /// The closing events of which a clerk was promised that they are durable.
    promised: BTreeSet<String>,
    limits: ClaimLimits,
}

impl World {
    pub(super) fn new(seed: u64, complaints: usize) -> Self {
        let mut chance = Chance(seed);
        let limits = ClaimLimits { page: 3, ..ClaimLimits::default() };
        // The last one is so far behind that it must not hand work out.
        let replicas = [60_000, 60_000, 2_000_000]
            .map(|below| Replica { behind: chance.ms(below), skew: chance.ms(2_000) - 1_000 });
        let leases = MemoryLeases { now: 1_800_000_000_000, ..MemoryLeases::default() };
        let clerks = vec![Clerk::Idle; 4];
        let (log, in_flight, promised) = (Vec::new(), Vec::new(), BTreeSet::new());
        Self {
            chance,
            leases,
            log,
            in_flight,
            replicas: replicas.into(),
            clerks,
            complaints,
            promised,
            limits,
        }
    }

    /// Some time passes, and a clerk does what they would do then.
    pub(super) fn step(&mut self) {
        self.leases.now += self.chance.ms(40_000);
        let now = self.leases.now;
        let landed = self.in_flight.extract_if(.., |(at, _)| *at <= now).collect::<Vec<_>>();
        self.log.extend(landed);
        let number = usize::try_from(self.chance.below(4)).expect("small");
        self.clerks[number] = match self.clerks[number].clone() {
            Clerk::Idle if self.chance.one_in(8) => self.take_over(number),
            Clerk::Idle => self.ask_for_the_next(number),
            Clerk::Working { complaint_id, lease_id, ready_at, beats } if now < ready_at => {
                if beats {
                    self.renew(number, &complaint_id, &lease_id);
                }
                Clerk::Working { complaint_id, lease_id, ready_at, beats }
            }
            Clerk::Working { complaint_id, lease_id, .. } if self.chance.one_in(12) => {
                self.release(number, &complaint_id, &lease_id)
            }
            Clerk::Working { complaint_id, lease_id, ready_at, beats } => {
                match self.report(number, &complaint_id, &lease_id) {
                    // They go away, or send the form again.
                    None if self.chance.one_in(4) => Clerk::Idle,
                    None => Clerk::Working { complaint_id, lease_id, ready_at, beats },
                    Some(()) => Clerk::Idle,
                }
            }
        };
    }

    /// Everybody leaves, and after a lease and five seconds somebody new works through what is left, without anything going wrong.
    pub(super) fn finish(&mut self) {
        self.clerks.iter_mut().for_each(|clerk| *clerk = Clerk::Idle);
        let lease = i64::try_from(self.limits.lease.as_millis()).expect("short");
        self.leases.now += lease + 5_000;
        self.log.append(&mut self.in_flight);
        self.clerks.push(Clerk::Idle);
        self.replicas = vec![Replica { behind: 0, skew: 0 }];
        self.chance = Chance(0);
        let new = self.clerks.len() - 1;
        while let Clerk::Working { complaint_id, lease_id, .. } = self.undisturbed(new) {
            let event = self.finish_one(new, &complaint_id, &lease_id, 0).expect("nothing goes wrong");
            self.log.push((self.leases.now, event.expect("nobody else is there")));
            self.leases.now += 1;
        }
    }

    /// From the records, and from what the store saw.
    pub(super) fn judge(&self) {
        for (at, period) in self.leases.periods.iter().enumerate() {
            let mut later = self.leases.periods[at + 1..].iter();
            let overlapping =
                later.find(|other| other.complaint_id == period.complaint_id && other.from < period.to);
            assert!(overlapping.is_none(), "held by two at once: {period:?} {overlapping:?}");
        }
        for number in 0..self.complaints {
            let id = id_of(number);
            let events: Vec<_> =
                self.log.iter().map(|(_, event)| event).filter(|event| event.complaint_id == id).collect();
            let closing = events.iter().copied().filter(|event| event.kind.closes()).collect_ids();
            assert_eq!(closing.len(), 1, "{id} was done {} times: {events:#?}", closing.len());
            let events: Vec<_> = events.into_iter().cloned().collect();
            assert_eq!(Work::fold(&events, None).phase, Phase::Answered, "{id}");
            for event in events.iter().filter(|event| event.kind.closes()) {
                let lease_id = event.lease_id.as_deref().expect("it has one");
                let mut periods = self.leases.periods.iter().filter(|period| period.lease_id == lease_id);
                // Clocks differ by up to a second.
                let within = |period: &super::store::Period| {
                    (period.from - 1_000..=period.to + 1_000).contains(&event.done_at)
                };
                assert!(periods.any(within), "{id} was done without a lease: {event:?}");
            }
            let claims = events.iter().filter(|event| event.kind == WorkKind::Claimed);
            let claimed = claims.clone().collect_ids();
            let leases: BTreeSet<_> = claims.map(|event| event.lease_id.clone()).collect();
            assert_eq!(claimed.len(), leases.len(), "{id}: one event a lease, however often it is appended");
        }
        let appended = self.log.iter().map(|(_, event)| event).collect_ids();
        assert!(self.promised.is_subset(&appended), "somebody was promised what is not there");
    }

    fn undisturbed(&mut self, number: usize) -> Clerk {
        self.leases.death = None;
        match self.ask(number, 0) {
            Ok(Some((complaint_id, lease_id))) => {
                Clerk::Working { complaint_id, lease_id, ready_at: 0, beats: false }
            }
            Ok(None) => Clerk::Idle,
            Err(outage) => unreachable!("{outage}"),
        }
    }

    fn ask_for_the_next(&mut self, number: usize) -> Clerk {
        let replica = self.replica();
        self.may_die(6);
        let answer = self.ask(number, replica);
        self.leases.death = None;
        // Or they hear nothing, because the process died after it was appended.
        match answer {
            Ok(Some((complaint_id, lease_id))) if !self.chance.one_in(10) => {
                let ready_at = self.leases.now + self.chance.ms(1_500_000);
                Clerk::Working { complaint_id, lease_id, ready_at, beats: !self.chance.one_in(3) }
            }
            _ => Clerk::Idle,
        }
    }

    /// The complaint and the lease of the next item.
    fn ask(
        &mut self,
        number: usize,
        replica: usize,
    ) -> Result<Option<(String, String)>, ombud_stream::Outage> {
        let behind = self.behind(replica);
        let (work, ids) = (self.view(replica), self.complaints);
        let mut page = |after: Option<&PageStart>, most: usize| {
            let first = after.map_or(0, |start| start.0.parse::<usize>().expect("ours"));
            let open: Vec<_> = (first..ids).filter(|n| work[*n].phase != Phase::Answered).collect();
            let items = open.iter().take(most).map(|n| item(*n, Phase::Open)).collect();
            let next = open.get(most).map(|n| PageStart(n.to_string()));
            Ok(ItemPage { items, next })
        };
        let mut one = |complaint_id: &str| {
            let number = number_of(complaint_id);
            let is_answered = work[number].phase == Phase::Answered;
            Ok(Some(item(number, if is_answered { Phase::Answered } else { Phase::Open })))
        };
        let mut queue =
            Queue { is_of: &|team| team == TEAM, page: &mut page, item: &mut one, skipped: &BTreeSet::new() };
        let who = claimant(number);
        self.leases.skew = self.replicas[replica].skew;
        let (leases, limits, chance) = (&mut self.leases, &self.limits, &mut self.chance);
        let mut claims = Claims { leases, claimant: &who, limits, behind, draw: &mut || chance.draw() };
        let (item, lease, mut events) = match claims.next(&mut queue)? {
            NextAnswer::Yours { item, lease, events } => (item, lease, events),
            NextAnswer::Nothing(events) | NextAnswer::Busy(events) => {
                self.append(events);
                return Ok(None);
            }
            NextAnswer::Behind(_) => return Ok(None),
        };
        let held = self.leases.live(&item.complaint_id);
        assert!(held.is_some_and(|held| held.claim == lease.claim), "{lease:?} is not theirs");
        events.extend(ran_out(&work[number_of(&item.complaint_id)], &lease, &who));
        if self.leases.death.is_some() && self.chance.one_in(2) {
            // It dies before anything is appended.
            return Ok(None);
        }
        self.append(events);
        Ok(Some((lease.claim.complaint_id, lease.claim.lease_id)))
    }

    fn renew(&mut self, number: usize, complaint_id: &str, lease_id: &str) {
        let who = claimant(number);
        self.may_die(6);
        let behind = self.behind(0);
        let (leases, limits) = (&mut self.leases, &self.limits);
        let mut claims =
            Claims { leases, claimant: &who, limits, behind, draw: &mut || unreachable!("nothing is taken") };
        // Whoever has lost it hears so when they send the form.
        let _ = claims.renew(complaint_id, lease_id);
        self.leases.death = None;
    }

    fn release(&mut self, number: usize, complaint_id: &str, lease_id: &str) -> Clerk {
        let who = claimant(number);
        self.may_die(6);
        let behind = self.behind(0);
        let (leases, limits) = (&mut self.leases, &self.limits);
        let mut claims =
            Claims { leases, claimant: &who, limits, behind, draw: &mut || unreachable!("nothing is taken") };
        if let Ok(ClaimAnswer::Ended(events)) = claims.release(complaint_id, lease_id, "not-ours") {
            self.append(events);
        }
        self.leases.death = None;
        Clerk::Idle
    }

    fn take_over(&mut self, number: usize) -> Clerk {
        let who = claimant(number);
        let held = self.leases.all();
        let Some(lease) = held.first() else { return Clerk::Idle };
        let target = item(number_of(&lease.claim.complaint_id), Phase::Open);
        self.may_die(6);
        let behind = self.behind(0);
        let (leases, limits, chance) = (&mut self.leases, &self.limits, &mut self.chance);
        let mut claims = Claims { leases, claimant: &who, limits, behind, draw: &mut || chance.draw() };
        let answer = claims.take_over(&target, &lease.claim.lease_id, "away");
        self.leases.death = None;
        match answer {
            Ok(ClaimAnswer::Yours(lease, events)) => {
                self.append(events);
                let (complaint_id, lease_id) = (lease.claim.complaint_id, lease.claim.lease_id);
                Clerk::Working { complaint_id, lease_id, ready_at: self.leases.now, beats: true }
            }
            _ => Clerk::Idle,
        }
    }

    /// Sends the form of a final response; `None` where no answer comes.
    fn report(&mut self, number: usize, complaint_id: &str, lease_id: &str) -> Option<()> {
        let replica = self.replica();
        self.may_die(4);
        let closing = self.finish_one(number, complaint_id, lease_id, replica);
        let dies = self.leases.death.take().is_some();
        match closing {
            Err(_) => None,
            // Somebody else has it, or has done it.
            Ok(None) => Some(()),
            Ok(Some(event)) if dies => {
                // What was handed over may lie in the log a while later, or never.
                if self.chance.one_in(2) {
                    self.in_flight.push((self.leases.now + self.chance.ms(30_000), event));
                }
                None
            }
            Ok(Some(event)) => {
                self.promised.insert(event.work_id.clone());
                self.log.push((self.leases.now, event));
                Some(())
            }
        }
    }

    /// The closing event, if it may be appended; as the API does it.
    fn finish_one(
        &mut self,
        number: usize,
        complaint_id: &str,
        lease_id: &str,
        replica: usize,
    ) -> Result<Option<WorkEvent>, ombud_stream::Outage> {
        let who = claimant(number);
        let is_answered = self.view(replica)[number_of(complaint_id)].phase == Phase::Answered;
        self.leases.skew = self.replicas[replica].skew;
        let held = self.leases.held(&[complaint_id.to_owned()])?;
        let is_repeat =
            held.get(complaint_id).is_some_and(|lease| lease.finished && lease.claim.lease_id == lease_id);
        if is_answered && !is_repeat {
            return Ok(None);
        }
        let target = item(number_of(complaint_id), Phase::Open);
        let behind = self.behind(replica);
        let (leases, limits) = (&mut self.leases, &self.limits);
        let mut claims =
            Claims { leases, claimant: &who, limits, behind, draw: &mut || unreachable!("nothing is taken") };
        let Finish::Yours { lease, at } = claims.finish(&target, lease_id)? else { return Ok(None) };
        let mut event = WorkEvent::new(complaint_id, WorkKind::FinalResponse, 1, at, &who.name);
        (event.lease_id, event.outcome) = (Some(lease.claim.lease_id), Some(AnswerOutcome::Upheld));
        event.work_id = work_id(&event);
        Ok(Some(event))
    }

    /// What a replica knows of each complaint.
    fn view(&self, replica: usize) -> Vec<Work> {
        let seen = self.leases.now - self.replicas[replica].behind;
        let mut events = vec![Vec::new(); self.complaints];
        for (at, event) in &self.log {
            if *at <= seen {
                events[number_of(&event.complaint_id)].push(event.clone());
            }
        }
        events.iter().map(|events| Work::fold(events, None)).collect()
    }

    fn append(&mut self, events: Vec<WorkEvent>) {
        let now = self.leases.now;
        self.log.extend(events.into_iter().map(|event| (now, event)));
    }

    fn behind(&self, replica: usize) -> Duration {
        Duration::from_millis(self.replicas[replica].behind.unsigned_abs())
    }

    fn replica(&mut self) -> usize {
        usize::try_from(self.chance.below(3)).expect("small")
    }

    /// Once in `many` times the process that asks next dies at one of its next calls of the store, or soon after.
    fn may_die(&mut self, many: u64) {
        if self.chance.one_in(many) {
            let calls = u32::try_from(self.chance.below(5)).expect("small");
            self.leases.death = Some(Death { calls, is_done: self.chance.one_in(2) });
        }
    }
}

trait CollectIds<'a>: Iterator<Item = &'a WorkEvent> + Sized {
    fn collect_ids(self) -> BTreeSet<String> {
        self.map(|event| event.work_id.clone()).collect()
    }
}

impl<'a, I: Iterator<Item = &'a WorkEvent>> CollectIds<'a> for I {}
