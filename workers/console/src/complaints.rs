//! `POST /api/complaints`: one complaint as JSON, answered when it is durable.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State, http::StatusCode};
use bytes::Bytes;
use ombud_contract::codec;
use ombud_intake::{Posted, complaint_of_json};
use ombud_stream::Outgoing;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    append::{WORKER, durable},
    refused::{NotTaken, Refusals, not_taken},
    state::RequestState,
};

/// The note on a complaint without a time.
const UNDATED: &str = "received_at was not said: it is now";

/// A complaint that is durable.
#[derive(Serialize, ToSchema)]
#[schema(as = Accepted)]
pub(crate) struct AcceptedComplaint {
    /// Its id.
    complaint_id: String,
    /// Where it lies in complaints.raw.
    partition: i32,
    /// Where it lies in that partition.
    offset: i64,
    /// When it counts as received, in milliseconds since 1970.
    received_at: i64,
    /// What was assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// A complaint as it is sent; the record of complaints.raw, field by field.
#[derive(ToSchema)]
#[schema(as = Complaint)]
#[expect(dead_code, reason = "documents what is read by name; a test compares it with the record")]
pub(crate) struct Complaint {
    /// The id, stable over submissions; made of the narrative where it is left out.
    complaint_id: Option<String>,
    /// What the customer wrote.
    narrative: String,
    /// Business time, as RFC 3339, in milliseconds since 1970 or as files write it; now, where it is left out. Dates such as
    /// 03/04/2026 only where the setting intake.dates says their order.
    received_at: Option<String>,
    /// Which edit it is, counted from 1.
    #[schema(default = 1)]
    submission: Option<i32>,
    /// The customer took the complaint back.
    withdrawn: Option<bool>,
    /// Part of a backfill: no deadline.
    bulk: Option<bool>,
    /// How it came in, such as web or phone.
    channel: Option<String>,
    /// BCP 47 tag of the narrative's language.
    language: Option<String>,
    /// The company of the group that it is against.
    legal_entity: Option<String>,
    /// Pseudonym of the customer.
    customer_ref: Option<String>,
    /// The id in the sending system.
    external_ref: Option<String>,
    /// The product, where it is known for certain.
    known_product: Option<String>,
    /// What else travels along. No free text.
    attributes: Option<BTreeMap<String, String>>,
    /// When a regulator or an ombudsman sent it on, written as `received_at` may be: clocks may begin there.
    regulator_sent_at: Option<String>,
    /// When the customer gave notice of an error, where that was before the complaint; written as `received_at` may be.
    notice_at: Option<String>,
}

/// Take a complaint; it is durable when the answer comes.
#[utoipa::path(
    operation_id = "send_complaint",
    post,
    path = "/api/complaints",
    request_body = Complaint,
    responses(
        (status = 202, description = "The complaint is durable", body = AcceptedComplaint),
        Refusals,
        (status = 422, description = "It is no complaint: the code says why", body = NotTaken),
    ),
    security(("token" = []))
)]
pub(crate) async fn accept(
    State(state): State<Arc<RequestState>>,
    body: Bytes,
) -> Result<(StatusCode, Json<AcceptedComplaint>), (StatusCode, Json<NotTaken>)> {
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let Posted { complaint, is_dated } = complaint_of_json(&body, state.clock.now_ms(), state.dates)
        .map_err(|error| not_taken(wrong, error))?;
    let value = codec::encode(&complaint).map_err(|error| not_taken(wrong, error))?;
    let key = Some(Bytes::copy_from_slice(complaint.complaint_id.as_bytes()));
    let record = Outgoing::stamped(Arc::clone(&state.raw), None, key, value, WORKER, &[]);
    let (at, offset) = durable(state.appender.hand_over(record)?).await?;
    let accepted = AcceptedComplaint {
        complaint_id: complaint.complaint_id,
        partition: at.partition,
        offset,
        received_at: complaint.received_at,
        note: (!is_dated).then_some(UNDATED),
    };
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ombud_contract::records::RawComplaint;
    use serde_json::Value;

    #[test]
    fn the_document_names_every_field_of_a_complaint_and_no_other() {
        let document = serde_json::to_value(crate::document()).unwrap();
        let properties = &document["components"]["schemas"]["Complaint"]["properties"];
        let record = serde_json::to_value(RawComplaint::new("c-1", "text", 0)).unwrap();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(properties), names(&record));
    }
}
