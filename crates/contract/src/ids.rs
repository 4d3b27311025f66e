//! Ids are hashes of content: the same work done twice carries the same id, whoever does it.
//!
//! Every id is SHA-256 in lower-case hexadecimal over parts that each follow their own length (eight bytes,
//! big-endian), so no two lists of parts run together to the same bytes.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::records::{Feedback, RawComplaint, Role};

/// What a model judges: everything the CRM sent but when (`received_at`) and the how-manieth time (`submission`).
///
/// Only fields that differ from their default count, each with its name, in the order of the names. A field
/// that a later schema adds with a default therefore changes no hash until somebody fills it: during a rolling
/// upgrade an old infer and a new join still agree on what was judged. See `docs/adr/0002-input-hash.md`.
pub fn input_sha256(complaint: &RawComplaint) -> String {
    // Named one by one, so that a new field does not compile until somebody has thought of it here.
    let RawComplaint {
        attributes,
        bulk,
        channel,
        complaint_id,
        customer_ref,
        external_ref,
        known_product,
        language,
        legal_entity,
        narrative,
        withdrawn,
        received_at: _,
        submission: _,
    } = complaint;
    let mut parts = Parts::default();
    if !attributes.is_empty() {
        parts.text("attributes").count(attributes.len());
        for (name, value) in attributes {
            parts.text(name).text(value);
        }
    }
    parts.flag("bulk", *bulk);
    parts.unless("channel", channel, "unknown");
    parts.text("complaint_id").text(complaint_id);
    parts.option("customer_ref", customer_ref.as_deref());
    parts.option("external_ref", external_ref.as_deref());
    parts.option("known_product", known_product.as_deref());
    parts.unless("language", language, "und");
    parts.option("legal_entity", legal_entity.as_deref());
    parts.text("narrative").text(narrative);
    parts.flag("withdrawn", *withdrawn);
    parts.hex()
}

/// One model's answer on one input in one role.
pub fn prediction_id(
    complaint_id: &str,
    input_sha256: &str,
    task: &str,
    model_version: &str,
    role: Role,
) -> String {
    let mut parts = Parts::default();
    parts.text(complaint_id).text(input_sha256).text(task).text(model_version).text(role.symbol());
    parts.hex()
}

/// A route by what it rests on, without revision or time. The order of `prediction_ids` and of
/// `missing_tasks` does not matter.
pub fn route_id(
    complaint_id: &str,
    input_sha256: &str,
    prediction_ids: &[&str],
    strategy_version: i64,
    missing_tasks: &[&str],
) -> String {
    let mut parts = Parts::default();
    parts.text(complaint_id).text(input_sha256).sorted(prediction_ids);
    parts.number(strategy_version).sorted(missing_tasks);
    parts.hex()
}

/// A verdict by what was judged, what is right, who says so and when: the same verdict, sent again, is one. What the
/// case fills in (route, prediction, model, the label and the team before) follows from complaint and revision.
pub fn feedback_id(feedback: &Feedback) -> String {
    let mut parts = Parts::default();
    parts.text(&feedback.complaint_id).number(feedback.revision).text(feedback.kind.symbol());
    parts.option("task", feedback.task.as_deref());
    parts.option("label_after", feedback.label_after.as_deref());
    parts.option("to_team", feedback.to_team.as_deref());
    parts.text(&feedback.actor).number(feedback.decided_at);
    parts.option("retracts", feedback.retracts.as_deref());
    parts.hex()
}

/// A dead letter by where its record lies; `topic` with its prefix.
pub fn dead_letter_id(topic: &str, partition: i32, offset: i64) -> String {
    let mut parts = Parts::default();
    parts.text(topic).number(partition.into()).number(offset);
    parts.hex()
}

const UNNAMED: &str = "unreadable-";

/// The case of a raw record in which nobody finds an id, by where it lies. No complaint may have such an id of its own.
pub fn unnamed_id(partition: i32, offset: i64) -> String {
    format!("{UNNAMED}{partition}-{offset}")
}

/// Whether `id` is one that [`unnamed_id`] gives.
pub fn is_unnamed(id: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let place = id.strip_prefix(UNNAMED).and_then(|place| place.split_once('-'));
    place.is_some_and(|(partition, offset)| is_number(partition) && is_number(offset))
}

/// The id of a complaint that came without one: the same text is the same complaint.
pub fn complaint_id_of(narrative: &str) -> String {
    let digest = Sha256::digest(narrative.as_bytes());
    format!("cfpb-{}", hex::encode(&digest[..8]))
}

/// An id as files and HTTP write it: without white space around it, in Unicode's composed form (NFC). Two ids that people
/// can't tell apart are then one; letter case counts.
pub fn written_id(id: &str) -> Cow<'_, str> {
    let id = id.trim();
    match is_nfc_quick(id.chars()) {
        IsNormalized::Yes => Cow::Borrowed(id),
        _ => Cow::Owned(id.nfc().collect()),
    }
}

/// Where a complaint falls among 10,000, for canaries and audit samples: 0 to 9,999, even over complaints,
/// always the same for one complaint and salt, and independent between salts.
pub fn basis_point(complaint_id: &str, salt: &str) -> i32 {
    let mut parts = Parts::default();
    parts.text(salt).text(complaint_id);
    let digest = parts.0.finalize();
    let first = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // 2^64 is no multiple of 10,000; the unevenness is one part in 10^15.
    (first % 10_000) as i32
}

/// Enough of a hash of a complaint's id to tell millions from one another, in 16 bytes. Not for what travels.
pub fn complaint_hash(complaint_id: &str) -> [u8; 16] {
    let [first, ..] = *Sha256::digest(complaint_id).as_chunks::<16>().0 else {
        unreachable!("it has 32 bytes")
    };
    first
}

/// What a stored row is known by: its columns, in their order; `None` is one that is absent. Not for what travels.
pub fn row_sha256(columns: &[Option<&[u8]>]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for column in columns {
        // No column is as long as what stands for an absent one.
        digest.update(column.map_or(u64::MAX, |column| column.len() as u64).to_be_bytes());
        digest.update(column.unwrap_or_default());
    }
    digest.finalize().into()
}

/// Hashes parts one after the other, each behind its length; nothing is copied.
#[derive(Default)]
struct Parts(Sha256);

impl Parts {
    fn text(&mut self, part: &str) -> &mut Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part.as_bytes());
        self
    }

    fn number(&mut self, part: i64) -> &mut Self {
        self.0.update(8_u64.to_be_bytes());
        self.0.update(part.to_be_bytes());
        self
    }

    fn count(&mut self, count: usize) -> &mut Self {
        self.0.update((count as u64).to_be_bytes());
        self
    }

    /// How many there are, then each in order.
    fn sorted(&mut self, list: &[&str]) -> &mut Self {
        let mut list = list.to_vec();
        list.sort_unstable();
        self.count(list.len());
        for part in list {
            self.text(part);
        }
        self
    }

    fn flag(&mut self, name: &str, set: bool) {
        if set {
            self.text(name).text("true");
        }
    }

    fn option(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name).text(value);
        }
    }

    fn unless(&mut self, name: &str, value: &str, default: &str) {
        if value != default {
            self.text(name).text(value);
        }
    }

    fn hex(self) -> String {
        hex::encode(self.0.finalize())
    }
}
