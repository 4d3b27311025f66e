//! What lies at the desk of whoever asks: what a person must look at, of their teams, and all that the triage desk still has.

use ombud_contract::work::Phase;
use ombud_launch::guard::{Caller, Teams};
use ombud_store::{ItemFilter, ItemOrder, ItemPage, PageStart, WorkItem, Worklist};
use ombud_stream::Outage;

use super::in_force::InForce;
use crate::{blind::is_unjudged, queue_query::everything_of};

/// So many are counted: a page that says "64 or more" need not count further.
const MOST_COUNTED: usize = 64;

/// What lies at somebody's desk.
pub(super) struct Pile<'a> {
    caller: &'a Caller,
    triage_desk: Option<&'a str>,
    /// Looked through one after the other.
    sources: Vec<ItemFilter>,
}

/// How much is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) count: usize,
    /// There are more.
    pub(super) is_least: bool,
    /// Of the audit sample, which is judged elsewhere.
    pub(super) blind: usize,
}

impl<'a> Pile<'a> {
    pub(super) fn of(caller: &'a Caller, in_force: &'a InForce) -> Self {
        let (teams, has_teams) = match caller.teams() {
            Some(Teams::All) => (Vec::new(), true),
            Some(Teams::Only(teams)) => (teams.iter().cloned().collect(), !teams.is_empty()),
            None => (Vec::new(), false),
        };
        // No team is no bound: whoever has none has no pile.
        let looked_at = ItemFilter { teams, needs_human: true, ..ItemFilter::default() };
        let mut sources: Vec<ItemFilter> = has_teams.then_some(looked_at).into_iter().collect();
        let triage_desk = in_force.triage_desk();
        sources.extend(triage_desk.filter(|desk| caller.works_for(desk)).map(everything_of));
        Self { caller, triage_desk, sources }
    }

    /// Whether it lies here. What was drawn at random and is not judged yet does not: its reader may not see what the models say.
    pub(super) fn has(&self, item: &WorkItem) -> bool {
        let is_open = !matches!(item.state, Phase::Answered | Phase::Withdrawn);
        is_open
            && self.caller.works_for(&item.team)
            && match item.needs_human {
                true => !is_unjudged(item),
                false => self.triage_desk == Some(&*item.team),
            }
    }

    /// The next of it, in the order in which it is to be done.
    pub(super) fn page(
        &self,
        worklist: &dyn Worklist,
        after: Option<&PageStart>,
        most: usize,
    ) -> Result<ItemPage, Outage> {
        let mut page = self.whole_page(worklist, after, most)?;
        page.items.retain(|item| self.has(item));
        Ok(page)
    }

    fn whole_page(
        &self,
        worklist: &dyn Worklist,
        after: Option<&PageStart>,
        most: usize,
    ) -> Result<ItemPage, Outage> {
        // `AT:START`: which source, and where in it.
        let (at, start) = after.and_then(|PageStart(text)| text.split_once(':')).unwrap_or(("0", ""));
        let at: usize = at.parse().unwrap_or(usize::MAX);
        let Some(filter) = self.sources.get(at) else {
            return Ok(ItemPage { items: Vec::new(), next: None });
        };
        let start = Some(start).filter(|start| !start.is_empty()).map(|start| PageStart(start.to_owned()));
        let mut page = worklist.page(filter, ItemOrder::Next, start.as_ref(), most)?;
        // The source before this one has given what a person must look at.
        page.items.retain(|item| at == 0 || !item.needs_human);
        page.next = match page.next {
            Some(PageStart(start)) => Some(PageStart(format!("{at}:{start}"))),
            None => (at + 1 < self.sources.len()).then(|| PageStart(format!("{}:", at + 1))),
        };
        Ok(page)
    }

    /// How much it is.
    pub(super) fn left(&self, worklist: &dyn Worklist) -> Result<Left, Outage> {
        let mut left = Left::default();
        for at in 0..self.sources.len() {
            let page = self.whole_page(worklist, Some(&PageStart(format!("{at}:"))), MOST_COUNTED)?;
            let ends = page.next.as_ref().is_none_or(|PageStart(next)| *next == format!("{}:", at + 1));
            left.is_least |= !ends;
            left.count += page.items.iter().filter(|item| self.has(item)).count();
            let is_blind = |item: &&WorkItem| is_unjudged(item) && self.caller.works_for(&item.team);
            left.blind += page.items.iter().filter(is_blind).count();
        }
        Ok(left)
    }
}
