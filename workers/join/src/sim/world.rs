//! The simulated world: three logs, a group with its commit, and the processes that join.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use ombud_contract::records::{Prediction, RoutedComplaint};

use crate::{
    counts::Counts,
    event::{Origin, Submission},
    limits::JoinLimits,
    position::Position,
    shard::{Shard, ShardStatus},
    sim::{rng::Rng, rules::SimRules, witness::Witness},
};

/// Where simulated time begins: where revisions differ by their times.
pub(crate) const BEGIN_MS: i64 = 1_800_000_000_000;

/// A raw record; offset is the index.
#[derive(Debug)]
pub(crate) struct RawRecord {
    pub(crate) appended_at: i64,
    pub(crate) what: Submission,
}

/// A prediction; offset is the index. `None` is bytes that nobody can read.
#[derive(Debug)]
pub(crate) struct PredictionRecord {
    pub(crate) appended_at: i64,
    pub(crate) body: Option<Box<Prediction>>,
}

/// A record of routed; offset is the index.
#[derive(Debug)]
pub(crate) struct RoutedRecord {
    pub(crate) appended_at: i64,
    pub(crate) complaint_id: Arc<str>,
    pub(crate) record: Option<Arc<RoutedComplaint>>,
}

/// The coordinator's view.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) committed: Option<Position>,
    pub(crate) owner: Option<usize>,
    /// Numbers the assignments; a commit of an older one is refused.
    pub(crate) generation: u64,
    /// The generation of the stored commit.
    pub(crate) committed_by: u64,
}

/// A record with the producer, which never gives it up.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub(crate) complaint_id: Arc<str>,
    pub(crate) record: Option<Arc<RoutedComplaint>>,
    /// Where it was appended, if it was.
    pub(crate) offset: Option<i64>,
    /// The assignment in which it was handed over, and since when the shard was live then.
    pub(crate) generation: u64,
    pub(crate) live_since: i64,
}

/// A record of an ownership that is over. It may be appended at any moment, or never.
#[derive(Debug)]
pub(crate) struct LateRecord {
    /// Whose records keep their order.
    pub(crate) producer: u64,
    pub(crate) flight: Flight,
}

/// A commit on its way.
#[derive(Debug)]
pub(crate) struct CommitInFlight {
    pub(crate) position: Position,
    /// Whether the coordinator has taken it; `None` before it has looked at it.
    pub(crate) stored: Option<bool>,
}

/// One process that joins.
#[derive(Debug, Default)]
pub(crate) struct JoinerProcess {
    pub(crate) shard: Option<Shard>,
    /// Numbers the processes.
    pub(crate) producer: u64,
    pub(crate) generation: u64,
    pub(crate) started: bool,
    pub(crate) paused: bool,
    pub(crate) revoked_at: Option<i64>,
    pub(crate) raw_next: usize,
    pub(crate) predictions_next: usize,
    pub(crate) routed_next: usize,
    pub(crate) live_since: i64,
    pub(crate) flights: VecDeque<Flight>,
    pub(crate) letters: VecDeque<Origin>,
    pub(crate) commit: Option<CommitInFlight>,
    pub(crate) wants_end: bool,
    pub(crate) frozen: bool,
    /// Can't reach the coordinator, though it can read and produce.
    pub(crate) isolated: bool,
    pub(crate) last_heartbeat: i64,
}

impl JoinerProcess {
    pub(crate) fn is_healthy(&self) -> bool {
        !self.frozen && !self.isolated
    }

    pub(crate) fn status(&self, now: i64) -> Option<ShardStatus> {
        self.shard.as_ref().map(|shard| shard.status(now))
    }
}

/// Which kinds of trouble a schedule has, in percent of its steps.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) crash: u32,
    pub(crate) freeze: u32,
    pub(crate) isolate: u32,
    pub(crate) rebalance: u32,
    pub(crate) erase: u32,
    /// The clock of raw's log goes back, or on again.
    pub(crate) step_back: u32,
    /// Records of lost ownerships are appended.
    pub(crate) late: u32,
    pub(crate) produce_fails: u32,
    /// The broker takes its time.
    pub(crate) slow: u32,
    pub(crate) commit_fails: u32,
    pub(crate) leap: u32,
    pub(crate) unreadable: u32,
    pub(crate) withdrawn: u32,
    pub(crate) bulk: u32,
    pub(crate) resubmit: u32,
    pub(crate) never: u32,
    pub(crate) odd: u32,
    /// How far infer and the joiner's reading of raw drift apart.
    pub(crate) eager_infer: u32,
}

impl Profile {
    fn draw(rng: &mut Rng) -> Self {
        // Each kind of trouble in about half of the schedules, so that each is seen without the others too.
        let mut upto = |most: usize| if rng.chance(45) { 1 + rng.below(most) as u32 } else { 0 };
        Self {
            crash: upto(4),
            freeze: upto(4),
            isolate: upto(3),
            rebalance: upto(3),
            erase: upto(3),
            step_back: upto(3),
            late: upto(15),
            produce_fails: upto(30),
            slow: upto(90),
            commit_fails: upto(30),
            leap: upto(3),
            unreadable: upto(20),
            withdrawn: upto(15),
            bulk: upto(30),
            resubmit: upto(50),
            never: upto(25),
            odd: upto(15),
            eager_infer: 40 + upto(60),
        }
    }
}

/// Everything that is simulated.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) rng: Rng,
    pub(crate) now: i64,
    pub(crate) partition: i32,
    /// How far the clock of raw's log is behind.
    pub(crate) behind: i64,
    pub(crate) limits: JoinLimits,
    pub(crate) rules: SimRules,
    pub(crate) profile: Profile,
    pub(crate) raw: Vec<RawRecord>,
    pub(crate) predictions: Vec<PredictionRecord>,
    pub(crate) routed: Vec<RoutedRecord>,
    pub(crate) letters: BTreeSet<Origin>,
    pub(crate) group: Group,
    pub(crate) members: Vec<JoinerProcess>,
    /// Processes started so far.
    pub(crate) producers: u64,
    pub(crate) late_records: Vec<LateRecord>,
    /// What infer still has to answer: raw offset and task.
    pub(crate) unanswered: Vec<(usize, &'static str)>,
    pub(crate) complaints: usize,
    /// The newest submission's number of each complaint.
    pub(crate) edits: BTreeMap<usize, usize>,
    pub(crate) witness: Witness,
    /// Of shards that are gone.
    pub(crate) counts: Counts,
    pub(crate) faults: Faults,
    pub(crate) trace: Option<Vec<String>>,
}

/// How often the world misbehaved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Processes killed.
    pub crashes: u64,
    /// Processes that stood still for a while.
    pub freezes: u64,
    /// Processes cut off from the coordinator.
    pub isolations: u64,
    /// Shards handed over in order.
    pub rebalances: u64,
    /// Owners that lost their shard without being asked.
    pub lost: u64,
    /// Records of an earlier owner appended after a later one had begun.
    pub late_appends: u64,
    /// Times that the clock of raw's log went back.
    pub steps_back: u64,
    /// Complaints that came to rest in two partitions.
    pub split: u64,
    /// Records appended whose acknowledgement was lost.
    pub lost_acknowledgements: u64,
    /// Commits stored whose acknowledgement was lost.
    pub lost_commits: u64,
    /// Tombstones written by the bank.
    pub erasures: u64,
}

impl Faults {
    /// Every count by name.
    pub fn named(&self) -> [(&'static str, u64); 11] {
        [
            ("crashes", self.crashes),
            ("freezes", self.freezes),
            ("isolations", self.isolations),
            ("rebalances", self.rebalances),
            ("lost", self.lost),
            ("late_appends", self.late_appends),
            ("steps_back", self.steps_back),
            ("split", self.split),
            ("lost_acknowledgements", self.lost_acknowledgements),
            ("lost_commits", self.lost_commits),
            ("erasures", self.erasures),
        ]
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.crashes += other.crashes;
        self.freezes += other.freezes;
        self.isolations += other.isolations;
        self.rebalances += other.rebalances;
        self.lost += other.lost;
        self.late_appends += other.late_appends;
        self.steps_back += other.steps_back;
        self.split += other.split;
        self.lost_acknowledgements += other.lost_acknowledgements;
        self.lost_commits += other.lost_commits;
        self.erasures += other.erasures;
    }
}

impl World {
    pub(crate) fn new(mut rng: Rng, partition: i32, trace: bool) -> Self {
        let profile = Profile::draw(&mut rng);
        let caps = |rng: &mut Rng| if rng.chance(50) { 1_000 } else { 2 + rng.below(4) };
        let limits = JoinLimits {
            open_cap: caps(&mut rng),
            closed_cap: caps(&mut rng),
            early_cap: caps(&mut rng),
            // Long enough for everything to happen within them.
            lease_ms: 15_000,
            drain_ms: 10_000,
            session_timeout_ms: 45_000,
            ..JoinLimits::default()
        };
        let second = BEGIN_MS + rng.below(40_000) as i64;
        let third = second + rng.below(40_000) as i64;
        let process =
            |producer| JoinerProcess { producer, last_heartbeat: BEGIN_MS, ..JoinerProcess::default() };
        let members = (0..2).map(process).collect();
        Self {
            rng,
            now: BEGIN_MS,
            partition,
            behind: 0,
            limits,
            rules: SimRules::new(second, third),
            profile,
            raw: Vec::new(),
            predictions: Vec::new(),
            routed: Vec::new(),
            letters: BTreeSet::new(),
            group: Group::default(),
            members,
            producers: 2,
            late_records: Vec::new(),
            unanswered: Vec::new(),
            complaints: 0,
            edits: BTreeMap::new(),
            witness: Witness::default(),
            counts: Counts::default(),
            faults: Faults::default(),
            trace: trace.then(Vec::new),
        }
    }

    pub(crate) fn say(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>9} ms  {}", self.now - BEGIN_MS, line(self));
            if let Some(trace) = &mut self.trace {
                trace.push(line);
            }
        }
    }

    /// The coordinator's rule: only the owner of the newest assignment commits.
    pub(crate) fn owns(&self, member: usize) -> bool {
        self.group.owner == Some(member) && self.group.generation == self.members[member].generation
    }
}
