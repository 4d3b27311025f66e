//! `GET /teams/{team}/export`: what the table shows, as CSV, for whoever leads the team. Without narratives; who took it away is
//! recorded before it goes out.

use std::sync::Arc;

use axum::{
    extract::State as Shared,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use ombud_launch::guard::Right;
use tokio::task::block_in_place;

use super::{rows, sheet::COLUMNS, view::View};
use crate::{
    audit::{Act, Action},
    item::Item,
    own_writes::OwnWrites,
    pages::{
        PageState,
        fields::{Named, QueryFields},
        frame::Frame,
        item_words, trouble,
    },
    queues::{self, no_queue},
    refused::Problem,
};

/// The most rows of a file.
const MOST: usize = 10_000;
/// As many are read at a time: as many as a queue gives.
const STRETCH: usize = 200;

/// Sends the part of the queue that the address asks for, whole.
pub(super) async fn export(
    Shared(state): Shared<Arc<PageState>>,
    frame: Frame,
    own: OwnWrites,
    Named(team): Named,
    QueryFields(asked): QueryFields,
) -> Response {
    match file(&state, &frame, &own, &team, &View::of(&asked).beginning()).await {
        Ok(answer) => answer,
        Err(problem) => trouble::page(&frame, &problem),
    }
}

async fn file(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    team: &str,
    view: &View,
) -> Result<Response, Problem> {
    let caller = &frame.caller;
    if !caller.may(Right::Export) || !caller.sees(team) {
        return Err(no_queue());
    }
    let (items, is_cut) = rows(state, frame, own, team, view).await?;
    let now = state.api.clock.now_ms();
    let text = block_in_place(|| csv_of(frame, &items, is_cut, now))?;
    let act = Act::of_team(Action::Exported, team);
    state.api.audit.record(&state.api.appender, caller, &[act]).await?;
    let name = format!("attachment; filename=\"{}-{}.csv\"", file_name(team), day(now));
    let headers: [(HeaderName, String); 2] =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".into()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, text).into_response())
}

/// The items, and whether there are more.
async fn rows(
    state: &PageState,
    frame: &Frame,
    own: &OwnWrites,
    team: &str,
    view: &View,
) -> Result<(Vec<Item>, bool), Problem> {
    if view.list == super::view::List::Mine {
        return Ok((rows::read(&state.api, frame, own, team, view).await?.items, false));
    }
    let (mut items, mut view) = (Vec::new(), view.clone());
    loop {
        let page = queues::show(&state.api, &frame.caller, own, team, view.query(STRETCH)?).await?;
        items.extend(page.items);
        let is_full = items.len() >= MOST;
        match page.next {
            None => return Ok((items, false)),
            Some(_) if is_full => return Ok((items, true)),
            next => view.after = next,
        }
    }
}

fn csv_of(frame: &Frame, items: &[Item], is_cut: bool, now: i64) -> Result<Vec<u8>, Problem> {
    let unwritten = |error: csv::Error| Problem::later("unavailable", error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = COLUMNS.map(|column| frame.say(&format!("team-col-{column}")));
    writer.write_record(header.each_ref().map(|text| cell(text))).map_err(unwritten)?;
    for item in items {
        writer.write_record(record(frame, item, now).map(|text| cell(&text))).map_err(unwritten)?;
    }
    if is_cut {
        let mut last = COLUMNS.map(|_| String::new());
        last[0] = cell(&frame.say_count("team-export-cut", MOST as i64));
        writer.write_record(last).map_err(unwritten)?;
    }
    writer.into_inner().map_err(|error| Problem::later("unavailable", error.to_string()))
}

/// The cells of the table, in the order of [`COLUMNS`].
fn record(frame: &Frame, item: &Item, now: i64) -> [String; COLUMNS.len()] {
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        item.complaint_id.clone(),
        item.due
            .and_then(|due| Timestamp::from_millisecond(due.saturating_sub(1)).ok())
            .map_or_else(String::new, |due| due.strftime("%Y-%m-%d %H:%M UTC").to_string()),
        item_words::symbol(frame, "complaint-vulnerability", &item.vulnerability),
        or_empty(&item.issue),
        or_empty(&item.product),
        item_words::age(frame, item.received_at, now),
        item.held_by.as_ref().map(|lease| lease.holder.clone()).unwrap_or_default(),
        item_words::symbol(frame, "complaint-state", item.state.symbol()),
    ]
}

/// A cell that no spreadsheet takes for a formula: a program that reads the file sees an apostrophe before such a text.
fn cell(text: &str) -> String {
    const BEGINS: [char; 12] =
        ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '|'];
    // Spaces and invisible characters before it are passed over by some.
    let first = text.chars().find(|c| !(c.is_whitespace() || ombud_contract::shown::is_hidden(*c)));
    let begins = text.starts_with(BEGINS) || first.is_some_and(|first| BEGINS.contains(&first));
    if begins { format!("'{text}") } else { text.to_owned() }
}

/// The team's name as part of a file's.
fn file_name(team: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    team.chars().take(64).map(kept).collect()
}

fn day(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_what_is_none_stays_as_it_is() {
        for formula in [
            "=HYPERLINK(\"http://evil\")",
            "+1",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "  =1",
            "\u{200b}=1",
            "\u{ff1d}1",
        ] {
            assert_eq!(cell(formula), format!("'{formula}"), "{formula:?}");
        }
        for text in ["c-1", "Credit card", "", "a=b", "5 days", "'quoted'", "é"] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn a_file_is_named_by_its_team_whatever_the_team_is_called() {
        assert_eq!(file_name("card-services"), "card-services");
        assert_eq!(file_name("a\"b/../c\r\nd é"), "a-b----c--d--");
    }
}
