//! Files of complaints to rows, one at a time: delimited text and JSON, packed or not, in three layouts. [`Table`] reads any other
//! records with named fields the same way.
//!
//! ```no_run
//! use ombud_intake::{FileDefaults, RejectedWriter, Rows, rejected_path};
//!
//! # fn main() -> Result<(), ombud_intake::IntakeError> {
//! let file = std::path::Path::new("complaints.csv.gz");
//! let rows = Rows::open(file, FileDefaults::of(file)?)?;
//! let mut rejects = RejectedWriter::create(rejected_path(file), rows.columns())?;
//! for row in rows {
//!     match row? {
//!         Ok(row) => println!("{}", row.complaint.complaint_id),
//!         Err(rejected) => rejects.write(&rejected)?,
//!     }
//! }
//! let rejections = rejects.finish()?;
//! if rejections.count() > 0 {
//!     print!("{rejections}");
//! }
//! # Ok(())
//! # }
//! ```

mod columns;
mod date_order;
mod dates;
mod documents;
mod error;
mod fields;
mod file_defaults;
mod foreign;
mod header;
mod ids;
mod labels;
mod layout;
mod lines;
mod nesting;
mod notes;
mod posted;
mod preview;
mod quoting;
mod read;
mod reasons;
mod record;
mod rejected;
mod rows;
mod source;
mod survey;
mod table;
mod text;
mod time;
mod unpacked;

pub use columns::{KnownColumns, normalised};
pub use date_order::DateOrder;
pub use dates::{DateFault, Undated, read_date};
pub use error::IntakeError;
pub use file_defaults::FileDefaults;
pub use labels::{LabelColumn, Labels, folded_label, label_named};
pub use layout::{COMPLAINTS, Layout};
pub use notes::Note;
pub use posted::{NoComplaint, Posted, complaint_of_json};
pub use preview::find_order;
pub use reasons::{field_of, fix};
pub use record::Record;
pub use rejected::{Reason, Rejected, RejectedWriter, Rejections, rejected_path};
pub use rows::{Row, Rows};
pub use source::{Progress, STDIN, bytes_of};
pub use table::Table;
