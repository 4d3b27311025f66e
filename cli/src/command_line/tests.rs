//! Which arguments go together, which exclude each other, and what holds where one is left out.

use clap::{CommandFactory, Parser, error::ErrorKind};

use super::Cli;
use crate::output::golden;

fn parsed(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(["ombud"].into_iter().chain(line.split(' ')))
}

#[test]
fn no_two_flags_of_a_command_want_the_same_name() {
    Cli::command().debug_assert();
}

#[test]
fn help_and_the_answer_to_a_typo_fit_80_columns_with_and_without_colours() {
    let said = |words: &[&str]| {
        let words = ["ombud"].iter().chain(words);
        let refused = Cli::command().term_width(80).try_get_matches_from(words).unwrap_err();
        assert_eq!(refused.exit_code(), if refused.use_stderr() { 2 } else { 0 });
        refused.render()
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
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/runbooks.md");
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
        "strategy request promote issue --evaluation 01J8 --force",
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

/// Each command that does something, by its words.
fn leaves(command: &clap::Command, path: &str) -> Vec<(String, clap::Command)> {
    let subcommands: Vec<_> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).collect();
    if subcommands.is_empty() {
        return vec![(path.to_owned(), command.clone())];
    }
    let of = |sub: &&clap::Command| leaves(sub, format!("{path} {}", sub.get_name()).trim());
    // It does something by itself as well.
    let alone = command.is_args_conflicts_with_subcommands_set().then(|| (path.to_owned(), command.clone()));
    alone.into_iter().chain(subcommands.iter().flat_map(of)).collect()
}

#[test]
fn every_command_has_two_examples_which_it_takes_and_which_fit_80_columns() {
    let leaves = leaves(&Cli::command(), "");
    assert_eq!(leaves.len(), 60, "{leaves:?}");
    for (path, command) in leaves {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples = text.strip_prefix("Examples:\n").unwrap_or_default();
        let (whats, lines): (Vec<&str>, Vec<&str>) = examples
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .partition(|line| line.starts_with('#'));
        assert_eq!((whats.len(), lines.len()), (2, 2), "{path}: {text}");
        for line in lines {
            assert!(line.starts_with(&format!("ombud {path}")), "{line}");
            if let Err(error) = parsed(line.trim_start_matches("ombud ")) {
                unreachable!("{line}: {error}");
            }
        }
        for line in text.lines() {
            assert!(line.chars().count() <= 86, "{line}");
        }
    }
}

#[test]
fn examples_stand_below_the_options() {
    let mut command = Cli::command();
    let help = command.find_subcommand_mut("up").map(|up| up.render_help().to_string()).unwrap();
    let (options, examples) = help.split_once("Examples:").unwrap();
    assert!(options.contains("--once") && examples.contains("ombud up complaints.csv --once"), "{help}");
}
