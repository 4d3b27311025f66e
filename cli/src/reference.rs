//! `docs/commands.md`: every command as its help has it. Below the page's mark nothing is written by hand:
//! `BLESS=1 cargo nextest run -p ombud the_page_of_commands` writes it.

use std::{env, fmt::Write as _, fs, path::Path};

use clap::{Arg, Command, CommandFactory};

use crate::Cli;

/// What is below this line is written by the test.
const MARK: &str = "<!-- generated below: BLESS=1 cargo nextest run -p ombud the_page_of_commands -->\n";

/// The reference of all commands that are shown.
fn reference() -> String {
    let mut root = Cli::command();
    root.build();
    let mut text = String::from("\n## Options of every command\n\n");
    table(&mut text, root.get_arguments().filter(|arg| arg.is_global_set()));
    text.push('\n');
    for command in shown(&root) {
        let _ = writeln!(text, "- [`ombud {0}`](#ombud-{0}): {1}", command.get_name(), about(command));
    }
    for command in shown(&root) {
        section(&mut text, command, "ombud", 2);
    }
    text
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|each| !each.is_hide_set() && each.get_name() != "help")
}

fn about(command: &Command) -> String {
    command.get_about().map(|about| one_line(&about.to_string())).unwrap_or_default()
}

/// A command, and all below it.
fn section(text: &mut String, command: &Command, above: &str, level: usize) {
    let name = format!("{above} {}", command.get_name());
    let _ = write!(text, "\n{} {name}\n\n{}.\n", "#".repeat(level), about(command));
    // One may do something by itself, and have commands beside that.
    if !command.has_subcommands() || command.is_args_conflicts_with_subcommands_set() {
        let usage = command.clone().render_usage().to_string();
        let _ = write!(text, "\n```text\n{}\n```\n", one_line(usage.trim_start_matches("Usage: ")));
        let mut own: Vec<&Arg> = command.get_arguments().filter(|arg| is_own(arg)).collect();
        own.sort_by_key(|arg| (!arg.is_positional(), arg.get_help_heading().is_some()));
        if !own.is_empty() {
            text.push('\n');
            table(text, own.into_iter());
        }
    }
    if let Some(examples) = command.get_after_help() {
        let examples = examples.to_string();
        let lines: Vec<&str> = examples.lines().skip(1).map(str::trim).collect();
        let _ = write!(text, "\n```text\n{}\n```\n", lines.join("\n"));
    }
    for each in shown(command) {
        section(text, each, &name, level + 1);
    }
}

/// Whether an argument is this command's alone, and shown.
fn is_own(arg: &Arg) -> bool {
    !arg.is_global_set() && !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version")
}

fn table<'a>(text: &mut String, args: impl Iterator<Item = &'a Arg>) {
    text.push_str("| | |\n|---|---|\n");
    for arg in args {
        let mut what = arg.get_help().map(|help| one_line(&help.to_string())).unwrap_or_default();
        if let Some(heading) = arg.get_help_heading().filter(|_| is_own(arg)) {
            what = format!("{heading}: {what}");
        }
        let words: Vec<String> = arg
            .get_possible_values()
            .iter()
            .filter(|_| arg.get_action().takes_values())
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if !words.is_empty() {
            let _ = write!(what, " ({})", words.join(", "));
        }
        let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if arg.get_action().takes_values() && !defaults.is_empty() {
            let _ = write!(what, " [default: {}]", defaults.join(","));
        }
        let _ = writeln!(text, "| `{}` | {} |", cell(&words_of(arg)), cell(what.trim()));
    }
}

/// How an argument is written: `-n N`, `--task TASK`, `FILE`.
fn words_of(arg: &Arg) -> String {
    let values = || {
        let names = arg.get_value_names().unwrap_or_default();
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    if arg.is_positional() {
        return values();
    }
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names = [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ");
    if arg.get_action().takes_values() { format!("{names} {}", values()) } else { names }
}

/// The text of a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_of_commands_is_what_the_command_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands.md");
    let text = fs::read_to_string(&page).unwrap();
    let (head, written) = text.split_once(MARK).expect("docs/commands.md has its mark");
    let reference = reference();
    if env::var_os("BLESS").is_some() {
        fs::write(&page, format!("{head}{MARK}{reference}")).unwrap();
        return;
    }
    assert_eq!(written, reference, "docs/commands.md is another: run this test with BLESS=1, and look at it");
}
