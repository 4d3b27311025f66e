//! What somebody says about a customer, as the verdict that the route's flag asks for. Pure.
//!
//! | the flag was | vulnerable | not |
//! |---|---|---|
//! | VULNERABLE | CONFIRMED, by name | VULNERABILITY with NOT_INDICATED |
//! | POSSIBLE | VULNERABILITY with VULNERABLE | VULNERABILITY with NOT_INDICATED |
//! | NOT_INDICATED | VULNERABILITY with VULNERABLE | CONFIRMED, by name |

use ombud_contract::{
    records::{RoutedComplaint, Vulnerability},
    verdict::{NO, VULNERABLE, YES},
};

use crate::verdict::{Kind, Verdict};

/// The verdict on `route` that the customer is vulnerable, or is not. Who gives it is signed in.
pub(in crate::pages) fn verdict(route: &RoutedComplaint, is_vulnerable: bool) -> Verdict {
    let flagged = match route.vulnerability {
        Vulnerability::Vulnerable => Some(true),
        Vulnerability::NotIndicated => Some(false),
        // To confirm it would say neither yes nor no.
        Vulnerability::Possible => None,
    };
    let of_kind = |kind| Verdict {
        revision: Some(route.revision),
        task: Some(VULNERABLE.to_owned()),
        ..Verdict::new(&route.complaint_id, kind, "")
    };
    if flagged == Some(is_vulnerable) {
        return of_kind(Kind::Confirmed);
    }
    let label = if is_vulnerable { YES } else { NO };
    Verdict { label_after: Some(label.to_owned()), ..of_kind(Kind::Vulnerability) }
}
