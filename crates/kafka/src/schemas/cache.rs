//! What the registry has said: for ever where it knew, for a moment where it didn't.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use ombud_contract::catalogue::Topic;

use super::meaning::Meaning;

/// How long an id that the registry doesn't know is not asked for again, in milliseconds: a producer that registers
/// late loses no more than this, and one that sends rubbish asks no more than this.
const UNKNOWN_FOR_MS: i64 = 30_000;
/// Ids that are kept of each kind. A registry has some dozens; what is above comes from rubbish, and all are asked again.
const CAP: usize = 4_096;

/// The answers of one registry.
#[derive(Default)]
pub(super) struct Cache {
    known: RwLock<HashMap<(Topic, u32), Arc<Meaning>>>,
    /// When each was asked for.
    unknown: RwLock<HashMap<u32, i64>>,
    /// The registry's ids by the catalogue's.
    registered: RwLock<HashMap<i32, u32>>,
}

impl Cache {
    /// What `id` means in `topic`; `Some(None)` where the registry didn't know a moment ago.
    pub(super) fn meaning(&self, topic: Topic, id: u32, now_ms: i64) -> Option<Option<Arc<Meaning>>> {
        if let Some(known) = read(&self.known).get(&(topic, id)) {
            return Some(Some(Arc::clone(known)));
        }
        let asked_at = *read(&self.unknown).get(&id)?;
        (0..UNKNOWN_FOR_MS).contains(&(now_ms - asked_at)).then_some(None)
    }

    /// Keeps the registry's answer.
    pub(super) fn learn(&self, topic: Topic, id: u32, meaning: Option<Arc<Meaning>>, now_ms: i64) {
        match meaning {
            Some(meaning) => {
                write(&self.unknown).remove(&id);
                bounded(&mut write(&self.known)).insert((topic, id), meaning);
            }
            None => {
                bounded(&mut write(&self.unknown)).insert(id, now_ms);
            }
        }
    }

    /// The registry's id of a schema of the catalogue.
    pub(super) fn registered(&self, id: i32) -> Option<u32> {
        read(&self.registered).get(&id).copied()
    }

    /// Keeps it. The catalogue's size is the bound.
    pub(super) fn register(&self, id: i32, registered: u32) {
        write(&self.registered).insert(id, registered);
    }
}

fn bounded<K, V>(map: &mut HashMap<K, V>) -> &mut HashMap<K, V> {
    if map.len() >= CAP {
        map.clear();
    }
    map
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
