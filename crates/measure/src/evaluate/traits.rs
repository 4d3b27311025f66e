//! What is known of a complaint besides what is asked: by which it is counted apart.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ombud_contract::records::TimestampMs;
use ombud_intake::{Labels, Row};

/// Rows received from 2024-01-01 on, UTC, are "recent": how complaints are written has changed since the training
/// data began.
pub const RECENT_FROM_MS: TimestampMs = 1_704_067_200_000;

/// Where the file does not say.
const UNKNOWN: &str = "unknown";

/// One complaint's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Its true product.
    pub(crate) product: Option<String>,
    /// Words of the narrative.
    pub(crate) words: usize,
    /// When it was received, UTC.
    pub(crate) year: Option<i16>,
    /// Where it was collected.
    pub(crate) source: Option<String>,
    /// How it came in.
    pub(crate) channel: String,
    /// Whether it is from [`RECENT_FROM_MS`] on.
    pub(crate) recent: bool,
}

impl Traits {
    pub(crate) fn of(row: &Row) -> Self {
        let year = |date| Timestamp::from_millisecond(date).map(|at| TimeZone::UTC.to_datetime(at).year());
        Self {
            product: row.labels.product.clone(),
            words: row.complaint.narrative.split_whitespace().count(),
            year: row.labels.date.and_then(|date| year(date).ok()),
            source: row.labels.source.clone(),
            channel: row.complaint.channel.clone(),
            recent: recent(&row.labels),
        }
    }

    /// The slice that it falls into.
    pub(crate) fn slice(&self, dimension: Dimension) -> String {
        let known = |what: &Option<String>| what.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        match dimension {
            Dimension::Product => known(&self.product),
            Dimension::Length => BANDS[self.band()].1.to_owned(),
            Dimension::Year => known(&self.year.map(|year| year.to_string())),
            Dimension::Source => known(&self.source),
            Dimension::Channel => self.channel.clone(),
        }
    }

    /// Place in [`BANDS`].
    fn band(&self) -> usize {
        BANDS.iter().rposition(|(least, _)| self.words >= *least).unwrap_or(0)
    }
}

/// Without a date of its own a complaint is not recent: the file's is no evidence.
pub(crate) fn recent(labels: &Labels) -> bool {
    labels.date.is_some_and(|date| date >= RECENT_FROM_MS)
}

/// Least number of words, and what such narratives are called; about a quarter each of the CFPB's.
pub(crate) const BANDS: [(usize, &str); 4] =
    [(0, "under 50 words"), (50, "50 to 149"), (150, "150 to 299"), (300, "300 and more")];

/// What complaints are counted apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Product,
    Length,
    Year,
    Source,
    Channel,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ombud_contract::records::RawComplaint;

    fn row(narrative: &str, date: Option<i64>) -> Row {
        let labels = Labels { date, ..Labels::default() };
        Row { number: 1, line: 2, complaint: RawComplaint::new("c-1", narrative, 0), labels }
    }

    #[test]
    fn a_band_begins_with_its_least_number_of_words() {
        let band = |words: usize| Traits::of(&row(&"word ".repeat(words), None)).slice(Dimension::Length);
        assert_eq!([band(1), band(49)], ["under 50 words"; 2]);
        assert_eq!([band(50), band(149)], ["50 to 149"; 2]);
        assert_eq!((band(150).as_str(), band(1_000).as_str()), ("150 to 299", "300 and more"));
    }

    #[test]
    fn a_year_is_the_calendars_and_without_a_date_it_is_unknown() {
        let year = |date| Traits::of(&row("my card", date)).slice(Dimension::Year);
        assert_eq!(
            (year(Some(1_704_067_199_999)).as_str(), year(Some(RECENT_FROM_MS)).as_str()),
            ("2023", "2024")
        );
        assert_eq!(year(None), "unknown");
        assert!(!Traits::of(&row("my card", None)).recent);
    }
}
