//! Pages of the worklist: every order, every filter, whole and without repetition; search and counts.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::{BTreeMap, BTreeSet};

use ombud_contract::{
    records::{FeedbackKind, RoutedComplaint, Vulnerability},
    work::Phase,
};
use ombud_local::LocalWorklist;
use ombud_store::{ItemFilter, ItemOrder, PageStart, WorkItem, Worklist, WorklistChange};
use proptest::{collection::vec, option, prelude::*, sample::select};
use tempfile::TempDir;

use crate::worklist_given::{NOON, clocks, decided, due, route, routed, verdict, withdrawn};

const TEAMS: [&str; 3] = ["cards", "loans", "mortgages"];
const PRODUCTS: [&str; 2] = ["Mortgage", "Credit card"];
const ORDERS: [ItemOrder; 4] = [ItemOrder::Next, ItemOrder::Due, ItemOrder::Received, ItemOrder::Changed];
const DEGREES: [Vulnerability; 3] =
    [Vulnerability::NotIndicated, Vulnerability::Possible, Vulnerability::Vulnerable];

fn opened(changes: &[WorklistChange]) -> (LocalWorklist, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let worklist = LocalWorklist::open(dir.path(), clocks()).unwrap();
    worklist.apply(changes, &[]).unwrap();
    (worklist, dir)
}

/// Few values of everything, so that much stands in one place.
fn a_complaint() -> impl Strategy<Value = RoutedComplaint> {
    let places = (0..3_usize, 0..3_usize, 0..3_i64, option::of(0..3_i64), 0..2_i32);
    let rest = (option::of(0..2_usize), any::<bool>(), any::<bool>(), 0..3_i64, option::of(0..3_u8));
    (places, rest).prop_map(
        |((team, degree, received, due_in, priority), (product, human, audit, routed, customer))| {
            RoutedComplaint {
                vulnerability: DEGREES[degree],
                received_at: NOON + received,
                routed_at: NOON + 10 + routed,
                clocks: due_in.map(|day| due(NOON + 100 + day)).unwrap_or_default(),
                priority,
                decisions: product.map(|at| decided("product", PRODUCTS[at])).into_iter().collect(),
                needs_human: human,
                human_reasons: if audit { vec!["audit-sample".into()] } else { Vec::new() },
                customer_ref: customer.map(|number| format!("customer-{number}")),
                ..route("", TEAMS[team])
            }
        },
    )
}

fn a_filter() -> impl Strategy<Value = ItemFilter> {
    let names = (
        (option::of(select(TEAMS.to_vec())), vec(select(TEAMS.to_vec()), 0..3)),
        option::of(select(PRODUCTS.to_vec())),
        option::of(0..3_u8),
    );
    let states = vec(select(Phase::ALL.to_vec()), 0..3);
    let rest = (option::of(select(DEGREES.to_vec())), option::of(0..3_i64), any::<bool>(), any::<bool>());
    (names, states, rest).prop_map(
        |(((team, teams), product, customer), states, (vulnerability, due, human, audit))| ItemFilter {
            team: team.map(str::to_owned),
            teams: teams.into_iter().map(str::to_owned).collect(),
            states,
            product: product.map(str::to_owned),
            vulnerability,
            customer_ref: customer.map(|number| format!("customer-{number}")),
            due_before: due.map(|day| NOON + 100 + day),
            needs_human: human,
            audit_sample: audit,
        },
    )
}

/// What the filter says, item by item.
fn passes(filter: &ItemFilter, item: &WorkItem) -> bool {
    let states = &filter.states;
    (if states.is_empty() { item.state.is_open() } else { states.contains(&item.state) })
        && filter.team.as_ref().is_none_or(|team| *team == item.team)
        && (filter.teams.is_empty() || filter.teams.contains(&item.team))
        && filter.product.is_none() | (filter.product == item.product)
        && filter.vulnerability.is_none_or(|least| item.vulnerability >= least)
        && filter.customer_ref.is_none() | (filter.customer_ref == item.customer_ref)
        && filter.due_before.is_none_or(|before| item.due.is_some_and(|due| due < before))
        && (!filter.needs_human || item.needs_human)
        && (!filter.audit_sample || item.audit_sample)
}

/// What the order says, item by item.
fn key(order: ItemOrder, item: &WorkItem) -> (i64, i64, i64) {
    let due = item.due.unwrap_or(i64::MAX);
    match order {
        ItemOrder::Next => {
            let waits = i64::from(item.vulnerability != Vulnerability::Vulnerable);
            (waits, due, -i64::from(item.priority))
        }
        ItemOrder::Due => (due, 0, 0),
        ItemOrder::Received => (-item.received_at, 0, 0),
        ItemOrder::Changed => (-item.changed_at, 0, 0),
    }
}

/// Every page, one after the other.
fn paged(worklist: &LocalWorklist, filter: &ItemFilter, order: ItemOrder, most: usize) -> Vec<WorkItem> {
    let (mut items, mut after): (Vec<WorkItem>, Option<PageStart>) = (Vec::new(), None);
    loop {
        let page = worklist.page(filter, order, after.as_ref(), most).unwrap();
        assert!(page.items.len() <= most);
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
        assert_eq!(items.len() % most, 0, "only the last page is short");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn pages_are_all_that_a_filter_lets_through_in_its_order_and_each_once(
        complaints in vec((a_complaint(), 0..4_u8), 0..40), filters in vec(a_filter(), 4), most in 1..9_usize,
    ) {
        let mut changes = Vec::new();
        for (number, (complaint, fate)) in complaints.into_iter().enumerate() {
            let id = format!("c-{}", (number * 7) % 41);
            match fate {
                0 => changes.push(withdrawn(&id, &complaint.team)),
                _ => changes.push(routed(RoutedComplaint { complaint_id: id.clone(), ..complaint })),
            }
            match fate {
                1 => changes.push(verdict(&id, FeedbackKind::NotAComplaint, None, NOON + 20)),
                2 => changes.push(verdict(&id, FeedbackKind::Reallocated, Some("loans"), NOON + 21)),
                _ => {}
            }
        }
        let (worklist, _dir) = opened(&changes);
        let ids: BTreeSet<&str> = changes.iter().map(WorklistChange::complaint_id).collect();
        let all: Vec<WorkItem> = ids.iter().map(|id| worklist.item(id).unwrap().unwrap()).collect();
        for (filter, order) in filters.iter().flat_map(|filter| ORDERS.map(|order| (filter, order))) {
            let found = paged(&worklist, filter, order, most);
            let mut expected: Vec<WorkItem> =
                all.iter().filter(|item| passes(filter, item)).cloned().collect();
            expected.sort_by_key(|item| key(order, item));
            let keys = |items: &[WorkItem]| items.iter().map(|item| key(order, item)).collect::<Vec<_>>();
            prop_assert_eq!(keys(&found), keys(&expected));
            let of = |items: &[WorkItem]| items.iter().map(|item| item.complaint_id.clone()).collect::<BTreeSet<_>>();
            prop_assert_eq!(of(&found), of(&expected));
        }
        let mut counted = worklist.counts().unwrap();
        counted.sort();
        let mut expected = std::collections::BTreeMap::new();
        for item in &all {
            *expected.entry((item.team.clone(), item.state)).or_insert(0) += 1;
        }
        let expected: Vec<_> = expected.into_iter().map(|((team, state), items)| (team, state, items)).collect();
        prop_assert_eq!(counted, expected);

        let mut counted = worklist.vulnerability_counts().unwrap();
        counted.sort();
        let mut expected: BTreeMap<(String, Vulnerability), u64> = BTreeMap::new();
        for item in all.iter().filter(|item| item.state.is_open()) {
            *expected.entry((item.team.clone(), item.vulnerability)).or_default() += 1;
        }
        let expected: Vec<_> = expected.into_iter().map(|((team, degree), items)| (team, degree, items)).collect();
        prop_assert_eq!(counted, expected);

        let mut open = std::collections::BTreeMap::new();
        for item in all.iter().filter(|item| item.state.is_open()) {
            *open.entry(item.team.clone()).or_insert(0) += 1;
        }
        let counted = worklist.open_counts().unwrap().into_iter().map(|count| (count.team, count.open));
        prop_assert_eq!(counted.collect::<Vec<_>>(), Vec::from_iter(open));
        for (now, soon) in [(NOON + 101, NOON + 103), (NOON, NOON), (i64::MIN, i64::MAX - 1)] {
            let due = |team: &str, by: i64| {
                let is_due = |item: &&WorkItem| {
                    item.team == team && item.state.is_open() && item.due.is_some_and(|due| due <= by)
                };
                all.iter().filter(is_due).count() as u64
            };
            for count in worklist.due_counts(now, soon).unwrap() {
                let (overdue, by_then) = (due(&count.team, now), due(&count.team, soon));
                prop_assert_eq!((count.overdue, count.overdue + count.due_soon), (overdue, by_then));
            }
        }
    }
}

#[test]
fn a_teams_mark_differs_once_something_about_it_has_changed_though_as_much_is_open() {
    let (worklist, _dir) = opened(&[routed(route("c-1", "cards")), routed(route("c-2", "loans"))]);
    let counts = || worklist.open_counts().unwrap();
    let before = counts();
    worklist.apply(&[verdict("c-1", FeedbackKind::Confirmed, None, NOON + 600)], &[]).unwrap();
    let after = counts();
    assert_eq!((before[0].open, after[0].open), (1, 1));
    assert_ne!(before[0].mark, after[0].mark);
    assert_eq!(before[1], after[1]);
}

#[test]
fn a_page_that_begins_nowhere_is_refused() {
    let (worklist, _dir) = opened(&[routed(route("c-1", "cards"))]);
    for start in ["", "x", "n1,2", "d", "n1,2,x,c-1"] {
        let start = PageStart(start.into());
        let refused = worklist.page(&ItemFilter::default(), ItemOrder::Next, Some(&start), 5).unwrap_err();
        assert!(!refused.fatal, "{refused}");
    }
    assert!(!worklist.is_damaged());
}

#[test]
fn a_complaint_is_found_by_its_id_its_customer_and_its_number_elsewhere_the_latest_first() {
    let of = |id: &str, received_at: i64, external: &str| {
        routed(RoutedComplaint {
            received_at,
            customer_ref: Some("customer-1".into()),
            external_ref: Some(external.into()),
            ..route(id, "cards")
        })
    };
    let (worklist, _dir) = opened(&[of("c-1", 1, "case-1"), of("c-2", 2, "case-2"), of("c-3", 3, "c-1")]);
    let ids = |text: &str, most: usize| {
        let found = worklist.search(text, most).unwrap();
        found.into_iter().map(|item| item.complaint_id).collect::<Vec<_>>()
    };
    assert_eq!(ids("customer-1", 5), ["c-3", "c-2", "c-1"]);
    assert_eq!(ids("customer-1", 2), ["c-3", "c-2"]);
    assert_eq!(ids("case-2", 5), ["c-2"]);
    assert_eq!(ids("c-1", 5), ["c-3", "c-1"]);
    assert!(ids("c", 5).is_empty(), "only what is equal");
}
