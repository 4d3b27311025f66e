//! A record's headers as one blob: per header the name's length and bytes, the value's length and bytes.

use bytes::{Buf, BufMut, Bytes};
use ombud_stream::Header;

/// Stands for the length of a value that is null.
const NULL: u32 = u32::MAX;

/// `None` where there are no headers, which is most records of a backfill.
pub(crate) fn encode(headers: &[Header]) -> Option<Vec<u8>> {
    if headers.is_empty() {
        return None;
    }
    let mut blob = Vec::new();
    for (name, value) in headers {
        put(&mut blob, name.as_bytes());
        match value {
            Some(value) => put(&mut blob, value),
            None => blob.put_u32(NULL),
        }
    }
    Some(blob)
}

/// The headers of a blob that [`encode`] made; `None` when it is damaged.
pub(crate) fn decode(blob: Option<Vec<u8>>) -> Option<Vec<Header>> {
    let mut blob = Bytes::from(blob.unwrap_or_default());
    let mut headers = Vec::new();
    while blob.has_remaining() {
        let name = String::from_utf8(take(&mut blob)??.to_vec()).ok()?;
        headers.push((name, take(&mut blob)?));
    }
    Some(headers)
}

fn put(blob: &mut Vec<u8>, part: &[u8]) {
    // A record is far below 4 GiB: `Limits::record_bytes`.
    blob.put_u32(u32::try_from(part.len()).unwrap_or(NULL - 1));
    blob.put_slice(part);
}

fn take(blob: &mut Bytes) -> Option<Option<Bytes>> {
    let len = blob.try_get_u32().ok()?;
    if len == NULL {
        return Some(None);
    }
    let len = len as usize;
    (blob.remaining() >= len).then(|| Some(blob.split_to(len)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn headers_come_back_as_they_were(headers: Vec<(String, Option<Vec<u8>>)>) {
            let headers: Vec<Header> = headers.into_iter().map(|(n, v)| (n, v.map(Bytes::from))).collect();
            prop_assert_eq!(decode(encode(&headers)), Some(headers));
        }

        #[test]
        fn a_damaged_blob_is_noticed_not_believed(blob: Vec<u8>) {
            // Whatever is read back was written that way: decoding is the inverse or nothing.
            if let Some(headers) = decode(Some(blob.clone())) {
                prop_assert_eq!(encode(&headers).unwrap_or_default(), blob);
            }
        }
    }
}
