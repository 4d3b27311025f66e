//! A member of a consumer group: it gets partitions and their records, and commits how far it is.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use ombud_stream::{Committer, Event, Outage, Position, Reader, Record, Source, Start, TopicPartition};

use crate::{
    change::LogChange,
    error::LocalError,
    group::{GroupVersion, MemberId},
    queue::NoRoom,
    reader::{LocalReader, fetch},
    shared::Shared,
};

/// How long a commit may wait for room in the writer's queue.
const COMMIT_QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// One member, used by one thread; made by [`crate::Local::member`]. Dropping it leaves the group.
pub struct LocalMember {
    shared: Arc<Shared>,
    reader: LocalReader,
    group: Arc<str>,
    id: MemberId,
    start: Start,
    owned: BTreeMap<TopicPartition, Slot>,
    /// The partition that delivered last: the next one after it goes first.
    last: Option<TopicPartition>,
    /// The one that has more read ahead.
    current: Option<TopicPartition>,
    version: GroupVersion,
    /// The version at which there was nothing to hear of the group; `None` after there was something.
    quiet_at: Option<u64>,
}

/// Where the member stands in one partition that it owns.
struct Slot {
    id: usize,
    /// The next offset to deliver; `None` until it is started.
    next: Option<i64>,
    paused: bool,
    /// Read ahead, from `next` on.
    ahead: VecDeque<Record>,
}

impl Slot {
    fn ready(&self, ends: &[i64]) -> bool {
        !self.paused && self.next.is_some_and(|next| !self.ahead.is_empty() || next < ends[self.id])
    }
}

impl LocalMember {
    pub(crate) fn join(
        shared: Arc<Shared>,
        group: &str,
        topics: &[&str],
        start: Start,
    ) -> Result<Self, LocalError> {
        let find = |topic: &&str| {
            shared.topics.find(topic).ok_or_else(|| LocalError::NoTopic { topic: (*topic).into() })
        };
        let topics = topics.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        let reader = LocalReader::new(Arc::clone(&shared))?;
        let group: Arc<str> = group.into();
        let (id, version) = shared.board.change(|state| {
            let group = state.group(&group);
            (group.join(&topics), group.version())
        });
        Ok(Self {
            shared,
            reader,
            group,
            id,
            start,
            owned: BTreeMap::new(),
            last: None,
            current: None,
            version,
            quiet_at: None,
        })
    }

    /// Takes over what came and drops what goes; the worker hears of it next.
    fn apply(&mut self, event: &Event) -> Result<(), Outage> {
        match event {
            Event::Assigned { partitions, .. } => {
                for partition in partitions {
                    let slot = Slot {
                        id: self.shared.id(partition)?,
                        next: None,
                        paused: false,
                        ahead: VecDeque::new(),
                    };
                    self.owned.insert(partition.clone(), slot);
                }
                self.write_down_start(partitions)
            }
            Event::Revoked { partitions, .. } => {
                self.owned.retain(|partition, _| !partitions.contains(partition));
                Ok(())
            }
            Event::Record(_) | Event::Reached { .. } => Ok(()),
        }
    }

    fn write_down_start(&mut self, partitions: &[TopicPartition]) -> Result<(), Outage> {
        let mut positions = Vec::new();
        for partition in partitions {
            let offset = match self.start {
                Start::Earliest => return Ok(()),
                Start::Latest => self.reader.end(partition)?,
                Start::Time(ms) => self.reader.offset_at(partition, ms)?,
            };
            if self.committed(partition)?.is_none() {
                positions.push(Position { partition: partition.clone(), offset, metadata: String::new() });
            }
        }
        self.commit(&positions)
    }

    /// The partition that goes on from what was read ahead, while there is nothing to hear of the group.
    fn goes_on(&self) -> Option<TopicPartition> {
        let partition = self.current.as_ref().filter(|_| self.quiet_at == Some(self.version.get()))?;
        let slot = self.owned.get(partition)?;
        (!slot.paused && !slot.ahead.is_empty()).then(|| partition.clone())
    }

    /// The next started partition with something to deliver, going round.
    fn next_ready(&self, ends: &[i64]) -> Option<TopicPartition> {
        let ready = |(partition, slot): (&TopicPartition, &Slot)| slot.ready(ends).then(|| partition.clone());
        let later = |partition: &TopicPartition| self.last.as_ref().is_none_or(|last| partition > last);
        let mut after = self.owned.iter().filter(|(partition, _)| later(partition));
        after.by_ref().find_map(ready).or_else(|| self.owned.iter().find_map(ready))
    }

    fn deliver(&mut self, partition: &TopicPartition) -> Result<Option<Event>, Outage> {
        let Some(slot) = self.owned.get_mut(partition) else { return Ok(None) };
        if slot.ahead.is_empty() {
            let from = slot.next.unwrap_or_default();
            slot.ahead = fetch(self.reader.connection(), &self.shared, partition, from)?.records.into();
        }
        let record = slot.ahead.pop_front();
        if let Some(record) = &record {
            slot.next = Some(record.offset + 1);
        }
        self.current = (!slot.ahead.is_empty()).then(|| partition.clone());
        if slot.ahead.is_empty() {
            self.last = Some(partition.clone());
        }
        if record.is_some() {
            return Ok(record.map(Event::Record));
        }
        // The partition goes on, and no record lies there: a repair gave it up, or it is damaged.
        let from = slot.next.unwrap_or_default();
        let next = self.shared.gaps.past(slot.id, from);
        if next == from {
            let why = "no record lies there: the log is damaged, and `ombud doctor --deep` says where";
            return Err(Outage::fatal(format!("read {partition}@{from}"), why));
        }
        slot.next = Some(next);
        Ok(Some(Event::Reached { partition: partition.clone(), next }))
    }
}

impl Source for LocalMember {
    fn poll(&mut self, wait: Duration) -> Result<Option<Event>, Outage> {
        // Most records come so: without the lock, and without a walk over all that the group owns.
        if let Some(partition) = self.goes_on() {
            return self.deliver(&partition);
        }
        let shared = Arc::clone(&self.shared);
        let deadline = Instant::now() + wait;
        let mut state = shared.board.lock();
        loop {
            let turn = state.group(&self.group).turn(self.id);
            if turn.gave_up {
                shared.board.wake();
            }
            self.quiet_at = turn.event.is_none().then(|| self.version.get());
            if let Some(event) = turn.event {
                drop(state);
                self.apply(&event)?;
                return Ok(Some(event));
            }
            if let Some(partition) = self.next_ready(&state.ends) {
                drop(state);
                return self.deliver(&partition);
            }
            let (locked, again) = shared.board.wait(state, deadline);
            if !again {
                return Ok(None);
            }
            state = locked;
        }
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), Outage> {
        let end = self.reader.end(partition)?;
        let refused = |why: String| Outage::fatal(format!("start {partition} at {offset}"), why);
        if !(0..=end).contains(&offset) {
            return Err(refused(format!("the log holds 0 to {end}")));
        }
        let Some(slot) = self.owned.get_mut(partition) else {
            return Err(refused(format!("it is not owned by this member of {}", self.group)));
        };
        slot.next = Some(offset);
        slot.ahead.clear();
        Ok(())
    }

    fn pause(&mut self, partition: &TopicPartition, paused: bool) {
        if let Some(slot) = self.owned.get_mut(partition) {
            slot.paused = paused;
        }
    }
}

impl Committer for LocalMember {
    fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Position>, Outage> {
        self.reader.committed(&self.group, partition)
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Outage> {
        if positions.is_empty() {
            return Ok(());
        }
        let doing = || format!("commit the positions of {}", self.group);
        let mut state = self.shared.board.lock();
        let group = state.group(&self.group);
        if let Some(foreign) = positions.iter().find(|p| !group.owns(self.id, &p.partition)) {
            return Err(Outage::passing(doing(), format!("{} is not owned any more", foreign.partition)));
        }
        // Nobody takes a partition from this thread between here and the commit: giving up happens in `poll`.
        drop(state);
        let bytes = positions.iter().map(|p| p.metadata.len()).sum();
        let (answer, outcome) = crossbeam_channel::bounded(1);
        let done = Box::new(move |result| drop(answer.send(result)));
        let room = self.shared.queue.room(bytes, COMMIT_QUEUE_TIMEOUT).map_err(|why| match why {
            NoRoom::Full => Outage::passing(doing(), "the writer is behind"),
            NoRoom::Closed => Outage::fatal(doing(), "the log is closed"),
        })?;
        room.put(LogChange::Commit { group: Arc::clone(&self.group), positions: positions.to_vec(), done });
        outcome.recv().unwrap_or_else(|gone| Err(Outage::fatal(doing(), gone)))
    }
}

impl Drop for LocalMember {
    fn drop(&mut self) {
        self.shared.board.change(|state| state.group(&self.group).leave(self.id));
    }
}
