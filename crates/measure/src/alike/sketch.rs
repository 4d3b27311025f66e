//! What is kept of a narrative so that it can be compared: 128 numbers, from which nobody can tell a word of it.

use bytes::Bytes;
use ombud_contract::records::{RawComplaint, TimestampMs};
use ombud_store::SketchRow;

use super::shingles::{mixed, shingles};

/// Numbers of a sketch. A similarity of 0.5 is estimated to ± 0.09 in 19 of 20 cases.
const NUMBERS: usize = 128;
/// Where in a hash its bin stands: in the upper seven bits.
const BIN_SHIFT: u32 = u64::BITS - NUMBERS.ilog2();
/// The rest of a hash.
const VALUE: u64 = (1 << BIN_SHIFT) - 1;
/// Numbers of one band: two sketches with a similarity of s share a band with a probability of s^3.
const BAND: usize = 3;
/// What two narratives share at least that are alike. Two copies of a letter in which each sender replaced one word in thirty,
/// names and amounts, and dropped or moved a sentence share 0.3 to 0.5; two that nobody copied hardly ever share 0.1. With 42
/// bands a pair at 0.4 is looked at in 94 of 100 cases and one at 0.3 in 68; a copy has many others to be found by.
pub const LEAST_SIMILARITY: f64 = 0.3;

/// The attribute of a complaint that says who complains on the customer's behalf.
const REPRESENTATIVE: &str = "representative";
/// For how long complaints are compared: those that were received before are none that grow now.
const COMPARED_MS: i64 = ombud_store::SKETCH_DAYS * 86_400_000;
/// How far a sender's clock may be ahead.
const AHEAD_MS: i64 = 86_400_000;

/// The least hash of a narrative's shingles in each of 128 bins, cut to 16 bits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sketch([u16; NUMBERS]);

impl Sketch {
    /// The sketch of `narrative`; `None` where it has too few words to be compared.
    ///
    /// Each shingle has one hash, which says its bin and its value there (one permutation hashing: Li, Owen and Zhang 2012).
    /// An empty bin takes what another has, each bin in an order of its own (optimal densification: Shrivastava 2017), so
    /// that any two numbers are the same as often as the narratives are alike.
    pub fn of(narrative: &str) -> Option<Self> {
        let mut least = [u64::MAX; NUMBERS];
        for shingle in shingles(narrative) {
            let bin = &mut least[(shingle >> BIN_SHIFT) as usize];
            *bin = (*bin).min(shingle & VALUE);
        }
        if least.iter().all(|value| *value == u64::MAX) {
            return None;
        }
        let filled = least;
        for (bin, value) in least.iter_mut().enumerate().filter(|(_, value)| **value == u64::MAX) {
            // One bin at least has a value, and every bin is tried sooner or later.
            let others = (1..).map(|attempt| other_bin(bin, attempt));
            *value = others.map(|other| filled[other]).find(|value| *value != u64::MAX)?;
        }
        // Their upper bits say little: they are the least of many.
        Some(Self(least.map(|value| value as u16)))
    }

    /// The sketch that a row holds; `None` where another build made it.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != 2 * NUMBERS {
            return None;
        }
        let mut numbers = [0; NUMBERS];
        for (number, pair) in numbers.iter_mut().zip(bytes.chunks_exact(2)) {
            *number = u16::from_le_bytes([pair[0], pair[1]]);
        }
        Some(Self(numbers))
    }

    /// As a row holds it.
    pub fn bytes(&self) -> Bytes {
        let mut bytes = [0; 2 * NUMBERS];
        for (pair, number) in bytes.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&number.to_le_bytes());
        }
        Bytes::copy_from_slice(&bytes)
    }

    /// The share of shingles that both narratives have, of all that either has: an estimate.
    pub fn similarity(&self, other: &Self) -> f64 {
        let same = self.0.iter().zip(&other.0).filter(|(one, other)| one == other).count();
        same as f64 / NUMBERS as f64
    }

    /// Whether both are of narratives that say the same.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        self.similarity(other) >= LEAST_SIMILARITY
    }

    /// Its bands, in their order: 42 keys. The last two numbers are in none.
    pub(super) fn bands(&self) -> impl Iterator<Item = u64> {
        self.0
            .chunks_exact(BAND)
            .map(|band| band.iter().fold(0, |key, number| (key << 16) | u64::from(*number)))
    }

    /// How many bands each has.
    pub(super) const BANDS: usize = NUMBERS / BAND;
}

impl std::fmt::Debug for Sketch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sketch({:04x}{:04x}..)", self.0[0], self.0[1])
    }
}

/// In which bin is looked for the value of an empty one at this attempt: the same in every sketch.
fn other_bin(bin: usize, attempt: u64) -> usize {
    (mixed(((bin as u64) << 32) | attempt) >> BIN_SHIFT) as usize
}

/// The row of a submission, at `now_ms`; `None` where there is nothing to compare, or it was received too long ago: a backfill
/// of old complaints costs nothing.
pub fn sketch_row(raw: &RawComplaint, now_ms: TimestampMs) -> Option<SketchRow> {
    let compared = now_ms.saturating_sub(COMPARED_MS)..now_ms.saturating_add(AHEAD_MS);
    if !compared.contains(&raw.received_at) {
        return None;
    }
    Some(SketchRow {
        received_at: raw.received_at,
        complaint_id: raw.complaint_id.clone(),
        submission: raw.submission,
        sketch: Sketch::of(&raw.narrative)?.bytes(),
        channel: raw.channel.clone(),
        representative: raw.attributes.get(REPRESENTATIVE).filter(|name| !name.is_empty()).cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    /// `shared` words that every text of that name has, then some of its own.
    fn text(name: &str, shared: usize, own: usize, side: &str) -> String {
        let words = (0..shared).map(|n| format!("s{name}{}", letters(n)));
        words.chain((0..own).map(|n| format!("{side}{name}{}", letters(n)))).collect::<Vec<_>>().join(" ")
    }

    fn letters(n: usize) -> String {
        [n / 676, n / 26 % 26, n % 26].map(|n| char::from(b'a' + n as u8)).iter().collect()
    }

    #[test]
    fn the_similarity_is_that_of_the_shingles_as_exactly_as_128_numbers_allow() {
        for (shared, own, trials) in [(104, 100, 80), (204, 50, 80), (54, 200, 80), (44, 20, 80)] {
            // The shared part has so many shingles, and the last four words of it stand in four more.
            let (both, all) = ((shared - 4) as f64, (shared - 4 + 2 * own) as f64);
            let exact = both / all;
            let errors = (0..trials).map(|n| {
                let sketch = |side: &str| Sketch::of(&text(&letters(n), shared, own, side)).unwrap();
                sketch("l").similarity(&sketch("r")) - exact
            });
            let square: f64 = errors.map(|error| error * error).sum::<f64>() / trials as f64;
            let expected = exact * (1.0 - exact) / NUMBERS as f64;
            // Twice where so few shingles fill so many bins.
            assert!(square < 2.0 * expected, "{exact}: {square} is not about {expected}");
        }
    }

    #[test]
    fn a_sketch_comes_back_from_its_row_and_its_numbers_never_change() {
        let sketch = Sketch::of(&text("", 60, 0, "")).unwrap();
        assert_eq!(Sketch::read(&sketch.bytes()), Some(sketch.clone()));
        assert_eq!(Sketch::read(&sketch.bytes()[1..]), None);
        assert_eq!(sketch.bands().count(), Sketch::BANDS);
        // In stores out there: what is made otherwise is compared with nothing that was kept before.
        assert_eq!(sketch.0[..4], [61_206, 58_370, 45_293, 47_684]);
    }

    #[test]
    fn what_is_old_or_too_short_has_no_row() {
        let raw = |received_at, narrative: &str| RawComplaint::new("c-1", narrative, received_at);
        let row = sketch_row(&raw(NOW, &text("", 20, 0, "")), NOW).unwrap();
        assert_eq!((row.submission, row.sketch.len()), (1, 256));
        assert_eq!(sketch_row(&raw(NOW - COMPARED_MS - 1, &text("", 20, 0, "")), NOW), None);
        assert_eq!(sketch_row(&raw(NOW + AHEAD_MS, &text("", 20, 0, "")), NOW), None);
        assert_eq!(sketch_row(&raw(NOW, "Fraud!"), NOW), None);
    }
}
