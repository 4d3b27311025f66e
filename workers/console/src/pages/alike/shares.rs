//! What the complaints of a cluster have in common: the names that occur most, and how often.

use std::{borrow::Cow, cmp::Reverse, collections::BTreeMap};

use maud::{Markup, html};
use ombud_contract::shown::shown;

use super::Frame;

/// Names that are shown; the others are counted together.
const NAMED: usize = 3;

/// How often each name occurs, the most frequent first, then by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shares(Vec<(String, usize)>);

impl Shares {
    /// Of `names`, one for each complaint that has one.
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut counts = BTreeMap::<&str, usize>::new();
        for name in names {
            *counts.entry(name).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        counts.sort_by_key(|(_, count)| Reverse(*count));
        Self(counts)
    }

    /// The most frequent name.
    pub(super) fn most(&self) -> Option<&str> {
        self.0.first().map(|(name, _)| name.as_str())
    }

    /// As a list: the first names with their shares of `all` complaints.
    pub(super) fn list(&self, frame: &Frame, all: usize) -> Markup {
        self.lines(frame, all, &|name| shown(name))
    }

    /// The same of teams, by what they are called.
    pub(super) fn teams(&self, frame: &Frame, all: usize) -> Markup {
        self.lines(frame, all, &|team| frame.team(team))
    }

    fn lines<'a>(&'a self, frame: &'a Frame, all: usize, named: &dyn Fn(&'a str) -> Cow<'a, str>) -> Markup {
        let others: usize = self.0.iter().skip(NAMED).map(|(_, count)| count).sum();
        let percent = |count: usize| frame.say_count("alike-percent", hundredths(count, all));
        html! {
            @if self.0.is_empty() {
                span.muted { (frame.say("alike-none")) }
            } @else {
                ul {
                    @for (name, count) in self.0.iter().take(NAMED) {
                        li { (named(name)) " " span.muted { (percent(*count)) } }
                    }
                    @if others > 0 { li { (frame.say("alike-others")) " " span.muted { (percent(others)) } } }
                }
            }
        }
    }
}

/// Whole hundredths, rounded.
fn hundredths(count: usize, all: usize) -> i64 {
    i64::try_from((200 * count + all) / (2 * all.max(1))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_name_comes_first_and_of_two_the_first_by_name() {
        let shares = Shares::of(["web", "phone", "email", "phone", "web"].into_iter());
        let expected = [("phone", 2), ("web", 2), ("email", 1)].map(|(name, count)| (name.to_owned(), count));
        assert_eq!(shares, Shares(expected.to_vec()));
        assert_eq!((shares.most(), Shares::default().most()), (Some("phone"), None));
        assert_eq!(
            [hundredths(1, 3), hundredths(2, 3), hundredths(5, 5), hundredths(0, 0)],
            [33, 67, 100, 0]
        );
    }
}
