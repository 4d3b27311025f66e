//! Training on a small set whose answer is known: it learns, repeats itself, and leaves a folder that serves.
#![cfg(feature = "torch")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use ombud_learn::bag::{HeadRecipe, Recipe, Train};
use ombud_learn::train::{Job, LearnError, LearnedModel, Lineage, SpellingPolicy, Task};
use ombud_measure::evaluate::TaskReport;
use ombud_models::{DraftError, LoadModel, probabilities};
use ombud_torch::Libtorch;

/// Narratives about mortgages and debts; every fifth mortgage row comes from somebody vulnerable and says so.
fn rows(dir: &Path, name: &str, rows: std::ops::Range<usize>) -> PathBuf {
    let mut csv = String::from("complaint_id,date_received,product,issue,narrative,tags,tags_known\n");
    for i in rows {
        let (product, issue, text) = match i % 2 {
            0 => {
                ("Mortgage", "Trouble during payment process", "the mortgage escrow payment was not applied")
            }
            _ => (
                "Debt collection",
                "Attempts to collect debt not owed",
                "a collector calls about a debt not owed",
            ),
        };
        let (tags, who) =
            if i % 10 == 0 { ("Older American", "I am elderly and retired") } else { ("", "please help") };
        writeln!(csv, "id-{i},2024-03-01,{product},{issue},\"Letter {i}: {text}, {who}.\",{tags},True")
            .unwrap();
    }
    let file = dir.join(name);
    fs::write(&file, csv).unwrap();
    file
}

fn train(dir: &Path, out: &str) -> Train {
    let mut recipe = Recipe::default();
    recipe.hashing.bits = 12;
    recipe.keep_columns = 500;
    Train {
        job: Job {
            files: vec![rows(dir, "train.csv", 0..200)],
            out: dir.join(out),
            model_id: "tiny-bag".into(),
            lineage: Lineage::default(),
        },
        validation: Some(rows(dir, "validation.csv", 1_000..1_060)),
        seed: 1,
        recipe,
    }
}

fn run(train: &Train) -> Result<LearnedModel, LearnError> {
    train.run(&ProgressBar::hidden())
}

#[test]
fn it_learns_what_the_rows_teach_and_the_folder_serves() {
    let dir = tempfile::tempdir().unwrap();
    let report = run(&train(dir.path(), "bag")).unwrap();
    assert_eq!((report.rows, report.validation_rows), (200, 60));
    let TaskReport::Choice(product) = &report.tasks["product"] else { panic!("{:?}", report.tasks) };
    assert_eq!(product.accuracy, Some(1.0));
    let TaskReport::Flag(vulnerable) = &report.tasks["vulnerable"] else { panic!("{:?}", report.tasks) };
    assert!(vulnerable.pr_auc.unwrap() > 0.99);

    let page = fs::read_to_string(dir.path().join("bag.html")).unwrap();
    assert!(page.contains(&report.artefact.version) && page.contains("Confusion of product"));

    let model = Libtorch.load(&report.artefact).unwrap();
    let logits = model.replica().classify(&[&model.prepare("my mortgage escrow")]).unwrap();
    let (_, vulnerable) = report.artefact.manifest.head("vulnerable").unwrap();
    assert_eq!(vulnerable.evidence.as_deref(), Some("vulnerable@2"));
    let head = &report.artefact.manifest.heads[0];
    let likely = probabilities(&logits[0][0], head.temperature);
    let mortgage = head.labels.iter().position(|label| label == "Mortgage").unwrap();
    assert!(likely[mortgage] > 0.8, "{likely:?}");
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let one = run(&train(dir.path(), "one")).unwrap().artefact;
    let other = run(&train(dir.path(), "other")).unwrap().artefact;
    assert_eq!(one.version, other.version);
    assert_eq!(fs::read(one.dir.join("README.md")).unwrap(), fs::read(other.dir.join("README.md")).unwrap());
}

#[test]
fn no_narrative_and_no_plain_id_is_in_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let artefact = run(&train(dir.path(), "bag")).unwrap().artefact;
    let training = fs::read_to_string(artefact.dir.join("training.json")).unwrap();
    for text in [&training, &fs::read_to_string(artefact.dir.join("README.md")).unwrap()] {
        assert!(!text.contains("escrow") && !text.contains("id-17"));
    }
    let training: serde_json::Value = serde_json::from_str(&training).unwrap();
    assert_eq!(training["row_ids"].as_array().unwrap().len(), 200);
    assert_eq!(training["files"][0]["file"], "train.csv");
}

#[test]
fn without_a_validation_file_a_tenth_is_held_out() {
    let dir = tempfile::tempdir().unwrap();
    let report = run(&Train { validation: None, ..train(dir.path(), "bag") }).unwrap();
    assert_eq!(report.rows + report.validation_rows, 200);
    assert!((5..50).contains(&report.validation_rows), "{}", report.validation_rows);
    assert_eq!(report.labels_missing(), None, "every row has every label");
}

#[test]
fn an_older_artefact_is_replaced_and_anything_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    run(&train(dir.path(), "bag")).unwrap();
    run(&train(dir.path(), "bag")).unwrap();
    fs::create_dir(dir.path().join("letters")).unwrap();
    fs::write(dir.path().join("letters/one.txt"), "dear bank").unwrap();
    assert!(matches!(
        run(&train(dir.path(), "letters")),
        Err(LearnError::Draft(DraftError::Occupied { .. }))
    ));
    assert!(dir.path().join("letters/one.txt").is_file());
}

#[test]
fn rows_without_labels_teach_nothing_and_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("unlabelled.csv");
    fs::write(&file, "complaint_id,narrative\n1,the mortgage escrow payment was not applied\n").unwrap();
    let bare = train(dir.path(), "bag");
    let bare = Train { job: Job { files: vec![file], ..bare.job }, ..bare };
    assert!(matches!(run(&bare), Err(LearnError::NothingToLearn { rows: 1 })));
    assert!(!dir.path().join("bag").exists());
}

#[test]
fn a_task_of_ones_own_is_learned_from_a_column_and_brings_its_labels() {
    let dir = tempfile::tempdir().unwrap();
    let usual = train(dir.path(), "harm");
    // Its labels stand in a column that is read as something else besides; one value is on two rows alone.
    let text = fs::read_to_string(&usual.job.files[0]).unwrap();
    let rare = text.replacen("Mortgage,Trouble", "Rare,Trouble", 2);
    fs::write(&usual.job.files[0], rare).unwrap();
    let task = Task::own("harm-of-test", 1, "Product", &usual.job.files, 20, SpellingPolicy::Refuse).unwrap();
    assert_eq!(task.label_set, "harm-of-test@1");
    let head = HeadRecipe { task, ..usual.recipe.heads[0].clone() };
    let report =
        run(&Train { recipe: Recipe { heads: vec![head], ..usual.recipe.clone() }, ..usual }).unwrap();
    let TaskReport::Choice(harm) = &report.tasks["harm-of-test"] else { panic!("{:?}", report.tasks) };
    assert_eq!(harm.accuracy, Some(1.0));
    let labelled = report.rows - 2;
    assert_eq!(report.labels_missing(), Some(format!("labelled: harm-of-test {labelled}")));
    assert_eq!(report.artefact.manifest.heads[0].labels, ["Debt collection", "Mortgage"]);
    let trees = fs::read_to_string(report.artefact.dir.join("taxonomy.toml")).unwrap();
    assert!(trees.contains("harm-of-test"), "{trees}");
    assert!(report.artefact.files.iter().any(|file| file.name == "taxonomy.toml"));

    let again = train(dir.path(), "again");
    let refused = |column, least| {
        Task::own("harm-of-test", 1, column, &again.job.files, least, SpellingPolicy::Refuse).unwrap_err()
    };
    assert!(refused("kind", 20).to_string().contains("it has no column kind"));
    assert!(matches!(refused("product", 1_000), LearnError::TooFewLabels { labels: 0, .. }));
    // The same number with other labels: a tree never changes.
    assert!(matches!(refused("issue", 1), LearnError::Taxonomy(_)));
}

#[test]
fn labels_that_differ_in_case_alone_are_asked_about_and_no_label_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("queues.csv");
    let rows = [("Cards", 6), ("cards", 2), ("nan", 6), ("Lending", 6), ("N/A", 6)];
    let rows = rows.iter().flat_map(|(queue, count)| std::iter::repeat_n(*queue, *count));
    let text: String = rows.enumerate().map(|(n, queue)| format!("{n},complaint {n},{queue}\n")).collect();
    fs::write(&file, format!("complaint_id,narrative,queue\n{text}")).unwrap();
    let task = |alike| Task::own("queue-of-test", 1, "queue", std::slice::from_ref(&file), 5, alike);
    let refused = task(SpellingPolicy::Refuse).unwrap_err().to_string();
    assert!(refused.contains(r#""Cards" (6 rows) and "cards" (2 rows)"#), "{refused}");
    assert!(refused.contains("--merge-labels") && !refused.contains("nan"), "{refused}");
    assert_eq!(task(SpellingPolicy::Merge).unwrap().taxonomy().unwrap().leaves(), ["Cards", "Lending"]);
}
