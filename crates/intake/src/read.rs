//! From a record's fields to a complaint with its labels, by layout.

use std::{borrow::Cow, collections::BTreeMap};

use ombud_contract::{
    ids::{complaint_id_of, written_id},
    records::RawComplaint,
};

use crate::{
    dates::{Calendar, OtherDate},
    fields::{Fields, OtherType, says_nothing},
    labels::{self, LabelColumn, Labels},
    layout::{CFPB_NARRATIVES, Layout},
};

/// A valid complaint and what is known of it, or the code of what is wrong.
pub(crate) fn read(
    fields: &Fields<'_>,
    layout: Layout,
    calendar: &Calendar,
    language: Option<&str>,
    labelled_by: &[LabelColumn],
) -> Result<(RawComplaint, Labels), &'static str> {
    let (mut complaint, mut labels) = match layout {
        Layout::Own => own(fields, calendar, language)?,
        Layout::DataSet => from_cfpb(fields, "narrative", calendar, language)?,
        Layout::CfpbExport => {
            let narrative = CFPB_NARRATIVES.into_iter().find(|name| fields.raw(name).is_some());
            from_cfpb(fields, narrative.unwrap_or(CFPB_NARRATIVES[0]), calendar, language)?
        }
    };
    let other_date = |field: OtherDate| {
        let text = field.columns().iter().find_map(|column| fields.filled(column));
        calendar.other(field, text.as_deref())
    };
    complaint.regulator_sent_at = other_date(OtherDate::RegulatorSentAt)?;
    complaint.notice_at = other_date(OtherDate::NoticeAt)?;
    complaint.complaint_id = match written_id(&complaint.complaint_id) {
        id if id.is_empty() => complaint_id_of(&complaint.narrative),
        id => id.into_owned(),
    };
    complaint.admit().map_err(|invalid| invalid.code())?;
    for LabelColumn { task, column } in labelled_by {
        if let Some(label) = fields.filled(column) {
            // An old name of a product or an issue stands for today's label here, too.
            let label = labels::label_named(task, &label).unwrap_or_else(|| label.into_owned());
            labels.own.insert(task.clone(), label);
        }
    }
    Ok((complaint, labels))
}

/// The CFPB's database, as exported or as prepared in the data sets, with what was found out later.
fn from_cfpb(
    fields: &Fields<'_>,
    narrative_column: &str,
    calendar: &Calendar,
    language: Option<&str>,
) -> Result<(RawComplaint, Labels), &'static str> {
    let narrative = narrative(fields, narrative_column)?;
    let (received_at, date) = calendar.received_at(fields.get(Layout::CfpbExport.date()).as_deref())?;
    let mut complaint = RawComplaint::new(id(fields)?, narrative, received_at);
    // The export doesn't say, and not all of it is English.
    if let Some(language) = language {
        language.clone_into(&mut complaint.language);
    }
    if let Some(channel) = fields.filled("submitted_via") {
        complaint.channel = channel.to_lowercase();
    }
    complaint.legal_entity = fields.filled("company").map(Into::into);
    if let Some(state) = fields.filled("state") {
        complaint.attributes.insert("state".into(), state.into());
    }
    let labels = Labels {
        product: fields.filled("product").and_then(|name| labels::product(&name)),
        issue: fields.filled("issue").and_then(|name| labels::issue(&name)),
        vulnerable: vulnerable(fields),
        date,
        source: fields.filled("source").map(Into::into),
        own: BTreeMap::new(),
    };
    Ok((complaint, labels))
}

/// The tags, where they can be trusted: the data sets mark rows whose source had no tags, and rows of a source that
/// was chosen by its tags.
fn vulnerable(fields: &Fields<'_>) -> Option<bool> {
    let says = |column: &str, what: &str| fields.get(column).map(|text| text.eq_ignore_ascii_case(what));
    if says("tags_known", "true") == Some(false) || says("tags_all_positive", "true") == Some(true) {
        return None;
    }
    fields.get("tags").map(|tags| !says_nothing(&tags))
}

/// A number is an id as good as any.
fn id<'r>(fields: &Fields<'r>) -> Result<Cow<'r, str>, &'static str> {
    match fields.other_type("complaint_id") {
        Some(OtherType::List) => Err("id-is-a-list"),
        Some(OtherType::Object) => Err("id-is-an-object"),
        _ => Ok(fields.get("complaint_id").unwrap_or_default()),
    }
}

/// What the customer wrote, white space and all.
fn narrative<'r>(fields: &Fields<'r>, column: &str) -> Result<Cow<'r, str>, &'static str> {
    match fields.other_type(column) {
        None => Ok(fields.raw(column).unwrap_or_default()),
        Some(OtherType::Bool) => Err("narrative-is-a-flag"),
        Some(OtherType::Number) => Err("narrative-is-a-number"),
        Some(OtherType::List) => Err("narrative-is-a-list"),
        Some(OtherType::Object) => Err("narrative-is-an-object"),
    }
}

fn own(
    fields: &Fields<'_>,
    calendar: &Calendar,
    language: Option<&str>,
) -> Result<(RawComplaint, Labels), &'static str> {
    let narrative = narrative(fields, "narrative")?;
    let (received_at, date) = calendar.received_at(fields.get(Layout::Own.date()).as_deref())?;
    let mut complaint = RawComplaint::new(id(fields)?, narrative, received_at);
    if let Some(number) = fields.filled("submission") {
        complaint.submission = number.parse().map_err(|_| "submission-malformed")?;
    }
    complaint.withdrawn = flag(fields, "withdrawn")?.unwrap_or(false);
    complaint.bulk = flag(fields, "bulk")?.unwrap_or(false);
    if let Some(channel) = fields.filled("channel") {
        complaint.channel = channel.into();
    }
    if let Some(language) = fields.filled("language").as_deref().or(language) {
        language.clone_into(&mut complaint.language);
    }
    let text = |name| fields.filled(name).map(String::from);
    complaint.legal_entity = text("legal_entity");
    complaint.customer_ref = text("customer_ref");
    complaint.external_ref = text("external_ref");
    complaint.known_product = text("known_product");
    if let Some(attributes) = fields.filled("attributes") {
        complaint.attributes = serde_json::from_str::<BTreeMap<String, String>>(&attributes)
            .map_err(|_| "attributes-malformed")?;
    }
    let product = fields.filled("product").or_else(|| fields.filled("known_product"));
    let labels = Labels {
        product: product.and_then(|name| labels::product(&name)),
        issue: fields.filled("issue").and_then(|name| labels::issue(&name)),
        vulnerable: flag(fields, "vulnerable")?,
        date,
        source: text("source"),
        own: BTreeMap::new(),
    };
    Ok((complaint, labels))
}

fn flag(fields: &Fields<'_>, column: &str) -> Result<Option<bool>, &'static str> {
    let parse = |text: &str| match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("flag-malformed"),
    };
    fields.filled(column).map(|text| parse(&text)).transpose()
}
