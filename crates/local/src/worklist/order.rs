//! How the orders of pages stand in the table, and where an item stands in one.

use ombud_store::{ItemOrder, PageStart};

use super::row::RowError;

/// How an order stands in the table.
pub(super) struct OrderColumns {
    pub(super) index: &'static str,
    /// Before the complaint's id.
    pub(super) columns: &'static [&'static str],
    pub(super) descends: bool,
    /// Stands in front of a page's start.
    pub(super) letter: char,
}

impl OrderColumns {
    pub(super) fn of(order: ItemOrder) -> Self {
        let (index, columns, descends, letter): (_, &'static [&'static str], _, _) = match order {
            ItemOrder::Next => ("by_next", &["turn", "due", "urgency"], false, 'n'),
            ItemOrder::Due => ("by_due", &["due"], false, 'd'),
            ItemOrder::Received => ("by_received", &["received_at"], true, 'r'),
            ItemOrder::Changed => ("by_changed", &["changed_at"], true, 'c'),
        };
        Self { index, columns, descends, letter }
    }
}

/// Where an item stands in an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PageKey {
    pub(super) numbers: Vec<i64>,
    pub(super) complaint_id: String,
}

impl PageKey {
    pub(super) fn start(&self, order: &OrderColumns) -> PageStart {
        let numbers = self.numbers.iter().map(|number| format!("{number},")).collect::<String>();
        PageStart(format!("{}{numbers}{}", order.letter, self.complaint_id))
    }

    pub(super) fn of(start: &PageStart, order: &OrderColumns) -> Result<Self, RowError> {
        let rest = start.0.strip_prefix(order.letter).ok_or(RowError::PageStart)?;
        let mut parts = rest.splitn(order.columns.len() + 1, ',');
        let mut numbers = Vec::new();
        for _ in order.columns {
            let number = parts.next().and_then(|number| number.parse().ok());
            numbers.push(number.ok_or(RowError::PageStart)?);
        }
        let complaint_id = parts.next().ok_or(RowError::PageStart)?.to_owned();
        Ok(Self { numbers, complaint_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_where_the_one_before_ended_whatever_the_id_looks_like() {
        for order in [ItemOrder::Next, ItemOrder::Due, ItemOrder::Received, ItemOrder::Changed] {
            let order = OrderColumns::of(order);
            let numbers = (0..order.columns.len()).map(|at| 7 - 9 * at as i64).collect();
            let key = PageKey { numbers, complaint_id: "a,b c-1".into() };
            assert_eq!(PageKey::of(&key.start(&order), &order).unwrap(), key);
        }
    }
}
