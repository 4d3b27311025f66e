//! A replay as tables: the same for a terminal and for a page.

use ombud_report::{Table, percent, percent_with};

use super::{
    compare::{Both, ChangedComplaint, SideAnswer},
    document::{Aspect, Document},
};

/// The tables of a terminal, each under its heading; of moves and complaints the first `limit`, with how many more
/// there are.
pub fn tables(document: &Document, limit: usize) -> Vec<(String, Table)> {
    let more = |all: usize| match all.saturating_sub(limit) {
        0 => String::new(),
        more => format!(" ({more} more: --limit, --json or --html show them)"),
    };
    let mut tables = vec![("What would change".to_owned(), summary(document))];
    let mut moves = moves(&document.aspects);
    tables.push((format!("From what to what{}", more(moves.rows.len())), {
        moves.rows.truncate(limit);
        moves
    }));
    let shown = &document.changed[..limit.min(document.changed.len())];
    tables.push((format!("Complaints that would change{}", more(document.changed.len())), complaints(shown)));
    // A table without rows says nothing.
    tables.retain(|(_, table)| !table.rows.is_empty());
    tables
}

/// How many change, by what is compared.
pub(super) fn summary(document: &Document) -> Table {
    let mut table = Table::new(&["", "complaints", "changed", "share (95 %)"], 1);
    for aspect in &document.aspects {
        let share = percent_with(aspect.share, aspect.interval);
        table.push(vec![aspect.name.clone(), document.rows.to_string(), aspect.changed.to_string(), share]);
    }
    table
}

fn moves(aspects: &[Aspect]) -> Table {
    let mut table = Table::new(&["", "from", "to", "complaints"], 3);
    for aspect in aspects {
        for way in &aspect.moves {
            let names = [&aspect.name, &way.from, &way.to].map(String::clone);
            table.push([names.to_vec(), vec![way.complaints.to_string()]].concat());
        }
    }
    table
}

/// Each with both answers to every task; a confidence is of the label beside it.
pub(super) fn complaints<'a>(changed: impl IntoIterator<Item = &'a ChangedComplaint>) -> Table {
    let changed: Vec<&ChangedComplaint> = changed.into_iter().collect();
    let tasks: Vec<&str> =
        changed.first().map(|one| one.answers.keys().map(String::as_str).collect()).unwrap_or_default();
    let header: Vec<&str> = ["complaint", "team", "vulnerability"].into_iter().chain(tasks.clone()).collect();
    let mut table = Table::new(&header, header.len());
    for one in changed {
        let mut row = vec![one.complaint_id.clone(), way(&one.team), way(&one.vulnerability)];
        row.extend(
            tasks.iter().map(|task| one.answers.get(*task).map_or_else(String::new, |both| said(task, both))),
        );
        table.push(row);
    }
    table
}

fn way(both: &Both<String>) -> String {
    let Both { champion, candidate } = both;
    if champion == candidate { champion.clone() } else { format!("{champion} → {candidate}") }
}

fn said(task: &str, both: &Both<SideAnswer>) -> String {
    let one = |said: &SideAnswer| format!("{} {}", said.answer(task), percent(f64::from(said.confidence)));
    let (before, after) = (one(&both.champion), one(&both.candidate));
    if before == after { before } else { format!("{before} → {after}") }
}
