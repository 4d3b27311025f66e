//! Each rule's field and fix. Codes are those of rejected rows and of `ombud_contract::validate`.

use ombud_contract::validate::{Invalid, Unreadable};
use ombud_intake::field_of;

/// What a code asks to be done.
pub(crate) fn fix(code: &str) -> &'static str {
    if let Some(fix) = ombud_intake::fix(code) {
        return fix;
    }
    match code {
        "column-unknown" => "it is not read; take it out, or name it as docs/crm.md does",
        "column-doubled" => "the first one is read; keep one",
        "known-product-unknown" => {
            "write a product as product@1 has it, letter for letter (schemas/taxonomy); no routing rule knows this one"
        }
        "no-value" => "send the complaint; to take one back, send it with withdrawn = true",
        "undecodable" => {
            "write Avro behind a zero byte and the schema id in four bytes, as Confluent's Avro serializers do"
        }
        "foreign-schema" => {
            "write Avro with the schema of complaints.raw-value; name and namespace may be your own"
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
        "regulator-sent-at-in-the-future" | "notice-at-in-the-future" => {
            "check the sender's clock and time zone: it is in UTC, and says what has happened, not what is due"
        }
        "received-at-long-ago" => "mark it bulk if it is backfill: no deadline runs for it then",
        "personal-email" => {
            "take e-mail addresses out: what stands here is copied to other topics and into queues"
        }
        "personal-card-number" => {
            "take card numbers out: what stands here is copied to other topics and into queues"
        }
        "personal-phone-number" => {
            "take telephone numbers out: what stands here is copied to other topics and into queues"
        }
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
