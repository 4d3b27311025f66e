//! Hashes that ids, draws and digests of rows are made of.
//!
//! A list of parts is hashed with SHA-256. Each part follows its own length (eight bytes, big-endian), so no two lists of
//! parts run together to the same bytes.

use sha2::{Digest, Sha256};

/// Where a complaint falls among 10,000, for canaries and audit samples: 0 to 9,999, even over complaints,
/// always the same for one complaint and salt, and independent between salts.
pub fn basis_point(complaint_id: &str, salt: &str) -> i32 {
    let mut parts = Parts::default();
    parts.text(salt).text(complaint_id);
    let digest = parts.0.finalize();
    let first = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // 2^64 is no multiple of 10,000; the unevenness is one part in 10^15.
    (first % 10_000) as i32
}

/// Enough of a hash of a complaint's id that millions of them differ, in 16 bytes. Not for what travels.
pub fn complaint_hash(complaint_id: &str) -> [u8; 16] {
    let [first, ..] = *Sha256::digest(complaint_id).as_chunks::<16>().0 else {
        unreachable!("it has 32 bytes")
    };
    first
}

/// What a stored row is known by: its columns, in their order; `None` is one that is absent. Not for what travels.
pub fn row_sha256(columns: &[Option<&[u8]>]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for column in columns {
        // No column is as long as what stands for an absent one.
        digest.update(column.map_or(u64::MAX, |column| column.len() as u64).to_be_bytes());
        digest.update(column.unwrap_or_default());
    }
    digest.finalize().into()
}

/// Hashes parts one after the other, each behind its length; nothing is copied.
#[derive(Default)]
pub(crate) struct Parts(Sha256);

impl Parts {
    pub(crate) fn text(&mut self, part: &str) -> &mut Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part.as_bytes());
        self
    }

    pub(crate) fn number(&mut self, part: i64) -> &mut Self {
        self.0.update(8_u64.to_be_bytes());
        self.0.update(part.to_be_bytes());
        self
    }

    pub(crate) fn count(&mut self, count: usize) -> &mut Self {
        self.0.update((count as u64).to_be_bytes());
        self
    }

    /// How many there are, then each in order.
    pub(crate) fn sorted(&mut self, list: &[&str]) -> &mut Self {
        let mut list = list.to_vec();
        list.sort_unstable();
        self.count(list.len());
        for part in list {
            self.text(part);
        }
        self
    }

    pub(crate) fn flag(&mut self, name: &str, set: bool) {
        if set {
            self.text(name).text("true");
        }
    }

    pub(crate) fn option(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name).text(value);
        }
    }

    pub(crate) fn unless(&mut self, name: &str, value: &str, default: &str) {
        if value != default {
            self.text(name).text(value);
        }
    }

    /// The digest in lower-case hexadecimal: what an id is.
    pub(crate) fn hex(self) -> String {
        hex::encode(self.0.finalize())
    }
}
