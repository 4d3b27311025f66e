//! What a first reading of a file finds out about its text: the encoding, what ends a line, how quotes within quotes are written.

use encoding_rs::{Encoding, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How a file writes its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// `None` is UTF-8.
    pub(crate) encoding: Option<&'static Encoding>,
    /// The byte that ends a line; a carriage return before a line feed belongs to the end as well.
    pub(crate) line_end: u8,
    /// A quote within quotes is written `\"`, not `""`.
    pub(crate) backslash: bool,
}

/// UTF-16, by its mark or by the zero bytes of its Latin letters: each second byte, and hardly one beside them.
pub(crate) fn utf_16(start: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return Some(encoding).filter(|encoding| *encoding != encoding_rs::UTF_8);
    }
    let zeros = |from: usize| start.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), start.len() / 2);
    let is_most = |these: usize, others: usize| pairs >= 4 && these * 10 >= pairs * 7 && others * 10 <= pairs;
    match () {
        () if is_most(odd, even) => Some(UTF_16LE),
        () if is_most(even, odd) => Some(UTF_16BE),
        () => None,
    }
}

/// What was seen of a text so far, in any encoding whose first 128 characters are ASCII.
#[derive(Default)]
pub(crate) struct Survey {
    /// Characters of UTF-8 beyond ASCII.
    multibyte: u64,
    /// Bytes that are no UTF-8,
    broken: u64,
    /// and whether one of them is no character of Windows-1252 either.
    undefined: bool,
    /// The beginning of a character whose end was not seen yet.
    open: Vec<u8>,
    line_end: Option<u8>,
    after_return: bool,
    /// Quotes behind a backslash, and doubled quotes, each with text behind it: nobody closes a field there.
    escaped: u64,
    doubled: u64,
    /// The last two bytes.
    last: [u8; 2],
}

impl Survey {
    /// Looks at the next bytes.
    pub(crate) fn look(&mut self, bytes: &[u8]) {
        self.look_for_line_end(bytes);
        self.look_for_quotes(bytes);
        if self.open.is_empty() && bytes.is_ascii() {
            return;
        }
        let mut whole = std::mem::take(&mut self.open);
        whole.extend_from_slice(bytes);
        let mut rest = &whole[..];
        while let Err(error) = std::str::from_utf8(rest) {
            let (valid, after) = rest.split_at(error.valid_up_to());
            self.count(valid);
            let Some(length) = error.error_len() else {
                self.open = after.to_vec();
                return;
            };
            self.broken(&after[..length]);
            rest = &after[length..];
        }
        self.count(rest);
    }

    /// What it all says. `encoding` is UTF-16, or not known yet.
    pub(crate) fn conclude(mut self, encoding: Option<&'static Encoding>) -> Script {
        let open = std::mem::take(&mut self.open);
        if !open.is_empty() {
            self.broken(&open);
        }
        if self.line_end.is_none() && self.after_return {
            self.line_end = Some(b'\r');
        }
        let line_end = self.line_end.unwrap_or(b'\n');
        // Text in UTF-8 with some broken bytes stays what it is, and rows with such bytes are rejected.
        let is_eight_bit = encoding.is_none() && self.broken > self.multibyte;
        let encoding = match is_eight_bit {
            // Only programs of the old Macintosh end lines so.
            true if line_end == b'\r' => Some(MACINTOSH),
            true if !self.undefined => Some(WINDOWS_1252),
            _ => encoding,
        };
        Script { encoding, line_end, backslash: self.escaped > self.doubled }
    }

    fn count(&mut self, valid: &[u8]) {
        self.multibyte += valid.iter().filter(|byte| **byte >= 0xC0).count() as u64;
    }

    fn broken(&mut self, bytes: &[u8]) {
        self.broken += 1;
        self.undefined |= bytes.iter().any(|byte| [0x81, 0x8D, 0x8F, 0x90, 0x9D].contains(byte));
    }

    /// The first line decides: one that ends in carriage returns and a line feed ends in the line feed.
    fn look_for_line_end(&mut self, bytes: &[u8]) {
        if self.line_end.is_some() {
            return;
        }
        for byte in bytes {
            match byte {
                b'\n' => self.line_end = Some(b'\n'),
                b'\r' => self.after_return = true,
                _ if self.after_return => self.line_end = Some(b'\r'),
                _ => continue,
            }
            if self.line_end.is_some() {
                return;
            }
        }
    }

    fn look_for_quotes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.last[1] == b'"' && !b"\",;|\t\r\n".contains(byte) {
                self.escaped += u64::from(self.last[0] == b'\\');
                self.doubled += u64::from(self.last[0] == b'"');
            }
            self.last = [self.last[1], *byte];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However it is cut into pieces.
    fn script(text: &[u8]) -> Script {
        let seen = |size: usize| {
            let mut survey = Survey::default();
            text.chunks(size).for_each(|piece| survey.look(piece));
            survey.conclude(None)
        };
        assert_eq!(seen(1), seen(usize::MAX));
        assert_eq!(seen(3), seen(usize::MAX));
        seen(usize::MAX)
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_windows_1252_unless_more_of_the_text_is_utf_8() {
        assert_eq!(script("narrative\nCafé\n".as_bytes()).encoding, None);
        assert_eq!(script(b"narrative\nCaf\xE9, he said \x93no\x94\n").encoding, Some(WINDOWS_1252));
        assert_eq!(script(b"narrative\nCaf\xE9").encoding, Some(WINDOWS_1252));
        assert_eq!(script(b"narrative\nCaf\xC3\xA9, na\xC3\xAFve\nbroken \xFF\n").encoding, None);
        assert_eq!(script(b"narrative\n\x83\x81\x83\x81\n").encoding, None, "Shift JIS, say");
        assert_eq!(script(b"narrative\rCaf\x8E\r").encoding, Some(MACINTOSH));
    }

    #[test]
    fn the_first_line_says_what_ends_a_line() {
        for (text, end) in [
            ("a,b\n1,\"x\ry\"\n", b'\n'),
            ("a,b\r\n1,2\r\n", b'\n'),
            ("a,b\r\r\n1,2\r\r\n", b'\n'),
            ("a,b\r1,\"x\ny\"\r", b'\r'),
            ("a,b\r", b'\r'),
            ("a,b", b'\n'),
            ("", b'\n'),
        ] {
            assert_eq!(script(text.as_bytes()).line_end, end, "{text:?}");
        }
    }

    #[test]
    fn quotes_behind_backslashes_are_told_from_doubled_ones() {
        assert!(script(b"a\n\"She said \\\"no\\\", twice\"\n").backslash);
        assert!(!script(b"a\n\"She said \"\"no\"\", twice\"\n").backslash);
        assert!(!script(b"a,b\n\"C:\\dir\\\",\"x\"\n").backslash);
        assert!(!script(b"a,b\n\"C:\\\"\"dir\"\"\",\"x\"\n").backslash);
    }

    #[test]
    fn utf_16_is_known_with_and_without_its_mark() {
        let le = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let be = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
        assert_eq!(utf_16(&le("\u{FEFF}a")), Some(UTF_16LE));
        assert_eq!(utf_16(&be("\u{FEFF}a")), Some(UTF_16BE));
        assert_eq!(utf_16(&le("narrative\nÉté")), Some(UTF_16LE));
        assert_eq!(utf_16(&be("narrative\nÉté")), Some(UTF_16BE));
        assert_eq!(utf_16("\u{FEFF}narrative\n".as_bytes()), None);
        assert_eq!(utf_16(b"narrative\n\0\0\0\0"), None);
        assert_eq!(utf_16(b""), None);
    }
}
