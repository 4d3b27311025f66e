//! Which part of a team's queue is looked at: a tab and filters, as the address has them.

use jiff::{civil::Date, tz::TimeZone};
use ombud_contract::records::Vulnerability;
use ombud_store::WorkItem;

use super::MOST_ROWS;
use crate::{
    pages::{address::encoded, fields::Fields},
    queue_query::QueueQuery,
    refused::Problem,
};

/// Where a team's queue is.
pub(in crate::pages) fn team_path(team: &str) -> String {
    format!("/teams/{}", encoded(team))
}

/// One of the lists of a team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum List {
    /// What the reader works on now.
    Mine,
    /// What nobody has answered, and the customer does not know why.
    #[default]
    Open,
    /// The customer knows why there is no answer yet.
    Waiting,
    /// Answered or forwarded.
    Answered,
}

impl List {
    /// In the order of the tabs.
    pub(super) const ALL: [Self; 4] = [Self::Mine, Self::Open, Self::Waiting, Self::Answered];

    /// As addresses write it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Answered => "answered",
        }
    }

    /// The states and the order of the queue.
    const fn question(self) -> (&'static str, &'static str) {
        match self {
            Self::Mine | Self::Open => ("OPEN,ACKNOWLEDGED", "due"),
            Self::Waiting => ("WAITING", "due"),
            Self::Answered => ("ANSWERED", "changed"),
        }
    }
}

/// A part of a team's queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    pub(super) list: List,
    pub(super) product: Option<String>,
    /// `POSSIBLE` or `VULNERABLE`: at least so.
    pub(super) vulnerable: Option<String>,
    /// A day, such as 2026-12-04.
    pub(super) due_before: Option<String>,
    pub(super) needs_human: bool,
    pub(super) customer: Option<String>,
    /// Where the page begins.
    pub(super) after: Option<String>,
}

impl View {
    /// What an address, or the field `view` of a form, says.
    pub(super) fn of(fields: &Fields) -> Self {
        let said = |name: &str| fields.one(name).map(str::to_owned);
        let list = List::ALL.into_iter().find(|list| fields.one("tab") == Some(list.name()));
        Self {
            list: list.unwrap_or_default(),
            product: said("product"),
            vulnerable: said("vulnerable"),
            due_before: said("due_before"),
            needs_human: fields.one("needs_human").is_some(),
            customer: said("customer"),
            after: said("after"),
        }
    }

    /// The view from which a form was sent.
    pub(super) fn before(form: &Fields) -> Self {
        Self::of(&Fields::read(form.typed("view").as_bytes()))
    }

    /// As an address has it.
    pub(super) fn fields(&self) -> Fields {
        let list = (self.list != List::default()).then_some(self.list.name());
        Fields::default()
            .with("tab", list)
            .with("product", self.product.as_deref())
            .with("vulnerable", self.vulnerable.as_deref())
            .with("due_before", self.due_before.as_deref())
            .with("needs_human", self.needs_human.then_some("yes"))
            .with("customer", self.customer.as_deref())
            .with("after", self.after.as_deref())
    }

    /// Where it is.
    pub(super) fn address(&self, team: &str) -> String {
        self.fields().address(&team_path(team))
    }

    /// The same filters over another list, from its beginning.
    pub(super) fn of_list(&self, list: List) -> Self {
        Self { list, ..self.beginning() }
    }

    /// The same from its beginning.
    pub(super) fn beginning(&self) -> Self {
        Self { after: None, ..self.clone() }
    }

    /// Whether anything is left out.
    pub(super) fn is_filtered(&self) -> bool {
        self.beginning() != Self { list: self.list, ..Self::default() }
    }

    /// What it asks of a queue, so many items at a time.
    pub(super) fn query(&self, limit: usize) -> Result<QueueQuery, Problem> {
        let (states, order) = self.list.question();
        Ok(QueueQuery {
            state: Some(states.to_owned()),
            product: self.product.clone(),
            vulnerability: self.vulnerable.clone(),
            customer: self.customer.clone(),
            due_before: self.due_before_ms()?.map(|at| at.to_string()),
            needs_human: self.needs_human.then(|| "true".to_owned()),
            audit: None,
            order: Some(order.to_owned()),
            after: self.after.clone(),
            limit: Some(limit.to_string()),
        })
    }

    /// The same of a page.
    pub(super) fn page_query(&self) -> Result<QueueQuery, Problem> {
        self.query(MOST_ROWS)
    }

    /// The midnight that begins the day.
    fn due_before_ms(&self) -> Result<Option<i64>, Problem> {
        let Some(text) = &self.due_before else { return Ok(None) };
        let begins =
            text.parse::<Date>().ok().and_then(|day| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok());
        match begins {
            Some(begins) => Ok(Some(begins.as_millisecond())),
            None => Err(Problem::wrong("due_before", "no-day", "give a day such as 2026-12-04")),
        }
    }

    /// Whether its filters let `item` through, of what is in no queue's page.
    pub(super) fn lets_through(&self, item: &WorkItem) -> Result<bool, Problem> {
        let least = match self.vulnerable.as_deref() {
            Some("VULNERABLE") => Vulnerability::Vulnerable,
            Some("POSSIBLE") => Vulnerability::Possible,
            _ => Vulnerability::NotIndicated,
        };
        let before = self.due_before_ms()?;
        Ok((self.product.is_none() || self.product == item.product)
            && (self.customer.is_none() || self.customer == item.customer_ref)
            && item.vulnerability >= least
            && (!self.needs_human || item.needs_human)
            && before.is_none_or(|before| item.due.is_some_and(|due| due < before)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_its_address_and_what_an_address_does_not_say_is_not_filtered() {
        let view = View {
            list: List::Waiting,
            product: Some("Credit card & more".into()),
            vulnerable: Some("POSSIBLE".into()),
            due_before: Some("2026-12-04".into()),
            needs_human: true,
            customer: Some("cust/1".into()),
            after: Some("00.11".into()),
        };
        let address = view.address("card services");
        assert!(address.starts_with("/teams/card%20services?tab=waiting&"), "{address}");
        let query = address.split_once('?').unwrap().1;
        assert_eq!(View::of(&Fields::read(query.as_bytes())), view);
        let form = Fields::default().with("view", Some(query));
        assert_eq!(View::before(&form), view);
        assert!(view.is_filtered() && !View { list: List::Mine, ..View::default() }.is_filtered());
        assert_eq!(View::default().address("cards"), "/teams/cards");
        let empty = View::of(&Fields::read(b"tab=else&product=&needs_human=&done=x"));
        assert_eq!(empty, View::default());
    }

    #[test]
    fn what_is_due_before_a_day_is_due_before_its_first_moment_and_what_is_no_day_is_refused() {
        let due = |text: &str| View { due_before: Some(text.into()), ..View::default() }.due_before_ms();
        assert_eq!(due("1970-01-02").unwrap(), Some(86_400_000));
        for wrong in ["tomorrow", "2026-13-01", "04.12.2026"] {
            assert_eq!(due(wrong).unwrap_err().status().as_u16(), 422, "{wrong}");
        }
    }
}
