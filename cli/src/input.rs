//! What several commands are given: files of complaints, times, tasks, where a group starts.

pub(crate) mod complaint_file;
pub(crate) mod examples;
pub(crate) mod file_reading;
pub(crate) mod login;
pub(crate) mod start;
pub(crate) mod tasks;
pub(crate) mod when;
