//! What comes out of files of complaints, good and bad.

mod bad_input;
mod file;
mod layouts;
