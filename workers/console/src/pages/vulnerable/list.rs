//! What waits for the vulnerability desk: of which teams, how many, a page by due moment, and the next one.

use ombud_contract::records::Vulnerability;
use ombud_launch::guard::Caller;
use ombud_store::{ItemFilter, ItemOrder, PageStart};
use tokio::task::block_in_place;

use crate::{
    blind::is_kept, item::Item, own_writes::OwnWrites, queue_query::Cursor, refused::Problem,
    state::RequestState,
};

/// The items of a page.
const PAGE: usize = 50;
/// The items that are read at once in search of the next one.
const STRETCH: usize = 200;
/// The most stretches that are looked through.
const MOST_STRETCHES: usize = 10;

/// Some of what waits.
pub(super) struct VulnerablePage {
    /// By due moment.
    pub(super) items: Vec<VulnerableItem>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
    /// All that are called vulnerable, of all teams that the caller may see.
    pub(super) vulnerable: u64,
    /// All that may be.
    pub(super) possible: u64,
    /// By the clock of the server.
    pub(super) now: i64,
}

/// A complaint in the list.
pub(super) struct VulnerableItem {
    pub(super) item: Item,
    /// A person has said by name whether the customer is vulnerable.
    pub(super) is_judged: bool,
}

/// The teams whose complaints `caller` may see here, and how many of them are called vulnerable or may be.
struct Extent {
    teams: Vec<String>,
    vulnerable: u64,
    possible: u64,
}

impl Extent {
    /// Blocks.
    fn of(state: &RequestState, caller: &Caller) -> Result<Self, Problem> {
        let mut extent = Self { teams: Vec::new(), vulnerable: 0, possible: 0 };
        if !caller.sees_evidence() {
            return Ok(extent);
        }
        for (team, degree, count) in state.worklist.vulnerability_counts()? {
            if !(caller.sees(&team) && caller.reads_narrative_of(&team)) {
                continue;
            }
            match degree {
                Vulnerability::Vulnerable => extent.vulnerable += count,
                Vulnerability::Possible => extent.possible += count,
                Vulnerability::NotIndicated => continue,
            }
            if extent.teams.last() != Some(&team) {
                extent.teams.push(team);
            }
        }
        Ok(extent)
    }

    /// `None` where there is none: a filter without teams is one of all.
    fn filter(self, least: Vulnerability) -> Option<ItemFilter> {
        (!self.teams.is_empty()).then(|| ItemFilter {
            teams: self.teams,
            vulnerability: Some(least),
            ..ItemFilter::default()
        })
    }
}

/// The page that begins at `after`, of what is at least so.
pub(super) async fn page(
    state: &RequestState,
    caller: &Caller,
    own: &OwnWrites,
    (least, after): (Vulnerability, Option<&str>),
) -> Result<VulnerablePage, Problem> {
    own.wait(state).await?;
    block_in_place(|| {
        let extent = Extent::of(state, caller)?;
        let now = state.clock.now_ms();
        let (vulnerable, possible) = (extent.vulnerable, extent.possible);
        let after = after.map(Cursor::read).transpose()?;
        let mut shown = VulnerablePage { items: Vec::new(), next: None, vulnerable, possible, now };
        let Some(filter) = extent.filter(least) else { return Ok(shown) };
        let page = state.worklist.page(&filter, ItemOrder::Due, after.as_ref(), PAGE)?;
        let ids: Vec<String> = page.items.iter().map(|item| item.complaint_id.clone()).collect();
        let held = state.leases.ask(|leases| leases.held(&ids))?;
        let of = |item: ombud_store::WorkItem| {
            let (is_judged, lease) = (item.vulnerability_judged, held.get(&item.complaint_id));
            // That it is here says what the flag is: a customer in need waits for no judge. All else is kept.
            let (is_kept, flag) = (is_kept(caller, &item), item.vulnerability.symbol().to_owned());
            let item = Item::of(item, lease, now);
            let item = if is_kept { Item { vulnerability: flag, ..item.kept() } } else { item };
            VulnerableItem { is_judged, item }
        };
        shown.items = page.items.into_iter().map(of).collect();
        shown.next = page.next.as_ref().map(Cursor::text);
        Ok(shown)
    })
}

/// The complaint that is due first behind `passed`, and that nobody has said it of by name; from the beginning again where none is
/// behind it.
pub(super) async fn next(
    state: &RequestState,
    caller: &Caller,
    own: &OwnWrites,
    passed: Option<&str>,
) -> Result<Option<String>, Problem> {
    own.wait(state).await?;
    block_in_place(|| {
        let Some(filter) = Extent::of(state, caller)?.filter(Vulnerability::Possible) else {
            return Ok(None);
        };
        let (mut after, mut first): (Option<PageStart>, Option<String>) = (None, None);
        let mut is_behind = passed.is_none();
        for _ in 0..MOST_STRETCHES {
            let page = state.worklist.page(&filter, ItemOrder::Due, after.as_ref(), STRETCH)?;
            for item in page.items {
                if passed == Some(item.complaint_id.as_str()) {
                    is_behind = true;
                } else if is_behind && !item.vulnerability_judged {
                    return Ok(Some(item.complaint_id));
                } else if !item.vulnerability_judged {
                    first.get_or_insert(item.complaint_id);
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(first)
    })
}
