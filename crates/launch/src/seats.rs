//! Bounds the connections of a port. Where all seats are taken, the connection that has been silent for longest is closed,
//! so that health is answered however many requests are begun and never finished.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// The seats of a port.
pub(crate) struct Seats {
    most: usize,
    room: Mutex<Room>,
}

#[derive(Default)]
struct Room {
    /// Counts what happens, so that it has an order.
    turn: u64,
    taken: BTreeMap<u64, Connection>,
    working: usize,
}

struct Connection {
    /// The turn in which it was last heard of.
    heard: u64,
    /// Its request is whole and is being answered: it is not closed.
    is_answered: bool,
    /// Dropped to close the connection.
    _close: oneshot::Sender<Infallible>,
}

/// One connection's seat; given up with its last clone. An extension of each of its requests.
#[derive(Clone)]
pub(crate) struct Seat(Arc<Place>);

struct Place {
    seats: Arc<Seats>,
    number: u64,
    bound: Option<IpAddr>,
}

/// A request that is being answered.
pub(crate) struct Work(Seat);

impl Seats {
    /// `most` seats.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, room: Mutex::default() })
    }

    /// A seat for a connection that came to our address `bound`, and a channel that closes when it has to make room.
    pub(crate) fn take(self: &Arc<Self>, bound: Option<IpAddr>) -> (Seat, oneshot::Receiver<Infallible>) {
        let (close, closed) = oneshot::channel();
        let mut room = self.room();
        if room.taken.len() >= self.most {
            room.make_room();
        }
        let number = room.next_turn();
        room.taken.insert(number, Connection { heard: number, is_answered: false, _close: close });
        (Seat(Arc::new(Place { seats: Arc::clone(self), number, bound })), closed)
    }

    /// Closes the connection that has been silent for longest, where one is not being answered.
    pub(crate) fn make_room(&self) {
        self.room().make_room();
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    fn make_room(&mut self) {
        let silent = self.taken.iter().filter(|(_, taken)| !taken.is_answered);
        if let Some(number) = silent.min_by_key(|(_, taken)| taken.heard).map(|(number, _)| *number) {
            self.taken.remove(&number);
        }
    }
}

impl Seat {
    /// The address of ours that the connection came to.
    pub(crate) fn bound(&self) -> Option<IpAddr> {
        self.0.bound
    }

    /// Its next request has begun.
    pub(crate) fn heard(&self) {
        let mut room = self.0.seats.room();
        let turn = room.next_turn();
        if let Some(taken) = room.taken.get_mut(&self.0.number) {
            taken.heard = turn;
        }
    }

    /// Its request is whole and is answered from now on; nothing where too many are, or it had to make room. A quarter of
    /// the seats never works, so that there is always one that can make room.
    pub(crate) fn work(&self) -> Option<Work> {
        let most = self.0.seats.most;
        let mut room = self.0.seats.room();
        if room.working >= most - most / 4 {
            return None;
        }
        room.taken.get_mut(&self.0.number)?.is_answered = true;
        room.working += 1;
        Some(Work(self.clone()))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let Place { seats, number, .. } = &*self.0.0;
        let mut room = seats.room();
        room.working -= 1;
        let turn = room.next_turn();
        if let Some(taken) = room.taken.get_mut(number) {
            (taken.is_answered, taken.heard) = (false, turn);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.seats.room().taken.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError::{Closed, Empty};

    use super::*;

    #[test]
    fn who_was_silent_for_longest_makes_room_and_who_is_being_answered_stays() {
        let seats = Seats::new(4);
        let mut taken: Vec<_> = (0..4).map(|_| seats.take(None)).collect();
        let work = taken[0].0.work();
        taken[1].0.heard();
        let (_fifth, _) = seats.take(None);
        let states: Vec<_> = taken.iter_mut().map(|(_, closed)| closed.try_recv()).collect();
        assert_eq!(states, [Err(Empty), Err(Empty), Err(Closed), Err(Empty)]);
        assert!(taken[2].0.work().is_none(), "it is gone");
        drop(work);
        let _more: Vec<_> = (0..3).map(|_| seats.take(None)).collect();
        assert_eq!(taken[0].1.try_recv(), Err(Empty), "it was heard of last");
    }

    #[test]
    fn a_quarter_of_the_seats_is_kept_from_work_and_a_seat_that_is_given_up_is_free() {
        let seats = Seats::new(4);
        let mut taken: Vec<_> = (0..4).map(|_| seats.take(None)).collect();
        let mut works: Vec<_> = taken.iter().map(|(seat, _)| seat.work()).collect();
        assert_eq!(works.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, true, false]);
        works.remove(0);
        assert!(taken[3].0.work().is_some());
        taken.truncate(3);
        let (_seat, mut closed) = seats.take(None);
        assert_eq!(closed.try_recv(), Err(Empty));
        assert_eq!(seats.room().taken.len(), 4);
    }
}
