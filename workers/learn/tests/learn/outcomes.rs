//! What humans said becomes a training set: as it was known at a time, and the audit sample in none of what is learned.
#![cfg(feature = "torch")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::BTreeMap,
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
    outcomes::{Asked, Case, Challenge, KnownTree, Set, gather, trial},
    train::{LearnError, Lineage},
};
use ombud_models::{Artefact, Family};
use ombud_store::{
    CaseEvent, CaseStore, FeedbackDay, QueueEntry, Row, day_of, file_feedback, file_raw, file_routed,
};
use ombud_stream::{Outage, Record, TopicPartition};

const DAY: i64 = 86_400_000;
const NOW: i64 = 20_000 * DAY;

/// Cases in memory.
#[derive(Default)]
struct Cases(Vec<Row>);

impl CaseStore for Cases {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        self.0.extend_from_slice(rows);
        Ok(())
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        let event = |row: &Row| match row {
            Row::CaseEvent(event) if event.complaint_id == complaint_id => Some(event.clone()),
            _ => None,
        };
        Ok(self.0.iter().filter_map(event).collect())
    }

    fn queue(&mut self, _: &str, _: jiff::civil::Date) -> Result<Vec<QueueEntry>, Outage> {
        Ok(Vec::new())
    }

    fn feedback(&mut self, day: jiff::civil::Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        let of_day = |row: &Row| match row {
            Row::Feedback(verdict) if day_of(verdict.decided_at) == day => Some(verdict.clone()),
            _ => None,
        };
        self.0.iter().filter_map(of_day).for_each(each);
        Ok(())
    }

    fn decisions(
        &mut self,
        _: &str,
        _: &str,
        _: jiff::civil::Date,
        _: &mut dyn FnMut(ombud_store::ModelDecision),
    ) -> Result<(), Outage> {
        Ok(())
    }
}

impl Cases {
    fn file(&mut self, rows: impl Fn(&Record) -> Vec<Row>, value: bytes::Bytes) {
        let source = TopicPartition::new("complaints", 0);
        let original = Record {
            source,
            offset: 0,
            appended_at: 0,
            key: None,
            value: Some(value),
            headers: Vec::new(),
            original: None,
        };
        self.0.extend(rows(&original));
    }

    fn submitted(&mut self, raw: &RawComplaint) {
        self.file(|original| file_raw(raw, original), codec::encode(raw).unwrap());
        let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
        let route: RoutedComplaint = serde_json::from_str(example).unwrap();
        let (complaint_id, routed_at) = (raw.complaint_id.clone(), raw.received_at);
        let route = RoutedComplaint { complaint_id, routed_at, revision: 1, ..route };
        self.file(|original| file_routed(&route, original, &[]), codec::encode(&route).unwrap());
    }

    fn relabelled(&mut self, complaint_id: &str, product: &str, decided_at: i64) {
        let example = include_str!("../../../../schemas/complaints.feedback/examples/valid/relabelled.json");
        let relabelled: Feedback = serde_json::from_str(example).unwrap();
        let feedback = Feedback {
            feedback_id: format!("{complaint_id}-{decided_at}"),
            complaint_id: complaint_id.to_owned(),
            revision: 1,
            task: Some("product".into()),
            label_after: Some(product.to_owned()),
            decided_at,
            ..relabelled
        };
        self.file(|original| file_feedback(&feedback, original), codec::encode(&feedback).unwrap());
    }
}

#[test]
fn a_case_is_gathered_as_it_stood_then() {
    let mut cases = Cases::default();
    let first = RawComplaint::new("c-1", "They lost my letter.", NOW);
    cases.submitted(&first);
    let narrative = "They lost both of my letters.".to_owned();
    cases.submitted(&RawComplaint { submission: 2, narrative, received_at: NOW + 5 * DAY, ..first });
    cases.relabelled("c-1", "Mortgage", NOW + DAY);
    cases.relabelled("c-1", "Debt collection", NOW + 6 * DAY);
    let withdrawn = RawComplaint::new("c-2", "Never mind.", NOW);
    cases.submitted(&withdrawn);
    cases.relabelled("c-2", "Mortgage", NOW + DAY);
    cases.submitted(&RawComplaint {
        submission: 2,
        withdrawn: true,
        received_at: NOW + 5 * DAY,
        ..withdrawn
    });

    let mut known = |as_of| -> Vec<(String, String, String)> {
        let gathered = gather(&mut cases, NOW, as_of, |_, _| {}).unwrap();
        let told = |case: Case| (case.complaint_id, case.narrative, case.labels["product"].clone());
        gathered.into_iter().map(told).collect()
    };
    let told = |id: &str, text: &str, label: &str| (id.to_owned(), text.to_owned(), label.to_owned());
    assert_eq!(known(NOW + DAY), []);
    assert_eq!(
        known(NOW + 2 * DAY),
        [told("c-1", "They lost my letter.", "Mortgage"), told("c-2", "Never mind.", "Mortgage")]
    );
    assert_eq!(known(NOW + 7 * DAY), [told("c-1", "They lost both of my letters.", "Debt collection")]);
}

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

fn asked(champion: &Artefact, files: &[PathBuf]) -> Asked {
    Asked::of((NOW, NOW + DAY), champion, files, 30, 1).unwrap()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn what_the_audit_sample_holds_is_learned_nowhere_and_a_verdict_beats_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("old.csv");
    let mut rows = "complaint_id,narrative,product,issue\n".to_owned();
    for row in 0..50 {
        rows += &format!("row-{row},\"Old letter {row} about fees\",Mortgage,Fraud or scam\n");
    }
    rows += "copy,\"NEW letter 7, of a coin!\",Mortgage,\ncase-0,\"As the file has it\",Mortgage,\n";
    fs::write(&file, rows).unwrap();
    // Every fifth is drawn for the audit; case 100 is a copy of one of those, and nobody drew it.
    let mut cases: Vec<Case> = (0..100)
        .map(|id| case(id, &format!("New letter {id} of a coin"), id % 5 == 2, "Lunar coins"))
        .collect();
    cases.push(case(100, "new letter 12 of a coin.", false, "Lunar coins"));
    cases.push(case(101, "Something rare", false, "Teleportation"));

    let (champion, files) = (champion(), [file]);
    let asked = asked(&champion, &files);
    let taken = KnownTree { label_set: "product@50".into(), leaves: vec!["a".into(), "b".into()] };
    let folder = dir.path().join("set");
    let bar = ProgressBar::hidden();
    let set = Set::make(&folder, asked.clone(), &champion, &cases, &files, &[taken], &bar).unwrap();

    let figures = set.figures();
    assert_eq!((figures.cases, figures.audit, figures.left_out), (102, 20, 3));
    assert_eq!(figures.train + figures.validation, 82 - 1 + 50);
    assert_eq!(figures.admitted["product"]["Lunar coins"], 80);
    assert_eq!(figures.waiting["product"]["Teleportation"], 1);
    let learned = text(&set.train()) + &text(&set.validation());
    for absent in ["letter 7 of", "letter 12 of", "letter 7, of", "As the file has it"] {
        assert!(!learned.contains(absent), "{absent}");
    }
    assert!(learned.contains("Old letter 49 about fees,Mortgage,Fraud or scam"), "{learned}");
    assert!(text(&set.audit()).contains("New letter 12 of a coin,Lunar coins"));
    assert!(!text(&set.train()).is_empty() && figures.validation > 0);

    // Whoever goes on finds the same set, and the trees with it.
    let kept = Set::open(&folder).unwrap().unwrap();
    assert_eq!((kept.asked(), kept.figures()), (&asked, figures));
    let tree = ombud_contract::taxonomy::Taxonomy::by_label_set("product@51").unwrap();
    assert_eq!(tree.leaves().last().map(String::as_str), Some("Lunar coins"));
    kept.remove().unwrap();
    assert!(Set::open(&folder).unwrap().is_none());
}

#[test]
fn too_few_cases_are_told_and_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let champion = champion();
    let cases = [case(1, "One letter", false, "Mortgage")];
    let made = Set::make(
        &dir.path().join("set"),
        asked(&champion, &[]),
        &champion,
        &cases,
        &[],
        &[],
        &ProgressBar::hidden(),
    );
    assert!(matches!(made, Err(LearnError::TooFewOutcomes { cases: 1, .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_champion_that_was_not_learned_here_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let champion = champion();
    let copies: Vec<Case> =
        (0..60).map(|id| case(id, &format!("Letter {id} about fees"), false, "Mortgage")).collect();
    let bar = ProgressBar::hidden();
    let asked = asked(&champion, &[]);
    let set = Set::make(&dir.path().join("set"), asked, &champion, &copies, &[], &[], &bar).unwrap();
    let foreign = Artefact { dir: dir.path().join("foreign"), ..champion };
    let challenge = Challenge {
        champion: &foreign,
        set: &set,
        out: dir.path().join("challenger"),
        model_id: "challenger".into(),
        base: None,
        threads: 1,
        most_frozen_bytes: 0,
        keep_every: std::time::Duration::from_secs(60),
    };
    let refused = challenge.run(&bar).unwrap_err();
    assert!(matches!(refused, LearnError::NotLearnedHere { .. }), "{refused}");
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

#[test]
fn a_blend_is_challenged_by_a_blend_whose_members_learned_the_new_label_too() {
    let dir = tempfile::tempdir().unwrap();
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/torch/tests/goldens/bert");
    let path = |name: &str| dir.path().join(name);
    let (train, validation) =
        (letters(dir.path(), "train.csv", 0..120), letters(dir.path(), "validation.csv", 500..560));
    let bar = ProgressBar::hidden();
    let mut recipe = bag::Recipe::default();
    recipe.hashing.bits = 12;
    recipe.keep_columns = 500;
    let (files, held_out) = (vec![train.clone()], Some(validation.clone()));
    let bag = bag::Train {
        files: files.clone(),
        validation: held_out.clone(),
        out: path("bag"),
        model_id: "bag".into(),
        seed: 1,
        recipe,
        lineage: Lineage::default(),
    };
    bag.run(&bar).unwrap();
    let mut recipe = encoder::Recipe { max_tokens: 24, ..encoder::Recipe::default() };
    recipe.tuning.epochs = 1.0;
    recipe.tuning.frozen_layers = Some(1);
    let encoder = encoder::Train {
        base: base.clone(),
        files: files.clone(),
        validation: held_out,
        out: path("encoder"),
        model_id: "encoder".into(),
        seed: 1,
        threads: 1,
        most_frozen_bytes: 0,
        keep_every: std::time::Duration::from_secs(60),
        recipe,
        lineage: Lineage::default(),
    };
    encoder.run(&bar).unwrap();
    let blend = blend::Blend {
        bag: path("bag"),
        encoders: vec![path("encoder")],
        files,
        validation,
        columns: Vec::new(),
        out: path("champion"),
        model_id: "champion".into(),
        threads: 1,
        recipe: blend::Recipe::default(),
        lineage: Lineage::default(),
    };
    let champion = blend.run(&bar).unwrap().report.artefact;

    let cases: Vec<Case> = (0..60)
        .map(|id| case(id, &format!("Case {id}: my lunar coin is gone"), id % 4 == 0, "Lunar coins"))
        .collect();
    let files = [train];
    let asked = asked(&champion, &files);
    let set = Set::make(&path("set"), asked, &champion, &cases, &files, &[], &bar).unwrap();
    let challenge = |base: Option<PathBuf>| Challenge {
        champion: &champion,
        set: &set,
        out: path("challenger"),
        model_id: "challenger".into(),
        base,
        threads: 1,
        most_frozen_bytes: 0,
        keep_every: std::time::Duration::from_secs(60),
    };
    // Stopped before its second member: the first is there, and is not learned again.
    assert!(matches!(challenge(None).run(&bar), Err(LearnError::NoBase)));
    let first = path("challenger.members/bag/ombud.json");
    let learned = fs::metadata(&first).unwrap().modified().unwrap();
    assert!(matches!(challenge(None).run(&bar), Err(LearnError::NoBase)));
    assert_eq!(fs::metadata(&first).unwrap().modified().unwrap(), learned);
    let unfinished = challenge(Some(base));
    let challenger = unfinished.run(&bar).unwrap();
    assert_eq!(challenger.manifest.family, Family::Blend);
    assert!(!path("challenger.members").exists());
    let (_, product) = challenger.manifest.head("product").unwrap();
    assert!(product.labels.contains(&"Lunar coins".to_owned()), "{}", product.label_set);
    assert_eq!(challenger.manifest.parent_version.as_ref(), Some(&champion.version));
    let training = text(&challenger.dir.join("training.json"));
    assert!(training.contains("\"as_of\"") && training.contains("Lunar coins"));

    let tried = trial(&challenger, &champion, &set, 1, &bar).unwrap().unwrap();
    let against = tried.against.as_ref().unwrap();
    // The champion can't be right about a label that it doesn't know.
    assert_eq!((tried.rows, against.figures()["product.accuracy.other"]), (15, 0.0));
    // Once more, and it is there already.
    assert_eq!(unfinished.run(&bar).unwrap().version, challenger.version);
}
