//! The verdicts of humans become a training set: as it was known at a time, and what models are tried on in nothing that they
//! learned from or were calibrated on.
#![cfg(feature = "torch")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod challenges;
mod gathering;
mod sets;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use indicatif::ProgressBar;
use ombud_contract::{
    codec,
    records::{Feedback, RawComplaint, RoutedComplaint},
};
use ombud_learn::{
    bag, blend, encoder,
    outcomes::{
        CalibrationCounts, Case, Challenge, KnownTree, LEAST_CALIBRATING, Set, SetDraft, SetRequest, Share,
        gather, trial,
    },
    train::{Job, LearnError, Lineage},
};
use ombud_measure::audit_half::AuditHalf;
use ombud_models::{Artefact, Family};
use ombud_store::{
    CaseEvent, CaseStore, FeedbackDay, QueueEntry, Row, day_of, file_feedback, file_raw, file_routed,
};
use ombud_stream::{Outage, Record, TopicPartition};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;
const NOW: i64 = 20_000 * DAY;

fn champion() -> Artefact {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    Artefact::open(&models.join("complaints-bag")).unwrap()
}

fn case(id: usize, narrative: &str, audited: bool, product: &str) -> Case {
    Case {
        complaint_id: format!("case-{id}"),
        narrative: narrative.to_owned(),
        received_at: NOW,
        audited,
        labels: BTreeMap::from([("product".to_owned(), product.to_owned())]),
    }
}

fn asked(champion: &Artefact, files: &[PathBuf]) -> SetRequest {
    SetRequest::of((NOW, NOW + DAY), champion, files, (30, 1_000), 1).unwrap()
}

/// What is made of `cases`, which come in this order, and of `files`.
struct SetInput<'a> {
    dir: &'a Path,
    asked: SetRequest,
    champion: &'a Artefact,
    cases: &'a [Case],
    files: &'a [PathBuf],
}

impl SetInput<'_> {
    fn set(self, known: &[KnownTree]) -> Result<Set, LearnError> {
        let mut draft = SetDraft::begin(self.dir, self.asked, self.champion)?;
        self.cases.iter().try_for_each(|case| draft.take(case))?;
        draft.finish(self.files, known, &ProgressBar::hidden())
    }
}

/// An id that would lie in this half of the audit sample, for each number another.
fn id_in(half: AuditHalf, number: usize) -> String {
    let mut ids = (0..).map(|n| format!("audited-{number}-{n}"));
    ids.find(|id| AuditHalf::of(id) == half).unwrap()
}

fn audited(half: AuditHalf, number: usize, narrative: &str, labels: &[(&str, &str)]) -> Case {
    let labels = labels.iter().map(|(task, label)| ((*task).to_owned(), (*label).to_owned())).collect();
    Case { complaint_id: id_in(half, number), labels, ..case(number, narrative, true, "") }
}

/// Ids of the rows of a part.
fn ids(file: &Path) -> BTreeSet<String> {
    csv::Reader::from_path(file).unwrap().records().map(|row| row.unwrap()[0].to_owned()).collect()
}

/// Narratives of the rows of a part, as far as copies share them.
fn words(file: &Path) -> BTreeSet<String> {
    let rows = csv::Reader::from_path(file).unwrap().into_records();
    rows.map(|row| row.unwrap()[2].to_lowercase().replace(|c: char| !c.is_alphanumeric(), " ")).collect()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Letters of two kinds, labelled for all three tasks.
fn letters(dir: &Path, name: &str, rows: std::ops::Range<usize>) -> PathBuf {
    let mut csv = "complaint_id,narrative,product,issue,vulnerable\n".to_owned();
    for row in rows {
        let (said, product, issue) = match row % 2 {
            0 => ("the escrow payment was not applied", "Mortgage", "Trouble during payment process"),
            _ => ("they call about a debt not owed", "Debt collection", "Attempts to collect debt not owed"),
        };
        let who = if row % 5 == 0 { "I am elderly" } else { "please help" };
        csv += &format!("{name}-{row},\"Letter {row}: {said}, {who}\",{product},{issue},{}\n", row % 5 == 0);
    }
    let file = dir.join(name);
    fs::write(&file, csv).unwrap();
    file
}
