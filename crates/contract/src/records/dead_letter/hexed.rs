//! Bytes that may be missing: plain bytes in Avro, hexadecimal where a person reads.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(crate) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) if to.is_human_readable() => to.serialize_some(&hex::encode(bytes)),
        bytes => apache_avro::serde::bytes_opt::serialize(bytes, to),
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    if !from.is_human_readable() {
        return apache_avro::serde::bytes_opt::deserialize(from);
    }
    let digits = Option::<String>::deserialize(from)?;
    digits.map(|digits| hex::decode(digits).map_err(D::Error::custom)).transpose()
}
