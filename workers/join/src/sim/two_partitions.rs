//! One complaint in two partitions: two worlds with one clock, and a team that reads both and keeps the greatest revision.
//!
//! The same ids are sent to either, again and changed and withdrawn: as after partitions were added, with keys that are
//! null, or from two senders whose partitioners differ.

use crate::sim::{
    rng::Rng,
    witness::{Violation, violated},
    world::World,
};

/// Random steps of both together; fewer than two schedules have, because each takes time from the other.
const STEPS: usize = 220;

pub(crate) struct TwoPartitions {
    rng: Rng,
    pub(crate) worlds: [World; 2],
    pub(crate) trace: Vec<String>,
}

/// What a partition says about a complaint.
struct NewestRoute {
    /// When the log took the newest submission.
    taken_at: i64,
    revision: i64,
    route_id: String,
}

impl TwoPartitions {
    pub(crate) fn new(mut rng: Rng, trace: bool) -> Self {
        let mut world = |partition| {
            let mut world = World::new(Rng::new(rng.next()), partition, trace);
            world.profile.resubmit = world.profile.resubmit.max(30);
            world
        };
        // The later partition may have the lesser number.
        let worlds = [world(5), world(2)];
        Self { rng, worlds, trace: Vec::new() }
    }

    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        for _ in 0..STEPS {
            let at = self.rng.below(2);
            self.go_on(at, World::step)?;
        }
        for at in 0..2 {
            self.go_on(at, World::come_to_rest)?;
        }
        self.check()
    }

    /// One of them, with the time that has passed in the other.
    fn go_on(&mut self, at: usize, how: fn(&mut World) -> Result<(), Violation>) -> Result<(), Violation> {
        let now = self.worlds[0].now.max(self.worlds[1].now);
        let world = &mut self.worlds[at];
        let result = world.leap(now - world.now).and_then(|()| how(world));
        let lines = world.trace.as_mut().map(std::mem::take).unwrap_or_default();
        let partition = world.partition;
        self.trace.extend(lines.into_iter().map(|line| format!("p{partition} {line}")));
        result
    }

    /// I11: who reads both and keeps the greatest revision ends with the submission that was taken last.
    fn check(&mut self) -> Result<(), Violation> {
        let complaints = self.worlds[0].complaints.min(self.worlds[1].complaints);
        for number in 0..complaints {
            let id = format!("c{number}");
            let (Some(one), Some(other)) =
                (self.worlds[0].newest_route(&id), self.worlds[1].newest_route(&id))
            else {
                continue;
            };
            self.worlds[0].faults.split += 1;
            if one.revision == other.revision {
                return violated("I11", format!("{} and {} are equals", one.route_id, other.route_id));
            }
            let (newer, older) = if one.taken_at > other.taken_at { (one, other) } else { (other, one) };
            // A forgotten complaint may have moved a clock by a millisecond.
            if newer.taken_at > older.taken_at + 1 && newer.revision < older.revision {
                return violated(
                    "I11",
                    format!("{} is greater, {} was taken later", older.route_id, newer.route_id),
                );
            }
        }
        Ok(())
    }
}

impl World {
    /// What stands of a complaint; `None` where it was never routed, or was erased.
    fn newest_route(&self, id: &str) -> Option<NewestRoute> {
        if self.routed.iter().any(|r| *r.complaint_id == *id && r.record.is_none()) {
            return None;
        }
        let newest = self.raw.iter().rposition(|r| *r.what.complaint_id == *id)?;
        // The clock of a log that went back stands still until it has caught up.
        let taken_at = self.raw[..=newest].iter().map(|r| r.appended_at).max()?;
        let held = self.held(id)?;
        Some(NewestRoute { taken_at, revision: held.revision, route_id: held.route_id.clone() })
    }
}
