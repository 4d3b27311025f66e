//! From a record's fields to a complaint with its labels, by layout.

use std::collections::BTreeMap;

use ombud_contract::{ids::complaint_id_of, records::RawComplaint};

use crate::{
    fields::Fields,
    labels::{self, LabelColumn, Labels},
    layout::{CFPB_CSV, CFPB_JSON, Columns, DATA_SET, Layout},
    rows::FileDefaults,
    time,
};

/// A valid complaint and what is known of it, or the code of what is wrong.
pub(crate) fn read(
    fields: &Fields<'_>,
    layout: Layout,
    defaults: &FileDefaults,
    labelled_by: &[LabelColumn],
) -> Result<(RawComplaint, Labels), &'static str> {
    let (mut complaint, mut labels) = match layout {
        Layout::Own => own(fields, defaults)?,
        Layout::DataSet => from_cfpb(fields, &DATA_SET, defaults)?,
        Layout::CfpbExport if fields.raw(CFPB_CSV.narrative).is_some() => {
            from_cfpb(fields, &CFPB_CSV, defaults)?
        }
        Layout::CfpbExport => from_cfpb(fields, &CFPB_JSON, defaults)?,
    };
    if complaint.complaint_id.is_empty() {
        complaint.complaint_id = complaint_id_of(&complaint.narrative);
    }
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
    columns: &Columns,
    defaults: &FileDefaults,
) -> Result<(RawComplaint, Labels), &'static str> {
    let date = received_at(fields, columns.date)?;
    let mut complaint = RawComplaint::new(
        fields.get(columns.id).unwrap_or_default(),
        fields.raw(columns.narrative).unwrap_or_default(),
        date.unwrap_or(defaults.received_at),
    );
    // The export doesn't say, and not all of it is English.
    if let Some(language) = &defaults.language {
        complaint.language.clone_from(language);
    }
    if let Some(channel) = fields.filled(columns.channel) {
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
    fields.get("tags").map(|tags| labels::tagged(&tags))
}

fn own(fields: &Fields<'_>, defaults: &FileDefaults) -> Result<(RawComplaint, Labels), &'static str> {
    let date = received_at(fields, "received_at")?;
    let mut complaint = RawComplaint::new(
        fields.get("complaint_id").unwrap_or_default(),
        fields.raw("narrative").unwrap_or_default(),
        date.unwrap_or(defaults.received_at),
    );
    if let Some(number) = fields.filled("submission") {
        complaint.submission = number.parse().map_err(|_| "submission-malformed")?;
    }
    complaint.withdrawn = flag(fields, "withdrawn")?.unwrap_or(false);
    complaint.bulk = flag(fields, "bulk")?.unwrap_or(false);
    if let Some(channel) = fields.filled("channel") {
        complaint.channel = channel.into();
    }
    if let Some(language) = fields.filled("language").map(Into::into).or_else(|| defaults.language.clone()) {
        complaint.language = language;
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

fn received_at(fields: &Fields<'_>, column: &str) -> Result<Option<i64>, &'static str> {
    fields.filled(column).map(|text| time::parse(&text).ok_or("received-at-malformed")).transpose()
}

fn flag(fields: &Fields<'_>, column: &str) -> Result<Option<bool>, &'static str> {
    let parse = |text: &str| match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("flag-malformed"),
    };
    fields.filled(column).map(|text| parse(&text)).transpose()
}
