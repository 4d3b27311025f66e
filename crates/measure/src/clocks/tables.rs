//! A report on clocks as tables.

use jiff::Timestamp;
use ombud_report::Table;

use super::count::ClockReport;

/// The report's tables, each under its heading; one without rows is left out.
pub fn tables(report: &ClockReport) -> Vec<(String, Table)> {
    let mut clocks = Table::new(&["team", "rule", "met", "missed", "open"], 2);
    for line in &report.clocks {
        let mut row = vec![line.team.clone(), line.rule.clone()];
        row.extend([line.count.met, line.count.missed, line.count.open].map(|count| count.to_string()));
        clocks.push(row);
    }
    let mut beyond = Table::new(&["team", "rule", "clocks"], 2);
    for line in report.clocks.iter().filter(|line| line.count.beyond_calendar > 0) {
        beyond.push(vec![line.team.clone(), line.rule.clone(), line.count.beyond_calendar.to_string()]);
    }
    let mut moved = Table::new(&["case", "rule", "by strategy", "due", "would be due"], 5);
    for clock in &report.moved {
        moved.push(vec![
            clock.complaint_id.clone(),
            clock.rule.clone(),
            clock.strategy_version.to_string(),
            day(clock.due),
            day(clock.would_be_due),
        ]);
    }
    let others = report.moved_clocks - report.moved.len();
    if others > 0 {
        moved.push(
            [format!("and {others} more"), String::new(), String::new(), String::new(), String::new()]
                .to_vec(),
        );
    }
    let mut tables = vec![
        ("Clocks by team and rule".to_owned(), clocks),
        ("Counted outside of their calendar".to_owned(), beyond),
        ("Open clocks that the strategy in force would set otherwise".to_owned(), moved),
    ];
    tables.retain(|(_, table)| !table.rows.is_empty());
    tables
}

/// A moment, in UTC; a dash where there is none.
fn day(at: Option<i64>) -> String {
    let shown = |at| Timestamp::from_millisecond(at).map_or_else(|_| "-".to_owned(), |at| at.to_string());
    at.map_or_else(|| "-".to_owned(), shown)
}
