//! Sketches of one day as they lie in a store: some of them in one value, which is known by its digest.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::civil::Date;
use ombud_contract::ids::row_sha256;

use super::SketchRow;
use crate::day::day_of;

/// Sketches of one block at most: about 20 kB.
const MOST: usize = 64;
/// What a body begins with; another number is another form.
const FORM: u8 = 1;

/// Some sketches of one day. Key: day, digest. The same sketches are the same block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchBlock {
    /// Of `received_at` of each.
    pub day: Date,
    /// Of `body`.
    pub digest: [u8; 32],
    /// The sketches.
    pub body: Vec<u8>,
}

impl SketchBlock {
    /// Packs `rows`, in their order, by day.
    pub fn pack<'a>(rows: impl Iterator<Item = &'a SketchRow>) -> Vec<Self> {
        let mut by_day = BTreeMap::<Date, Vec<&SketchRow>>::new();
        for row in rows {
            by_day.entry(day_of(row.received_at)).or_default().push(row);
        }
        let blocks = by_day.iter().flat_map(|(day, rows)| rows.chunks(MOST).map(|rows| Self::of(*day, rows)));
        blocks.collect()
    }

    fn of(day: Date, rows: &[&SketchRow]) -> Self {
        let mut body = vec![FORM];
        for row in rows {
            let representative = row.representative.as_deref().unwrap_or_default();
            let parts =
                [row.complaint_id.as_bytes(), &row.sketch, row.channel.as_bytes(), representative.as_bytes()];
            body.extend(row.received_at.to_le_bytes());
            body.extend(row.submission.to_le_bytes());
            for part in parts {
                // No field of a complaint is as long as that.
                let part = &part[..part.len().min(usize::from(u16::MAX))];
                body.extend((part.len() as u16).to_le_bytes());
                body.extend(part);
            }
        }
        Self { day, digest: row_sha256(&[Some(&body)]), body }
    }

    /// The sketches of a block as a store has it; `None` where it is not what was written, or of a newer build.
    pub fn read(digest: &[u8], body: Vec<u8>) -> Option<Vec<SketchRow>> {
        if row_sha256(&[Some(&body)]) != digest {
            return None;
        }
        let mut rest = Bytes::from(body);
        if take(&mut rest, 1)?[0] != FORM {
            return None;
        }
        let mut rows = Vec::with_capacity(MOST);
        while !rest.is_empty() {
            let received_at = i64::from_le_bytes(take(&mut rest, 8)?[..].try_into().ok()?);
            let submission = i32::from_le_bytes(take(&mut rest, 4)?[..].try_into().ok()?);
            let complaint_id = text(&mut rest)?;
            // Its own memory: one that is kept would keep its whole block.
            let sketch = Bytes::copy_from_slice(&part(&mut rest)?);
            let (channel, representative) = (text(&mut rest)?, text(&mut rest)?);
            let representative = (!representative.is_empty()).then_some(representative);
            rows.push(SketchRow { complaint_id, submission, received_at, sketch, channel, representative });
        }
        Some(rows)
    }
}

fn take(rest: &mut Bytes, len: usize) -> Option<Bytes> {
    (len <= rest.len()).then(|| rest.split_to(len))
}

fn part(rest: &mut Bytes) -> Option<Bytes> {
    let len = u16::from_le_bytes(take(rest, 2)?[..].try_into().ok()?);
    take(rest, len.into())
}

fn text(rest: &mut Bytes) -> Option<String> {
    String::from_utf8(part(rest)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n: i64) -> SketchRow {
        SketchRow {
            complaint_id: format!("c-{n}"),
            submission: 2,
            received_at: n * 86_400_000 / 100,
            sketch: Bytes::from(vec![7; 256]),
            channel: "web".into(),
            representative: (n % 2 == 0).then(|| "Claims Ltd".into()),
        }
    }

    #[test]
    fn rows_come_back_from_blocks_of_their_day() {
        let rows: Vec<SketchRow> = (0..200).map(row).collect();
        let blocks = SketchBlock::pack(rows.iter());
        assert_eq!(blocks.len(), 4, "two a day");
        assert_eq!(SketchBlock::pack(rows.iter()), blocks);
        let read = blocks.into_iter().flat_map(|block| SketchBlock::read(&block.digest, block.body).unwrap());
        assert_eq!(read.collect::<Vec<_>>(), rows);
        assert!(SketchBlock::pack([].iter()).is_empty());
    }

    #[test]
    fn a_block_that_was_changed_is_none() {
        let [block] = &SketchBlock::pack([row(1)].iter())[..] else { panic!("one") };
        for at in 0..block.body.len() {
            let mut changed = block.body.clone();
            changed[at] ^= 1;
            assert_eq!(SketchBlock::read(&block.digest, changed), None, "byte {at}");
        }
        assert_eq!(SketchBlock::read(&block.digest[1..], block.body.clone()), None);
        // Whole, and of another build.
        for body in [vec![], vec![FORM + 1], vec![FORM, 1, 2]] {
            assert_eq!(SketchBlock::read(&row_sha256(&[Some(&body)]), body), None);
        }
    }
}
