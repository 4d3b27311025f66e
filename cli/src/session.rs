//! What a command works with: settings, the terminal, and logs and traces under the name of its role.

use std::io::{self, IsTerminal};

use anyhow::Result;
use ombud_launch::{
    config::{self, Flag, Inputs, Loaded},
    telemetry::{self, Traces},
};

#[cfg(feature = "torch")]
use crate::commands::learn::Family;
use crate::{
    command_line::{Cli, Command, Options},
    output::terminal::Terminal,
};

/// What one run of a command works with.
pub(crate) struct Session {
    pub(crate) loaded: Loaded,
    pub(crate) terminal: Terminal,
    /// Until the workers have stopped: the last spans go out then.
    _traces: Traces,
}

impl Session {
    /// Reads the settings, and begins to log and to trace.
    ///
    /// # Errors
    /// A setting is wrong, or logs or traces can't be written.
    pub(crate) fn begin(cli: &Cli) -> Result<Self> {
        let mut loaded = config::load(&Inputs::of_process(cli.options.config.clone(), flags(cli)))?;
        if loaded.origin("log").is_none() {
            let watched = io::stderr().is_terminal();
            loaded.settings.log = usual_log(&cli.command, cli.options.verbose, watched).to_owned();
        }
        let (terminal, service) = (Terminal::default(), service(&cli.command));
        telemetry::log_to(terminal.clone(), &loaded.settings, service)?;
        telemetry::log_panics();
        let traces = Traces::install(&loaded.settings, service)?;
        #[cfg(feature = "torch")]
        report_interruption(&cli.command)?;
        Ok(Self { loaded, terminal, _traces: traces })
    }
}

/// The settings that were given as flags, which win over every other source.
fn flags(cli: &Cli) -> Vec<Flag> {
    let Options { data, kafka, registry, cql, .. } = &cli.options;
    let data = match &cli.command {
        // Its own --data names a file of complaints; clap gives that to both.
        Command::Evaluate(_) => None,
        Command::Explain(explain) if explain.file().is_some() => None,
        _ => data.as_ref().map(|dir| dir.to_string_lossy().into_owned()),
    };
    let given = [
        ("--data", "data", data),
        ("--kafka", "kafka_bootstrap", kafka.clone()),
        ("--registry", "registry_url", registry.clone()),
        ("--cql", "cql_nodes", cql.clone()),
    ];
    let given =
        given.into_iter().filter_map(|(name, setting, value)| Some(Flag { name, setting, value: value? }));
    let none = |setting| Flag { name: "--embedded", setting, value: String::new() };
    let embedded = matches!(&cli.command, Command::Up(args) if args.embedded);
    let unset = ["kafka_bootstrap", "registry_url", "cql_nodes"].map(none).into_iter().filter(|_| embedded);
    given.chain(unset).collect()
}

/// The name under which a process logs and traces.
fn service(command: &Command) -> &'static str {
    match command {
        Command::Infer(_) => "ombud-infer",
        Command::Join(_) => "ombud-join",
        Command::Archive(_) => "ombud-archive",
        Command::Console(_) => "ombud-console",
        Command::Explain(explain) if explain.serve => "ombud-explain",
        _ => "ombud",
    }
}

/// The level that is logged where no setting names one: warnings for somebody who waits for a result, and progress too of a
/// process that serves until it is stopped. An `up` without a terminal is such a process.
fn usual_log(command: &Command, verbose: u8, is_watched: bool) -> &'static str {
    let serves = match command {
        Command::Infer(_) | Command::Join(_) | Command::Archive(_) | Command::Console(_) => true,
        Command::Up(up) => !up.once && !is_watched,
        Command::Explain(explain) => explain.serve,
        _ => false,
    };
    match verbose {
        0 if serves => "info",
        0 => "warn",
        1 => "info",
        _ => "debug",
    }
}

/// Reports how to continue where Ctrl-C ends a command that has nothing to finish.
#[cfg(feature = "torch")]
fn report_interruption(command: &Command) -> Result<()> {
    let how = match command {
        Command::Learn(learn) if learn.feedback.from_feedback => "the same command resumes what is learned",
        Command::Learn(learn) if learn.family == Family::Encoder => {
            "the same command resumes after the last step that was kept"
        }
        Command::Explain(explain) if explain.id.is_some() || explain.serve => return Ok(()),
        Command::Learn(_) | Command::Evaluate(_) | Command::Explain(_) => {
            "nothing was written; the same command starts from the beginning"
        }
        _ => return Ok(()),
    };
    ombud_launch::shutdown::end_on_interrupt(move || {
        crate::exit::report_stopped(how);
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn said(words: &[&str]) -> Cli {
        Cli::try_parse_from([&["ombud"][..], words].concat()).unwrap()
    }

    #[test]
    fn each_flag_sets_its_own_setting_and_one_that_is_not_said_sets_none() {
        let set = |words: &[&str]| -> Vec<(String, String, String)> {
            let flags = flags(&said(words)).into_iter();
            flags.map(|flag| (flag.name.to_owned(), flag.setting.to_owned(), flag.value)).collect()
        };
        for (flag, setting) in [
            ("--data", "data"),
            ("--kafka", "kafka_bootstrap"),
            ("--registry", "registry_url"),
            ("--cql", "cql_nodes"),
        ] {
            let one = (flag.to_owned(), setting.to_owned(), "here:1".to_owned());
            assert_eq!(set(&["console", flag, "here:1"]), [one]);
        }
        assert_eq!(set(&["console", "--config", "ombud.toml"]), [], "a file of settings is no setting");
    }

    #[test]
    fn a_role_signs_by_its_own_name_and_everything_else_by_the_commands() {
        for (words, name) in [
            (&["infer", "--task", "issue"][..], "ombud-infer"),
            (&["join"], "ombud-join"),
            (&["archive"], "ombud-archive"),
            (&["console"], "ombud-console"),
            (&["explain", "--serve"], "ombud-explain"),
            (&["explain", "c-1"], "ombud"),
            (&["up"], "ombud"),
            (&["send", "complaints.csv"], "ombud"),
        ] {
            assert_eq!(service(&said(words).command), name, "{words:?}");
        }
    }

    #[test]
    fn who_waits_for_a_result_sees_no_log_and_what_serves_logs_as_before() {
        for (words, watched, log) in [
            (&["up", "--once"][..], false, "warn"),
            (&["up"], true, "warn"),
            (&["up"], false, "info"),
            (&["up", "-v"], true, "info"),
            (&["show", "c-1", "-vv"], true, "debug"),
            (&["models", "list"], false, "warn"),
            (&["join"], true, "info"),
            (&["infer", "--task", "issue"], false, "info"),
            (&["console"], false, "info"),
            (&["explain", "--serve"], false, "info"),
            (&["explain", "c-1"], false, "warn"),
        ] {
            let cli = said(words);
            assert_eq!(usual_log(&cli.command, cli.options.verbose, watched), log, "{words:?}");
        }
    }
}
