//! Records to bytes and back: Avro binary behind the Confluent prefix (`0x00`, schema id in four bytes, big-endian).
//!
//! The newest schema is read and written directly between bytes and Rust types. A record that was written with
//! an older one is first brought to the newest by Avro's resolution rules; both then take the same path, so a
//! default or a new enum symbol means one thing only.

use std::{
    io::{self, Read},
    sync::LazyLock,
};

use apache_avro::{Schema, reader::datum::GenericDatumReader, writer::datum::GenericDatumWriter};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use crate::catalogue::Topic;

/// A record that is the value of a topic.
pub trait Record: Serialize + DeserializeOwned {
    /// Where it travels.
    const TOPIC: Topic;
}

/// Bytes that are no record, or a record that gives no bytes. Says where and how, never what was in them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes are not the Avro of the schema that they name, or name none.
    #[error("decode a value of {topic}: {what}", topic = .topic.base_name())]
    Undecodable {
        /// The topic that it should belong to.
        topic: Topic,
        /// Which rule is broken.
        what: &'static str,
    },
    /// The schema id is not one of the topic's.
    #[error("decode a value of {topic}: schema id {id} is unknown", topic = .topic.base_name())]
    UnknownSchema {
        /// The topic that it should belong to.
        topic: Topic,
        /// The id that the bytes name.
        id: i32,
    },
    /// The schema id is known, and its schema is of something else: what was given to [`foreign`].
    #[error("decode a value of {topic}: its schema is {what}", topic = .topic.base_name())]
    Foreign {
        /// The topic that it should belong to.
        topic: Topic,
        /// What the schema is.
        what: String,
    },
    /// The log or the store handed out [`CORRUPT`] in its place.
    #[error("decode a value of {topic}: it is not what was written, by its digest", topic = .topic.base_name())]
    Corrupt {
        /// The topic that it should belong to.
        topic: Topic,
    },
    /// Larger than the topic allows.
    #[error("carry a value of {topic}: {bytes} bytes where {limit} are allowed", topic = .topic.base_name())]
    TooLarge {
        /// The topic.
        topic: Topic,
        /// Its size.
        bytes: usize,
        /// The topic's `max_value_bytes`.
        limit: usize,
    },
    /// The Rust value does not fit its own schema; types and schemas agree by test, so only a wrong value
    /// of the right type could do it.
    #[error("encode a value of {topic}", topic = .topic.base_name())]
    Unencodable {
        /// The topic.
        topic: Topic,
    },
}

/// What logs and stores hand out in place of a value that is not what was written. It names no schema, so that no
/// reader takes damage for a record, and each gets [`CodecError::Corrupt`].
pub const CORRUPT: &[u8] = b"\xffcorrupt";

/// What stands in front of what [`foreign`] says.
const FOREIGN: &[u8] = b"\xffforeign ";

/// What a log hands out in place of a value whose schema is known and of something else; `what` follows "its schema is".
pub fn foreign(what: &str) -> Bytes {
    [FOREIGN, what.as_bytes()].concat().into()
}

/// The schema id that a value names, whether or not anybody knows it.
pub fn schema_id(value: &[u8]) -> Option<i32> {
    match value {
        [MAGIC, a, b, c, d, ..] => Some(i32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

/// The bytes of a record, in its topic's newest schema.
///
/// # Errors
/// [`CodecError::TooLarge`] where the topic would not take it.
pub fn encode<T: Record>(record: &T) -> Result<Bytes, CodecError> {
    let codec = of(T::TOPIC);
    let mut value = codec.start();
    codec.writer.write_ser(&mut value, record).map_err(|_| CodecError::Unencodable { topic: T::TOPIC })?;
    within_limit(T::TOPIC, value.len())?;
    Ok(value.into())
}

/// The record in `value`, whichever of its topic's schemas wrote it.
///
/// # Errors
/// All but [`CodecError::Unencodable`]; each gives the reason of a dead letter.
pub fn decode<T: Record>(value: &[u8]) -> Result<T, CodecError> {
    within_limit(T::TOPIC, value.len())?;
    of(T::TOPIC).decode(value)
}

/// The value of the record in `body`, as the topic's newest schema would have written it; `writer` did, and is none of
/// the catalogue's.
///
/// # Errors
/// [`CodecError::Undecodable`]: it is not what `writer` writes, or means nothing to the newest schema.
pub fn transcode(topic: Topic, writer: &Schema, body: &[u8]) -> Result<Bytes, CodecError> {
    let codec = of(topic);
    let reader = GenericDatumReader::builder(writer)
        .reader_schema(&topic.newest_schema().1)
        .human_readable(false)
        .build()
        .map_err(|_| CodecError::Undecodable { topic, what: "its schema refers to what it lacks" })?;
    let mut value = codec.start();
    value.append(&mut codec.modernise(&reader, body)?);
    Ok(value.into())
}

const MAGIC: u8 = 0;

/// What one length prefix may ask for while decoding. Far above every topic's limit, so that it refuses lies only.
const MAX_ALLOCATION_BYTES: usize = 16 << 20;

fn within_limit(topic: Topic, bytes: usize) -> Result<(), CodecError> {
    let limit = topic.settings().max_value_bytes;
    if bytes > limit {
        return Err(CodecError::TooLarge { topic, bytes, limit });
    }
    Ok(())
}

fn of(topic: Topic) -> &'static Codec<'static> {
    static CODECS: LazyLock<Vec<Codec<'static>>> = LazyLock::new(|| {
        apache_avro::util::max_allocation_bytes(MAX_ALLOCATION_BYTES);
        let codecs = Topic::ALL.map(|topic| {
            Codec::new(topic, topic.schemas()).unwrap_or_else(|e| {
                unreachable!("the catalogue is compiled in and a test makes all codecs, yet: {e}")
            })
        });
        codecs.into()
    });
    &CODECS[topic as usize]
}

/// Reads and writes one topic's values; made once, because resolving a schema's names costs more than a record.
struct Codec<'s> {
    topic: Topic,
    newest_id: i32,
    newest: GenericDatumReader<'s>,
    writer: GenericDatumWriter<'s>,
    /// Readers of older schemas into the newest, by id.
    older: Vec<(i32, GenericDatumReader<'s>)>,
}

impl<'s> Codec<'s> {
    /// A codec for schemas that are given oldest first.
    fn new(topic: Topic, schemas: &'s [(i32, Schema)]) -> Result<Self, String> {
        let [older @ .., (newest_id, newest)] = schemas else { return Err("no schema".into()) };
        let older = older.iter().map(|(id, writer)| {
            let reader =
                GenericDatumReader::builder(writer).reader_schema(newest).human_readable(false).build();
            Ok((*id, reader.map_err(|e| e.to_string())?))
        });
        Ok(Self {
            topic,
            newest_id: *newest_id,
            newest: GenericDatumReader::builder(newest)
                .human_readable(false)
                .build()
                .map_err(|e| e.to_string())?,
            writer: GenericDatumWriter::builder(newest)
                .human_readable(false)
                .build()
                .map_err(|e| e.to_string())?,
            older: older.collect::<Result<_, String>>()?,
        })
    }

    /// A buffer that holds the prefix.
    fn start(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(1024);
        value.push(MAGIC);
        value.extend_from_slice(&self.newest_id.to_be_bytes());
        value
    }

    fn decode<T: DeserializeOwned>(&self, value: &[u8]) -> Result<T, CodecError> {
        let topic = self.topic;
        if value == CORRUPT {
            return Err(CodecError::Corrupt { topic });
        }
        if let Some(what) = value.strip_prefix(FOREIGN) {
            return Err(CodecError::Foreign { topic, what: String::from_utf8_lossy(what).into_owned() });
        }
        let Some(id) = schema_id(value) else {
            return Err(CodecError::Undecodable { topic, what: "no schema id in front" });
        };
        let body = &value[PREFIX_BYTES..];
        if id == self.newest_id {
            return self.read(body);
        }
        let Some((_, older)) = self.older.iter().find(|(known, _)| *known == id) else {
            return Err(CodecError::UnknownSchema { topic, id });
        };
        self.read(&self.modernise(older, body)?)
    }

    fn read<T: DeserializeOwned>(&self, mut body: &[u8]) -> Result<T, CodecError> {
        let not_avro = |_| CodecError::Undecodable { topic: self.topic, what: "not the Avro of its schema" };
        let record = self.newest.read_deser(&mut body).map_err(not_avro)?;
        if !body.is_empty() {
            return Err(CodecError::Undecodable { topic: self.topic, what: "bytes after its end" });
        }
        Ok(record)
    }

    /// The body of an older record, as the newest schema would have written it.
    fn modernise(&self, older: &GenericDatumReader<'_>, body: &[u8]) -> Result<Vec<u8>, CodecError> {
        let undecodable = |what| CodecError::Undecodable { topic: self.topic, what };
        let mut body = StrictReader { rest: body, ran_out: false };
        let value =
            older.read_value(&mut body).map_err(|_| undecodable("not the Avro of its older schema"))?;
        if body.ran_out || !body.rest.is_empty() {
            return Err(undecodable("does not end where its older schema ends"));
        }
        let mut modern = Vec::new();
        self.writer
            .write_value_ref(&mut modern, &value)
            .map_err(|_| undecodable("has no meaning in the newest schema"))?;
        Ok(modern)
    }
}

const PREFIX_BYTES: usize = 5;

/// Remembers that a read came up short: the Avro reader of plain values takes a missing end for nulls.
struct StrictReader<'b> {
    rest: &'b [u8],
    ran_out: bool,
}

impl Read for StrictReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.rest.read(buffer)?;
        self.ran_out |= n == 0 && !buffer.is_empty();
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
