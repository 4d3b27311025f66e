//! Sketches on a CQL server.

use jiff::civil::Date;
use ombud_stream::Outage;
use scylla::value::CqlTimestamp;

use crate::{
    alike::{SketchRow, Sketches},
    cql::cases::CqlCases,
};

impl Sketches for CqlCases {
    fn sketches(&mut self, day: Date, each: &mut dyn FnMut(SketchRow)) -> Result<(), Outage> {
        type Columns = (String, i32, String, CqlTimestamp, Vec<u8>, String, Option<String>);
        let row = |columns: Columns| {
            let (complaint_id, submission, id, received_at, sketch, channel, representative) = columns;
            let (received_at, sketch) = (received_at.0, sketch.into());
            SketchRow { received_at, complaint_id, submission, id, sketch, channel, representative }
        };
        let order = |row: &SketchRow| (row.complaint_id.clone(), row.submission, row.id.clone());
        let same = |_: &SketchRow, _: &SketchRow| false;
        let read = self.read_merged(&self.statements().sketches(day), row, order, same, each);
        read.map_err(|e| e.outage(format!("read the sketches of {day}")))
    }
}
