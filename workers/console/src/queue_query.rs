//! The filters of a queue's page, and where a page begins.

use ombud_contract::work::Phase;
use ombud_contract::{ids::row_sha256, records::Vulnerability};
use ombud_store::{ItemFilter, ItemOrder, PageStart};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{item::State, refused::Problem};

/// The items of a page where nobody says how many.
const USUAL_LIMIT: usize = 50;
/// The most items of a page.
const MOST: usize = 200;

/// What a page of a queue shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct QueueQuery {
    /// These states, with commas between; else all but ANSWERED and WITHDRAWN.
    #[param(example = "OPEN,WAITING")]
    pub(crate) state: Option<String>,
    /// Only this product.
    pub(crate) product: Option<String>,
    /// Only what is at least so: VULNERABLE or POSSIBLE.
    #[param(value_type = Option<AtLeast>, inline)]
    pub(crate) vulnerability: Option<String>,
    /// Only this customer, by the pseudonym.
    pub(crate) customer: Option<String>,
    /// Only what is due before this moment, in milliseconds since 1970.
    #[param(value_type = Option<i64>)]
    pub(crate) due_before: Option<String>,
    /// Only what a person must still look at.
    #[param(value_type = Option<bool>)]
    pub(crate) needs_human: Option<String>,
    /// Only the audit sample.
    #[param(value_type = Option<bool>)]
    pub(crate) audit: Option<String>,
    /// next (vulnerable first, then by due moment, then the most urgent), due, received (the latest first) or changed (the
    /// latest first).
    #[param(value_type = Option<Order>, inline)]
    pub(crate) order: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// How many items: 1 to 200; else 50.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 200)]
    pub(crate) limit: Option<String>,
}

#[derive(utoipa::ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(dead_code, reason = "documents what is read by name")]
enum AtLeast {
    Vulnerable,
    Possible,
}

#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "documents what is read by name")]
enum Order {
    Next,
    Due,
    Received,
    Changed,
}

/// What the worklist is asked.
#[derive(Debug, PartialEq)]
pub(crate) struct QueueQuestion {
    pub(crate) filter: ItemFilter,
    pub(crate) order: ItemOrder,
    pub(crate) after: Option<PageStart>,
    pub(crate) limit: usize,
}

/// All that `team` has to do.
pub(crate) fn everything_of(team: &str) -> ItemFilter {
    ItemFilter { team: Some(team.to_owned()), ..ItemFilter::default() }
}

impl QueueQuery {
    /// What it asks of `team`.
    pub(crate) fn read(self, team: &str) -> Result<QueueQuestion, Problem> {
        let states = self.state.as_deref().map(states).transpose()?.unwrap_or_default();
        let vulnerability = match self.vulnerability.as_deref() {
            None => None,
            Some("VULNERABLE") => Some(Vulnerability::Vulnerable),
            Some("POSSIBLE") => Some(Vulnerability::Possible),
            Some(_) => {
                return Err(Problem::wrong("vulnerability", "unknown-symbol", "give VULNERABLE or POSSIBLE"));
            }
        };
        let due_before = self.due_before.as_deref().map(str::parse).transpose().map_err(|_| {
            Problem::wrong("due_before", "wrong-type", "give milliseconds since 1970, as a whole number")
        })?;
        let order = match self.order.as_deref() {
            None | Some("next") => ItemOrder::Next,
            Some("due") => ItemOrder::Due,
            Some("received") => ItemOrder::Received,
            Some("changed") => ItemOrder::Changed,
            Some(_) => {
                return Err(Problem::wrong("order", "unknown-symbol", "give next, due, received or changed"));
            }
        };
        let limit = match self.limit.as_deref().map(str::parse::<usize>) {
            None => USUAL_LIMIT,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => {
                return Err(Problem::wrong("limit", "out-of-range", "give a whole number from 1 to 200"));
            }
        };
        let filter = ItemFilter {
            states,
            product: self.product,
            vulnerability,
            customer_ref: self.customer,
            due_before,
            needs_human: flag("needs_human", self.needs_human.as_deref())?,
            audit_sample: flag("audit", self.audit.as_deref())?,
            ..everything_of(team)
        };
        Ok(QueueQuestion {
            filter,
            order,
            after: self.after.as_deref().map(Cursor::read).transpose()?,
            limit,
        })
    }
}

fn states(text: &str) -> Result<Vec<Phase>, Problem> {
    let state = |word: &str| State::ALL.into_iter().find(|state| state.symbol() == word).map(Phase::from);
    text.split(',').map(|word| state(word.trim())).collect::<Option<_>>().ok_or_else(|| {
        Problem::wrong(
            "state",
            "unknown-symbol",
            "give OPEN, ACKNOWLEDGED, WAITING, ANSWERED or WITHDRAWN, with commas between",
        )
    })
}

fn flag(field: &str, text: Option<&str>) -> Result<bool, Problem> {
    match text {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::wrong(field, "wrong-type", "give true or false")),
    }
}

/// Where a page begins, as clients carry it: what the worklist says, with a digest, so that what a client made up differs from
/// a worklist that can't be read.
pub(crate) struct Cursor;

impl Cursor {
    pub(crate) fn text(start: &PageStart) -> String {
        format!("{}.{}", hex::encode(&start.0), Self::digest(start))
    }

    pub(crate) fn read(text: &str) -> Result<PageStart, Problem> {
        let read = || {
            let (start, digest) = text.split_once('.')?;
            let start = PageStart(String::from_utf8(hex::decode(start).ok()?).ok()?);
            (Self::digest(&start) == digest).then_some(start)
        };
        read().ok_or_else(|| {
            Problem::wrong("after", "after-unknown", "give `next` of the page before, as it was")
        })
    }

    fn digest(start: &PageStart) -> String {
        hex::encode(&row_sha256(&[Some(start.0.as_bytes())])[..4])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_where_the_one_before_ended_and_nowhere_that_was_made_up() {
        let start = PageStart("due:17/c-1 \u{e9}".into());
        let text = Cursor::text(&start);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'), "{text}");
        assert_eq!(Cursor::read(&text).unwrap(), start);
        for wrong in ["", ".", "00", "00.00000000", &text[1..], &format!("{text}0")] {
            assert!(Cursor::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_filter_is_read_and_what_is_none_is_refused() {
        let query = QueueQuery {
            state: Some("OPEN, WAITING".into()),
            product: Some("Mortgage".into()),
            vulnerability: Some("POSSIBLE".into()),
            customer: Some("cust-1".into()),
            due_before: Some("17".into()),
            needs_human: Some("true".into()),
            audit: Some("false".into()),
            order: Some("due".into()),
            after: None,
            limit: Some("200".into()),
        };
        let filter = ItemFilter {
            team: Some("cards".into()),
            teams: Vec::new(),
            states: vec![Phase::Open, Phase::Waiting],
            product: Some("Mortgage".into()),
            vulnerability: Some(Vulnerability::Possible),
            customer_ref: Some("cust-1".into()),
            due_before: Some(17),
            needs_human: true,
            audit_sample: false,
        };
        let question = QueueQuestion { filter, order: ItemOrder::Due, after: None, limit: 200 };
        assert_eq!(query.read("cards").unwrap(), question);
        let said = |text: &str| Some(text.to_owned());
        let wrong = [
            QueueQuery { state: said("OPEN,LOST"), ..QueueQuery::default() },
            QueueQuery { vulnerability: said("NOT_INDICATED"), ..QueueQuery::default() },
            QueueQuery { due_before: said("noon"), ..QueueQuery::default() },
            QueueQuery { needs_human: said("yes"), ..QueueQuery::default() },
            QueueQuery { order: said("Due"), ..QueueQuery::default() },
            QueueQuery { limit: said("0"), ..QueueQuery::default() },
            QueueQuery { limit: said("201"), ..QueueQuery::default() },
            QueueQuery { after: said("x"), ..QueueQuery::default() },
        ];
        for query in wrong {
            let shown = format!("{query:?}");
            assert!(query.read("cards").is_err(), "{shown}");
        }
    }
}
