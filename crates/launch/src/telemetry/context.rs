//! W3C trace context in a record's headers: <https://www.w3.org/TR/trace-context/>.

use bytes::Bytes;
use ombud_stream::{CARRIED_BYTES, Header, Record};
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use sha2::{Digest, Sha256};

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";
/// `00-<32 digits>-<16 digits>-<2 digits>`; versions after 00 may go on behind a dash.
const PARENT_LEN: usize = 55;

/// The span that `headers` name; `None` where they name none, or none that can be read.
pub(crate) fn named_in(headers: &[Header]) -> Option<SpanContext> {
    let text = value(headers, PARENT)?;
    let (head, rest) = text.split_at_checked(PARENT_LEN)?;
    let mut parts = head.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lengths = [version, trace, span, flags].map(str::len) == [2, 32, 16, 2];
    let digits = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if !lengths || parts.next().is_some() || !head.chars().all(|c| c == '-' || digits(c)) || version == "ff" {
        return None;
    }
    if !rest.is_empty() && (version == "00" || !rest.starts_with('-')) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    // Where nothing is sampled the headers are passed on as they are, and reading the state would only allocate.
    let state = value(headers, STATE).filter(|state| flags.is_sampled() && state.len() <= CARRIED_BYTES);
    let state = state.and_then(|state| state.parse().ok()).unwrap_or_default();
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    Some(SpanContext::new(trace, span, flags, true, state)).filter(SpanContext::is_valid)
}

fn value<'h>(headers: &'h [Header], name: &str) -> Option<&'h str> {
    let (_, value) = headers.iter().find(|(known, _)| known == name)?;
    std::str::from_utf8(value.as_ref()?).ok()
}

/// The headers that name `span` to the reader of the next record.
pub(crate) fn headers_of(span: &SpanContext) -> Vec<Header> {
    let flags = span.trace_flags().to_u8();
    let parent = format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id());
    let mut headers = vec![(PARENT.to_owned(), Some(Bytes::from(parent)))];
    let state = span.trace_state().header();
    if *span.trace_state() != TraceState::NONE && !state.is_empty() {
        headers.push((STATE.to_owned(), Some(Bytes::from(state))));
    }
    headers
}

/// The trace of a record that came without one. Every group that reads the record finds the same one, so that their
/// hops meet in it.
pub(crate) fn trace_of(record: &Record) -> TraceId {
    let mut place = Sha256::new_with_prefix(record.source.topic.as_bytes());
    place.update(record.source.partition.to_be_bytes());
    place.update(record.offset.to_be_bytes());
    // Two clusters may both have this offset of this topic.
    place.update(record.appended_at.to_be_bytes());
    let digest: [u8; 32] = place.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    TraceId::from_bytes(id)
}

/// Whether a trace that begins here is among the share that is kept. Processes with the same ratio agree.
pub(crate) fn is_kept(trace: TraceId, ratio: f64) -> bool {
    let bytes = trace.to_bytes();
    let last = bytes.iter().skip(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // The upper 53 bits, which a float holds exactly.
    ((last >> 11) as f64) < ratio * (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(parent: &str, state: &str) -> Vec<Header> {
        [(PARENT, parent), (STATE, state)]
            .map(|(name, value)| (name.to_owned(), Some(Bytes::copy_from_slice(value.as_bytes()))))
            .to_vec()
    }

    #[test]
    fn what_is_read_is_what_is_written_on() {
        let read = headers(TRACEPARENT, "bank=7");
        assert_eq!(headers_of(&named_in(&read).unwrap()), read);
        assert_eq!(headers_of(&named_in(&headers(TRACEPARENT, "")).unwrap()), read[..1]);
    }

    #[test]
    fn a_state_that_is_too_large_to_carry_is_left_behind() {
        let state = |bytes: usize| format!("bank={}", "7".repeat(bytes - "bank=".len()));
        // One value may have 256 characters.
        let fits = format!("{},a{}", state(255), state(255));
        assert_eq!(headers_of(&named_in(&headers(TRACEPARENT, &fits)).unwrap()).len(), 2);
        let too_large = format!("{fits},b=1");
        assert_eq!(headers_of(&named_in(&headers(TRACEPARENT, &too_large)).unwrap()).len(), 1);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = TRACEPARENT.replacen("00", "01", 1);
        assert!(named_in(&headers(&format!("{later}-more"), "")).is_some());
        assert!(named_in(&headers(&later, "")).is_some());
    }

    #[test]
    fn a_parent_that_breaks_the_rules_is_none() {
        for wrong in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-é",
        ] {
            assert_eq!(named_in(&headers(wrong, "")), None, "{wrong}");
        }
        assert_eq!(named_in(&[(PARENT.to_owned(), None)]), None);
    }

    #[test]
    fn the_share_that_is_kept_is_the_ratio() {
        let trace = |last: u64| TraceId::from(u128::from(last) | 1 << 64);
        assert!(is_kept(trace(u64::MAX), 1.0));
        assert!(!is_kept(trace(0), 0.0));
        assert!(is_kept(trace(u64::MAX / 4), 0.5) && !is_kept(trace(u64::MAX / 4 * 3), 0.5));
    }
}
