//! The arguments of `learn`, as each family's training takes them.

use clap::Parser;
use ombud_models::Kind;

use super::*;
use crate::command_line::{Cli, Command};

fn said(words: &[&str]) -> Learn {
    let cli = Cli::try_parse_from([&["ombud", "learn"], words].concat()).unwrap();
    let Command::Learn(args) = cli.command else { unreachable!("it is learn") };
    *args
}

/// A file whose rows have labels in a column of their own: two of them often, one once.
fn labelled(dir: &Path) -> String {
    let file = dir.join("labelled.csv");
    let rows =
        ["branch", "branch", "phone", "phone", "post"].map(|label| format!("I was not helped.,{label}\n"));
    std::fs::write(&file, format!("narrative,place\n{}", rows.concat())).unwrap();
    file.to_string_lossy().into_owned()
}

#[test]
fn a_model_is_called_like_its_folder_and_a_path_without_a_name_is_refused() {
    for (out, name) in [("mine", "mine"), ("models/mine-1.2", "mine-1.2"), ("models/mine/", "mine")] {
        assert_eq!(model_id(Path::new(out)).unwrap(), name, "{out}");
    }
    for out in ["/", "..", ""] {
        assert!(model_id(Path::new(out)).is_err_and(|error| error.to_string().contains("--out")), "{out}");
    }
}

#[test]
fn a_folder_that_holds_a_model_is_kept_until_somebody_says_to_replace_it() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("mine");
    ensure_free(&out).unwrap();
    std::fs::create_dir(&out).unwrap();
    ensure_free(&out).unwrap();
    // What is left of a run that was killed lies beside it, and is resumed.
    std::fs::create_dir(dir.path().join("mine.work")).unwrap();
    ensure_free(&out).unwrap();
    std::fs::write(out.join("ombud.json"), "{}").unwrap();
    let words = ["labelled.csv", "--out", out.to_str().unwrap()];
    let error = train(said(&words), &Terminal::default(), &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("--replace"), "{error}");
    assert_eq!(std::fs::read_to_string(out.join("ombud.json")).unwrap(), "{}");
}

#[test]
fn without_a_task_named_every_usual_one_is_learned_and_with_some_named_only_those() {
    let names = |words: &[&str]| -> Vec<String> {
        let heads = bag_of(said(words), "mine".into()).unwrap().recipe.heads;
        heads.into_iter().map(|head| head.task.name).collect()
    };
    assert_eq!(names(&["file", "--out", "mine"]), ["product", "issue", "vulnerable"]);
    let both = ["file", "--out", "mine", "--task", "vulnerable", "--task", "product"];
    assert_eq!(names(&both), ["vulnerable", "product"], "in the order that was said");
}

#[test]
fn a_task_that_is_none_of_ours_needs_a_column() {
    let error = bag_of(said(&["file", "--out", "mine", "--task", "harm"]), "mine".into()).err().unwrap();
    assert!(error.to_string().contains("harm"), "{error}");
}

#[test]
fn a_task_of_ones_own_is_learned_like_our_choices_on_the_labels_that_come_often_enough() {
    let dir = tempfile::tempdir().unwrap();
    let file = labelled(dir.path());
    let words = [&file, "--out", "mine", "--task", "issue", "--task", "place-of-test=place", "--least", "2"];
    let recipe = encoder_recipe(&said(&words)).unwrap();
    let [issue, own] = recipe.heads.as_slice() else { unreachable!("two tasks were named") };
    assert!(issue.coarse.is_some(), "a task of ours keeps its coarser level");
    assert_eq!((own.task.name.as_str(), own.task.kind, &own.coarse), ("place-of-test", Kind::Choice, &None));
    assert_eq!(own.task.taxonomy().unwrap().leaves(), ["branch", "phone"]);
    assert_eq!(own.weight, issue.weight);
}

#[test]
fn what_is_said_of_a_bag_stands_in_its_training() {
    let words = ["one", "two", "--out", "models/mine", "--validation", "third", "--seed", "7"];
    let train = bag_of(said(&words), "mine".into()).unwrap();
    assert_eq!(train.job.files, [Path::new("one"), Path::new("two")]);
    assert_eq!((train.validation.as_deref(), train.seed), (Some(Path::new("third")), 7));
    assert_eq!(train.recipe, bag::Recipe::default());
}

#[test]
fn a_blend_is_weighed_on_complaints_that_no_member_has_learned_from() {
    let words = ["file", "--out", "mine", "--family", "blend", "--bag", "b", "--encoder", "e"];
    let error = blend_of(said(&words), "mine".into()).err().unwrap().to_string();
    assert!(error.contains("--validation"), "{error}");
    let all = [&words[..], &["--validation", "third", "--cascade", "0.5"]].concat();
    let blend = blend_of(said(&all), "mine".into()).unwrap();
    assert_eq!((blend.validation.as_path(), blend.recipe.most_lost), (Path::new("third"), Some(0.5)));
    assert_eq!((blend.bag.as_path(), blend.encoders.len()), (Path::new("b"), 1));
}

#[test]
fn the_end_of_a_blend_says_whether_there_is_a_cascade_and_why_there_is_none() {
    assert_eq!(cascade(Some(0.25), Some(0.5)), "cascade: the bag alone answers 75.0 %");
    assert!(cascade(None, Some(0.5)).ends_with("loses more than 0.5 points"));
    assert!(cascade(None, None).ends_with("every member sees every complaint"));
}

#[test]
fn threads_are_as_many_as_said_but_never_none() {
    let threads = |words: &[&str]| threads(&said(&[&["file", "--out", "mine"], words].concat()));
    assert_eq!(threads(&["--threads", "3"]), 3);
    assert_eq!(threads(&["--threads", "0"]), 1);
    assert!(threads(&[]) >= 1);
}
