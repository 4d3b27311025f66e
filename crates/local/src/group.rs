//! Which member of a consumer group owns which partition, and how ownership passes from one member to another.
//!
//! Plain state: members join and leave, and each takes its turn when it polls. A partition passes on in three
//! steps: its owner hears of it (`Revoked`), gives it up with its next turn, and only then somebody else gets it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ombud_stream::{Event, TopicPartition};

/// Names a member within its group, for life.
pub(crate) type MemberId = u64;

/// One group, over all its members.
#[derive(Default)]
pub(crate) struct Group {
    /// The partitions that each member subscribed to.
    members: BTreeMap<MemberId, Vec<TopicPartition>>,
    /// Who should own each partition.
    target: BTreeMap<TopicPartition, MemberId>,
    owners: BTreeMap<TopicPartition, Owner>,
    last_member: MemberId,
    generation: u64,
    version: GroupVersion,
}

/// Changes with everything that may bring a member an event: while it is what it was when a turn brought none, the next would bring
/// none either. Read without the lock that guards the group.
#[derive(Clone, Default)]
pub(crate) struct GroupVersion(Arc<AtomicU64>);

impl GroupVersion {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn change(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

struct Owner {
    member: MemberId,
    /// `Revoked` was delivered: the member's next turn gives the partition up.
    knows: bool,
}

/// What a member's turn came to.
pub(crate) struct Turn {
    /// Partitions were given up: others may take theirs.
    pub(crate) gave_up: bool,
    /// What the member has to hear.
    pub(crate) event: Option<Event>,
}

impl Group {
    /// A new member over these topics and their partition counts.
    pub(crate) fn join(&mut self, topics: &[(Arc<str>, i32)]) -> MemberId {
        self.last_member += 1;
        let partitions = |(topic, count): &(Arc<str>, i32)| {
            let topic = Arc::clone(topic);
            (0..*count).map(move |partition| TopicPartition::new(Arc::clone(&topic), partition))
        };
        self.members.insert(self.last_member, topics.iter().flat_map(partitions).collect());
        self.target = range(&self.members);
        self.version.change();
        self.last_member
    }

    /// To be asked without the group.
    pub(crate) fn version(&self) -> GroupVersion {
        self.version.clone()
    }

    /// The member is gone, and so is what it owned: nobody waits for it.
    pub(crate) fn leave(&mut self, member: MemberId) {
        self.members.remove(&member);
        self.owners.retain(|_, owner| owner.member != member);
        self.target = range(&self.members);
        self.version.change();
    }

    /// The member polls.
    pub(crate) fn turn(&mut self, member: MemberId) -> Turn {
        let before = self.owners.len();
        self.owners.retain(|_, owner| owner.member != member || !owner.knows);
        let gave_up = self.owners.len() < before;
        if gave_up {
            self.version.change();
        }
        let event = self.revoke(member).or_else(|| self.assign(member));
        Turn { gave_up, event }
    }

    /// Whether the member may commit, start or read the partition.
    pub(crate) fn owns(&self, member: MemberId, partition: &TopicPartition) -> bool {
        self.owners.get(partition).is_some_and(|owner| owner.member == member)
    }

    fn revoke(&mut self, member: MemberId) -> Option<Event> {
        let mut partitions = Vec::new();
        for (partition, owner) in &mut self.owners {
            if owner.member == member && self.target.get(partition) != Some(&member) {
                owner.knows = true;
                partitions.push(partition.clone());
            }
        }
        (!partitions.is_empty()).then_some(Event::Revoked { partitions, lost: false })
    }

    fn assign(&mut self, member: MemberId) -> Option<Event> {
        let free = |(partition, target): &(&TopicPartition, &MemberId)| {
            **target == member && !self.owners.contains_key(*partition)
        };
        let partitions: Vec<_> = self.target.iter().filter(free).map(|(p, _)| p.clone()).collect();
        if partitions.is_empty() {
            return None;
        }
        for partition in &partitions {
            self.owners.insert(partition.clone(), Owner { member, knows: false });
        }
        self.generation += 1;
        Some(Event::Assigned { partitions, generation: self.generation })
    }
}

/// Each topic's partitions in contiguous, nearly equal ranges over the members that subscribed to it.
fn range(members: &BTreeMap<MemberId, Vec<TopicPartition>>) -> BTreeMap<TopicPartition, MemberId> {
    let mut takers: BTreeMap<&TopicPartition, Vec<MemberId>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (member, partitions) in members {
        for partition in partitions {
            takers.entry(partition).or_default().push(*member);
            let count = counts.entry(&partition.topic).or_default();
            *count = (*count).max(partition.partition.unsigned_abs() as usize + 1);
        }
    }
    let owner = |(partition, members): (&TopicPartition, Vec<MemberId>)| {
        let number = partition.partition.unsigned_abs() as usize;
        let (each, longer) =
            (counts[&*partition.topic] / members.len(), counts[&*partition.topic] % members.len());
        // The first `longer` members have one partition more.
        let split = longer * (each + 1);
        let index = if number < split { number / (each + 1) } else { longer + (number - split) / each };
        (partition.clone(), members[index])
    };
    takers.into_iter().map(owner).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn raw(partitions: i32) -> Vec<(Arc<str>, i32)> {
        vec![("raw".into(), partitions)]
    }

    fn assigned(turn: Turn) -> (Vec<i32>, u64) {
        match turn.event {
            Some(Event::Assigned { partitions, generation }) => {
                (partitions.iter().map(|p| p.partition).collect(), generation)
            }
            other => panic!("expected an assignment, got {other:?}"),
        }
    }

    fn revoked(turn: &Turn) -> Vec<i32> {
        match &turn.event {
            Some(Event::Revoked { partitions, lost: false }) => {
                partitions.iter().map(|p| p.partition).collect()
            }
            other => panic!("expected a revocation, got {other:?}"),
        }
    }

    #[test]
    fn a_partition_passes_on_only_after_its_owner_heard_of_it_and_came_back() {
        let mut group = Group::default();
        let first = group.join(&raw(4));
        assert_eq!(assigned(group.turn(first)), (vec![0, 1, 2, 3], 1));

        let second = group.join(&raw(4));
        assert!(group.turn(second).event.is_none(), "nothing is free yet");
        assert_eq!(revoked(&group.turn(first)), [2, 3]);
        assert!(group.owns(first, &TopicPartition::new("raw", 2)), "may still commit");
        assert!(group.turn(second).event.is_none());

        assert!(group.turn(first).gave_up);
        assert!(!group.owns(first, &TopicPartition::new("raw", 2)));
        assert_eq!(assigned(group.turn(second)), (vec![2, 3], 2));
    }

    #[test]
    fn what_a_gone_member_owned_is_free_at_once() {
        let mut group = Group::default();
        let (first, second) = (group.join(&raw(3)), group.join(&raw(3)));
        assert_eq!(assigned(group.turn(first)).0, [0, 1]);
        assert_eq!(assigned(group.turn(second)).0, [2]);
        group.leave(first);
        assert_eq!(assigned(group.turn(second)).0, [0, 1]);
    }

    proptest! {
        #[test]
        fn no_partition_has_two_owners_and_in_the_end_each_has_one(
            count in 1..9i32,
            steps in prop::collection::vec((0..3u8, 0..6usize), 0..80),
        ) {
            let mut group = Group::default();
            let mut alive = vec![group.join(&raw(count))];
            // What each member believes to own, and the newest generation it saw.
            let mut beliefs: BTreeMap<MemberId, (BTreeSet<TopicPartition>, u64)> = BTreeMap::new();
            let mut revoked: BTreeMap<MemberId, Vec<TopicPartition>> = BTreeMap::new();
            let mut quiet: BTreeMap<MemberId, u64> = BTreeMap::new();
            let settle = (0..20).map(|i| (2, i));
            for (what, which) in steps.into_iter().chain(settle) {
                match what {
                    0 => alive.push(group.join(&raw(count))),
                    1 if alive.len() > 1 => {
                        let gone = alive.remove(which % alive.len());
                        group.leave(gone);
                        beliefs.remove(&gone);
                        revoked.remove(&gone);
                    }
                    _ => for member in alive.clone() {
                        let (owned, seen) = beliefs.entry(member).or_default();
                        for partition in revoked.remove(&member).unwrap_or_default() {
                            owned.remove(&partition);
                        }
                        // Who saw nothing to hear of need not ask again before the version changes.
                        if quiet.get(&member) == Some(&group.version().get()) {
                            prop_assert!(group.turn(member).event.is_none());
                            continue;
                        }
                        let turn = group.turn(member);
                        if turn.event.is_none() {
                            quiet.insert(member, group.version().get());
                        } else {
                            quiet.remove(&member);
                        }
                        match turn.event {
                            Some(Event::Assigned { partitions, generation }) => {
                                prop_assert!(generation > *seen);
                                *seen = generation;
                                owned.extend(partitions);
                            }
                            Some(Event::Revoked { partitions, .. }) => { revoked.insert(member, partitions); }
                            _ => {}
                        }
                    }
                }
                let all: Vec<_> = beliefs.values().flat_map(|(owned, _)| owned).collect();
                prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "two owners");
            }
            prop_assert_eq!(beliefs.values().map(|(owned, _)| owned.len()).sum::<usize>(), count as usize);
        }
    }
}
