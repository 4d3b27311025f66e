//! From what was said to the one command that does it, with the settings, logs and traces that it works with.

use std::{
    io::{self, IsTerminal, Write},
    sync::Arc,
};

use anyhow::Result;
use ombud_launch::{
    config::{self, Flag, Inputs, Settings},
    telemetry::{self, Traces},
};
use ombud_stream::{Clock, Start, SystemClock};

use crate::{
    Done, backup, check,
    cli::{Cli, Command, Common, ModelsCommand, ReportCommand},
    config::{self as settings_of, ConfigCommand},
    doctor, feedback, given, hand_over, manual, models, quality, redrive, repair, restore,
    screen::Screen,
    send, setup, show, strategy, tail,
    terminal::{Escaped, Terminal},
    work::{self, Role},
};
#[cfg(feature = "torch")]
use crate::{challenge, evaluate, learn, trial, up};

/// Runs what `cli` says, and prints to `out`.
///
/// # Errors
/// It failed: the error completes "failed to".
pub fn run(cli: Cli, out: &mut impl Write) -> Result<Done> {
    let mut out = Escaped::new(out, Screen::of_process());
    let done = dispatch(cli, &mut out);
    // What was printed before something failed is still shown.
    let flushed = out.flush();
    if out.is_closed() {
        // `ombud tail ... | head` has seen enough.
        return Ok(Done::Well);
    }
    let done = done?;
    flushed?;
    Ok(done)
}

fn settings(common: Common, embedded: bool) -> Result<config::Loaded> {
    let mut flags = flags(&common);
    if embedded {
        let none = |setting| Flag { name: "--embedded", setting, value: String::new() };
        flags.extend(["kafka_bootstrap", "registry_url", "cql_nodes"].map(none));
    }
    Ok(config::load(&Inputs::of_process(common.config, flags))?)
}

/// The settings that were given as flags, which win over every other source.
fn flags(common: &Common) -> Vec<Flag> {
    let data = common.data.as_ref().map(|dir| dir.to_string_lossy().into_owned());
    let said = [
        ("--data", "data", data),
        ("--kafka", "kafka_bootstrap", common.kafka.clone()),
        ("--registry", "registry_url", common.registry.clone()),
        ("--cql", "cql_nodes", common.cql.clone()),
    ];
    said.into_iter()
        .filter_map(|(name, setting, value)| Some(Flag { name, setting, value: value? }))
        .collect()
}

/// As whom a process signs its logs and traces.
fn service(command: &Command) -> &'static str {
    match command {
        Command::Infer(_) => "ombud-infer",
        Command::Join(_) => "ombud-join",
        Command::Archive(_) => "ombud-archive",
        Command::Console => "ombud-console",
        _ => "ombud",
    }
}

/// What is logged where no setting says it: what goes wrong, for somebody who waits for a result; and how it goes on, of a
/// process that serves until it is stopped. An `up` that nobody watches is such a process.
fn usual_log(command: &Command, verbose: u8, is_watched: bool) -> &'static str {
    let serves = match command {
        Command::Infer(_) | Command::Join(_) | Command::Archive(_) | Command::Console => true,
        Command::Up(up) => !up.once && !is_watched,
        _ => false,
    };
    match verbose {
        0 if serves => "info",
        0 => "warn",
        1 => "info",
        _ => "debug",
    }
}

/// Says how to go on where Ctrl-C ends what has nothing to finish.
#[cfg(feature = "torch")]
fn say_interruption(command: &Command) -> Result<()> {
    let how = match command {
        Command::Learn(learn) if learn.feedback.from_feedback => {
            "the same command goes on with what is learned"
        }
        Command::Learn(learn) if learn.family == crate::cli::Family::Encoder => {
            "the same command goes on behind the last step that was kept"
        }
        Command::Learn(_) | Command::Evaluate(_) => "nothing was written; the same command begins anew",
        _ => return Ok(()),
    };
    ombud_launch::shutdown::end_on_interrupt(move || {
        crate::exit::say_stopped(how);
    })?;
    Ok(())
}

fn dispatch(cli: Cli, out: &mut impl Write) -> Result<Done> {
    if let Command::Completions { shell } = cli.command {
        // Not into `out`: it panics where nobody reads any more.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::described(), "ombud", &mut script);
        out.write_all(&script)?;
        return Ok(Done::Well);
    }
    // Also where the settings that are there are wrong.
    if let Command::Config(ConfigCommand::Init { file }) = &cli.command {
        settings_of::init(file, out)?;
        return Ok(Done::Well);
    }
    if let Command::Man { dir } = &cli.command {
        return manual::write(dir).map(|()| Done::Well);
    }
    if !cfg!(feature = "torch") && hand_over::computes(&cli.command) {
        return Err(hand_over::hand_over());
    }
    #[cfg(feature = "torch")]
    if let Command::TryTokenizer(args) = &cli.command {
        return trial::endure(args);
    }
    #[cfg(feature = "torch")]
    let on_brokers = cli.common.kafka.is_some();
    given::check_files(&cli.command)?;
    let verbose = cli.common.verbose;
    let common = match cli.command {
        // Its own --data names a file of complaints; clap gives that to both.
        Command::Evaluate(_) => Common { data: None, ..cli.common },
        _ => cli.common,
    };
    let embedded = matches!(&cli.command, Command::Up(args) if args.embedded);
    let mut loaded = settings(common, embedded)?;
    if loaded.origin("log").is_none() {
        loaded.settings.log = usual_log(&cli.command, verbose, io::stderr().is_terminal()).to_owned();
    }
    let loaded = loaded;
    let terminal = Terminal::default();
    let settings: &Settings = &loaded.settings;
    let service = service(&cli.command);
    telemetry::log_to(terminal.clone(), settings, service)?;
    telemetry::log_panics();
    // Until the workers have stopped: what they still have to tell goes out then.
    let _traces = Traces::install(settings, service)?;
    #[cfg(feature = "torch")]
    say_interruption(&cli.command)?;
    match cli.command {
        Command::Completions { .. } | Command::Man { .. } | Command::Config(ConfigCommand::Init { .. }) => {
            unreachable!("answered above, before any settings are read")
        }
        Command::Config(ConfigCommand::Show { changed, json }) => {
            settings_of::show(changed, json, &loaded, Screen::of_process(), out)?;
        }
        #[cfg(feature = "torch")]
        Command::TryTokenizer(_) => unreachable!("answered above, before any settings are read"),
        Command::Setup(args) => return setup::setup(&args, settings, out),
        Command::Doctor(args) => return doctor::doctor(&args, settings, out),
        Command::Backup(args) => backup::backup(&args, settings, &SystemClock, &terminal, out)?,
        Command::Restore(args) => restore::restore(&args, settings, &SystemClock, &terminal, out)?,
        Command::Repair(args) => return repair::repair(&args, settings, &SystemClock, out),
        Command::Join(args) => return work::run(&Role::Join, &loaded, args.start),
        Command::Archive(args) => return work::run(&Role::Archive, &loaded, args.start),
        Command::Console => return work::run(&Role::Console, &loaded, Start::Earliest),
        Command::Feedback(args) => return feedback::feedback(&args, settings, &terminal, out),
        Command::Report(ReportCommand::Quality(args)) => {
            return quality::quality(&args, settings, &SystemClock, &terminal, out);
        }
        Command::Send(args) => return send::send(&args, settings, &terminal, out),
        Command::Check(args) => return check::check(&args, settings, &SystemClock, out),
        Command::Redrive(args) => return redrive::redrive(&args, settings, &SystemClock, out),
        Command::Tail(args) => tail::tail(&args, settings, out)?,
        Command::Show(args) => return show::show(&args, settings, out),
        Command::Strategy(command) => {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            return strategy::run(command, settings, &clock, &terminal, out);
        }
        Command::Models(ModelsCommand::List { json }) => {
            models::list(json, settings, SystemClock.now_ms(), out)?;
        }
        Command::Models(ModelsCommand::Show { model, json }) => {
            models::show(&model, json, settings, SystemClock.now_ms(), out)?;
        }
        #[cfg(feature = "torch")]
        Command::Up(args) => {
            return up::up(&crate::cli::Up { on_brokers, ..args }, &loaded, &terminal, out);
        }
        #[cfg(feature = "torch")]
        Command::Infer(args) => {
            return work::run(&Role::Infer(args.groups()), &loaded, args.group.start);
        }
        #[cfg(feature = "torch")]
        Command::Learn(args) if args.feedback.from_feedback => {
            challenge::challenge(*args, settings, &SystemClock, &terminal, out)?;
        }
        #[cfg(feature = "torch")]
        Command::Learn(args) => learn::learn(*args, &terminal, out)?,
        #[cfg(feature = "torch")]
        Command::Models(ModelsCommand::Add { source }) => models::add(&source, settings, out)?,
        Command::Models(ModelsCommand::Retire { named }) => models::retire(&named, settings, out)?,
        #[cfg(feature = "torch")]
        Command::Models(ModelsCommand::Export(args)) => models::export(&args, settings, out)?,
        #[cfg(feature = "torch")]
        Command::Models(ModelsCommand::Import(args)) => models::import(args, settings, out)?,
        #[cfg(feature = "torch")]
        Command::Evaluate(args) => evaluate::evaluate(&args, settings, &terminal, out)?,
        #[cfg(not(feature = "torch"))]
        Command::Up(_)
        | Command::Infer(_)
        | Command::Learn(_)
        | Command::Evaluate(_)
        | Command::Models(ModelsCommand::Add { .. } | ModelsCommand::Export(_) | ModelsCommand::Import(_)) => {
            unreachable!("handed over above")
        }
    }
    Ok(Done::Well)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::terminal::tests::Gone;

    fn said(words: &[&str]) -> Cli {
        Cli::try_parse_from([&["ombud"][..], words].concat()).unwrap()
    }

    #[test]
    fn each_flag_sets_its_own_setting_and_one_that_is_not_said_sets_none() {
        let set = |words: &[&str]| -> Vec<(String, String, String)> {
            let flags = flags(&said(words).common).into_iter();
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
        ] {
            let cli = said(words);
            assert_eq!(usual_log(&cli.command, cli.common.verbose, watched), log, "{words:?}");
        }
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_failure_of_any_command() {
        for words in [&["completions", "bash"][..], &["check", "--json-schema"]] {
            assert_eq!(run(said(words), &mut Gone).unwrap(), Done::Well, "{words:?}");
        }
    }

    #[test]
    fn completions_name_every_command_and_need_no_settings() {
        let mut out = Vec::new();
        let cli = said(&["completions", "bash", "--config", "/nowhere/ombud.toml"]);
        assert_eq!(run(cli, &mut out).unwrap(), Done::Well);
        let script = String::from_utf8(out).unwrap();
        let words: Vec<&str> = script.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
        for command in Cli::command().get_subcommands() {
            assert!(words.contains(&command.get_name()), "{}", command.get_name());
        }
    }

    #[test]
    fn output_that_can_not_be_written_is_a_failure() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
                Ok(text.len())
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
        }
        assert!(run(said(&["completions", "bash"]), &mut Full).is_err());
    }
}
