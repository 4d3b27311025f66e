//! Which partition a key belongs to: Java's murmur2, so that every client of every log agrees.

/// The partition of `key` among `count` (at least 1), as Kafka's Java producer chooses it.
pub fn partition_of(key: &[u8], count: i32) -> i32 {
    let positive = murmur2::murmur2(key, murmur2::KAFKA_SEED) & 0x7fff_ffff;
    // Both fit: `positive` has 31 bits, the remainder is below `count`.
    (positive % count.max(1).unsigned_abs()) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Java's `Utils.murmur2` on the same bytes.
    const GOLDEN: [(&str, i32); 6] = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ];

    #[test]
    fn a_key_hashes_as_it_does_in_java() {
        for (key, hash) in GOLDEN {
            assert_eq!(murmur2::murmur2(key.as_bytes(), murmur2::KAFKA_SEED).cast_signed(), hash, "{key}");
        }
    }

    #[test]
    fn a_negative_hash_still_names_a_partition() {
        for (key, hash) in GOLDEN {
            for count in [1, 4, 48] {
                assert_eq!(partition_of(key.as_bytes(), count), (hash & 0x7fff_ffff) % count);
            }
        }
    }
}
