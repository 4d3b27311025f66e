//! Pages: where one begins, and the items of it. What lies in several teams or lists is merged from a page of each.

use std::{cmp::Ordering, collections::BTreeSet};

use ombud_store::{ItemFilter, ItemOrder, ItemPage, PageStart, ReadClock};
use rusqlite::{Connection, params_from_iter};

use super::{
    columns::{CLOSED, OPEN},
    names::{self, NameKind},
    order::{OrderColumns, PageKey},
    read,
    row::RowError,
    statement::{Scope, Statement},
};

/// The page of `filter` in `order` that begins behind `after`.
pub(super) fn page(
    connection: &Connection,
    filter: &ItemFilter,
    order: ItemOrder,
    after: Option<&PageStart>,
    most: usize,
    read_clock: &ReadClock,
) -> Result<ItemPage, RowError> {
    let order = OrderColumns::of(order);
    let after = after.map(|start| PageKey::of(start, &order)).transpose()?;
    // One state of the file for all statements.
    let state = connection.unchecked_transaction()?;
    let mut keys = keys(&state, filter, &order, after.as_ref(), most.saturating_add(1))?;
    let next = (keys.len() > most && most > 0).then(|| keys[most - 1].start(&order));
    keys.truncate(most);
    let mut items = Vec::with_capacity(keys.len());
    for key in keys {
        let item = read::item(&state, &key.complaint_id, read_clock)?;
        items.push(item.ok_or(RowError::Damaged("an item of a page is none"))?);
    }
    Ok(ItemPage { items, next })
}

/// The first `most` keys behind `after`, in the order.
fn keys(
    connection: &Connection,
    filter: &ItemFilter,
    order: &OrderColumns,
    after: Option<&PageKey>,
    most: usize,
) -> Result<Vec<PageKey>, RowError> {
    let product = match &filter.product {
        None => None,
        Some(product) => match names::find(connection, NameKind::Product, product)? {
            Some(number) => Some(number),
            None => return Ok(Vec::new()),
        },
    };
    let mut keys = Vec::new();
    for scope in scopes(connection, filter)? {
        let Statement { sql, values } = Statement::new(filter, product, order, scope, after, most);
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let numbers = (1..=order.columns.len()).map(|at| row.get(at)).collect::<Result<_, _>>()?;
            keys.push(PageKey { numbers, complaint_id: row.get(0)? });
        }
    }
    let way = |one: &PageKey, other: &PageKey| -> Ordering {
        if order.descends { other.cmp(one) } else { one.cmp(other) }
    };
    keys.sort_by(way);
    keys.truncate(most);
    Ok(keys)
}

/// The numbers of the teams of `filter`.
fn teams(connection: &Connection, filter: &ItemFilter) -> Result<Vec<Option<i64>>, RowError> {
    let all: BTreeSet<&String> = filter.teams.iter().collect();
    let named: Vec<&String> = match &filter.team {
        Some(team) if all.is_empty() || all.contains(team) => vec![team],
        Some(_) => return Ok(Vec::new()),
        None if !all.is_empty() => all.into_iter().collect(),
        None if filter.customer_ref.is_some() => return Ok(vec![None]),
        None => return Ok(names::teams(connection)?.into_iter().map(Some).collect()),
    };
    let mut teams = Vec::with_capacity(named.len());
    for team in named {
        teams.extend(names::find(connection, NameKind::Team, team)?.map(Some));
    }
    Ok(teams)
}

/// Where the items of `filter` may lie.
fn scopes(connection: &Connection, filter: &ItemFilter) -> Result<Vec<Scope>, RowError> {
    let is_of = |open: bool| filter.states.iter().any(|state| state.is_open() == open);
    let lists = [(OPEN, filter.states.is_empty() || is_of(true)), (CLOSED, is_of(false))];
    let teams = teams(connection, filter)?;
    let lists = lists.into_iter().filter_map(|(list, asked)| asked.then_some(list));
    Ok(lists.flat_map(|list| teams.iter().map(move |team| Scope { list, team: *team })).collect())
}
