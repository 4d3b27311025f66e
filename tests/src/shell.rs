//! Commands of a page, run as its reader runs them: block by block in one bash, in a folder that looks like the repository.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::{fs::symlink, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::{binary, repository};

/// How long one block may take: the slowest builds the command, or starts three servers.
const BLOCK_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a block that is stopped by Ctrl-C may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a shell that prints nothing is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Lines that may wait to be looked at; a process that prints more waits.
const MOST_WAITING_LINES: usize = 1_024;
/// How much of what a block printed is in an error.
const MOST_SHOWN_LINES: usize = 60;
/// What the shell prints before each block: no command prints this.
const NEXT_BLOCK: &str = "\u{1}block";
/// What the repository's root has that the folder must not: cargo looks for its workspace further up.
const NOT_LINKED: [&str; 4] = ["Cargo.toml", "Cargo.lock", "target", ".git"];

/// The commands of one block of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands {
    /// The page, from the repository's root.
    pub page: String,
    /// The line of the first command.
    pub line: usize,
    /// What the reader pastes.
    pub text: String,
}

/// What a block printed.
#[derive(Debug, Default)]
pub struct Printed {
    /// The lines on its standard output.
    pub stdout: Vec<String>,
    /// All lines, as they came.
    pub lines: Vec<String>,
}

/// A reader's shell that is not open yet.
pub struct Shell {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// A line that the shell's processes printed.
enum Line {
    Stdout(String),
    Stderr(String),
}

impl Shell {
    /// A shell in a folder of its own, below the repository: cargo finds the workspace from there.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn new() -> Result<Self> {
        let target = repository().join("target/tmp");
        fs::create_dir_all(&target)?;
        let folder = tempfile::Builder::new().prefix("shell-").tempdir_in(target)?;
        let looks_like_ours = folder.path().join("repository");
        for made in [&looks_like_ours, &folder.path().join("data")] {
            fs::create_dir(made)?;
        }
        // What a block writes beside them is gone with the folder.
        for entry in fs::read_dir(repository())? {
            let entry = entry?;
            if !NOT_LINKED.iter().any(|name| entry.file_name() == *name) {
                symlink(entry.path(), looks_like_ours.join(entry.file_name()))?;
            }
        }
        let mut shell = Self { folder, variables: Vec::new() };
        shell.set("OMBUD_DATA", &shell.data().to_string_lossy());
        shell.set("OMBUD_HTTP__ADDRESS", "127.0.0.1:0");
        Ok(shell)
    }

    /// The data folder of all that it runs.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A variable that everything in it finds.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Lets curl, which asks for `named`, find what listens at `address`.
    ///
    /// # Errors
    /// Its settings can't be written.
    pub fn redirect(&mut self, named: &str, address: &str) -> Result<()> {
        let home = self.folder.path().join("curl");
        fs::create_dir_all(&home)?;
        fs::write(home.join(".curlrc"), format!("connect-to = \"{named}:{address}\"\n"))?;
        self.set("CURL_HOME", &home.to_string_lossy());
        Ok(())
    }

    /// Runs the blocks one after the other, as far as the first that fails; gives what each printed. All that they have
    /// started is ended then.
    ///
    /// # Errors
    /// A block fails or does not end: its place and what it printed are in the error.
    pub fn run(&self, blocks: &[Commands]) -> Result<Vec<Printed>> {
        let mut running = Running::start(self.command(blocks)?)?;
        let ended = running.wait(blocks, |_| false)?;
        running.end();
        running.judge(blocks, ended)
    }

    /// Runs a block that goes on until Ctrl-C, which it gets once it has printed `text`; gives what it printed.
    ///
    /// # Errors
    /// It ends without printing the text, or badly.
    pub fn run_until(&self, block: &Commands, text: &str) -> Result<Printed> {
        let blocks = std::slice::from_ref(block);
        let mut running = Running::start(self.command(blocks)?)?;
        let is_there = |printed: &Printed| printed.lines.iter().any(|line| line.contains(text));
        if let Some(ended) = running.wait(blocks, is_there)? {
            running.end();
            running.judge(blocks, Some(ended))?;
            bail!("{}:{} ended before it had printed `{text}`", block.page, block.line);
        }
        running.interrupt()?;
        running.bound = STOP_TIMEOUT;
        let ended = running.wait(blocks, |_| false)?;
        running.end();
        running.judge(blocks, ended)?.pop().context("what it printed")
    }

    fn command(&self, blocks: &[Commands]) -> Result<Command> {
        let folder = self.folder.path();
        let mut story = String::from(PROLOGUE);
        for (number, block) in blocks.iter().enumerate() {
            // At its lines and under its name, so that bash's messages lead to the page.
            let file = folder.join("blocks").join(number.to_string()).join(&block.page);
            fs::create_dir_all(file.parent().unwrap_or(folder))?;
            fs::write(&file, "\n".repeat(block.line.saturating_sub(1)) + &block.text)?;
            story += &format!("echo '{NEXT_BLOCK} {number}'\nsource '{}'\n", file.display());
        }
        let script = folder.join("story.sh");
        fs::write(&script, story)?;

        let path = std::env::var_os("PATH").unwrap_or_default();
        let with_ombud =
            binary()?.parent().map(Path::to_owned).into_iter().chain(std::env::split_paths(&path));
        let mut bash = Command::new("bash");
        for (name, _) in std::env::vars_os().filter(|(name, value)| is_the_tests(name, value)) {
            bash.env_remove(name);
        }
        bash.arg(script)
            .env("PATH", std::env::join_paths(with_ombud)?)
            .env("BLOCKS", folder.join("blocks"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(folder.join("repository"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        Ok(bash)
    }
}

/// What begins the names of variables that no reader has, but whoever runs the tests.
const THE_TESTS: [&str; 5] = ["OMBUD_", "NEXTEST", "CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_EXE_"];

/// Whether a variable comes from whoever runs the tests, such as cargo's own setting of LIBTORCH, which is handed on to them.
/// Cargo builds anew what looked at one where it comes or goes.
fn is_the_tests(name: &OsStr, value: &OsStr) -> bool {
    let named = name.to_string_lossy();
    THE_TESTS.iter().any(|begin| named.starts_with(begin))
        || (named == "LIBTORCH" && Path::new(value) == repository().join(".libtorch"))
}

/// The shell ends with whoever holds the other end of its input, and takes all that it has started along; blocks get no
/// input. The first command that fails is named.
const PROLOGUE: &str = r#"exec 3<&0 </dev/null
{ trap '' INT; cat <&3; kill -KILL 0; } &
disown
exec 3<&-
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]#"$BLOCKS"/*/}:$LINENO: exit code $?: $BASH_COMMAND" >&2' ERR
"#;

/// An open shell; it and all that it has started are killed when this is dropped.
struct Running {
    child: Child,
    lines: Receiver<Line>,
    printed: Vec<Printed>,
    bound: Duration,
}

impl Running {
    fn start(mut command: Command) -> Result<Self> {
        let mut child = command.spawn().context("start bash")?;
        let (tell, lines) = sync_channel(MOST_WAITING_LINES);
        follow(child.stdout.take().context("its output")?, tell.clone(), Line::Stdout);
        follow(child.stderr.take().context("its errors")?, tell, Line::Stderr);
        Ok(Self { child, lines, printed: Vec::new(), bound: BLOCK_TIMEOUT })
    }

    /// Waits until it has ended, or until what the last block printed is `enough`: then the status is `None`.
    fn wait(&mut self, blocks: &[Commands], enough: impl Fn(&Printed) -> bool) -> Result<Option<ExitStatus>> {
        let mut until = Instant::now() + self.bound;
        loop {
            match self.lines.recv_timeout(POLL_INTERVAL) {
                Ok(line) => {
                    if self.note(line) {
                        until = Instant::now() + self.bound;
                    } else if self.printed.last().is_some_and(&enough) {
                        return Ok(None);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    if let Some(ended) = self.child.try_wait()? {
                        return Ok(Some(ended));
                    }
                }
            }
            if Instant::now() > until {
                let (place, said) = self.last(blocks);
                bail!("{place} has not ended after {:?}:\n{said}", self.bound);
            }
        }
    }

    /// Keeps a line with the block that runs; whether another one begins with it.
    fn note(&mut self, line: Line) -> bool {
        match (line, self.printed.last_mut()) {
            // Behind what the block before has printed without ending its line.
            (Line::Stdout(line), _) if line.contains(NEXT_BLOCK) => {
                self.printed.push(Printed::default());
                return true;
            }
            (Line::Stdout(line), Some(printed)) => {
                printed.stdout.push(line.clone());
                printed.lines.push(line);
            }
            (Line::Stderr(line), Some(printed)) => printed.lines.push(line),
            // Of bash itself, before the first block.
            (Line::Stdout(line) | Line::Stderr(line), None) => eprintln!("{line}"),
        }
        false
    }

    /// Ctrl-C.
    fn interrupt(&self) -> Result<()> {
        let group = format!("-{}", self.child.id());
        let told = Command::new("kill").args(["-INT", "--", &group]).status()?;
        ensure!(told.success(), "kill -INT {group}");
        Ok(())
    }

    /// Ends whatever still runs, and takes what was printed last.
    fn end(&mut self) {
        drop(self.child.stdin.take());
        while let Ok(line) = self.lines.recv_timeout(STOP_TIMEOUT) {
            self.note(line);
        }
    }

    fn judge(&mut self, blocks: &[Commands], ended: Option<ExitStatus>) -> Result<Vec<Printed>> {
        if !ended.is_some_and(|ended| ended.success()) || self.printed.len() < blocks.len() {
            let how = ended.map_or_else(String::new, |ended| format!(" ({ended})"));
            let (place, said) = self.last(blocks);
            bail!("{place} failed{how}:\n{said}");
        }
        Ok(std::mem::take(&mut self.printed))
    }

    /// The block that was begun last, and the end of what it printed.
    fn last(&self, blocks: &[Commands]) -> (String, String) {
        let block = self.printed.len().checked_sub(1).and_then(|number| blocks.get(number));
        let place = block.map_or("bash".to_owned(), |block| format!("{}:{}", block.page, block.line));
        let lines = self.printed.last().map_or(&[][..], |printed| &printed.lines);
        (place, lines[lines.len().saturating_sub(MOST_SHOWN_LINES)..].join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It is killed by its own guard; fails when it was waited for.
        let _ = self.child.wait();
    }
}

/// Hands on the lines of a pipe until nobody holds its other end.
fn follow(
    pipe: impl Read + Send + 'static,
    tell: SyncSender<Line>,
    stream: impl Fn(String) -> Line + Send + 'static,
) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            if tell.send(stream(String::from_utf8_lossy(&line).into_owned())).is_err() {
                break;
            }
        }
    });
}
