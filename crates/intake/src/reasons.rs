//! What each reason for a rejected row is about, and what to do: for the file of rejected rows, `ombud check` and summaries.

use crate::dates::DateFault;

/// What a row that is rejected for `reason` asks to be done; `None` where no row is rejected for it.
pub fn fix(reason: &str) -> Option<&'static str> {
    let fix = match reason {
        "id-empty" => "give every complaint the id that it keeps over its submissions",
        "id-too-long" => "use an id of at most 128 bytes",
        "id-reserved" => "use another id: unreadable- and two numbers name records without one",
        "id-control-character" => "take line ends, tabs and other control characters out of the id",
        "id-format-character" => {
            "take characters out of the id that nobody sees (zero width, direction, tags)"
        }
        "id-with-several-narratives" => {
            "give each complaint its own id (a spreadsheet shortens long numbers to 2.02611E+12), or number its edits in the column submission"
        }
        "narrative-blank" => "send what the customer wrote; leave out records without it",
        "narrative-without-letters" => "send what the customer wrote in words; leave out records without any",
        "narrative-nul" => "take NUL characters out: is it text, in UTF-8?",
        "narrative-too-large" => "send at most 256 KiB: attachments and mail histories don't belong here",
        "language-malformed" => {
            "write the language as a BCP 47 tag, such as en or de-CH; und where it is unknown"
        }
        "received-at-out-of-range" | "regulator-sent-at-out-of-range" | "notice-at-out-of-range" => {
            "write a time between 1990 and 2199, as 2026-01-31T09:00:00Z or 2026-01-31"
        }
        "received-at-malformed" | "regulator-sent-at-malformed" | "notice-at-malformed" => {
            DateFault::Malformed.fix()
        }
        "received-at-missing" => "say when it was received: other rows do, and deadlines count from it",
        "received-at-ambiguous" | "regulator-sent-at-ambiguous" | "notice-at-ambiguous" => {
            DateFault::Ambiguous.fix()
        }
        "received-at-in-another-order"
        | "regulator-sent-at-in-another-order"
        | "notice-at-in-another-order" => DateFault::InAnotherOrder.fix(),
        "notice-at-after-received" => {
            "leave notice_at out where the complaint came first: it is when the customer gave notice of an error, before it"
        }
        "submission-below-one" => "count submissions from 1",
        "submission-malformed" => "write a whole number",
        "text-too-long" => "keep it to 256 bytes: it is no place for free text",
        "text-control-character" => "take line ends, tabs and other control characters out",
        "text-format-character" => "take characters out that nobody sees (zero width, direction, tags)",
        "too-many-attributes" => "keep it to 64 attributes",
        "attribute-too-long" => {
            "keep names to 128 bytes and values to 1,024: they are no place for free text"
        }
        "attributes-malformed" => "write a JSON object whose values are all strings",
        "csv-field-count" => {
            "give the row as many fields as the header has; quote fields with commas in them"
        }
        "quote-unclosed" => "close the quotation mark, and double those within a quoted field",
        "line-too-long" => "split it: no complaint has 16 MiB",
        "not-utf8" => "write the file in UTF-8",
        "header-repeated" => "nothing is lost: it is a header, of a file that was put behind another",
        "json-malformed" => "write JSON objects, one a line or in a list",
        "json-nan" => "write null: NaN and Infinity are no JSON (pandas' to_json does so)",
        "narrative-is-a-number" | "narrative-is-a-flag" | "narrative-is-a-list" => {
            "send what the customer wrote as one JSON string"
        }
        "narrative-is-an-object" => {
            "send what the customer wrote as one JSON string, one object a complaint (in pandas `to_json(FILE, orient='records', lines=True)`)"
        }
        "id-is-a-list" | "id-is-an-object" => "write the id as one JSON string",
        "flag-malformed" => "write true or false",
        _ => return None,
    };
    Some(fix)
}

/// The field that a reason is about; `record` where it is about the whole.
pub fn field_of(reason: &str) -> &'static str {
    match reason {
        reason if reason.starts_with("id-") => "complaint_id",
        reason if reason.starts_with("narrative-") => "narrative",
        reason if reason.starts_with("received-at-") => "received_at",
        reason if reason.starts_with("regulator-sent-at-") => "regulator_sent_at",
        reason if reason.starts_with("notice-at-") => "notice_at",
        "language-malformed" => "language",
        "submission-below-one" | "submission-malformed" => "submission",
        "too-many-attributes" | "attribute-too-long" | "attributes-malformed" => "attributes",
        _ => "record",
    }
}
