//! A file's bytes without its compression, which is known by its first bytes, whatever the file's name.

use std::io::{self, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use crate::foreign::LOOKED_AT;

/// What was packed twice is unpacked twice; deeper is nobody's mistake.
const MOST_LAYERS: usize = 2;
const BUFFER_BYTES: usize = 64 << 10;

const GZIP: &[u8] = b"\x1F\x8B\x08";
const ZSTD: &[u8] = b"\x28\xB5\x2F\xFD";

/// The unpacked bytes of `packed`, with the first of them to look at.
pub(crate) fn unpacked(packed: impl Read + Send + 'static) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let (mut start, mut bytes) = peeked(Box::new(packed));
    for _ in 0..MOST_LAYERS {
        let packed = BufReader::with_capacity(BUFFER_BYTES, bytes);
        let layer: Box<dyn Read + Send> = if start.starts_with(GZIP) {
            Box::new(MultiGzDecoder::new(packed))
        } else if start.starts_with(ZSTD) || is_skippable(&start) {
            Box::new(zstd::Decoder::with_buffer(packed)?)
        } else {
            return Ok((start, Box::new(packed)));
        };
        (start, bytes) = peeked(layer);
    }
    Ok((start, bytes))
}

/// A frame of zstd that says nothing: pzstd and seekable files begin with one.
fn is_skippable(start: &[u8]) -> bool {
    matches!(start, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..])
}

/// The first bytes, and all bytes.
fn peeked(mut bytes: Box<dyn Read + Send>) -> (Vec<u8>, Box<dyn Read + Send>) {
    let mut start = Vec::with_capacity(LOOKED_AT);
    // What is damaged this early fails again where it is read.
    let _ = bytes.by_ref().take(LOOKED_AT as u64).read_to_end(&mut start);
    (start.clone(), Box::new(Cursor::new(start).chain(bytes)))
}
