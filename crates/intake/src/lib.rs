//! Files of complaints to rows, one at a time: CSV and JSON lines, plain or gzipped, in three layouts.
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
//! println!("{} rejected", rejects.finish()?);
//! # Ok(())
//! # }
//! ```

mod error;
mod fields;
mod labels;
mod layout;
mod lines;
mod posted;
mod read;
mod rejected;
mod rows;
mod table;
mod time;

pub use error::IntakeError;
pub use labels::{LabelColumn, Labels, label_named};
pub use layout::Layout;
pub use lines::Progress;
pub use posted::{NoComplaint, complaint_of_json};
pub use rejected::{Rejected, RejectedWriter, rejected_path};
pub use rows::{FileDefaults, Row, Rows};
