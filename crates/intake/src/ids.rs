//! Which ids of a file stand for several complaints: a spreadsheet writes long numbers as 2.02611E+12.
//!
//! Twenty-four bytes a row are kept, however long ids and narratives are: 16 of the id's SHA-256 and 8 of the narrative's.
//! That two ids of a file of ten million rows share theirs happens once in 10^24 files.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

type IdHash = [u64; 2];

/// What is known of the ids of a file, while it is read.
#[derive(Default)]
pub(crate) struct Narratives {
    rows: Vec<(IdHash, u64)>,
}

impl Narratives {
    /// Notes a row in which only the narrative says which complaint it is about.
    pub(crate) fn note(&mut self, id: &str, narrative: &str) {
        self.rows.push((hash(id), hash(narrative.trim())[0]));
    }

    /// The ids that were noted with several narratives.
    pub(crate) fn shared(mut self) -> SharedIds {
        self.rows.sort_unstable();
        let pairs = self.rows.windows(2).filter_map(|pair| match pair {
            [(id, narrative), (next, other)] if id == next && narrative != other => Some(*id),
            _ => None,
        });
        SharedIds(pairs.collect())
    }
}

/// Ids of a file that stand for several complaints: nobody can tell which row is whose.
#[derive(Default)]
pub(crate) struct SharedIds(HashSet<IdHash>);

impl SharedIds {
    pub(crate) fn has(&self, id: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&hash(id))
    }
}

/// The first 16 bytes of the SHA-256 of `text`.
fn hash(text: &str) -> IdHash {
    let digest: [u8; 32] = Sha256::digest(text).into();
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    [number(&digest[..8]), number(&digest[8..16])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(rows: &[(&str, &str)]) -> SharedIds {
        let mut narratives = Narratives::default();
        rows.iter().for_each(|(id, narrative)| narratives.note(id, narrative));
        narratives.shared()
    }

    #[test]
    fn an_id_is_shared_where_its_narratives_differ_and_nowhere_else() {
        let shared = shared(&[
            ("a", "one"),
            ("b", "two"),
            ("a", " one\n"),
            ("c", "three"),
            ("b", "four"),
            ("c", "three"),
        ]);
        assert_eq!(["a", "b", "c", "d"].map(|id| shared.has(id)), [false, true, false, false]);
    }

    #[test]
    fn a_row_takes_as_much_memory_as_is_said() {
        assert_eq!(size_of::<(IdHash, u64)>(), 24);
    }
}
