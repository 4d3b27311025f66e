//! Sketches on a CQL server.

use std::collections::HashSet;

use futures_util::{TryStreamExt, stream};
use jiff::civil::Date;
use ombud_stream::Outage;
use scylla::errors::ExecutionError;

use crate::{
    alike::{ErasedSketch, SketchBlock, SketchRow, Sketches},
    cql::{cases::CqlCases, error::outage, read_error::ReadError},
    day::day_of,
    row::Row,
};

/// A block as it lies there: its digest and its body.
type Columns = (Vec<u8>, Vec<u8>);

impl CqlCases {
    /// Writes the sketches among `rows` in blocks.
    pub(crate) async fn write_sketches(&self, rows: &[Row]) -> Result<(), ExecutionError> {
        let sketches = rows.iter().filter_map(|row| match row {
            Row::Sketch(sketch) => Some(sketch),
            _ => None,
        });
        let blocks = SketchBlock::pack(sketches);
        let (link, statements) = (self.link(), self.statements());
        stream::iter(blocks.iter().map(Ok))
            .try_for_each_concurrent(self.concurrency(), |block| {
                statements.write_block(&link.session, link.bound, block)
            })
            .await
    }

    /// Writes the blocks anew that hold a sketch of a complaint which is marked as erased by now.
    pub(crate) fn erase_sketches(&self, erased: &ErasedSketch) -> Result<(), Outage> {
        let action = || format!("erase the sketches of {}", erased.complaint_id);
        let day = day_of(erased.received_at);
        let mut changed: Vec<(Vec<u8>, Vec<SketchRow>)> = Vec::new();
        let read = self.each_block(day, &mut |(digest, body)| {
            let Some(mut rows) = SketchBlock::read(&digest, body) else { return };
            let all = rows.len();
            rows.retain(|row| row.complaint_id != erased.complaint_id);
            if rows.len() < all {
                changed.push((digest, rows));
            }
        });
        read.map_err(|unread| unread.outage(action()))?;
        let (link, statements) = (self.link(), self.statements());
        for (digest, rows) in changed {
            let writing = async {
                for block in SketchBlock::pack(rows.iter()) {
                    statements.write_block(&link.session, link.bound, &block).await?;
                }
                statements.delete_block(&link.session, link.bound, day, &digest).await
            };
            link.wait(Box::pin(writing)).map_err(|cause| outage(action(), cause))?;
        }
        Ok(())
    }

    fn each_block(&self, day: Date, each: &mut dyn FnMut(Columns)) -> Result<(), ReadError> {
        let order = |block: &Columns| block.0.clone();
        self.read_merged(&self.statements().blocks(day), |columns| columns, order, |_, _| false, each)
    }
}

impl Sketches for CqlCases {
    fn sketches(&mut self, day: Date, each: &mut dyn FnMut(SketchRow)) -> Result<(), Outage> {
        let action = || format!("read the sketches of {day}");
        let part = self.statements().erased(day);
        let erased = self.link().wait(Box::pin(self.rows::<(String,)>(&part)));
        let erased = erased.map_err(|unread| unread.outage(action()))?;
        let erased: HashSet<String> = erased.into_iter().map(|(complaint_id,)| complaint_id).collect();
        let read = self.each_block(day, &mut |(digest, body)| {
            let rows = SketchBlock::read(&digest, body).into_iter().flatten();
            rows.filter(|row| !erased.contains(&row.complaint_id)).for_each(&mut *each);
        });
        read.map_err(|unread| unread.outage(action()))
    }
}
