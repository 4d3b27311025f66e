//! In which bucket of its day a row lies: a busy day would else be one partition, too large to read and to repair.

/// Buckets of a day. A day of a million complaints with three decisions each is 47,000 rows a bucket. Never changed:
/// a row is found again by it.
pub(crate) const BUCKETS: i8 = 64;

/// The bucket of the row that `id` tells from its neighbours: FNV-1a of 64 bits with its halves folded, which every
/// client can work out.
pub(crate) fn bucket_of(id: &str) -> i8 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let mixed = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    let hash = id.bytes().fold(OFFSET_BASIS, mixed);
    ((hash ^ (hash >> 32)) % BUCKETS as u64) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_again_where_it_was_put() {
        let known = [("", 1), ("2", 25), ("c-1", 13), ("0f4e9b1c-5a1e-4d7e-9c55-0a2f6d1b7e11", 27)];
        for (id, bucket) in known {
            assert_eq!(bucket_of(id), bucket, "{id}");
        }
    }

    #[test]
    fn ids_that_are_counted_up_are_spread_evenly() {
        let mut rows = [0_u32; BUCKETS as usize];
        for n in 0..64_000 {
            rows[usize::try_from(bucket_of(&n.to_string())).unwrap()] += 1;
        }
        assert!(rows.iter().all(|rows| (800..1_200).contains(rows)), "{rows:?}");
    }
}
