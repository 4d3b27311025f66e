//! The statement that finds the items of one list and team in the order of a page.

use ombud_store::ItemFilter;
use rusqlite::types::Value;

use super::{
    columns::{degree, number_of},
    order::{OrderColumns, PageKey},
};

/// The part of the table in which one statement looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    pub(super) list: i64,
    /// `None` where the customer's items are few anyway.
    pub(super) team: Option<i64>,
}

/// A statement with its values.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Statement {
    /// Finds the keys of up to `most` items of `scope` behind `after`; `product` is the number of the filter's.
    pub(super) fn new(
        filter: &ItemFilter,
        product: Option<i64>,
        order: &OrderColumns,
        scope: Scope,
        after: Option<&PageKey>,
        most: usize,
    ) -> Self {
        let index = if filter.customer_ref.is_some() { "by_customer" } else { order.index };
        let columns = order.columns.join(", ");
        let mut made = Self {
            sql: format!("SELECT complaint_id, {columns} FROM complaints INDEXED BY {index} WHERE list = ?"),
            values: vec![scope.list.into()],
        };
        if let Some(customer_ref) = &filter.customer_ref {
            made.and("customer_ref = ?", customer_ref.clone());
        }
        if let Some(team) = scope.team {
            made.and("team = ?", team);
        }
        if let Some(after) = after {
            let marks = vec!["?"; order.columns.len() + 1].join(", ");
            let than = if order.descends { "<" } else { ">" };
            made.sql.push_str(&format!(" AND ({columns}, complaint_id) {than} ({marks})"));
            made.values.extend(after.numbers.iter().map(|number| Value::from(*number)));
            made.values.push(after.complaint_id.clone().into());
        }
        if !filter.states.is_empty() {
            let states: i64 = filter.states.iter().map(|state| 1 << number_of(*state)).fold(0, |a, b| a | b);
            made.and("(? >> state) & 1", states);
        }
        if let Some(product) = product {
            made.and("product = ?", product);
        }
        if let Some(vulnerability) = filter.vulnerability {
            made.and("vulnerability >= ?", degree(vulnerability));
        }
        if let Some(due_before) = filter.due_before {
            made.and("due < ?", due_before);
        }
        if filter.needs_human {
            made.and("needs_human = ?", 1);
        }
        if filter.audit_sample {
            made.and("audit_sample = ?", 1);
        }
        let way = if order.descends { " DESC" } else { "" };
        let ordered: Vec<String> =
            order.columns.iter().chain(&["complaint_id"]).map(|column| format!("{column}{way}")).collect();
        made.sql.push_str(&format!(" ORDER BY {} LIMIT ?", ordered.join(", ")));
        made.values.push(i64::try_from(most).unwrap_or(i64::MAX).into());
        made
    }

    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.push(value.into());
    }
}
