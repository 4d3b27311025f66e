//! Where in a text something stands, as a person counts.

/// The line of the byte at `offset`, from 1.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
