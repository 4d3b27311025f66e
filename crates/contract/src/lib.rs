//! What travels on the topics: records, their Avro schemas, their ids and the rules that make them valid.

pub mod access;
pub mod audit;
pub mod catalogue;
pub mod codec;
pub mod dead_letter;
mod hexed;
pub mod ids;
pub mod key;
pub mod records;
pub mod shown;
pub mod taxonomy;
pub mod truth;
pub mod validate;
pub mod verdict;
