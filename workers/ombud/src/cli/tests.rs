//! What may be said together, what may not, and what is taken where nothing is said.

use clap::{CommandFactory, error::ErrorKind};

use super::*;
use crate::golden;

fn parsed(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(["ombud"].into_iter().chain(line.split(' ')))
}

fn command(line: &str) -> Command {
    parsed(line).unwrap().command
}

#[test]
fn no_two_flags_of_a_command_want_the_same_name() {
    Cli::command().debug_assert();
}

#[test]
fn help_and_what_is_said_of_a_typo_fit_80_columns_with_and_without_colours() {
    let said = |words: &[&str]| {
        let words = ["ombud"].iter().chain(words);
        let told = Cli::described().term_width(80).try_get_matches_from(words).unwrap_err();
        assert_eq!(told.exit_code(), if told.use_stderr() { 2 } else { 0 });
        told.render()
    };
    for (name, words) in [
        ("help", &["--help"][..]),
        ("help-up", &["up", "--help"]),
        ("help-show", &["show", "--help"]),
        ("typo-command", &["shwo", "c-1"]),
        ("typo-flag", &["up", "--onec"]),
    ] {
        let text = said(words);
        for (name, text) in [
            (format!("{name}.txt"), text.to_string()),
            (format!("{name}-colour.txt"), text.ansi().to_string()),
        ] {
            assert!(golden::width(&text) <= 80, "{text}");
            golden::compare(&name, &text);
        }
    }
}

#[test]
fn every_command_of_the_runbooks_is_one() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/runbooks.md");
    let text = std::fs::read_to_string(page).unwrap();
    let codes = text.split('`').skip(1).step_by(2);
    let in_a_pod =
        |code: &str| Some(code.strip_prefix("kubectl exec ")?.split_once(" -- ombud ")?.1.to_owned());
    let commands: Vec<String> = codes.filter_map(in_a_pod).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for line in commands {
        if let Err(error) = parsed(&line) {
            panic!("{line}: {error}");
        }
    }
}

#[test]
fn what_excludes_something_else_is_not_said_together_with_it() {
    for line in [
        "learn --out dir --from-feedback --family bag",
        "learn --out dir --from-feedback --validation file",
        "learn --out dir --from-feedback --task issue",
        "learn --out dir --from-feedback --seed 2",
        "feedback --file file c-1 confirmed",
        "feedback --file file --task issue",
        "feedback --file file --label late-fee",
        "feedback --file file --to-team collections",
        "feedback --file file --reason-code WRONG_PRODUCT",
        "feedback --file file --at 2h",
        "strategy simulate file --since 3d",
        "strategy simulate --version 2 --candidate file",
        "setup --widen 6 --partitions 6",
        "setup --widen 6 --replication-factor 3",
    ] {
        let refused = parsed(line).err().map(|error| error.kind());
        assert_eq!(refused, Some(ErrorKind::ArgumentConflict), "{line}");
    }
}

#[test]
fn what_needs_something_else_is_not_said_without_it() {
    for (line, with) in [
        ("learn --out dir", "file"),
        ("learn --out dir", "--from-feedback"),
        ("learn --out dir file --as-of 3d", "--from-feedback"),
        ("learn --out dir file --champion complaints", "--from-feedback"),
        ("learn file", "--out dir"),
        ("evaluate --data file --card", "--model dir"),
        ("evaluate --data file --record", "--model dir"),
        ("feedback c-1", "confirmed"),
        ("infer", "--task issue"),
    ] {
        let refused = parsed(line).err().map(|error| error.kind());
        assert_eq!(refused, Some(ErrorKind::MissingRequiredArgument), "{line}");
        let both = format!("{line} {with}");
        assert!(parsed(&both).is_ok(), "{both}");
    }
}

#[test]
fn a_value_at_its_bound_is_taken_and_one_beyond_it_is_not() {
    for (line, last, beyond) in [
        ("setup --partitions", "1", "0"),
        ("setup --partitions", "10000", "10001"),
        ("setup --replication-factor", "9", "10"),
        ("evaluate --data file --per-day", "1", "0"),
        ("learn file --out dir --keep-every", "300", "301"),
        ("learn file --out dir --cascade", "0", "-0.1"),
        ("learn file --out dir --cascade", "100", "100.1"),
        ("learn file --out dir --cascade", "0.5", "NaN"),
        ("models import source --task issue --out dir --threshold", "vulnerable=1", "vulnerable=1.1"),
        ("models import source --task issue --out dir --threshold", "vulnerable=0", "vulnerable=half"),
    ] {
        assert!(parsed(&format!("{line}={last}")).is_ok(), "{line} {last}");
        let refused = parsed(&format!("{line}={beyond}")).err().map(|error| error.kind());
        assert_eq!(refused, Some(ErrorKind::ValueValidation), "{line} {beyond}");
    }
}

#[test]
fn a_group_starts_at_an_end_or_at_a_time() {
    for (text, expected) in [
        ("earliest", Some(Start::Earliest)),
        ("latest", Some(Start::Latest)),
        ("2026-01-31T09:00Z", Some(Start::Time(1_769_850_000_000))),
        ("2026-01-31T10:00+01:00", Some(Start::Time(1_769_850_000_000))),
        ("Latest", None),
        ("yesterday", None),
    ] {
        assert_eq!(start(text).ok(), expected, "{text}");
    }
    let Command::Join(group) = command("join") else { unreachable!("it is join") };
    assert_eq!(group.start, Start::Earliest, "nothing that lies in the log is passed over unasked");
}

#[test]
fn labels_and_thresholds_are_said_as_pairs() {
    let pairs = |text: &str| pair(text).ok();
    assert_eq!(pairs("late fee = fees"), Some(("late fee".to_owned(), "fees".to_owned())));
    assert_eq!(pairs("a=b=c"), Some(("a".to_owned(), "b=c".to_owned())));
    assert_eq!(pairs("fees"), None);
    assert_eq!(threshold("leaf= 0.35"), Ok(("leaf".to_owned(), 0.35)));
    assert!(threshold("0.35").is_err_and(|why| why.contains("NAME=SHARE")));
    assert!(threshold("leaf=35").is_err_and(|why| why.contains("35 is no share")));
}

#[cfg(feature = "torch")]
#[test]
fn each_task_that_is_said_is_a_group_and_commas_make_one_group_of_several() {
    let groups = |line: &str| {
        let Command::Infer(infer) = command(line) else { unreachable!("it is infer") };
        infer.groups()
    };
    let named = |tasks: &[&str]| Tasks::Named(tasks.iter().map(|task| (*task).to_owned()).collect());
    assert_eq!(groups("infer --task product --task issue"), [named(&["product"]), named(&["issue"])]);
    assert_eq!(groups("infer --task product,issue"), [named(&["product", "issue"])]);
    assert_eq!(groups("infer --task all --task issue"), [Tasks::All, named(&["issue"])]);
}
