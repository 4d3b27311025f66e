//! What travels on the topics: records, their Avro schemas, their ids and the rules that make them valid.

pub mod records;
