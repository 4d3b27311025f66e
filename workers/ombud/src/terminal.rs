//! What people look at: tables, progress bars on stderr, and log lines that don't tear them.

use std::io::{self, Write};

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tracing_subscriber::fmt::MakeWriter;

/// An empty table with these columns.
pub(crate) fn table<const N: usize>(columns: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(columns);
    table
}

/// The terminal's lower edge, shared by bars and log lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terminal(MultiProgress);

impl Terminal {
    /// A bar of complaints, with rate and time left.
    pub(crate) fn bar(&self, what: &'static str) -> ProgressBar {
        self.with(
            "{msg:>10} {wide_bar} {human_pos}/{human_len} {per_sec:>12} {elapsed_precise} left {eta:>4}",
            what,
        )
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
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
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
        // The bars give way while the line is written.
        self.0.suspend(|| io::stderr().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
