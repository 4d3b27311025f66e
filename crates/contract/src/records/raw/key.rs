//! Which complaint the key of a raw record names, however its producer framed it.

use std::{borrow::Cow, str};

use super::rules::check_own_id;

/// The id that a key names: plain UTF-8, a JSON string, or either an Avro string or a JSON string behind the Confluent
/// prefix (a zero byte and a schema id in four bytes, which may be any). A record of one Avro string lies there in the
/// same bytes. `None` where it names none: then it says nothing against the id in the value.
pub fn id_in_key(key: &[u8]) -> Option<Cow<'_, str>> {
    let text = match key {
        // JSON first: the quotes around an id of 16 bytes are also an Avro string's length and its last byte.
        [0, _, _, _, _, body @ ..] => json_text(body).or_else(|| avro_text(body).map(Cow::Borrowed))?,
        plain => json_text(plain).or_else(|| str::from_utf8(plain).ok().map(Cow::Borrowed))?,
    };
    check_own_id(&text).is_ok().then_some(text)
}

/// Whether a record with this key may be about the complaint `id`: the key names it, or names none.
pub fn may_name(key: Option<&[u8]>, id: &str) -> bool {
    let key = key.unwrap_or_default();
    // First as it lies there: an id may look like a framing. And an Avro string may look like JSON: of 17 bytes, the last a
    // quote, its length is a quote as well.
    let in_avro = matches!(key, [0, _, _, _, _, body @ ..] if avro_text(body) == Some(id));
    key == id.as_bytes() || in_avro || id_in_key(key).is_none_or(|named| named == id)
}

fn json_text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    serde_json::from_slice(bytes).ok().map(Cow::Owned)
}

/// A text behind its length, which Avro writes as a zigzag varint: even numbers are twice a length.
fn avro_text(body: &[u8]) -> Option<&str> {
    let (twice, text) = match body {
        [low @ 0..0x80, text @ ..] => (usize::from(*low), text),
        // Two bytes hold the length of every id: it has 128 bytes at most.
        [low, high @ 0..0x80, text @ ..] => (usize::from(*low & 0x7f) | usize::from(*high) << 7, text),
        _ => return None,
    };
    if twice != 2 * text.len() {
        return None;
    }
    str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Confluent's Avro serializer writes a text.
    fn avro(text: &str) -> Vec<u8> {
        let mut twice = 2 * text.len();
        let mut key = vec![0, 0, 0, 1, 7];
        while twice >= 0x80 {
            key.push((twice & 0x7f) as u8 | 0x80);
            twice >>= 7;
        }
        key.push(twice as u8);
        key.extend(text.as_bytes());
        key
    }

    fn json(text: &str) -> Vec<u8> {
        serde_json::to_vec(text).unwrap()
    }

    fn json_behind_a_prefix(text: &str) -> Vec<u8> {
        [vec![0, 0, 0, 0, 9], json(text)].concat()
    }

    fn named(key: &[u8]) -> Option<String> {
        id_in_key(key).map(Cow::into_owned)
    }

    #[test]
    fn a_key_names_its_id_in_every_framing() {
        let keys = [b"k-1".to_vec(), b"\"k-1\"".to_vec(), b"\0\0\0\0\x05\x06k-1".to_vec(), avro("k-1")];
        for key in keys.into_iter().chain([json_behind_a_prefix("k-1")]) {
            assert_eq!(named(&key).as_deref(), Some("k-1"), "{key:?}");
            assert!(may_name(Some(&key), "k-1") && !may_name(Some(&key), "k-2"), "{key:?}");
        }
    }

    #[test]
    fn a_quote_is_no_length() {
        let id = "complaint-000016";
        assert_eq!(named(&json_behind_a_prefix(id)).as_deref(), Some(id));
    }

    #[test]
    fn a_key_that_names_no_id_says_nothing_against_the_value() {
        let keys: [&[u8]; 9] = [
            b"",
            b"\0",
            b"\0\0\0\0\x05",
            b"\0\0\0\0\x05\x08k-1",
            b"\0\0\0\0\x05\x07k-1",
            b"\0\0\0\0\x05\x80\x80\x00",
            b"\xff\xfe\xfd",
            b"line\nend",
            b"unreadable-3-17",
        ];
        for key in keys {
            assert_eq!(named(key), None, "{key:?}");
            assert!(may_name(Some(key), "k-1"), "{key:?}");
        }
        assert!(may_name(None, "k-1"));
    }

    #[test]
    fn an_id_that_looks_like_a_framing_is_still_its_own_key() {
        assert!(may_name(Some(b"\"k-1\""), "\"k-1\""));
        let quoted = "complaint-000016\"";
        assert!(may_name(Some(&avro(quoted)), quoted));
    }

    proptest! {
        #[test]
        fn any_id_is_found_in_any_framing(id in "[ -~\u{a0}-\u{d7ff}]{1,32}") {
            prop_assume!(check_own_id(&id).is_ok());
            for key in [id.as_bytes().to_vec(), json(&id), avro(&id), json_behind_a_prefix(&id)] {
                prop_assert!(may_name(Some(&key), &id), "{:?}", key);
            }
            for key in [json(&id), json_behind_a_prefix(&id)] {
                prop_assert_eq!(named(&key), Some(id.clone()));
            }
            if id.len() != 17 || !id.ends_with('"') {
                prop_assert_eq!(named(&avro(&id)), Some(id));
            }
        }

        #[test]
        fn no_bytes_make_it_panic_and_what_it_names_may_be_an_id(
            framed in any::<bool>(), bytes in prop::collection::vec(any::<u8>(), 0..300), id in any::<String>(),
        ) {
            let key = if framed { [vec![0, 0, 0, 0, 1], bytes].concat() } else { bytes };
            if let Some(named) = named(&key) {
                prop_assert!(check_own_id(&named).is_ok() && may_name(Some(&key), &named));
            }
            let _ = may_name(Some(&key), &id);
        }

        #[test]
        fn a_plain_key_of_another_complaint_names_that_one(one in "[a-z0-9-]{1,40}", other in "[a-z0-9-]{1,40}") {
            prop_assume!(check_own_id(&one).is_ok());
            prop_assert_eq!(may_name(Some(one.as_bytes()), &other), one == other);
        }
    }
}
