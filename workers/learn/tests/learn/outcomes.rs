//! What humans said becomes a training set: as it was known at a time, and what models are tried on in nothing that they
//! learned from or were calibrated on.
#![cfg(feature = "torch")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use indicatif::ProgressBar;
use ombud_contract::{
    audit::AuditHalf,
    codec,
    records::{Feedback, RawComplaint, RoutedComplaint},
};
use ombud_learn::{
    bag, blend, encoder,
    outcomes::{
        Asked, Calibrated, Case, Challenge, KnownTree, LEAST_CALIBRATING, Set, SetDraft, Share, gather, trial,
    },
    train::{LearnError, Lineage},
};
use ombud_models::{Artefact, Family};
use ombud_store::{
    CaseEvent, CaseStore, FeedbackDay, QueueEntry, Row, day_of, file_feedback, file_raw, file_routed,
};
use ombud_stream::{Outage, Record, TopicPartition};
use proptest::prelude::*;

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
        let mut told = Vec::new();
        let each = |case: Case| {
            told.push((case.complaint_id, case.narrative, case.labels["product"].clone()));
            Ok::<_, Outage>(())
        };
        gather(&mut cases, NOW, as_of, |_, _| {}, each).unwrap();
        told
    };
    let told = |id: &str, text: &str, label: &str| (id.to_owned(), text.to_owned(), label.to_owned());
    assert_eq!(known(NOW + DAY), []);
    assert_eq!(
        known(NOW + 2 * DAY),
        [told("c-2", "Never mind.", "Mortgage"), told("c-1", "They lost my letter.", "Mortgage")]
    );
    assert_eq!(known(NOW + 7 * DAY), [told("c-1", "They lost both of my letters.", "Debt collection")]);
}

#[test]
fn whoever_cannot_go_on_ends_the_gathering() {
    let mut cases = Cases::default();
    for n in 0..300 {
        let raw = RawComplaint::new(format!("c-{n}"), "They lost my letter.", NOW);
        cases.submitted(&raw);
        cases.relabelled(&raw.complaint_id, "Mortgage", NOW + n);
    }
    let (mut taken, mut read) = (0, 0);
    let each = |_| {
        taken += 1;
        if taken == 3 { Err(Outage::fatal("write", "no room")) } else { Ok(()) }
    };
    gather(&mut cases, NOW, NOW + DAY, |so_far, all| (read, _) = (so_far, all), each).unwrap_err();
    assert!(taken == 3 && read == 0, "{taken} {read}");
    let mut told = Vec::new();
    gather(&mut cases, NOW, NOW + DAY, |read, all| told.push((read, all)), |_| Ok::<_, Outage>(())).unwrap();
    assert_eq!(told, [(128, 300), (256, 300), (300, 300)]);
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
    Asked::of((NOW, NOW + DAY), champion, files, (30, 1_000), 1).unwrap()
}

/// What is made of `cases`, which come in this order, and of `files`.
struct Made<'a> {
    dir: &'a Path,
    asked: Asked,
    champion: &'a Artefact,
    cases: &'a [Case],
    files: &'a [PathBuf],
}

impl Made<'_> {
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

/// Narratives of the rows of a part, as far as they tell copies.
fn words(file: &Path) -> BTreeSet<String> {
    let rows = csv::Reader::from_path(file).unwrap().into_records();
    rows.map(|row| row.unwrap()[2].to_lowercase().replace(|c: char| !c.is_alphanumeric(), " ")).collect()
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
    // Every fifth is drawn for the audit; the case 100 is a copy of one of those, and nobody drew it.
    let mut cases: Vec<Case> = (0..100)
        .map(|id| case(id, &format!("New letter {id} of a coin"), id % 5 == 2, "Martian coins"))
        .collect();
    cases.push(case(100, "new letter 12 of a coin.", false, "Martian coins"));
    cases.push(case(101, "Something rare", false, "Teleportation"));

    let (champion, files) = (champion(), [file]);
    let asked = asked(&champion, &files);
    let taken = KnownTree { label_set: "product@50".into(), leaves: vec!["a".into(), "b".into()] };
    let folder = dir.path().join("set");
    let made = Made { dir: &folder, asked: asked.clone(), champion: &champion, cases: &cases, files: &files };
    let set = made.set(&[taken]).unwrap();

    let drawn: Vec<&Case> = cases.iter().filter(|case| case.audited).collect();
    let of_half = |half| drawn.iter().filter(|case| AuditHalf::of(&case.complaint_id) == half).count();
    let figures = set.figures();
    // 7 and 12 are in different halves, and copies of either are learned nowhere.
    assert_eq!(
        (AuditHalf::of("case-7"), AuditHalf::of("case-12")),
        (AuditHalf::Calibration, AuditHalf::Trial)
    );
    assert_eq!((figures.cases, figures.trial, figures.left_out), (102, of_half(AuditHalf::Trial), 3));
    assert_eq!(figures.train + figures.validation, of_half(AuditHalf::Calibration) + 82 - 1 + 50);
    assert_eq!(figures.admitted["product"]["Martian coins"], 80);
    assert_eq!(figures.waiting["product"]["Teleportation"], 1);
    // No letter is labelled for it.
    assert_eq!(figures.not_learned, ["issue", "vulnerable"]);
    let learned = text(&set.train());
    for absent in
        ["letter 7 of", "letter 12 of", "letter 7, of", "letter 12 of a coin.", "As the file has it"]
    {
        assert!(!learned.contains(absent), "{absent}");
    }
    let rows = learned + &text(&set.validation());
    assert!(rows.contains("Old letter 49 about fees,Mortgage,Fraud or scam"), "{rows}");
    assert!(text(&set.validation()).contains("New letter 7 of a coin,Martian coins"));
    assert!(text(&set.trial()).contains("New letter 12 of a coin,Martian coins"));
    assert!(!folder.join("cases.jsonl").exists(), "narratives lie about twice");

    // Whoever goes on finds the same set, and the trees with it.
    let kept = Set::open(&folder).unwrap().unwrap();
    assert_eq!((kept.asked(), kept.figures()), (&asked, figures));
    let tree = ombud_contract::taxonomy::Taxonomy::by_label_set("product@51").unwrap();
    assert_eq!(tree.leaves().last().map(String::as_str), Some("Martian coins"));
    kept.remove().unwrap();
    assert!(Set::open(&folder).unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn no_row_of_a_trial_was_learned_from_or_calibrated_on(
        drawn in prop::collection::vec((any::<bool>(), 0..60_usize, 0..3_usize), 40..120),
        in_file in prop::collection::vec(0..60_usize, 0..20),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let products = ["Mortgage", "Debt collection", "Student loan"];
        // Many texts come several times, in whatever pool.
        let said = |text: usize| format!("Letter number {text}, about fees!");
        let case = |(id, (audited, text, product)): (usize, &(bool, usize, usize))| {
            case(id, &said(*text), *audited, products[*product])
        };
        let mut cases: Vec<Case> = drawn.iter().enumerate().map(case).collect();
        // So that there is always enough to learn and to calibrate.
        cases.extend((0..80).map(|id| self::case(1_000 + id, &format!("Other {id}"), false, products[id % 2])));
        let file = dir.path().join("old.csv");
        let rows = in_file.iter().enumerate().map(|(at, text)| format!("row-{at},\"{}\",Mortgage\n", said(*text).to_uppercase()));
        fs::write(&file, "complaint_id,narrative,product\n".to_owned() + &rows.collect::<String>()).unwrap();
        let (champion, files) = (champion(), [file]);
        let asked = asked(&champion, &files);
        let made = Made { dir: &dir.path().join("set"), asked, champion: &champion, cases: &cases, files: &files };
        let set = made.set(&[]).unwrap();
        for part in [set.train(), set.validation()] {
            prop_assert!(ids(&set.trial()).is_disjoint(&ids(&part)), "{}", part.display());
            prop_assert!(words(&set.trial()).is_disjoint(&words(&part)), "{}", part.display());
        }
        prop_assert!(words(&set.train()).is_disjoint(&words(&set.validation())));
        let of_trial = |case: &&Case| case.audited && AuditHalf::of(&case.complaint_id) == AuditHalf::Trial;
        let expected: BTreeSet<String> = cases.iter().filter(of_trial).map(|case| case.complaint_id.clone()).collect();
        prop_assert_eq!(ids(&set.trial()), expected);
    }
}

#[test]
fn enough_cases_drawn_at_random_calibrate_alone_and_too_few_beside_a_tenth_of_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let champion = champion();
    let (products, issues) =
        (["Mortgage", "Debt collection"], ["Fraud or scam", "Improper use of your report"]);
    let calibrated = |drawn: usize| {
        let mut cases: Vec<Case> = (0..drawn)
            .map(|n| {
                // Every third says nothing of the issue.
                let labels = [("product", products[n % 2]), ("issue", issues[n % 2])];
                audited(
                    AuditHalf::Calibration,
                    n,
                    &format!("Drawn {n}"),
                    if n % 3 == 0 { &labels[..1] } else { &labels },
                )
            })
            .collect();
        cases.extend((0..200).map(|n| {
            let both = [("product", products[n % 2]), ("issue", issues[n % 2])];
            let labels = both.iter().map(|(task, label)| ((*task).to_owned(), (*label).to_owned())).collect();
            Case { labels, ..case(n, &format!("Letter {n}"), false, "") }
        }));
        let asked = asked(&champion, &[]);
        let made =
            Made { dir: &dir.path().join("set"), asked, champion: &champion, cases: &cases, files: &[] };
        let set = made.set(&[]).unwrap();
        let of = |task: &str| set.figures().calibrated[task];
        let products = csv::Reader::from_path(set.validation()).unwrap().into_records();
        let held_out: Vec<String> = products
            .map(Result::unwrap)
            .filter(|row| row[0].starts_with("case"))
            .map(|row| row[3].to_owned())
            .collect();
        (of("product"), of("issue"), held_out, set.figures().train)
    };
    let (product, issue, held_out, train) = calibrated(LEAST_CALIBRATING - 1);
    let others = product.others;
    assert!((5..45).contains(&others) && held_out.len() == others && train == 200 - others, "{product:?}");
    assert_eq!(product, Calibrated { audited: LEAST_CALIBRATING - 1, others });
    assert_eq!(issue, Calibrated { audited: 199, others });

    // The tenth calibrates the issue alone.
    let (product, issue, held_out, _) = calibrated(LEAST_CALIBRATING);
    assert_eq!(product, Calibrated { audited: LEAST_CALIBRATING, others: 0 });
    assert_eq!(issue, Calibrated { audited: 200, others });
    assert!(held_out.len() == others && held_out.iter().all(String::is_empty), "{held_out:?}");

    // Nothing is left to hold out for: everything that nobody drew is learned from.
    let (product, issue, held_out, train) = calibrated(2 * LEAST_CALIBRATING);
    assert_eq!((product.others, issue.others, held_out.len(), train), (0, 0, 0, 200));
}

#[test]
fn a_flag_is_learned_calibrated_and_judged_only_where_nine_of_ten_are_labelled() {
    let dir = tempfile::tempdir().unwrap();
    let champion = champion();
    let flag = |yes: bool| if yes { "VULNERABLE" } else { "NOT_INDICATED" };
    // How many of ten say whether the customer is vulnerable: of the rest, and of each half.
    let set = |name: &str, [rest, calibration, trial]: [usize; 3], files: &[PathBuf]| {
        let labels = |n: usize, of_ten: usize| {
            let mut labels =
                vec![("product", if n.is_multiple_of(2) { "Mortgage" } else { "Debt collection" })];
            labels.extend((n % 10 < of_ten).then(|| ("vulnerable", flag(n.is_multiple_of(4)))));
            labels
        };
        let half = |half, of_ten: usize, name: &str| -> Vec<Case> {
            (0..40).map(|n| audited(half, n, &format!("{name} {n}"), &labels(n, of_ten))).collect()
        };
        let mut cases = half(AuditHalf::Calibration, calibration, "To calibrate");
        cases.extend(half(AuditHalf::Trial, trial, "To try"));
        cases.extend((0..100).map(|n| {
            let labels = labels(n, rest).into_iter().map(|(task, label)| (task.to_owned(), label.to_owned()));
            Case { labels: labels.collect(), ..case(n, &format!("Letter {n}"), false, "") }
        }));
        let folder = dir.path().join(name);
        let asked = asked(&champion, files);
        Made { dir: &folder, asked, champion: &champion, cases: &cases, files }.set(&[]).unwrap()
    };
    let of = |file: &Path| {
        let rows = csv::Reader::from_path(file).unwrap().into_records().map(Result::unwrap);
        rows.filter(|row| !row[5].is_empty()).count()
    };
    let all = set("all", [9, 9, 9], &[]);
    assert_eq!(all.figures().not_learned, ["issue"]);
    assert_eq!(all.figures().labelled["vulnerable"].rest, Share { labelled: 90, of: 100 });
    assert!(of(&all.train()) > 60 && of(&all.validation()) > 36);
    assert_eq!(of(&all.trial()), 36);

    let sparse = set("sparse", [8, 9, 9], &[]);
    assert_eq!(sparse.figures().not_learned, ["issue", "vulnerable"]);
    assert_eq!((of(&sparse.train()), of(&sparse.validation())), (0, 36));
    assert_eq!(
        sparse.figures().train + sparse.figures().validation,
        140,
        "products are learned all the same"
    );

    // Files say what they say.
    let letters = letters(dir.path(), "letters.csv", 0..100);
    let filed = set("filed", [8, 8, 8], &[letters]);
    assert!(filed.figures().not_learned.is_empty(), "{:?}", filed.figures());
    assert_eq!(of(&filed.train()) + of(&filed.validation()), 100);
    assert_eq!((of(&filed.trial()), filed.figures().trial), (0, 40));
    assert_eq!(filed.figures().calibrated["vulnerable"].audited, 0);
    assert!(!filed.figures().labelled["vulnerable"].trial.is_enough());

    // A trial without those labels has no figure of the flag.
    let tried = trial(&champion, &champion, &filed, 1, &ProgressBar::hidden()).unwrap().unwrap();
    let against = tried.against.as_ref().unwrap().figures();
    let figures: Vec<String> = tried.figures().into_keys().chain(against.into_keys()).collect();
    assert!(figures.iter().any(|name| name.starts_with("product.")), "{figures:?}");
    assert!(!figures.iter().any(|name| name.starts_with("vulnerable.")), "{figures:?}");
    let tried = trial(&champion, &champion, &all, 1, &ProgressBar::hidden()).unwrap().unwrap();
    assert!(tried.figures().contains_key("vulnerable.pr_auc"));
}

#[test]
fn of_the_cases_that_nobody_drew_the_first_are_taken_and_the_others_counted() {
    let dir = tempfile::tempdir().unwrap();
    let champion = champion();
    let file = dir.path().join("old.csv");
    fs::write(&file, "complaint_id,narrative,product\ncase-79,\"As the file has it\",Mortgage\n").unwrap();
    let product = |n: usize| if n.is_multiple_of(2) { "Mortgage" } else { "Debt collection" };
    let mut cases: Vec<Case> = (0..80).map(|n| case(n, &format!("Letter {n}"), false, product(n))).collect();
    cases.insert(3, Case { labels: BTreeMap::new(), ..case(999, "Nobody says what it is", false, "") });
    let drawn = [AuditHalf::Calibration, AuditHalf::Trial]
        .map(|half| audited(half, 0, &format!("{half:?}"), &[("product", "Mortgage")]));
    cases.extend(drawn);
    let files = [file];
    let asked = Asked { rows: 50, ..asked(&champion, &files) };
    let folder = dir.path().join("set");
    let made =
        || Made { dir: &folder, asked: asked.clone(), champion: &champion, cases: &cases, files: &files };
    let set = made().set(&[]).unwrap();
    let figures = set.figures().clone();
    assert_eq!(
        (figures.cases, figures.older, figures.left_out),
        (83, 30, 2),
        "the file's row was judged since"
    );
    assert_eq!((figures.train + figures.validation, figures.trial), (50 + 1, 1));
    let rows: BTreeSet<String> = ids(&set.train()).union(&ids(&set.validation())).cloned().collect();
    assert!((0..50).all(|n| rows.contains(&format!("case-{n}"))) && !rows.contains("case-50"));
    let before = [set.train(), set.validation(), set.trial()].map(|file| text(&file));
    let again = made().set(&[]).unwrap();
    assert_eq!(before, [again.train(), again.validation(), again.trial()].map(|file| text(&file)));
    assert_eq!(figures, *again.figures());
}

#[test]
fn too_few_cases_are_told_and_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let champion = champion();
    let cases = [case(1, "One letter", false, "Mortgage")];
    let asked = asked(&champion, &[]);
    let made =
        Made { dir: &dir.path().join("set"), asked, champion: &champion, cases: &cases, files: &[] }.set(&[]);
    assert!(matches!(made, Err(LearnError::TooFewOutcomes { cases: 1, .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_champion_that_was_not_learned_here_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let champion = champion();
    let product = |id: usize| if id.is_multiple_of(2) { "Mortgage" } else { "Debt collection" };
    let cases: Vec<Case> =
        (0..60).map(|id| case(id, &format!("Letter {id} about fees"), false, product(id))).collect();
    let bar = ProgressBar::hidden();
    let asked = asked(&champion, &[]);
    let made = Made { dir: &dir.path().join("set"), asked, champion: &champion, cases: &cases, files: &[] };
    let set = made.set(&[]).unwrap();
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
    let made = Made { dir: &path("set"), asked, champion: &champion, cases: &cases, files: &files };
    let set = made.set(&[]).unwrap();
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
    // Nothing else was learned from or calibrated on: the trial's rows are in neither file.
    let training: serde_json::Value = serde_json::from_str(&training).unwrap();
    assert_eq!(training["files"].as_array().unwrap().len(), 1);
    for (read, part) in [(&training["files"][0], set.train()), (&training["validation"], set.validation())] {
        let sha256 = ombud_models::digest_file(&part, String::new()).unwrap().sha256;
        assert_eq!(read["sha256"].as_str(), Some(sha256.as_str()));
        assert!(ids(&set.trial()).is_disjoint(&ids(&part)));
    }

    let tried = trial(&challenger, &champion, &set, 1, &bar).unwrap().unwrap();
    let against = tried.against.as_ref().unwrap();
    // The champion can't be right about a label that it doesn't know.
    let of_trial = |case: &&Case| case.audited && AuditHalf::of(&case.complaint_id) == AuditHalf::Trial;
    let rows = cases.iter().filter(of_trial).count();
    assert!(rows > 0);
    assert_eq!((tried.rows, against.figures()["product.accuracy.other"]), (rows, 0.0));
    // Once more, and it is there already.
    assert_eq!(unfinished.run(&bar).unwrap().version, challenger.version);
}
