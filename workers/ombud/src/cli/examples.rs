//! Two examples under the help of every command.

use clap::Command;

/// What an example does, and its line.
type Example = (&'static str, &'static str);

/// By the command's words.
const EXAMPLES: &[(&str, [Example; 2])] = &[
    (
        "up",
        [
            (
                "Route a file's complaints, print what became of them, and end",
                "ombud up complaints.csv --once",
            ),
            ("Serve http://127.0.0.1:8080 until Ctrl-C", "ombud up"),
        ],
    ),
    (
        "setup",
        [
            (
                "Say what is missing on the brokers, and make nothing",
                "ombud setup --kafka one:9092 --dry-run",
            ),
            ("Give every complaints topic 12 partitions while workers run", "ombud setup --widen 12"),
        ],
    ),
    (
        "doctor",
        [
            ("Look at everything that the settings name", "ombud doctor"),
            ("Read every byte of the data folder as well", "ombud doctor --deep"),
        ],
    ),
    (
        "backup",
        [
            ("Copy the data folder, also while `ombud up` serves", "ombud backup /backups/monday"),
            ("Copy another data folder", "ombud backup /backups/monday --data /srv/ombud"),
        ],
    ),
    (
        "restore",
        [
            ("Fill a new data folder", "ombud restore /backups/monday"),
            (
                "Put what is there aside, and the backup in its place",
                "ombud restore /backups/monday --replace",
            ),
        ],
    ),
    (
        "repair",
        [
            ("Say what is lost, and change nothing", "ombud repair"),
            ("Go on without what is lost", "ombud repair --accept-loss"),
        ],
    ),
    (
        "infer",
        [
            ("Decide products", "ombud infer --task product"),
            ("Decide everything that the strategy lists, in one group", "ombud infer --task all"),
        ],
    ),
    (
        "join",
        [
            ("Join predictions into routes", "ombud join"),
            ("Begin a new group at a time", "ombud join --start 2026-01-31T09:00Z"),
        ],
    ),
    (
        "archive",
        [
            ("Keep everything as cases", "ombud archive --cql one:9042"),
            ("Keep only what comes from now on", "ombud archive --start latest"),
        ],
    ),
    (
        "console",
        [
            ("Take complaints and verdicts over HTTP", "ombud console"),
            ("Beside another broker than the settings name", "ombud console --kafka one:9092"),
        ],
    ),
    (
        "feedback",
        [
            ("The team was right", "ombud feedback c-1 confirmed"),
            ("Many verdicts at once", "ombud feedback --file verdicts.csv"),
        ],
    ),
    (
        "report quality",
        [
            ("Of the last 30 days", "ombud report quality --since 30d"),
            ("As a page with charts", "ombud report quality --since 30d --html quality.html"),
        ],
    ),
    (
        "send",
        [
            ("Send a file, or go on with it", "ombud send complaints.csv"),
            ("As backfill, 20 complaints a second", "ombud send complaints.csv --bulk --rate 20"),
        ],
    ),
    (
        "check",
        [
            ("A file, before it is sent", "ombud check complaints.csv"),
            ("The newest records of a CRM", "ombud check complaints.raw"),
        ],
    ),
    (
        "redrive",
        [
            ("Say what would be sent again", "ombud redrive --all --dry-run"),
            ("What was parked today for its schema", "ombud redrive --reason unknown-schema --since 24h"),
        ],
    ),
    (
        "tail",
        [
            ("The last ten routes", "ombud tail complaints.routed"),
            (
                "All complaints as JSON, and what comes",
                "ombud tail complaints.raw --json --from start --follow",
            ),
        ],
    ),
    (
        "show",
        [
            ("A case, for people", "ombud show c-1"),
            ("With every record, version and hash", "ombud show c-1 --long"),
        ],
    ),
    (
        "strategy show",
        [
            ("The strategy in force", "ombud strategy show"),
            ("An older one", "ombud strategy show --version 2"),
        ],
    ),
    (
        "strategy check",
        [
            ("The file of the first strategy", "ombud strategy check"),
            ("A file that is to be published", "ombud strategy check next.toml"),
        ],
    ),
    (
        "strategy set",
        [
            ("Say what would change", "ombud strategy set next.toml --dry-run"),
            ("Publish it", "ombud strategy set next.toml --reason more-reviews"),
        ],
    ),
    (
        "strategy canary",
        [
            ("Let a model decide a tenth", "ombud strategy canary issue complaints@08364c3c8331 10%"),
            ("Say what would change", "ombud strategy canary issue complaints 10% --dry-run"),
        ],
    ),
    (
        "strategy shadow",
        [
            ("Let a model answer beside who decides", "ombud strategy shadow issue complaints"),
            ("A tenth of the complaints", "ombud strategy shadow issue complaints 10%"),
        ],
    ),
    (
        "strategy promote",
        [
            ("Make the canary the champion", "ombud strategy promote issue --evaluation 01J8"),
            ("Say what would change", "ombud strategy promote issue --evaluation 01J8 --dry-run"),
        ],
    ),
    (
        "strategy roll-back",
        [
            ("Back to the strategy before", "ombud strategy roll-back"),
            ("Back to an older one", "ombud strategy roll-back --to 3"),
        ],
    ),
    (
        "strategy history",
        [
            ("Who changed what, when and why", "ombud strategy history"),
            ("For programs", "ombud strategy history --json"),
        ],
    ),
    (
        "strategy diff",
        [
            ("What the fourth says otherwise than the third", "ombud strategy diff 3 4"),
            ("For programs", "ombud strategy diff 3 4 --json"),
        ],
    ),
    (
        "strategy at",
        [
            ("What decided two hours ago", "ombud strategy at 2h"),
            ("What decided on a day", "ombud strategy at 2026-01-31"),
        ],
    ),
    (
        "strategy simulate",
        [
            ("Known complaints through the strategy in force", "ombud strategy simulate --since 3d"),
            ("Through one that is to be published", "ombud strategy simulate --candidate next.toml"),
        ],
    ),
    (
        "strategy replay",
        [
            (
                "What a model would decide otherwise",
                "ombud strategy replay --candidate complaints --since 7d",
            ),
            ("As a page", "ombud strategy replay --candidate complaints --since 7d --html replay.html"),
        ],
    ),
    (
        "models list",
        [
            ("Every version, and where it serves", "ombud models list"),
            ("For programs", "ombud models list --json"),
        ],
    ),
    (
        "models show",
        [
            ("The newest version of a model", "ombud models show complaints"),
            ("One version, by its first digits", "ombud models show complaints@08364c3c8331"),
        ],
    ),
    (
        "models add",
        [
            ("A folder that `ombud learn` wrote", "ombud models add models/mine"),
            ("A model of the hub", "ombud models add bank/triage@main"),
        ],
    ),
    (
        "models retire",
        [
            ("Take a version out of use", "ombud models retire complaints@08364c3c8331"),
            ("On brokers", "ombud models retire complaints@08364c3c8331 --kafka one:9092"),
        ],
    ),
    (
        "models export",
        [
            ("One task of the default model", "ombud models export --task issue exported"),
            ("Of another", "ombud models export --task issue --model models/mine exported"),
        ],
    ),
    (
        "models import",
        [
            ("A classifier of the hub", "ombud models import bank/triage --task product --out models/triage"),
            (
                "With other labels than ours",
                "ombud models import exported --task issue --labels ours.toml --out models/theirs",
            ),
        ],
    ),
    (
        "learn",
        [
            ("A model within minutes", "ombud learn labelled.csv.gz --out models/mine"),
            ("A challenger from what people decided", "ombud learn --from-feedback --out models/challenger"),
        ],
    ),
    (
        "evaluate",
        [
            ("The default models", "ombud evaluate --data labelled.csv.gz"),
            (
                "Is one model better than another?",
                "ombud evaluate --data held-out.csv --model models/mine --against models/complaints",
            ),
        ],
    ),
    (
        "config show",
        [
            ("Every setting, and where it was written", "ombud config show"),
            ("Only what is no default", "ombud config show --changed"),
        ],
    ),
    (
        "config init",
        [
            ("Write ombud.toml, with every setting as a remark", "ombud config init"),
            ("Write another file", "ombud config init /etc/ombud/ombud.toml"),
        ],
    ),
    ("completions", [("For bash", "ombud completions bash"), ("For fish", "ombud completions fish")]),
];

/// `command` with its examples, and those of its subcommands.
pub(super) fn with_examples(command: Command) -> Command {
    add(command, "")
}

fn add(command: Command, path: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let command = names.iter().fold(command, |command, name| {
        let path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command.mut_subcommand(name, |sub| add(sub, &path))
    });
    match EXAMPLES.iter().find(|(known, _)| *known == path) {
        Some((_, examples)) => command.after_help(text(examples)),
        None => command,
    }
}

fn text(examples: &[Example]) -> String {
    let lines: Vec<String> = examples.iter().map(|(what, line)| format!("  # {what}\n  {line}")).collect();
    format!("Examples:\n{}", lines.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::Cli;

    /// The words of each command that does something.
    fn leaves(command: &Command, path: &str) -> Vec<String> {
        let subcommands: Vec<&Command> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).collect();
        if subcommands.is_empty() {
            return vec![path.to_owned()];
        }
        let of = |sub: &&Command| leaves(sub, format!("{path} {}", sub.get_name()).trim());
        subcommands.iter().flat_map(of).collect()
    }

    #[test]
    fn every_command_has_two_examples_which_it_takes() {
        let mut known: Vec<&str> = EXAMPLES.iter().map(|(path, _)| *path).collect();
        let mut commands = leaves(&Cli::command(), "");
        known.sort_unstable();
        commands.sort_unstable();
        assert_eq!(known, commands);
        for (path, examples) in EXAMPLES {
            for (_, line) in examples {
                assert!(line.starts_with(&format!("ombud {path}")), "{line}");
                if let Err(error) = Cli::try_parse_from(line.split(' ')) {
                    unreachable!("{line}: {error}");
                }
            }
        }
    }

    #[test]
    fn examples_stand_below_the_options_and_fit_80_columns() {
        let mut command = with_examples(Cli::command());
        let help = command.find_subcommand_mut("up").map(|up| up.render_help().to_string()).unwrap();
        let (options, examples) = help.split_once("Examples:").unwrap();
        assert!(options.contains("--once") && examples.contains("ombud up complaints.csv --once"), "{help}");
        for (_, examples) in EXAMPLES {
            for line in text(examples).lines() {
                assert!(line.chars().count() <= 86, "{line}");
            }
        }
    }
}
