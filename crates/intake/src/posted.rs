//! One complaint that comes by itself, as a JSON object in our own field names.

use ombud_contract::records::{RawComplaint, TimestampMs};

use crate::{fields::Fields, layout::Layout, read::read, rows::FileDefaults, rows::object};

/// A JSON object that is no complaint; the code is that of a rejected row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("accept the complaint: {0}")]
pub struct NoComplaint(pub &'static str);

/// Reads `body`. What it leaves out has its default; without a date it was received at `received_at`.
///
/// # Errors
/// It is no JSON object, or breaks a rule of [`RawComplaint::admit`].
pub fn complaint_of_json(body: &[u8], received_at: TimestampMs) -> Result<RawComplaint, NoComplaint> {
    let object = object(body).map_err(NoComplaint)?;
    let defaults = FileDefaults { received_at, language: None };
    read(&Fields::Json(&object), Layout::Own, &defaults, &[])
        .map(|(complaint, _)| complaint)
        .map_err(NoComplaint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_posted_complaint_leaves_out_has_its_default() {
        let complaint =
            complaint_of_json(br#"{"narrative": "They charged me twice."}"#, 1_700_000_000_000).unwrap();
        assert!(complaint.complaint_id.starts_with("cfpb-"));
        assert_eq!((complaint.received_at, complaint.bulk), (1_700_000_000_000, false));
    }

    #[test]
    fn what_means_nothing_in_a_file_is_a_complaint_that_people_read() {
        for word in ["N/A", "nan", "None", "null"] {
            let body = format!(r#"{{"narrative": "{word}"}}"#);
            assert_eq!(complaint_of_json(body.as_bytes(), 1_700_000_000_000).unwrap().narrative, word);
        }
    }

    #[test]
    fn what_is_no_complaint_is_refused_with_the_code_of_a_rejected_row() {
        assert_eq!(complaint_of_json(b"[]", 0), Err(NoComplaint("json-malformed")));
        let blank = complaint_of_json(br#"{"narrative": " "}"#, 1_700_000_000_000);
        assert_eq!(blank, Err(NoComplaint("narrative-blank")));
        let hidden = r#"{"complaint_id": "c-\u202e1", "narrative": "They charged me twice."}"#;
        let hidden = complaint_of_json(hidden.as_bytes(), 1_700_000_000_000);
        assert_eq!(hidden, Err(NoComplaint("id-format-character")));
    }
}
