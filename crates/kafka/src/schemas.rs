//! Schema ids at the edge: the registry's outside, the catalogue's inside.
//!
//! An id is asked for once; after that nothing of a record goes over the network.

mod cache;
mod meaning;
mod writer;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use ombud_contract::{
    catalogue::{Topic, schema_by_id},
    codec,
};
use ombud_stream::{Clock, Outage, SystemClock};

use crate::{
    connection::RegistryConnection,
    error::KafkaError,
    registry::{CallError, Registry, subject},
};
use cache::Cache;
use meaning::Meaning;

/// The magic byte and the id.
const PREFIX_BYTES: usize = 5;

/// Translates schema ids; a cheap handle on one cache. Blocks where it asks: never to be called by a task of an async
/// runtime.
#[derive(Clone)]
pub struct Schemas(Arc<Translator>);

struct Translator {
    registry: Registry,
    prefix: String,
    clock: Arc<dyn Clock>,
    cache: Cache,
}

impl Schemas {
    /// A translator of the topics that begin with `prefix`; nothing is asked yet.
    ///
    /// # Errors
    /// A URL or the authority's file is wrong.
    pub fn connect(connection: &RegistryConnection, prefix: &str) -> Result<Self, KafkaError> {
        Self::at(connection, prefix, Arc::new(SystemClock))
    }

    fn at(connection: &RegistryConnection, prefix: &str, clock: Arc<dyn Clock>) -> Result<Self, KafkaError> {
        let registry = Registry::connect(connection)?;
        Ok(Self(Arc::new(Translator { registry, prefix: prefix.to_owned(), clock, cache: Cache::default() })))
    }

    /// `value` as the catalogue numbers its schema, and in the catalogue's newest schema where another wrote it;
    /// `None` where it is to be taken as it is: no topic of ours, or an id that nobody knows. A schema of something else is
    /// said in its place ([`codec::foreign`]).
    ///
    /// # Errors
    /// The registry doesn't answer (passing) or refuses us (fatal); `value` may be given again.
    pub fn incoming(&self, topic: &str, value: &Bytes) -> Result<Option<Bytes>, Outage> {
        let Some(ours) = Topic::named(topic, &self.0.prefix) else { return Ok(None) };
        // No registry gives zero or less.
        let id = codec::schema_id(value).and_then(|id| u32::try_from(id).ok()).filter(|id| *id > 0);
        let Some(id) = id else { return Ok(None) };
        let meaning = self.meaning(ours, id).map_err(|error| {
            outage(format!("ask for schema {id} of a record of {topic}: {}", error.fix()), error)
        })?;
        Ok(meaning.map(|meaning| meaning.read(ours, value)))
    }

    /// `value` as the registry numbers its schema; a value without an id of the catalogue as it is.
    ///
    /// # Errors
    /// The registry doesn't answer (passing), refuses us or lacks the schema (fatal).
    pub fn outgoing(&self, topic: &str, value: Bytes) -> Result<Bytes, Outage> {
        if Topic::named(topic, &self.0.prefix).is_none() {
            return Ok(value);
        }
        let Some((id, schema)) =
            codec::schema_id(&value).and_then(|id| schema_by_id(id).map(|(_, it)| (id, it)))
        else {
            return Ok(value);
        };
        let registered = match self.0.cache.registered(id) {
            Some(registered) => registered,
            None => {
                let subject = subject(topic);
                let found = self.0.registry.id_of(&subject, schema).map_err(|error| match error {
                    CallError::Absent => Outage::fatal(
                        format!("find a schema in {subject}: register it with `ombud setup`"),
                        error,
                    ),
                    error => outage(format!("ask for a schema of {subject}: {}", error.fix()), error),
                })?;
                self.0.cache.register(id, found);
                found
            }
        };
        Ok(renumbered(value, registered.to_be_bytes()))
    }

    /// What `id` means in `topic`; `None` where the registry has never heard of it.
    fn meaning(&self, topic: Topic, id: u32) -> Result<Option<Arc<Meaning>>, CallError> {
        let Translator { registry, clock, cache, .. } = &*self.0;
        let now = clock.now_ms();
        if let Some(known) = cache.meaning(topic, id, now) {
            return Ok(known);
        }
        let meaning = match registry.schema(id) {
            Ok(registered) => Some(Arc::new(Meaning::of(topic, &registered))),
            Err(CallError::Absent) => None,
            Err(error) => return Err(error),
        };
        cache.learn(topic, id, meaning.clone(), now);
        Ok(meaning)
    }
}

fn outage(action: String, error: CallError) -> Outage {
    match error {
        CallError::Denied { .. } => Outage::fatal(action, error),
        _ => Outage::passing(action, error),
    }
}

/// `value` with another id in its prefix, which it has.
fn renumbered(value: Bytes, id: [u8; 4]) -> Bytes {
    let mut value = value.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&*shared));
    value[PREFIX_BYTES - id.len()..PREFIX_BYTES].copy_from_slice(&id);
    value.freeze()
}

#[cfg(test)]
mod tests;
