//! Which of the three layouts a file has, by its columns, and what its columns are called there.

use crate::columns::KnownColumns;

/// How a file names what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The fields of `RawComplaint`; optionally the labels `product`, `issue` and `vulnerable`.
    Own,
    /// The prepared data sets: `complaint_id`, `date_received`, `narrative`, ...
    DataSet,
    /// The CFPB's database as it is handed around: `complaint_id`, `date_received`, `product`, ... with the narrative in
    /// a column that has another name on each way.
    CfpbExport,
}

const NARRATIVE: &str = "narrative";
const DATE_RECEIVED: &str = "date_received";
/// When a regulator sent a complaint on: our own name, and the CFPB's.
pub(crate) const REGULATOR_SENT: [&str; 2] = ["regulator_sent_at", "date_sent_to_company"];
/// When the customer gave notice of an error.
pub(crate) const NOTICE: &str = "notice_at";

/// What the narrative is called in the CFPB's own CSV and in copies of it, by its search API, and in the data set of the hub.
pub(crate) const CFPB_NARRATIVES: [&str; 3] =
    ["consumer_complaint_narrative", "complaint_what_happened", "complaint_text"];

/// The columns of all three.
pub const COMPLAINTS: KnownColumns = KnownColumns {
    what: "complaints",
    all: &[
        NARRATIVE,
        "complaint_id",
        "received_at",
        "submission",
        "withdrawn",
        "bulk",
        "channel",
        "language",
        "legal_entity",
        "customer_ref",
        "external_ref",
        "known_product",
        "attributes",
        REGULATOR_SENT[0],
        NOTICE,
        "vulnerable",
        "source",
        "product",
        "issue",
        DATE_RECEIVED,
        REGULATOR_SENT[1],
        "consumer_complaint_narrative",
        "complaint_what_happened",
        "complaint_text",
        "submitted_via",
        "company",
        "state",
        "tags",
        "tags_known",
        "tags_all_positive",
    ],
    unread: &[
        "sub_product",
        "sub_issue",
        "issue_group",
        "product_raw",
        "product5",
        "issue_raw",
        "cluster",
        "words",
        "zip_code",
        "company_public_response",
        "consumer_consent_provided",
        "company_response",
        "company_response_to_consumer",
        "timely",
        "timely_response",
        "consumer_disputed",
        "has_narrative",
        "date_indexed",
        "date_received_formatted",
        "date_indexed_formatted",
        "date_sent_to_company_formatted",
    ],
    any_of: &[NARRATIVE, "consumer_complaint_narrative", "complaint_what_happened", "complaint_text"],
    needed: "needed are those of one of three layouts, in any case and with spaces or underscores: \
        Ombud's own (narrative, and others of complaint_id, received_at, channel, language, ...), \
        the data sets' (narrative and date_received, and others of complaint_id, product, issue, company, tags, ...), \
        or the CFPB's (Consumer complaint narrative, complaint_what_happened or Complaint Text, and others of \
        Complaint ID, Date received, Product, Issue, Company, Tags, ...)",
};

impl Layout {
    /// The column that says when a complaint was received.
    pub(crate) fn date(self) -> &'static str {
        match self {
            Self::Own => "received_at",
            Self::DataSet | Self::CfpbExport => DATE_RECEIVED,
        }
    }

    /// The columns that a narrative may stand in.
    pub(crate) fn narratives(self) -> &'static [&'static str] {
        match self {
            Self::Own | Self::DataSet => &[NARRATIVE],
            Self::CfpbExport => &CFPB_NARRATIVES,
        }
    }

    /// The layout that has these columns (normalised).
    pub(crate) fn of(columns: &[String]) -> Option<Self> {
        let has = |name: &str| columns.iter().any(|column| column == name);
        if CFPB_NARRATIVES.iter().any(|name| has(name)) {
            return Some(Self::CfpbExport);
        }
        match (has(NARRATIVE), has(DATE_RECEIVED)) {
            (true, true) => Some(Self::DataSet),
            (true, false) => Some(Self::Own),
            (false, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::normalised;

    #[test]
    fn a_misspelt_column_has_a_nearest_one_and_another_word_has_none() {
        assert_eq!(COMPLAINTS.nearest("narative"), Some("narrative"));
        assert_eq!(COMPLAINTS.nearest("recieved_at"), Some("received_at"));
        assert_eq!(COMPLAINTS.nearest("regulator_sent"), Some("regulator_sent_at"));
        assert_eq!(COMPLAINTS.nearest("noticed_at"), Some("notice_at"));
        assert_eq!(COMPLAINTS.nearest("queue"), None);
        assert_eq!(COMPLAINTS.nearest("text"), None);
        assert_eq!(COMPLAINTS.nearest("zipcode"), None, "zip_code is not read either");
    }

    #[test]
    fn every_known_name_is_written_as_it_is_looked_up() {
        for name in COMPLAINTS.all.iter().chain(COMPLAINTS.unread) {
            assert_eq!(normalised(name), **name);
            assert!(COMPLAINTS.has(name));
        }
        assert!(COMPLAINTS.any_of.iter().all(|name| COMPLAINTS.all.contains(name)));
    }
}
