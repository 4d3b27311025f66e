//! `GET /teams`: the teams that the reader sees, and how much each has to do.

use std::{collections::BTreeMap, sync::Arc};

use axum::{extract::State as Shared, response::Response};
use maud::{Markup, html};
use ombud_store::DueCount;
use tokio::task::block_in_place;

use super::{
    team_path,
    view::{List, View},
};
use crate::{
    own_writes::OwnWrites,
    pages::{
        PageState,
        frame::Frame,
        parts::{self, Tone},
        trouble,
    },
    queues::{self, QueueCounts},
    refused::Problem,
};

const DAY_MS: i64 = 86_400_000;

/// A team, and what it has to do.
struct Load {
    counts: QueueCounts,
    due: DueCount,
}

/// Shows the teams.
pub(super) async fn teams(Shared(state): Shared<Arc<PageState>>, frame: Frame, own: OwnWrites) -> Response {
    match loads(&state, &frame, &own).await {
        Ok(loads) => frame.page(&frame.say("team-list-title"), &body(&frame, &loads)),
        Err(problem) => trouble::page(&frame, &problem),
    }
}

async fn loads(state: &PageState, frame: &Frame, own: &OwnWrites) -> Result<Vec<Load>, Problem> {
    let (api, caller) = (&state.api, &frame.caller);
    let list = queues::list(api, caller, own).await?;
    let now = api.clock.now_ms();
    // What people read as due today is due before the day ends, as `parts::due` says it.
    let day_end = now.div_euclid(DAY_MS).saturating_add(1).saturating_mul(DAY_MS);
    let (known, due) = block_in_place(|| {
        Ok::<_, Problem>(((api.teams)(crate::me::NO_VERSION)?, api.worklist.due_counts(now, day_end)?))
    })?;
    let empty = |team: &str| Load {
        counts: QueueCounts { team: team.to_owned(), ..QueueCounts::default() },
        due: DueCount { team: team.to_owned(), overdue: 0, due_soon: 0 },
    };
    let mut loads: BTreeMap<String, Load> = BTreeMap::new();
    // A team without complaints is one too.
    for team in known.into_iter().flatten().filter(|team| caller.sees(team)) {
        loads.insert(team.clone(), empty(&team));
    }
    for counts in list.queues {
        let load = loads.entry(counts.team.clone()).or_insert_with(|| empty(&counts.team));
        load.counts = counts;
    }
    for due in due {
        if let Some(load) = loads.get_mut(&due.team) {
            load.due = due;
        }
    }
    Ok(loads.into_values().collect())
}

fn body(frame: &Frame, loads: &[Load]) -> Markup {
    html! {
        div.stack {
            @if loads.is_empty() {
                (parts::empty(&frame.say("team-list-empty"), &frame.say("team-list-empty-why")))
            } @else {
                table {
                    caption { (frame.say("team-list-caption")) }
                    thead { tr {
                        th scope="col" { (frame.say("team-list-team")) }
                        @for column in ["overdue", "today", "open", "waiting", "answered"] {
                            th.number scope="col" { (frame.say(&format!("team-list-{column}"))) }
                        }
                    } }
                    tbody { @for load in loads { (row(frame, load)) } }
                }
            }
        }
    }
}

fn row(frame: &Frame, Load { counts, due }: &Load) -> Markup {
    let list = |list: List| View { list, ..View::default() }.address(&counts.team);
    let open = counts.open + counts.acknowledged;
    html! {
        tr data-row {
            th scope="row" {
                a href=(team_path(&counts.team)) { (frame.team(&counts.team)) }
                " " span data-live=(counts.team) {}
            }
            td.number { (late(frame, due.overdue, Tone::Bad, "team-list-overdue")) }
            td.number { (late(frame, due.due_soon, Tone::Warning, "team-list-today")) }
            td.number { a href=(list(List::Open)) { (open) } }
            td.number { a href=(list(List::Waiting)) { (counts.waiting) } }
            td.number { a href=(list(List::Answered)) { (counts.answered) } }
        }
    }
}

/// A count that stands out where it is not nothing, with its word for whoever hears the cell alone.
fn late(frame: &Frame, count: u64, tone: Tone, word: &str) -> Markup {
    html! {
        @if count == 0 { "0" } @else { (parts::badge(tone, &format!("{count} {}", frame.say(word)))) }
    }
}
