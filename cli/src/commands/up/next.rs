//! What `up` prints below its tables: where it serves, how to stop it, and which command shows a case.

use std::net::SocketAddr;

use crate::output::screen::{Screen, Style};

/// What can be done next.
pub(crate) struct NextSteps<'a> {
    /// Where it serves; `None` where it ends.
    pub(crate) serves: Option<SocketAddr>,
    /// Where people open the console; `None` where nobody signs in there.
    pub(crate) console: Option<&'a str>,
    /// The page on which the first user chooses a password; `None` where somebody has one.
    pub(crate) first_link: Option<&'a str>,
    /// A case to look at.
    pub(crate) case: Option<&'a str>,
    /// The data folder, where it was named by a flag.
    pub(crate) data: Option<&'a str>,
}

impl NextSteps<'_> {
    /// Each in a line.
    pub(crate) fn lines(&self, screen: Screen) -> String {
        let command = |text: &str| screen.styled(Style::Bold, text);
        let mut lines = String::new();
        if let Some(case) = self.case.filter(|case| is_plain(case)) {
            let data = self.data.filter(|data| is_plain(data));
            let data = data.map(|data| format!(" --data {data}")).unwrap_or_default();
            lines += &format!("{}  prints a case\n", command(&format!("ombud show {case}{data}")));
        }
        if let Some(console) = self.console {
            lines += &format!("console  {}\n", command(console));
        }
        if let Some(page) = self.first_link {
            lines += &format!("{page}  is where the first user chooses a password, once, within a day\n");
        }
        if let Some(address) = self.serves {
            lines += &format!("serves http://{address} until Ctrl-C\n");
        }
        lines
    }
}

/// Whether a shell takes it as it is, so that a name from outside can't be read as a command.
fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    !word.starts_with('-') && word.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(serves: Option<SocketAddr>, case: Option<&str>, data: Option<&str>) -> String {
        NextSteps { serves, console: None, first_link: None, case, data }.lines(Screen::new(80, false))
    }

    #[test]
    fn a_case_is_shown_by_a_command_that_can_be_copied_and_who_serves_says_where() {
        let here = SocketAddr::from(([127, 0, 0, 1], 8080));
        assert_eq!(
            lines(Some(here), Some("c-1"), Some("/srv/ombud")),
            "ombud show c-1 --data /srv/ombud  prints a case\nserves http://127.0.0.1:8080 until Ctrl-C\n"
        );
        assert_eq!(lines(None, Some("c-1"), None), "ombud show c-1  prints a case\n");
        let next = NextSteps {
            serves: Some(here),
            console: Some("http://127.0.0.1:8080/"),
            first_link: Some("http://127.0.0.1:8080/x"),
            case: None,
            data: None,
        };
        assert_eq!(
            next.lines(Screen::new(80, false)),
            "console  http://127.0.0.1:8080/\n\
             http://127.0.0.1:8080/x  is where the first user chooses a password, once, within a day\n\
             serves http://127.0.0.1:8080 until Ctrl-C\n"
        );
        for odd in ["c 1", "$(reboot)", "c-1;ls", "--help", "c\u{1b}[2J"] {
            assert_eq!(lines(None, Some(odd), None), "", "{odd}");
        }
    }
}
