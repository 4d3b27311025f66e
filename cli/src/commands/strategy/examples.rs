//! The examples under the help of each command of `strategy`.

use crate::input::examples::Example;

pub(super) const SHOW: [Example; 2] =
    [("The strategy in force", "ombud strategy show"), ("An older one", "ombud strategy show --version 2")];

pub(super) const CHECK: [Example; 2] = [
    ("The file of the first strategy", "ombud strategy check"),
    ("A file that is to be published", "ombud strategy check next.toml"),
];

pub(super) const SET: [Example; 2] = [
    ("Say what would change", "ombud strategy set next.toml --dry-run"),
    ("Publish it", "ombud strategy set next.toml --reason more-reviews"),
];

pub(super) const CANARY: [Example; 2] = [
    ("Let a model decide a tenth", "ombud strategy canary issue complaints@08364c3c8331 10%"),
    ("Say what would change", "ombud strategy canary issue complaints 10% --dry-run"),
];

pub(super) const SHADOW: [Example; 2] = [
    ("Let a model answer beside who decides", "ombud strategy shadow issue complaints"),
    ("A tenth of the complaints", "ombud strategy shadow issue complaints 10%"),
];

pub(super) const PROMOTE: [Example; 2] = [
    ("Make the canary the champion", "ombud strategy promote issue --evaluation 01J8"),
    ("Say what would change", "ombud strategy promote issue --evaluation 01J8 --dry-run"),
];

pub(super) const ROLL_BACK: [Example; 2] = [
    ("Back to the strategy before", "ombud strategy roll-back"),
    ("Back to an older one", "ombud strategy roll-back --to 3"),
];

pub(super) const HISTORY: [Example; 2] = [
    ("Who changed what, when and why", "ombud strategy history"),
    ("For programs", "ombud strategy history --json"),
];

pub(super) const DIFF: [Example; 2] = [
    ("How the fourth differs from the third", "ombud strategy diff 3 4"),
    ("For programs", "ombud strategy diff 3 4 --json"),
];

pub(super) const AT: [Example; 2] = [
    ("What decided two hours ago", "ombud strategy at 2h"),
    ("What decided on a day", "ombud strategy at 2026-01-31"),
];

pub(super) const SIMULATE: [Example; 2] = [
    ("Known complaints through the strategy in force", "ombud strategy simulate --since 3d"),
    ("Through one that is to be published", "ombud strategy simulate --candidate next.toml"),
];

pub(super) const REPLAY: [Example; 2] = [
    ("What a model would decide otherwise", "ombud strategy replay --candidate complaints --since 7d"),
    ("As a page", "ombud strategy replay --candidate complaints --since 7d --html replay.html"),
];

pub(super) const REQUEST_SET: [Example; 2] = [
    ("Ask for it", "ombud strategy request set next.toml"),
    ("And say why", "ombud strategy request set next.toml --reason more-reviews"),
];

pub(super) const REQUEST_CANARY: [Example; 2] = [
    ("Ask for a tenth", "ombud strategy request canary issue complaints@08364c3c8331 10%"),
    ("And say who asks", "ombud strategy request canary issue complaints 10% --by ann"),
];

pub(super) const REQUEST_SHADOW: [Example; 2] = [
    ("Ask for a model to be watched", "ombud strategy request shadow issue complaints"),
    ("A tenth of the complaints", "ombud strategy request shadow issue complaints 10%"),
];

pub(super) const REQUEST_PROMOTE: [Example; 2] = [
    ("Ask for the canary to decide", "ombud strategy request promote issue --evaluation 01J8"),
    ("And say who asks", "ombud strategy request promote issue --evaluation 01J8 --by ann"),
];

pub(super) const REQUEST_ROLL_BACK: [Example; 2] = [
    ("Ask for the strategy before", "ombud strategy request roll-back"),
    ("For an older one", "ombud strategy request roll-back --to 3"),
];

pub(super) const REQUESTS: [Example; 2] =
    [("What waits", "ombud strategy requests"), ("For programs", "ombud strategy requests --json")];

pub(super) const APPROVE: [Example; 2] = [
    ("Approve it", "ombud strategy approve 3f2a9c01b7de"),
    ("To begin on Monday", "ombud strategy approve 3f2a9c01b7de --from 2026-02-02T09:00Z"),
];

pub(super) const REFUSE: [Example; 2] = [
    ("Refuse it", "ombud strategy refuse 3f2a9c01b7de"),
    ("And say who does", "ombud strategy refuse 3f2a9c01b7de --by bob"),
];
