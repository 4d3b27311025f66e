//! Where one may go: the pages that lead to all others, in the order of the rail.

use axum::http::Method;
use maud::{Markup, html};
use ombud_launch::guard::{Caller, Right};

use super::frame::Frame;

/// A page of the rail.
struct Stop {
    path: &'static str,
    /// What it is called.
    word: &'static str,
    /// The letter that goes there after `g`.
    letter: &'static str,
}

const STOPS: [Stop; 10] = [
    Stop { path: "/desk", word: "frame-desk", letter: "d" },
    Stop { path: "/teams", word: "frame-teams", letter: "t" },
    Stop { path: "/vulnerable", word: "frame-vulnerable", letter: "v" },
    Stop { path: "/sample", word: "frame-sample", letter: "s" },
    Stop { path: "/models", word: "frame-models", letter: "m" },
    Stop { path: "/strategy", word: "frame-strategy", letter: "y" },
    Stop { path: "/quality", word: "frame-quality", letter: "q" },
    Stop { path: "/radar", word: "frame-radar", letter: "r" },
    Stop { path: "/health", word: "frame-health", letter: "h" },
    Stop { path: "/trail", word: "frame-trail", letter: "l" },
];

/// Where somebody begins, the first that they may see: what they are there for goes before what they may see as well.
const BEGINNINGS: [&str; 5] = ["/desk", "/health", "/trail", "/strategy", "/teams"];

/// Whether `caller` may see the page at `path`.
pub(super) fn may_see(caller: &Caller, path: &str) -> bool {
    Right::of_page(&Method::GET, path).is_some_and(|right| caller.may(right))
}

/// The page at which `caller` begins; none where they may see no page.
pub(super) fn beginning(caller: &Caller) -> Option<&'static str> {
    BEGINNINGS.into_iter().find(|path| may_see(caller, path))
}

/// The pages that one may see, as links.
pub(super) fn links(frame: &Frame) -> Markup {
    let is_within = |path: &str| {
        frame.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    html! {
        ul {
            @for stop in STOPS.iter().filter(|stop| may_see(&frame.caller, stop.path)) {
                li {
                    a href=(stop.path) data-go=(stop.letter) aria-current=[is_within(stop.path).then_some("page")] {
                        (frame.say(stop.word))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use ombud_launch::guard::{PAGES, Person, PersonSource, Role, SignedIn, Teams};

    use super::*;

    /// A person with `roles`.
    pub(in crate::pages) fn person(roles: &[Role]) -> Caller {
        let person = Person { name: "ann".into(), roles: roles.iter().copied().collect(), teams: Teams::All };
        Caller::from(SignedIn { person, source: PersonSource::Session })
    }

    #[test]
    fn everybody_who_has_a_role_begins_at_a_page_that_they_may_see() {
        for (role, path) in [
            (Role::Clerk, "/desk"),
            (Role::Specialist, "/desk"),
            (Role::Lead, "/desk"),
            (Role::ModelOwner, "/strategy"),
            (Role::Approver, "/strategy"),
            (Role::Auditor, "/trail"),
            (Role::Operator, "/health"),
        ] {
            assert_eq!(beginning(&person(&[role])), Some(path), "{role:?}");
        }
        assert_eq!(beginning(&person(&[])), None);
    }

    #[test]
    fn every_stop_is_a_page_and_has_a_letter_of_its_own() {
        for stop in &STOPS {
            let is_page = |route: &ombud_launch::guard::RouteRight| {
                route.method == Method::GET && route.path == stop.path
            };
            assert!(PAGES.iter().any(is_page), "{}", stop.path);
        }
        let letters: BTreeSet<_> = STOPS.iter().map(|stop| stop.letter).collect();
        assert_eq!(letters.len(), STOPS.len());
    }
}
