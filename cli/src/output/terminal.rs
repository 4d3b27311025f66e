//! What people look at: output that is escaped, tables, progress bars on stderr, and log lines that don't break the bars.

use std::{
    fmt,
    io::{self, Write},
};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use ombud_contract::shown::shown;
use tracing_subscriber::fmt::MakeWriter;

use crate::output::screen::{Screen, Table};

/// An empty table with these columns, as wide as the terminal at most.
pub(crate) fn table<const N: usize>(columns: [&str; N]) -> Table {
    Screen::of_process().table(columns)
}

/// Output in which text from outside has no escape sequences: everything that is printed goes through it, for people and as
/// JSON, and is [`shown`]; only styles of `screen` become escape sequences, after that. Whole lines are written at once, the rest of one
/// when it is flushed.
pub(crate) struct Escaped<W> {
    out: W,
    screen: Screen,
    line: Vec<u8>,
    is_closed: bool,
}

impl<W: Write> Escaped<W> {
    /// Writes to `out`.
    pub(crate) fn new(out: W, screen: Screen) -> Self {
        Self { out, screen, line: Vec::new(), is_closed: false }
    }

    /// Whether nobody reads any more: `head` has seen enough.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let text = self.screen.with_styles(shown(&String::from_utf8_lossy(&line)).into_owned());
        let written = self.out.write_all(text.as_bytes());
        self.noticed(written)
    }

    fn noticed(&mut self, written: io::Result<()>) -> io::Result<()> {
        self.is_closed |= written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        written
    }
}

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A line at a time: a character may come in two parts.
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (lines, rest) = bytes.split_at(end);
        if !lines.is_empty() {
            self.line.extend_from_slice(lines);
            self.pass_on()?;
        }
        self.line.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        let flushed = self.out.flush();
        self.noticed(flushed)
    }
}

/// The terminal's lower edge, shared by bars and log lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terminal(MultiProgress);

impl Terminal {
    /// A bar of complaints, with rate and time left.
    pub(crate) fn bar(&self, what: &'static str) -> ProgressBar {
        self.with(
            "{msg:>10} {wide_bar} {human_pos}/{human_len} {rate:>9} {elapsed_precise} left {eta:>4}",
            what,
        )
    }

    /// A spinner for work whose end is unknown, and what it is.
    pub(crate) fn spinner(&self, what: &'static str) -> ProgressBar {
        self.with("{spinner} {msg} {elapsed}", what)
    }

    /// A bar of a file's bytes.
    pub(crate) fn bytes(&self, what: &'static str) -> ProgressBar {
        self.with("{msg:>10} {wide_bar} {bytes}/{total_bytes} {elapsed_precise} left {eta:>4}", what)
    }

    /// A bar of a long job's steps, whose stages it names itself.
    #[cfg(feature = "torch")]
    pub(crate) fn steps(&self) -> ProgressBar {
        self.with("{msg} {wide_bar} {human_pos}/{human_len} {elapsed_precise} left {eta:>4}", "beginning")
    }

    fn with(&self, template: &str, what: &'static str) -> ProgressBar {
        let bar = self.0.add(ProgressBar::new(0));
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).with_key(
                "rate",
                |state: &ProgressState, to: &mut dyn fmt::Write| {
                    // A line that can't be drawn is drawn again soon.
                    let _ = write!(to, "{:.1}/s", state.per_sec());
                },
            ),
        );
        bar.set_message(what);
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        bar
    }
}

impl<'a> MakeWriter<'a> for Terminal {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Terminal {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = logged(&String::from_utf8_lossy(line));
        // The bars give way while the line is written.
        self.0.suspend(|| io::stderr().write_all(text.as_bytes()))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// An event of the log in one line: text from outside can't start a line of its own.
fn logged(event: &str) -> String {
    let line = event.strip_suffix('\n').unwrap_or(event);
    format!("{}\n", shown(line).replace('\n', "\\n").replace('\r', "\\r"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::output::screen::Style;

    /// What is written to when nobody reads any more.
    pub(crate) struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_of_the_log_is_one_line_whatever_it_tells() {
        let forged = "INFO by=ann\n2026-01-01T00:00:00Z  INFO approved\r\n";
        assert_eq!(logged(forged), "INFO by=ann\\n2026-01-01T00:00:00Z  INFO approved\\u000d\n");
        assert_eq!(logged("INFO Zürich\n"), "INFO Zürich\n");
    }

    fn written(parts: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let mut escaped = Escaped::new(&mut out, Screen::new(80, true));
        for part in parts {
            escaped.write_all(part).unwrap();
        }
        escaped.flush().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_acts_is_escaped_wherever_the_text_is_cut() {
        let text = "Zürich 東京\u{1b}]0;title\u{7}\nno\u{202e}t so\r\nlast";
        let expected = "Zürich 東京\\u001b]0;title\\u0007\nno\\u202et so\r\nlast";
        for cut in 0..=text.len() {
            let (head, tail) = text.as_bytes().split_at(cut);
            assert_eq!(written(&[head, tail]), expected, "{cut}");
        }
    }

    #[test]
    fn only_our_own_styles_act_and_who_reads_no_more_is_noticed() {
        let screen = Screen::new(80, true);
        let mut out = Vec::new();
        let mut escaped = Escaped::new(&mut out, screen);
        writeln!(escaped, "{}\u{1b}[31m", screen.styled(Style::Bold, "case")).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\u{1b}[1mcase\u{1b}[0m\\u001b[31m\n");

        let mut escaped = Escaped::new(Gone, screen);
        assert!(!escaped.is_closed());
        assert!(writeln!(escaped, "one").is_err() && escaped.is_closed());
    }

    #[test]
    fn a_whole_line_goes_on_without_a_flush() {
        let mut out = Vec::new();
        let mut escaped = Escaped::new(&mut out, Screen::new(80, true));
        writeln!(escaped, "one").unwrap();
        write!(escaped, "two").unwrap();
        assert_eq!(out, b"one\n");
    }

    #[test]
    fn a_table_with_a_hostile_cell_keeps_its_honest_ones() {
        let mut table = table(["team", "name"]);
        table.add_row(["cards\u{1b}[2J", "Zürich 👍🏽"]);
        let shown = written(&[table.to_string().as_bytes()]);
        assert!(shown.contains(r"cards\u001b[2J") && shown.contains("Zürich 👍🏽"), "{shown}");
    }
}
