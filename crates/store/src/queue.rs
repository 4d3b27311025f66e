//! In which queue a case lies: in its newest route's and in no other, in whatever order its routes come.

use ombud_contract::{
    codec::{CodecError, decode},
    records::{RoutedComplaint, Why},
};

use crate::row::{CaseEvent, Kind, QueueEntry, Row, Unqueued, symbol};

/// What a store knows of a case that decides how its next route is filed: no narrative among it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownCase {
    /// Its submissions.
    pub submissions: Vec<KnownSubmission>,
    /// Its routes, the newest first.
    pub routes: Vec<CaseEvent>,
}

/// A stored submission, without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSubmission {
    /// Hash of its content, under which it was filed.
    pub input_sha256: String,
    /// `topic/partition/offset`.
    pub origin: String,
}

impl KnownCase {
    /// What is known of the case that has `events`.
    pub fn of(events: Vec<CaseEvent>) -> Self {
        let mut known = Self::default();
        for event in events {
            match event.kind {
                Kind::Raw => {
                    known.submissions.push(KnownSubmission { input_sha256: event.id, origin: event.origin })
                }
                Kind::Routed => known.routes.push(event),
                _ => {}
            }
        }
        known
    }
}

impl KnownSubmission {
    /// Whether it is the one that `route` is of, by its place, with other content than was judged.
    pub fn is_other_than_routed(&self, route: &RoutedComplaint) -> bool {
        is_at(&self.origin, route) && self.input_sha256 != route.input_sha256
    }
}

/// Whether the submission from `origin` is the one that `route` is of.
pub(crate) fn is_at(origin: &str, route: &RoutedComplaint) -> bool {
    origin.ends_with(&format!("/{}/{}", route.raw_partition, route.raw_offset))
}

/// Where one route put its case. The greatest is the newest. Two joiners that overlap may write two routes of one
/// revision: then the names decide, so that every order of arrival ends alike, until the correction comes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    revision: i64,
    team: String,
    received_at: i64,
    /// Of complaints.raw and complaints.routed alike.
    partition: i32,
}

impl Place {
    /// Where `route` put its case.
    pub fn of(route: &RoutedComplaint) -> Self {
        Self {
            revision: route.revision,
            team: route.team.clone(),
            received_at: route.received_at,
            partition: route.raw_partition,
        }
    }

    /// Whether the complaint was submitted to another partition than this route's, too.
    pub fn is_elsewhere(&self, route: &RoutedComplaint) -> bool {
        self.partition != route.raw_partition
    }

    /// Where a stored route put its case; `None` for events of other kinds.
    ///
    /// # Errors
    /// The stored body can't be read.
    pub fn of_event(event: &CaseEvent) -> Result<Option<Self>, CodecError> {
        match event.kind {
            Kind::Routed => decode(&event.body).map(|route| Some(Self::of(&route))),
            _ => Ok(None),
        }
    }

    /// A queue's row is named by team and `received_at`: a case whose business time was corrected has moved, too.
    fn same_row(&self, other: &Self) -> bool {
        (&self.team, self.received_at) == (&other.team, other.received_at)
    }
}

/// What `route` changes in the queues, given where the case's routes put it before and since.
pub(crate) fn requeue(route: &RoutedComplaint, known: &[Place]) -> Vec<Row> {
    let here = Place::of(route);
    let newest = known.iter().chain([&here]).max().unwrap_or(&here);
    // At the revision that put it there: that beats the insert, and leaves a newer one of the same queue alone.
    let leave = |place: &Place| {
        Row::Unqueued(Unqueued {
            team: place.team.clone(),
            received_at: place.received_at,
            complaint_id: route.complaint_id.clone(),
            revision: place.revision,
        })
    };
    // A route that came too late must not leave a row behind either.
    let elsewhere = known.iter().chain([&here]).filter(|place| !place.same_row(newest));
    let mut rows: Vec<Row> = elsewhere.map(leave).collect();
    if *newest == here {
        rows.push(if route.why == Why::Withdrawn { leave(&here) } else { Row::Queued(entry(route)) });
    }
    rows
}

fn entry(route: &RoutedComplaint) -> QueueEntry {
    let label = |task: &str| route.decisions.iter().find(|d| d.task == task).and_then(|d| d.label.clone());
    QueueEntry {
        team: route.team.clone(),
        received_at: route.received_at,
        complaint_id: route.complaint_id.clone(),
        revision: route.revision,
        priority: route.priority,
        vulnerability: symbol(route.vulnerability),
        needs_human: route.needs_human,
        product: label("product"),
        issue: label("issue"),
        missing: route.missing_tasks.join(","),
        resolve_by: route.resolve_by,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::sample_route::route;

    /// A queue table as the store keeps it: the greatest revision of a key stays, at one revision the taking away.
    #[derive(Default)]
    struct Table(BTreeMap<(String, i64), (i64, bool)>);

    impl Table {
        fn write(&mut self, row: &Row) {
            let (key, cell) = match row {
                Row::Queued(q) => ((q.team.clone(), q.received_at), (q.revision, false)),
                Row::Unqueued(u) => ((u.team.clone(), u.received_at), (u.revision, true)),
                other => panic!("not a queue row: {other:?}"),
            };
            let old = self.0.entry(key).or_insert(cell);
            *old = cell.max(*old);
        }

        fn live(&self) -> Vec<(String, i64)> {
            self.0.iter().filter(|(_, (_, gone))| !gone).map(|(key, _)| key.clone()).collect()
        }
    }

    #[test]
    fn routes_of_two_partitions_are_one_case_where_the_greatest_revision_put_it() {
        let from = |raw_partition, revision, team| RoutedComplaint { raw_partition, revision, ..route(team) };
        let (first, second) = (from(7, 10, "cards"), from(2, 20, "loans"));
        for routes in [[&first, &second], [&second, &first]] {
            let (mut table, known) = (Table::default(), [Place::of(routes[0])]);
            requeue(routes[0], &[]).iter().for_each(|row| table.write(row));
            requeue(routes[1], &known).iter().for_each(|row| table.write(row));
            assert_eq!(table.live(), [("loans".to_owned(), first.received_at)]);
            assert!(known[0].is_elsewhere(routes[1]));
        }
    }

    proptest! {
        #[test]
        fn a_case_lies_where_its_newest_route_put_it_and_nowhere_else(
            routes in prop::collection::vec((0..5i64, 0..3usize, 0..2i64, prop::bool::weighted(0.1)), 1..8),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let routes: Vec<RoutedComplaint> = routes.into_iter().map(|(revision, team, received_at, gone)| {
                let why = if gone { Why::Withdrawn } else { Why::Complete };
                RoutedComplaint { revision, received_at, why, ..route(["cards", "loans", "triage"][team]) }
            }).collect();
            let (mut table, mut known) = (Table::default(), Vec::new());
            // Any order with repetitions first, as overlapping owners and replays give; then each in turn.
            for pick in order.iter().map(|pick| pick.index(routes.len())).chain(0..routes.len()) {
                requeue(&routes[pick], &known).iter().for_each(|row| table.write(row));
                known.push(Place::of(&routes[pick]));
            }
            let newest = known.iter().max().unwrap();
            let mut newest_routes = routes.iter().filter(|route| Place::of(route) == *newest);
            let withdrawn = newest_routes.any(|route| route.why == Why::Withdrawn);
            let expected = if withdrawn { vec![] } else { vec![(newest.team.clone(), newest.received_at)] };
            prop_assert_eq!(table.live(), expected);
        }
    }
}
