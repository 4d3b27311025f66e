//! What the log holds about each complaint: when it came, and where it was first and last routed; and which of them are wanted.
//!
//! Folded from records of complaints.raw and complaints.routed; one that comes again changes nothing. A complaint takes some 160
//! bytes, for there may be millions.

use std::collections::BTreeMap;

use ombud_contract::{
    ids::{self, complaint_hash},
    records::{RawComplaint, RoutedComplaint, Vulnerability},
};

/// Enough of a content's hash to tell the contents of one complaint apart.
type Content = u64;

fn content_of(complaint: &RawComplaint) -> Content {
    let hash = ids::input_sha256(complaint);
    let Ok(content) = Content::from_str_radix(&hash[..16], 16) else { unreachable!("it is hexadecimal") };
    content
}

/// One submission's content in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Submission {
    content: Content,
    offset: i64,
    appended_at: i64,
}

/// Where a complaint is routed now.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Route {
    first_routed_at: i64,
    revision: i64,
    raw_offset: i64,
    /// Its number among [`Journeys::teams`].
    team: u32,
    vulnerability: Vulnerability,
    needs_human: bool,
    complete: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Journey {
    first: Option<Submission>,
    /// Other contents, in their order.
    later: Box<[Submission]>,
    route: Option<Route>,
    /// The content that is waited for.
    wanted: Option<Content>,
}

impl Journey {
    fn submission(&self, content: Content) -> Option<&Submission> {
        self.first.iter().chain(&self.later).find(|submission| submission.content == content)
    }

    /// The route, once `content` of the complaint, or a later one, is routed.
    fn route_of(&self, content: Content) -> Option<&Route> {
        let submission = self.submission(content)?;
        self.route.as_ref().filter(|route| route.raw_offset >= submission.offset)
    }

    fn wanted_route(&self) -> Option<&Route> {
        self.route_of(self.wanted?)
    }

    fn submit(&mut self, submission: Submission) {
        if self.submission(submission.content).is_some() {
            return;
        }
        match self.first {
            None => self.first = Some(submission),
            Some(_) => {
                let mut later = std::mem::take(&mut self.later).into_vec();
                later.push(submission);
                self.later = later.into();
            }
        }
    }
}

/// A wanted complaint that is routed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WantedRoute<'a> {
    pub(crate) team: &'a str,
    pub(crate) vulnerability: Vulnerability,
    pub(crate) needs_human: bool,
    pub(crate) complete: bool,
    /// When its first submission was appended.
    pub(crate) submitted_at: i64,
    /// When its first route was.
    pub(crate) first_routed_at: i64,
}

/// What is known when a complaint is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// This very content was the last that was wanted of it.
    pub(crate) is_repeated: bool,
    /// This very content is in the log.
    pub(crate) is_in_log: bool,
}

/// Every complaint in the log, and every one that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Journeys {
    /// By [`complaint_hash`].
    journeys: BTreeMap<[u8; 16], Journey>,
    teams: Vec<String>,
    /// What is read of the log is wanted.
    wants_all: bool,
    /// Complaints that are wanted.
    wanted: usize,
    /// Of those the ones whose wanted content is routed.
    routed: usize,
    /// The least id that was among them.
    least_routed: Option<String>,
}

impl Journeys {
    /// A record of complaints.raw, in the order of its partition.
    pub(crate) fn submitted(&mut self, complaint: &RawComplaint, offset: i64, appended_at: i64) {
        let submission = Submission { content: content_of(complaint), offset, appended_at };
        let is_wanted = self.wants_all;
        self.change(&complaint.complaint_id, |journey| {
            journey.submit(submission);
            if is_wanted {
                journey.wanted = journey.later.last().or(journey.first.as_ref()).map(|newest| newest.content);
            }
        });
    }

    /// A record of complaints.routed, after the complaint that it is about.
    pub(crate) fn routed(&mut self, routed: &RoutedComplaint, appended_at: i64) {
        let known = self.journeys.get(&complaint_hash(&routed.complaint_id));
        let Some(journey) = known.filter(|journey| journey.first.is_some()) else { return };
        let before = journey.route.as_ref();
        let first_routed_at = before.map_or(appended_at, |route| route.first_routed_at);
        if before.is_some_and(|route| route.revision >= routed.revision) {
            return;
        }
        let route = Route {
            first_routed_at,
            revision: routed.revision,
            raw_offset: routed.raw_offset,
            team: self.team(&routed.team),
            vulnerability: routed.vulnerability,
            needs_human: routed.needs_human,
            complete: routed.missing_tasks.is_empty(),
        };
        self.change(&routed.complaint_id, |journey| journey.route = Some(route));
    }

    /// From now on the complaint is waited for with this content.
    pub(crate) fn want(&mut self, complaint: &RawComplaint) -> Wanted {
        let content = content_of(complaint);
        let mut before = Wanted { is_repeated: false, is_in_log: false };
        self.change(&complaint.complaint_id, |journey| {
            let was = journey.wanted.replace(content);
            before = Wanted {
                is_repeated: was == Some(content),
                is_in_log: journey.submission(content).is_some(),
            };
        });
        before
    }

    /// Whether every complaint that is read of the log from now on is waited for with its newest content.
    pub(crate) fn want_all(&mut self, wants_all: bool) {
        self.wants_all = wants_all;
    }

    /// How many complaints are wanted.
    pub(crate) fn count_wanted(&self) -> usize {
        self.wanted
    }

    /// How many of them are routed.
    pub(crate) fn count_routed(&self) -> usize {
        self.routed
    }

    /// One of the wanted complaints that is routed: the same one whatever the order in which they were.
    pub(crate) fn a_routed(&self) -> Option<&str> {
        self.least_routed.as_deref()
    }

    /// Those of the wanted that are routed.
    pub(crate) fn wanted_routes(&self) -> impl Iterator<Item = WantedRoute<'_>> {
        self.journeys.values().filter_map(|journey| {
            let (route, first) = (journey.wanted_route()?, journey.first.as_ref()?);
            Some(WantedRoute {
                team: &self.teams[route.team as usize],
                vulnerability: route.vulnerability,
                needs_human: route.needs_human,
                complete: route.complete,
                submitted_at: first.appended_at,
                first_routed_at: route.first_routed_at,
            })
        })
    }

    /// Changes what is known of one complaint, and the counts with it.
    fn change(&mut self, complaint_id: &str, change: impl FnOnce(&mut Journey)) {
        let journey = self.journeys.entry(complaint_hash(complaint_id)).or_default();
        let was = (journey.wanted.is_some(), journey.wanted_route().is_some());
        change(journey);
        let is = (journey.wanted.is_some(), journey.wanted_route().is_some());
        self.wanted = self.wanted - usize::from(was.0) + usize::from(is.0);
        self.routed = self.routed - usize::from(was.1) + usize::from(is.1);
        if is.1 && self.least_routed.as_deref().is_none_or(|least| complaint_id < least) {
            self.least_routed = Some(complaint_id.to_owned());
        }
    }

    fn team(&mut self, name: &str) -> u32 {
        let known = self.teams.iter().position(|team| team == name);
        let number = known.unwrap_or_else(|| {
            self.teams.push(name.to_owned());
            self.teams.len() - 1
        });
        number as u32
    }
}

#[cfg(test)]
pub(crate) mod tests;
