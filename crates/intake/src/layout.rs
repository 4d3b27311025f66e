//! Which of the three layouts a file has, told by its columns, and what its columns are called there.

use std::fmt::Write as _;

/// How a file names what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The fields of `RawComplaint`; optionally the labels `product`, `issue` and `vulnerable`.
    Own,
    /// The prepared data sets: `complaint_id`, `date_received`, `narrative`, ...
    DataSet,
    /// The CFPB's export: `Complaint ID`, `Date received`, `Consumer complaint narrative`, ... or, in JSON,
    /// `complaint_id`, `date_received`, `complaint_what_happened`, ...
    CfpbExport,
}

/// What a file must have; completes an error.
pub(crate) const NEEDED: &str = "needed are those of one of three layouts: \
    Ombud's own (narrative, and others of complaint_id, received_at, channel, language, ...), \
    the data sets' (narrative and date_received, and others of complaint_id, product, issue, company, tags, ...), \
    or the CFPB export's (Consumer complaint narrative, or complaint_what_happened in JSON, and others of \
    Complaint ID, Date received, Product, Issue, Company, Tags, ...)";

/// What the columns of the data sets and the CFPB's are called, in lower case.
pub(crate) struct Columns {
    pub(crate) id: &'static str,
    pub(crate) narrative: &'static str,
    pub(crate) date: &'static str,
    pub(crate) channel: &'static str,
}

pub(crate) const DATA_SET: Columns =
    Columns { id: "complaint_id", narrative: "narrative", date: "date_received", channel: "submitted_via" };

pub(crate) const CFPB_CSV: Columns = Columns {
    id: "complaint id",
    narrative: "consumer complaint narrative",
    date: "date received",
    channel: "submitted via",
};

pub(crate) const CFPB_JSON: Columns = Columns {
    id: "complaint_id",
    narrative: "complaint_what_happened",
    date: "date_received",
    channel: "submitted_via",
};

impl Layout {
    /// The layout that has these columns (in lower case).
    pub(crate) fn of(columns: &[String]) -> Option<Self> {
        let has = |name: &str| columns.iter().any(|column| column == name);
        if has(CFPB_CSV.narrative) || has(CFPB_JSON.narrative) {
            return Some(Self::CfpbExport);
        }
        match (has(DATA_SET.narrative), has(DATA_SET.date)) {
            (true, true) => Some(Self::DataSet),
            (true, false) => Some(Self::Own),
            (false, _) => None,
        }
    }
}

/// Column names for an error. A file without a header has its first row here, which may be personal: what does
/// not look like a name is only counted.
pub(crate) fn shown(columns: &[String]) -> String {
    const MOST: usize = 30;
    let mut text = String::new();
    let mut unnamed = 0;
    let mut more = 0;
    for (at, column) in columns.iter().enumerate() {
        let like_a_name =
            column.len() <= 40 && column.chars().any(char::is_alphabetic) && !column.contains(['.', '@']);
        if at >= MOST {
            more += 1;
        } else if like_a_name {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a String can't fail.
            let _ = write!(text, "{comma}{}", column.escape_debug());
        } else {
            unnamed += 1;
        }
    }
    match (text.is_empty(), unnamed + more) {
        (true, 0) => "none".into(),
        (true, others) => format!("{others} that look like no names (is the header missing?)"),
        (false, 0) => text,
        (false, others) => format!("{text} and {others} more"),
    }
}
