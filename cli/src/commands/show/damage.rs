//! What of a case is damaged, and which events nobody can read.

use ombud_contract::{
    catalogue::Topic,
    codec::{self, CodecError},
    ids,
    records::{RawComplaint, RoutedComplaint},
};
use ombud_store::{CaseEvent, Kind, is_other_than_routed};

/// What of a case is not what was written, or contradicts the rest of it.
pub(super) fn damage(events: &[CaseEvent]) -> Vec<String> {
    let mut damage = Vec::new();
    for event in events {
        let CaseEvent { id, origin, .. } = event;
        if let Some(why) = unreadable(event) {
            damage.push(format!("{:?} {id} from {origin}: failed to {why}", event.kind));
            continue;
        }
        // Also what was written before rows had digests.
        let raw =
            (event.kind == Kind::Raw).then(|| codec::decode::<RawComplaint>(&event.body).ok()).flatten();
        if raw.is_some_and(|raw| ids::input_sha256(&raw) != *id) {
            damage.push(format!("the narrative from {origin}: its hash is not {id}, by which it was filed"));
        }
        let route = (event.kind == Kind::Routed).then(|| codec::decode::<RoutedComplaint>(&event.body).ok());
        if let Some(route) = route.flatten() {
            let others = events.iter().filter(|raw| is_other_than_routed(raw, &route));
            damage.extend(
                others.map(|raw| format!("the narrative from {}: route {id} is of another", raw.origin)),
            );
        }
    }
    damage
}

/// Why nobody can read the event; the archive keeps no bytes of what nobody could read at all.
pub(super) fn unreadable(event: &CaseEvent) -> Option<CodecError> {
    let is_named_only = event.kind == Kind::Raw && event.body.is_empty();
    let is_asked_for = event.kind == Kind::Explanation && !event.is_spoilt();
    if is_named_only || is_asked_for {
        return None;
    }
    ombud_contract::to_json(topic(event), &event.body).err()
}

/// The events of a kind that can be read, in their order.
pub(super) fn readable(events: &[CaseEvent], kind: Kind) -> impl Iterator<Item = &CaseEvent> {
    events
        .iter()
        .filter(move |event| event.kind == kind && !event.body.is_empty() && unreadable(event).is_none())
}

pub(super) fn topic(event: &CaseEvent) -> Topic {
    match event.kind {
        Kind::Raw => Topic::Raw,
        Kind::Prediction => Topic::Predictions,
        Kind::Routed => Topic::Routed,
        Kind::Feedback | Kind::Explanation => Topic::Feedback,
        Kind::Work => Topic::Work,
    }
}
