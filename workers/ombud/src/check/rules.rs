//! Each rule's field and mend. Codes are those of rejected rows and of `ombud_contract::validate`.

use ombud_contract::validate::{Invalid, Unreadable};

/// What a code asks to be done.
pub(crate) fn mend(code: &str) -> &'static str {
    match code {
        "id-empty" => "give every complaint the id that it keeps over its submissions",
        "id-too-long" => "use an id of at most 128 bytes",
        "id-reserved" => "use another id: unreadable- and two numbers name records without one",
        "id-control-character" => "take line ends, tabs and other control characters out of the id",
        "id-format-character" => {
            "take characters out of the id that nobody sees (zero width, direction, tags)"
        }
        "narrative-blank" => "send what the customer wrote; leave out records without it",
        "narrative-without-letters" => "send what the customer wrote in words; leave out records without any",
        "narrative-nul" => "take NUL characters out: is it text, in UTF-8?",
        "narrative-too-large" => "send at most 256 KiB: attachments and mail histories don't belong here",
        "language-malformed" => {
            "write the language as a BCP 47 tag, such as en or de-CH; und where it is unknown"
        }
        "received-at-out-of-range" => "write milliseconds since 1970 (not seconds), between 1990 and 2199",
        "submission-below-one" => "count submissions from 1",
        "text-too-long" => "keep it to 256 bytes: it is no place for free text",
        "text-control-character" => "take line ends, tabs and other control characters out",
        "text-format-character" => "take characters out that nobody sees (zero width, direction, tags)",
        "too-many-attributes" => "keep it to 64 attributes",
        "attribute-too-long" => {
            "keep names to 128 bytes and values to 1,024: they are no place for free text"
        }
        "csv-field-count" => {
            "give the row as many fields as the header has; quote fields with commas in them"
        }
        "quote-unclosed" => "close the quotation mark, and double those within a quoted field",
        "line-too-long" => "split it: no complaint has 16 MiB",
        "not-utf8" => "write the file in UTF-8",
        "json-malformed" => "write one JSON object a line",
        "received-at-malformed" => {
            "write the time as 2026-01-31T09:00:00Z, 2026-01-31 or milliseconds since 1970"
        }
        "submission-malformed" => "write a whole number",
        "flag-malformed" => "write true or false",
        "attributes-malformed" => "write a JSON object whose values are all strings",
        "no-value" => "send the complaint; to take one back, send it with withdrawn = true",
        "undecodable" => {
            "write Avro behind a zero byte and the schema id in four bytes, as Confluent's Avro serializers do"
        }
        "unknown-schema" => "register the schema under the subject complaints.raw-value of the same registry",
        "too-large" => "send at most 1 MiB: attachments and mail histories don't belong here",
        "corrupt" => {
            "send the complaint again: its value is not what was written, by the SHA-256 in its header content-sha256"
        }
        "key-is-not-the-id" => "make the complaint_id the record's key, as UTF-8 text without a schema",
        "key-missing" => {
            "make the complaint_id the record's key: without one a complaint's submissions part, and may be routed twice"
        }
        "key-framed" => {
            "write the key as plain UTF-8, as other producers do: a framed one has another partition, and submissions part"
        }
        "partition-is-not-the-keys" => {
            "let murmur2 of the key choose the partition (librdkafka: partitioner=murmur2_random), or a complaint's submissions part"
        }
        "id-in-two-partitions" => {
            "nothing is lost: what was taken last holds; but let murmur2 of the key choose the partition everywhere, and one complaint stays in one queue"
        }
        "trace-missing" => "send the header traceparent (W3C), and the complaint can be followed through",
        "language-unknown" => "say the narrative's language, such as en",
        "received-at-in-the-future" => "check the sender's clock and time zone: received_at is in UTC",
        "received-at-long-ago" => "mark it bulk if it is backfill: no deadline runs for it then",
        _ => "see docs/crm.md",
    }
}

/// The part of a record that breaks the rule.
pub(crate) fn field(why: &Unreadable) -> &'static str {
    match why {
        Unreadable::NoValue | Unreadable::Codec(_) => "value",
        Unreadable::KeyIsNotTheId => "key",
        Unreadable::Invalid(
            Invalid::TextTooLong(name)
            | Invalid::TextControlCharacter(name)
            | Invalid::TextFormatCharacter(name),
        ) => name,
        Unreadable::Invalid(invalid) => field_of(invalid.code()),
    }
}

/// The field that a code is about; `record` where it is about the whole.
pub(crate) fn field_of(code: &str) -> &'static str {
    match code {
        "id-empty" | "id-too-long" | "id-control-character" | "id-format-character" | "id-reserved" => {
            "complaint_id"
        }
        "narrative-blank" | "narrative-without-letters" | "narrative-nul" | "narrative-too-large" => {
            "narrative"
        }
        "language-malformed" => "language",
        "received-at-out-of-range" | "received-at-malformed" => "received_at",
        "submission-below-one" | "submission-malformed" => "submission",
        "too-many-attributes" | "attribute-too-long" | "attributes-malformed" => "attributes",
        _ => "record",
    }
}
