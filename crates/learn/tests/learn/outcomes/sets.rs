//! What lies in which part of a training set.

use super::*;

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
    let made =
        SetInput { dir: &folder, asked: asked.clone(), champion: &champion, cases: &cases, files: &files };
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

    // A process that resumes finds the same set, and the trees with it.
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
        let made = SetInput { dir: &dir.path().join("set"), asked, champion: &champion, cases: &cases, files: &files };
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
            SetInput { dir: &dir.path().join("set"), asked, champion: &champion, cases: &cases, files: &[] };
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
    assert_eq!(product, CalibrationCounts { audited: LEAST_CALIBRATING - 1, others });
    assert_eq!(issue, CalibrationCounts { audited: 199, others });

    // The tenth calibrates the issue alone.
    let (product, issue, held_out, _) = calibrated(LEAST_CALIBRATING);
    assert_eq!(product, CalibrationCounts { audited: LEAST_CALIBRATING, others: 0 });
    assert_eq!(issue, CalibrationCounts { audited: 200, others });
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
        SetInput { dir: &folder, asked, champion: &champion, cases: &cases, files }.set(&[]).unwrap()
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
    let asked = SetRequest { rows: 50, ..asked(&champion, &files) };
    let folder = dir.path().join("set");
    let made =
        || SetInput { dir: &folder, asked: asked.clone(), champion: &champion, cases: &cases, files: &files };
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
fn too_few_cases_are_reported_and_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let champion = champion();
    let cases = [case(1, "One letter", false, "Mortgage")];
    let asked = asked(&champion, &[]);
    let made =
        SetInput { dir: &dir.path().join("set"), asked, champion: &champion, cases: &cases, files: &[] }
            .set(&[]);
    assert!(matches!(made, Err(LearnError::TooFewOutcomes { cases: 1, .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
