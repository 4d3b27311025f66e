//! A challenger is learned by its champion's recipe.

use super::*;

#[test]
fn a_champion_that_was_not_learned_here_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let champion = champion();
    let product = |id: usize| if id.is_multiple_of(2) { "Mortgage" } else { "Debt collection" };
    let cases: Vec<Case> =
        (0..60).map(|id| case(id, &format!("Letter {id} about fees"), false, product(id))).collect();
    let bar = ProgressBar::hidden();
    let asked = asked(&champion, &[]);
    let made =
        SetInput { dir: &dir.path().join("set"), asked, champion: &champion, cases: &cases, files: &[] };
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
    let job = |name: &str| Job {
        files: files.clone(),
        out: path(name),
        model_id: name.to_owned(),
        lineage: Lineage::default(),
    };
    let bag = bag::Train { job: job("bag"), validation: held_out.clone(), seed: 1, recipe };
    bag.run(&bar).unwrap();
    let mut recipe = encoder::Recipe { max_tokens: 24, ..encoder::Recipe::default() };
    recipe.tuning.epochs = 1.0;
    recipe.tuning.frozen_layers = Some(1);
    let encoder = encoder::Train {
        job: job("encoder"),
        base: base.clone(),
        validation: held_out,
        seed: 1,
        threads: 1,
        most_frozen_bytes: 0,
        keep_every: std::time::Duration::from_secs(60),
        recipe,
    };
    encoder.run(&bar).unwrap();
    let blend = blend::Blend {
        bag: path("bag"),
        encoders: vec![path("encoder")],
        job: job("champion"),
        validation,
        columns: Vec::new(),
        threads: 1,
        recipe: blend::Recipe::default(),
    };
    let champion = blend.run(&bar).unwrap().report.artefact;

    let cases: Vec<Case> = (0..60)
        .map(|id| case(id, &format!("Case {id}: my lunar coin is gone"), id % 4 == 0, "Lunar coins"))
        .collect();
    let files = [train];
    let asked = asked(&champion, &files);
    let made = SetInput { dir: &path("set"), asked, champion: &champion, cases: &cases, files: &files };
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
