//! One complaint that comes by itself, as a JSON object in our own field names.

use ombud_contract::records::{RawComplaint, TimestampMs};

use crate::{
    date_order::DateOrder,
    dates::{Calendar, Undated},
    fields::Fields,
    layout::Layout,
    read::read,
    reasons::fix,
    record::posted_object,
};

/// A JSON object that is no complaint; the code is that of a rejected row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("accept the complaint: {}: {}", .0, fix(.0).unwrap_or("see docs/crm.md"))]
pub struct NoComplaint(pub &'static str);

/// A complaint that came by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Posted {
    /// The complaint; it is valid.
    pub complaint: RawComplaint,
    /// Whether it said itself when it was received.
    pub is_dated: bool,
}

/// Reads `body`. What it leaves out has its default; without a date it was received at `received_at`, and a date whose
/// numbers don't tell their order is read in `order`, or not at all.
///
/// # Errors
/// It is no JSON object, or breaks a rule of [`RawComplaint::admit`].
pub fn complaint_of_json(
    body: &[u8],
    received_at: TimestampMs,
    order: Option<DateOrder>,
) -> Result<Posted, NoComplaint> {
    let object = posted_object(body).map_err(NoComplaint)?;
    let undated = Undated::ReceivedAt(received_at);
    let calendar = Calendar { order, undated, has_dates: false };
    read(&Fields::Json(&object), Layout::Own, &calendar, None, &[])
        .map(|(complaint, labels)| Posted { complaint, is_dated: labels.date.is_some() })
        .map_err(NoComplaint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn posted(body: &str, order: Option<DateOrder>) -> Result<Posted, NoComplaint> {
        complaint_of_json(body.as_bytes(), NOW, order)
    }

    #[test]
    fn what_a_posted_complaint_leaves_out_has_its_default() {
        let Posted { complaint, is_dated } =
            posted(r#"{"narrative": "They charged me twice."}"#, None).unwrap();
        assert!(complaint.complaint_id.starts_with("cfpb-"));
        assert_eq!((complaint.received_at, complaint.bulk, is_dated), (NOW, false, false));
    }

    #[test]
    fn a_posted_date_is_read_where_it_tells_its_order_or_the_settings_do() {
        let at = |date: &str, order| {
            let posted =
                posted(&format!(r#"{{"narrative": "They charged me.", "received_at": "{date}"}}"#), order);
            posted.map(|posted| (posted.complaint.received_at, posted.is_dated))
        };
        let april_3 = 1_775_174_400_000;
        assert_eq!(at("2026-04-03", None), Ok((april_3, true)));
        assert_eq!(at("03/04/2026", None), Err(NoComplaint("received-at-ambiguous")));
        assert_eq!(at("03/04/2026", Some(DateOrder::DayFirst)), Ok((april_3, true)));
        assert_eq!(
            at("04/13/2026", Some(DateOrder::DayFirst)),
            Err(NoComplaint("received-at-in-another-order"))
        );
        assert_eq!(at("", None), Ok((NOW, false)));
        let shown = NoComplaint("received-at-ambiguous").to_string();
        assert!(shown.contains("intake.dates"), "{shown}");
    }

    #[test]
    fn an_id_is_written_trimmed_and_composed_and_its_case_counts() {
        let id = |id: &str| {
            let body = format!(r#"{{"complaint_id": "{id}", "narrative": "They charged me."}}"#);
            posted(&body, None).unwrap().complaint.complaint_id
        };
        assert_eq!(id(r" caf\u0065\u0301-1 "), "café-1");
        assert_eq!(id("C-1"), "C-1");
    }

    #[test]
    fn what_is_no_complaint_is_refused_with_the_code_of_a_rejected_row() {
        assert_eq!(posted("[]", None), Err(NoComplaint("json-malformed")));
        assert_eq!(posted(r#"{"narrative": " "}"#, None), Err(NoComplaint("narrative-blank")));
        let hidden = posted(r#"{"complaint_id": "c-\u202e1", "narrative": "They charged me twice."}"#, None);
        assert_eq!(hidden, Err(NoComplaint("id-format-character")));
    }
}
