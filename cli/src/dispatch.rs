//! From the command line to the one command that does it.

use std::{io::Write, sync::Arc};

use anyhow::Result;
use clap::CommandFactory;
use ombud_stream::{Clock, SystemClock};

#[cfg(feature = "torch")]
use crate::commands::{evaluate, infer, learn, try_tokenizer, up};
use crate::{
    Done,
    command_line::{Cli, Command},
    commands::{
        archive, backup, check, completions,
        config::{self, ConfigCommand},
        console, doctor, dossier, explain, feedback, join, man, models, queue, redrive, repair, report,
        restore, send, setup, show, strategy, tail, users, work,
    },
    hand_over, input_files,
    output::{screen::Screen, terminal::Escaped},
    session::Session,
};

/// Runs the command of `cli`, and prints to `out`.
///
/// # Errors
/// It failed: the error completes "failed to".
pub fn run(cli: Cli, out: &mut impl Write) -> Result<Done> {
    let mut out = Escaped::new(out, Screen::of_process());
    let done = answer(cli, &mut out);
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

/// Some commands need no settings, and work also where the settings are wrong.
fn answer(cli: Cli, out: &mut impl Write) -> Result<Done> {
    match &cli.command {
        Command::Completions(args) => completions::completions(args, Cli::command(), out),
        Command::Man(args) => man::man(args, Cli::command()),
        Command::Config(ConfigCommand::Init { file }) => config::init(file, out),
        Command::Dossier(args) if args.needs_no_settings() => dossier::alone(args, &SystemClock, out),
        #[cfg(feature = "torch")]
        Command::TryTokenizer(args) => try_tokenizer::try_tokenizers(args),
        command if !cfg!(feature = "torch") && hand_over::computes(command) => Err(hand_over::hand_over()),
        command => {
            input_files::check_files(command)?;
            let session = Session::begin(&cli)?;
            dispatch(cli, &session, out)
        }
    }
}

fn dispatch(cli: Cli, session: &Session, out: &mut impl Write) -> Result<Done> {
    let Session { loaded, terminal, .. } = session;
    let (settings, clock) = (&loaded.settings, &SystemClock);
    match cli.command {
        #[cfg(feature = "torch")]
        Command::Up(args) => up::up(&args, cli.options.kafka.is_some(), loaded, terminal, out),
        Command::Setup(args) => setup::setup(&args, settings, out),
        Command::Doctor(args) => doctor::doctor(&args, settings, out),
        Command::Backup(args) => backup::backup(&args, settings, clock, terminal, out),
        Command::Restore(args) => restore::restore(&args, settings, clock, terminal, out),
        Command::Repair(args) => repair::repair(&args, settings, clock, out),
        #[cfg(feature = "torch")]
        Command::Infer(args) => infer::infer(&args, loaded),
        Command::Join(args) => join::join(&args, loaded),
        Command::Archive(args) => archive::archive(&args, loaded),
        Command::Console(_) => console::console(loaded),
        Command::Feedback(args) => feedback::feedback(&args, settings, terminal, out),
        Command::Queue(args) => queue::queue(&args, settings, out),
        Command::Work(args) => work::work(&args, settings, out),
        Command::Report(command) => report::report(&command, settings, terminal, out),
        Command::Send(args) => send::send(&args, settings, terminal, out),
        Command::Check(args) => check::check(&args, settings, clock, out),
        Command::Redrive(args) => redrive::redrive(&args, settings, clock, out),
        Command::Tail(args) => tail::tail(&args, settings, out),
        Command::Show(args) => show::show(&args, settings, out),
        #[cfg(not(feature = "torch"))]
        Command::Dossier(args) if dossier::computes(&args, settings)? => Err(hand_over::hand_over()),
        Command::Dossier(args) => dossier::dossier(&args, settings, out),
        Command::Strategy(command) => {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            strategy::strategy(command, settings, &clock, terminal, out)
        }
        Command::Models(command) => models::models(command, settings, out),
        Command::Users(command) => users::users(&command, settings, out),
        #[cfg(feature = "torch")]
        Command::Learn(args) => learn::learn(*args, settings, clock, terminal, out),
        #[cfg(feature = "torch")]
        Command::Evaluate(args) => evaluate::evaluate(&args, settings, terminal, out),
        Command::Explain(args) => explain::explain(&args, loaded, terminal, out),
        Command::Config(ConfigCommand::Show { changed, json }) => {
            config::show(changed, json, loaded, Screen::of_process(), out)
        }
        Command::Completions(_) | Command::Man(_) | Command::Config(ConfigCommand::Init { .. }) => {
            unreachable!("answered before any settings are read")
        }
        #[cfg(feature = "torch")]
        Command::TryTokenizer(_) => unreachable!("answered before any settings are read"),
        #[cfg(not(feature = "torch"))]
        Command::Up(_) | Command::Infer(_) | Command::Learn(_) | Command::Evaluate(_) => {
            unreachable!("handed over")
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::output::terminal::tests::Gone;

    fn said(words: &[&str]) -> Cli {
        Cli::try_parse_from([&["ombud"][..], words].concat()).unwrap()
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
