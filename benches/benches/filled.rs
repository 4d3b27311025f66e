//! A log with cases of which each has a route, some work and some verdicts, and nothing else: what a console's worklist is
//! made of.

use std::{fs, path::Path};

use anyhow::Result;
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{Clock, Feedback, FeedbackKind, RoutedComplaint, Vulnerability, WorkEvent, WorkKind},
};
use ombud_local::{Local, Options};

use crate::appends::Appends;

pub(crate) const DAY: i64 = 86_400_000;
/// 2026-01-01T00:00Z.
pub(crate) const FROM: i64 = 1_767_225_600_000;
/// As many as `embedded.partitions` says.
pub(crate) const PARTITIONS: i32 = 4;
pub(crate) const PRODUCTS: [&str; 4] =
    ["Mortgage", "Debt collection", "Checking or savings account", "Credit card"];
const TEAMS: usize = 24;
/// One of so many was claimed and acknowledged.
const WORKED_ON: usize = 10;
/// One of so many was sent on to another team.
const MOVED: usize = 50;

/// Fills the log in `dir` with so many cases.
pub(crate) fn fill(dir: &Path, complaints: usize) -> Result<()> {
    let log = Local::open(dir, Options::catalogue("", PARTITIONS))?;
    let mut appends = Appends::new(&log);
    let example = |topic: &str, name: &str| {
        let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
        fs::read_to_string(schemas.join(topic).join("examples/valid").join(name))
    };
    let route: RoutedComplaint = serde_json::from_str(&example("complaints.routed", "complete.json")?)?;
    let verdict: Feedback = serde_json::from_str(&example("complaints.feedback", "relabelled.json")?)?;
    let mut send = |topic, n: usize, id: &str, value| appends.send(topic, n as i32 % PARTITIONS, id, value);
    for n in 0..complaints {
        let id = format!("crm-2026-{n:08}");
        let routed = routed(&route, n, &id);
        send(Topic::Routed, n, &id, codec::encode(&routed)?)?;
        if n.is_multiple_of(WORKED_ON) {
            for kind in [WorkKind::Claimed, WorkKind::Acknowledged] {
                let done = WorkEvent::new(&id, kind, routed.revision, routed.routed_at + DAY, "agent-17");
                let done = WorkEvent { lease_id: Some(format!("lease-{n}")), ..done }.named();
                send(Topic::Work, n, &id, codec::encode(&done)?)?;
            }
        }
        if n.is_multiple_of(MOVED) {
            let moved = Feedback {
                feedback_id: format!("{n:064x}"),
                complaint_id: id.clone(),
                kind: FeedbackKind::Reallocated,
                revision: routed.revision,
                from_team: None,
                to_team: Some(format!("team-{:02}", n * 31 % TEAMS)),
                task: None,
                label_before: None,
                label_after: None,
                decided_at: routed.routed_at + DAY,
                ..verdict.clone()
            };
            send(Topic::Feedback, n, &id, codec::encode(&moved)?)?;
        }
    }
    appends.finish()
}

/// The route of complaint `n`.
fn routed(example: &RoutedComplaint, n: usize, id: &str) -> RoutedComplaint {
    let place = n as i64;
    // In no order of anything, as complaints of many systems come.
    let mixed = place * 7_919 % 1_000_003;
    let received_at = FROM + mixed * 25_000;
    let clock = |name: &str, days: i64| Clock {
        name: name.into(),
        starts: received_at,
        due: received_at + days * DAY,
        rule: format!("start received; limit {days} days; met by FINAL_RESPONSE"),
        calendar: None,
        beyond_calendar: false,
    };
    let degrees = [Vulnerability::Vulnerable, Vulnerability::Possible, Vulnerability::NotIndicated];
    RoutedComplaint {
        route_id: format!("{n:064x}"),
        complaint_id: id.to_owned(),
        revision: (1 << 48) + (place << 11) + 64,
        raw_partition: n as i32 % PARTITIONS,
        raw_offset: place,
        received_at,
        routed_at: received_at + 500,
        team: format!("team-{:02}", n % TEAMS),
        priority: (n % 5) as i32,
        vulnerability: degrees[(n % 20).min(2)],
        needs_human: n.is_multiple_of(4),
        human_reasons: if n.is_multiple_of(100) { vec!["audit-sample".into()] } else { Vec::new() },
        known_product: Some(PRODUCTS[n % PRODUCTS.len()].into()),
        customer_ref: Some(format!("customer-{:07}", n / 2)),
        external_ref: Some(format!("case-{n:08}")),
        clocks: vec![clock("acknowledge", 5), clock("final", 56)],
        ..example.clone()
    }
}
