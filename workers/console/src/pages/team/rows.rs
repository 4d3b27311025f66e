//! What a view shows of a queue.

use tokio::task::block_in_place;

use super::view::{List, View};
use crate::{
    blind::is_kept,
    claimant::claimant_of,
    item::Item,
    own_writes::OwnWrites,
    pages::frame::Frame,
    queues::{self, no_queue},
    refused::Problem,
    state::RequestState,
};

/// What a view shows.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) items: Vec<Item>,
    pub(super) next: Option<String>,
    /// How many each list has.
    pub(super) counts: Vec<(List, u64)>,
}

/// What `view` shows of the queue of `team`.
pub(super) async fn read(
    state: &RequestState,
    frame: &Frame,
    own: &OwnWrites,
    team: &str,
    view: &View,
) -> Result<Rows, Problem> {
    let caller = &frame.caller;
    // Before a filter is found wrong: of a team that they don't see, nothing is said.
    if !caller.sees(team) {
        return Err(no_queue());
    }
    let mut page = queues::show(state, caller, own, team, view.page_query()?).await?;
    let list = queues::list(state, caller, own).await?;
    let mine = block_in_place(|| own_items(state, frame, team))?;
    let queue = list.queues.into_iter().find(|queue| queue.team == team).unwrap_or_default();
    let count = |list: List| match list {
        List::Mine => mine.len() as u64,
        List::Open => queue.open + queue.acknowledged,
        List::Waiting => queue.waiting,
        List::Answered => queue.answered,
    };
    let counts = List::ALL.map(|list| (list, count(list))).to_vec();
    if view.list == List::Mine {
        let mut items = Vec::new();
        for (work, item) in mine {
            // What is found by what the models said has it.
            let is_found_by_it = item.is_kept() && (view.product.is_some() || view.vulnerable.is_some());
            if !is_found_by_it && view.lets_through(&work)? {
                items.push(item);
            }
        }
        (page.items, page.next) = (items, None);
    }
    Ok(Rows { items: page.items, next: page.next, counts })
}

/// What the reader has of this team, the earliest taken first. Blocks.
fn own_items(
    state: &RequestState,
    frame: &Frame,
    team: &str,
) -> Result<Vec<(ombud_store::WorkItem, Item)>, Problem> {
    let name = claimant_of(&frame.caller, None)?.name;
    let leases = state.leases.ask(|leases| leases.held_by(&name))?;
    let now = state.clock.now_ms();
    let mut items = Vec::new();
    for lease in leases {
        let item = state.worklist.item(&lease.claim.complaint_id)?.filter(|item| item.team == team);
        items.extend(item.map(|item| {
            let shown = Item::of(item.clone(), Some(&lease), now);
            let shown = if is_kept(&frame.caller, &item) { shown.kept() } else { shown };
            (item, shown)
        }));
    }
    Ok(items)
}
