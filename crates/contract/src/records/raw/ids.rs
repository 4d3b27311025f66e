//! Which complaint a submission is of, and which content of it is judged.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::RawComplaint;
use crate::hash::Parts;

/// What a model judges: everything the CRM sent but when (`received_at`) and its edit number (`submission`).
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
        notice_at,
        regulator_sent_at,
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
    let time = |at: &Option<i64>| at.map(|at| at.to_string());
    parts.option("notice_at", time(notice_at).as_deref());
    parts.option("regulator_sent_at", time(regulator_sent_at).as_deref());
    parts.flag("withdrawn", *withdrawn);
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
