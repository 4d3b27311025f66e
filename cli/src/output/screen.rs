//! Where output is read: how wide it is, and whether it has colours.
//!
//! A terminal has its own width and colours; a file, a pipe or another program has 80 columns and none. `NO_COLOR` takes the
//! colours away, `CLICOLOR_FORCE` gives them to a pipe as well. What programs read is asked for with `--json`, and has neither
//! width nor colours.

use std::{
    env, fmt,
    io::{self, IsTerminal},
    ops::{Deref, DerefMut},
    sync::OnceLock,
};

use comfy_table::{ContentArrangement, presets::UTF8_FULL_CONDENSED};
use rustix::termios::tcgetwinsize;

/// The width of what is no terminal.
const USUAL_WIDTH: u16 = 80;
/// A table is never narrower than this.
const LEAST_WIDTH: u16 = 40;

/// A style of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Bold,
    Red,
    Green,
    Yellow,
}

impl Style {
    /// The parameter of the escape sequence "select graphic rendition".
    fn code(self) -> u8 {
        match self {
            Self::Bold => 1,
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
        }
    }
}

/// Where output is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    width: u16,
    /// Stands for the escape character in what we style ourselves, until
    /// [`crate::output::terminal::Escaped`] has escaped what came from outside: random, so that nobody outside can write it.
    mark: Option<u128>,
}

impl Screen {
    /// That of this process's stdout.
    pub(crate) fn of_process() -> Self {
        static SCREEN: OnceLock<Screen> = OnceLock::new();
        *SCREEN.get_or_init(|| {
            let stdout = io::stdout();
            let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
            let coloured = has_colours(
                stdout.is_terminal(),
                is_set("NO_COLOR"),
                env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0"),
                env::var_os("TERM").is_some_and(|term| term == "dumb"),
            );
            let found = stdout.is_terminal().then(|| tcgetwinsize(&stdout).ok()).flatten();
            // A terminal that does not know its width says 0.
            let width = found.map(|size| size.ws_col).filter(|width| *width > 0);
            Self::new(width.map_or(USUAL_WIDTH, |width| width.max(LEAST_WIDTH)), coloured)
        })
    }

    /// One of that width.
    pub(crate) fn new(width: u16, coloured: bool) -> Self {
        Self { width, mark: coloured.then(rand::random) }
    }

    /// How many columns it has.
    pub(crate) fn width(self) -> usize {
        self.width.into()
    }

    /// An empty table with these columns, no wider than the screen.
    pub(crate) fn table<const N: usize>(self, columns: [&str; N]) -> Table {
        let mut table = comfy_table::Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.width)
            .set_header(columns);
        Table { table, screen: self }
    }

    /// `text` in this style.
    pub(crate) fn styled(self, style: Style, text: impl fmt::Display) -> String {
        match self.mark() {
            None => text.to_string(),
            Some(mark) => format!("{mark}[{}m{text}{mark}[0m", style.code()),
        }
    }

    /// `escaped`, which holds no escape sequences any more, with our own styles as escape sequences.
    pub(crate) fn with_styles(self, escaped: String) -> String {
        match self.mark() {
            None => escaped,
            Some(mark) => escaped.replace(&mark, "\u{1b}"),
        }
    }

    fn mark(self) -> Option<String> {
        self.mark.map(|mark| format!("<{mark:032x}>"))
    }
}

fn has_colours(is_terminal: bool, no_color: bool, forced: bool, is_dumb: bool) -> bool {
    !no_color && (forced || is_terminal && !is_dumb)
}

/// A table of a screen, with its header in bold.
pub(crate) struct Table {
    table: comfy_table::Table,
    screen: Screen,
}

impl Deref for Table {
    type Target = comfy_table::Table;

    fn deref(&self) -> &Self::Target {
        &self.table
    }
}

impl DerefMut for Table {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.table
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Lines of the header stand between the upper edge and the double line.
        let text = self.table.to_string();
        let header = text.lines().take_while(|line| !line.starts_with('╞')).count();
        for (number, line) in text.lines().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            if number > 0 && number < header {
                write!(f, "{}", self.screen.styled(Style::Bold, line))?;
            } else {
                f.write_str(line)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn colours_are_a_terminals_and_no_color_takes_them_from_whoever_forces_them() {
        for (is_terminal, no_color, forced, is_dumb, coloured) in [
            (true, false, false, false, true),
            (true, true, false, false, false),
            (true, false, false, true, false),
            (false, false, false, false, false),
            (false, false, true, false, true),
            (false, true, true, false, false),
        ] {
            assert_eq!(has_colours(is_terminal, no_color, forced, is_dumb), coloured);
        }
    }

    #[test]
    fn a_table_fits_its_screen_and_keeps_every_character_of_its_cells() {
        let version = "08364c3c8331a0e65b770ff054d1e6f319c625bfaa57582ffc4d6991b374e334";
        for width in [40, 80, 120] {
            let mut table = Screen::new(width, false).table(["model", "version", "what it says"]);
            table.add_row(["complaints", version, "Zürich 東京: a sentence that is rather long for a cell"]);
            let text = table.to_string();
            assert!(text.lines().all(|line| line.width() <= width.into()), "{text}");
            let cells: String =
                text.lines().filter_map(|line| line.split('┆').nth(1)).skip(1).map(str::trim).collect();
            assert_eq!(cells, version, "{text}");
        }
    }

    #[test]
    fn only_what_this_screen_styled_is_put_into_force() {
        let screen = Screen::new(80, true);
        let bold = screen.styled(Style::Bold, "case");
        assert_eq!(screen.with_styles(bold.clone()), "\u{1b}[1mcase\u{1b}[0m");
        assert_eq!(Screen::new(80, true).with_styles(bold.clone()), bold, "another's mark is text");
        assert_eq!(Screen::new(80, false).styled(Style::Red, "case"), "case");
    }
}
