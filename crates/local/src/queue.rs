//! What waits for the writer: bounded in number and bytes, taken in bulk.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A queue with many senders and one taker.
pub(crate) struct Queue<C> {
    inner: Mutex<Inner<C>>,
    filled: Condvar,
    emptied: Condvar,
    max_len: usize,
    max_bytes: usize,
}

struct Inner<C> {
    waiting: VecDeque<(C, usize)>,
    bytes: usize,
    closed: bool,
}

/// Why there is no room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// None came free within the wait.
    Full,
    /// The log is closed.
    Closed,
}

/// Room for one item; nobody else is served before it is used or dropped.
pub(crate) struct Room<'a, C> {
    queue: &'a Queue<C>,
    inner: MutexGuard<'a, Inner<C>>,
    bytes: usize,
}

impl<C> Room<'_, C> {
    /// Adds the item that room was asked for.
    pub(crate) fn put(mut self, item: C) {
        self.inner.waiting.push_back((item, self.bytes));
        self.inner.bytes += self.bytes;
        self.queue.filled.notify_one();
    }
}

impl<C> Queue<C> {
    pub(crate) fn new(max_len: usize, max_bytes: usize) -> Self {
        let inner = Inner { waiting: VecDeque::new(), bytes: 0, closed: false };
        Self { inner: Mutex::new(inner), filled: Condvar::new(), emptied: Condvar::new(), max_len, max_bytes }
    }

    /// Room for an item of `bytes`, waiting at most `wait`. What is larger than all the room gets it alone.
    pub(crate) fn room(&self, bytes: usize, wait: Duration) -> Result<Room<'_, C>, NoRoom> {
        let full = |inner: &mut Inner<C>| {
            let fits = inner.waiting.len() < self.max_len && inner.bytes + bytes <= self.max_bytes;
            !inner.closed && !inner.waiting.is_empty() && !fits
        };
        let waited = self.emptied.wait_timeout_while(self.lock(), wait, full);
        let (inner, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        match (inner.closed, timeout.timed_out()) {
            (true, _) => Err(NoRoom::Closed),
            (false, true) => Err(NoRoom::Full),
            (false, false) => Ok(Room { queue: self, inner, bytes }),
        }
    }

    /// What waits, up to `len` items and `bytes` bytes but at least one; waits for it. Empty: closed and drained.
    pub(crate) fn take(&self, len: usize, bytes: usize) -> Vec<C> {
        let idle = |inner: &mut Inner<C>| inner.waiting.is_empty() && !inner.closed;
        let waited = self.filled.wait_while(self.lock(), idle);
        let mut inner = waited.unwrap_or_else(PoisonError::into_inner);
        let (mut taken, mut taken_bytes) = (Vec::new(), 0);
        while taken.len() < len && (taken.is_empty() || taken_bytes < bytes) {
            let Some((item, size)) = inner.waiting.pop_front() else { break };
            taken.push(item);
            taken_bytes += size;
        }
        inner.bytes -= taken_bytes;
        self.emptied.notify_all();
        taken
    }

    /// What waits and is `meant`, without waiting for it; the rest stays, in its order.
    pub(crate) fn take_out(&self, meant: impl Fn(&C) -> bool) -> Vec<C> {
        let mut inner = self.lock();
        let (taken, waiting): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut inner.waiting).into_iter().partition(|(item, _)| meant(item));
        inner.bytes = waiting.iter().map(|(_, bytes)| bytes).sum();
        inner.waiting = waiting;
        self.emptied.notify_all();
        taken.into_iter().map(|(item, _)| item).collect()
    }

    /// Whether it takes nothing more.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Takes nothing more; what waits is still handed out.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
        self.emptied.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(queue: &Queue<char>, item: char, bytes: usize) -> Result<(), NoRoom> {
        queue.room(bytes, Duration::ZERO).map(|room| room.put(item))
    }

    #[test]
    fn a_full_queue_has_no_room_until_it_is_emptied() {
        let queue = Queue::new(2, 100);
        assert_eq!(put(&queue, 'a', 60), Ok(()));
        assert_eq!(put(&queue, 'b', 60), Err(NoRoom::Full), "too many bytes");
        assert_eq!(put(&queue, 'c', 40), Ok(()));
        assert_eq!(put(&queue, 'd', 0), Err(NoRoom::Full), "too many items");
        assert_eq!(queue.take(10, 100), ['a', 'c']);
        assert_eq!(put(&queue, 'e', 1_000), Ok(()), "alone, anything passes");
    }

    #[test]
    fn what_is_taken_out_makes_room_and_leaves_the_others_in_their_order() {
        let queue = Queue::new(4, 100);
        for item in ['a', 'B', 'c', 'D'] {
            assert_eq!(put(&queue, item, 25), Ok(()));
        }
        assert_eq!(queue.take_out(char::is_ascii_uppercase), ['B', 'D']);
        assert_eq!(put(&queue, 'e', 50), Ok(()));
        assert_eq!(queue.take(10, 100), ['a', 'c', 'e']);
    }

    #[test]
    fn a_closed_queue_hands_out_what_waits_and_takes_nothing_more() {
        let queue = Queue::new(8, 100);
        assert_eq!(put(&queue, 'a', 1), Ok(()));
        queue.close();
        assert_eq!(put(&queue, 'b', 1), Err(NoRoom::Closed));
        assert_eq!(queue.take(8, 100), ['a']);
        assert!(queue.take(8, 100).is_empty());
    }
}
