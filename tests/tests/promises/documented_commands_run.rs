//! Every block of commands on the pages runs as it stands, from the page itself, or says on the page why it can't.
//!
//! A block is a fence of `sh`, `bash`, `shell` or `console`. Right before it may stand comments that the rendered page does
//! not show, one a line:
//!
//! - `<!-- not run: WHY -->`: it can't run as it stands. WHY says so in plain words.
//! - `<!-- shell: NAME -->`: all blocks of this name run in one shell, one after the other, in the order of [`pages`].
//! - `<!-- beside: ombud up -->`: a running `up` is there, which curl finds at 127.0.0.1:8080.
//! - `<!-- until: TEXT -->`: it goes on until Ctrl-C; it gets that once it has printed TEXT, and must end well then.
//! - `<!-- prints: TEXT -->`: what the page promises: TEXT is among what it prints.
//! - `<!-- fields: below -->`: the last line is a JSON object, of the fields that the paragraph below lists.
//!
//! A block without comments runs in a shell of its own. Blocks of a shell in which servers are started get servers of their
//! own; data lie in a folder of the test, and what a block writes beside itself is gone at the end.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use ombud_tests::{Commands, Printed, Services, Serving, Shell, repository};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// Fences of these hold commands.
const COMMANDS: [&str; 4] = ["sh", "bash", "shell", "console"];
/// What a shell in which a block says this needs: servers.
const STARTS_SERVERS: &str = "scripts/services start";
/// Where a running `up` listens by default.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8080";

/// A block of commands as its page has it.
#[derive(Debug)]
struct Block {
    commands: Commands,
    marks: BTreeMap<Mark, String>,
    /// What the paragraph below it lists as code.
    listed_below: BTreeSet<String>,
}

/// What a comment before a block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    NotRun,
    Shell,
    Beside,
    Until,
    Prints,
    Fields,
}

impl Mark {
    const ALL: [(&str, Self); 6] = [
        ("not run", Self::NotRun),
        ("shell", Self::Shell),
        ("beside", Self::Beside),
        ("until", Self::Until),
        ("prints", Self::Prints),
        ("fields", Self::Fields),
    ];

    fn known() -> String {
        Self::ALL.map(|(name, _)| format!("<!-- {name}: ... -->")).join(", ")
    }

    /// The mark that a comment is, with what it says; `None` for any other comment.
    fn of(comment: &str) -> Option<(Self, String)> {
        let inside = comment.trim().strip_prefix("<!--")?.trim_end_matches("-->");
        let (name, said) = inside.split_once(':')?;
        let (_, mark) = Self::ALL.iter().find(|(known, _)| *known == name.trim())?;
        Some((*mark, said.split_whitespace().collect::<Vec<_>>().join(" ")))
    }
}

impl Block {
    fn place(&self) -> String {
        format!("{}:{}", self.commands.page, self.commands.line)
    }

    fn says(&self, mark: Mark) -> Option<&str> {
        self.marks.get(&mark).map(String::as_str)
    }

    /// Refuses marks that contradict each other, or say nothing.
    fn checked(self) -> Result<Self> {
        let place = self.place();
        let alone = |mark: Mark| self.marks.contains_key(&mark) && self.marks.len() > 1;
        for (mark, said) in &self.marks {
            ensure!(
                !said.is_empty(),
                "{place}: `{mark:?}` says nothing: write what, or why, behind the colon"
            );
        }
        ensure!(!alone(Mark::NotRun), "{place}: a block that is not run needs no other mark");
        ensure!(
            !self.marks.contains_key(&Mark::Shell)
                || !(self.marks.contains_key(&Mark::Until) || self.marks.contains_key(&Mark::Beside)),
            "{place}: `until` and `beside` are for a block in a shell of its own: leave `shell` out"
        );
        for (mark, known) in [(Mark::Beside, "ombud up"), (Mark::Fields, "below")] {
            ensure!(
                self.says(mark).is_none_or(|said| said == known),
                "{place}: {mark:?} can only be `{known}`"
            );
        }
        ensure!(
            self.says(Mark::Fields).is_none() || !self.listed_below.is_empty(),
            "{place}: no field stands as code in the paragraph below"
        );
        Ok(self)
    }

    /// Holds what the page promises against what was printed.
    fn judge(&self, printed: &Printed) -> Result<()> {
        let (place, all) = (self.place(), printed.lines.join("\n"));
        if let Some(text) = self.says(Mark::Prints) {
            ensure!(all.contains(text), "{place} did not print `{text}`, but\n{all}");
        }
        if self.says(Mark::Fields).is_some() {
            let line = printed.stdout.last().with_context(|| format!("{place} printed nothing"))?;
            let object: BTreeMap<String, serde_json::Value> = serde_json::from_str(line)
                .with_context(|| format!("{place}: the last line is no JSON object: {line}"))?;
            let fields: BTreeSet<String> = object.into_keys().collect();
            ensure!(
                fields == self.listed_below,
                "{place} printed {fields:?}, the page lists {:?}",
                self.listed_below
            );
        }
        Ok(())
    }
}

/// The blocks of a page, each with the marks before it.
fn blocks(page: &str, text: &str) -> Result<Vec<Block>> {
    let mut reading = Reading { page, ..Reading::default() };
    for (event, range) in Parser::new(text).into_offset_iter() {
        reading.take(event, text[..range.start].matches('\n').count() + 1)?;
    }
    ensure!(reading.marks.is_empty(), "{page}: the last mark has no block: put it right before a fence");
    reading.blocks.into_iter().map(Block::checked).collect()
}

/// A page that is read from its beginning.
#[derive(Default)]
struct Reading<'a> {
    page: &'a str,
    blocks: Vec<Block>,
    /// Those whose block has not come yet.
    marks: BTreeMap<Mark, String>,
    html: String,
    /// A comment that is no mark was the last thing.
    stray: bool,
    fence: Option<Commands>,
    /// The paragraph right below the last block.
    below: Below,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Below {
    Next,
    Within,
    #[default]
    Elsewhere,
}

impl Reading<'_> {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<()> {
        let place = format!("{}:{line}", self.page);
        let between = matches!(
            event,
            Event::Start(Tag::HtmlBlock | Tag::CodeBlock(_)) | Event::Html(_) | Event::End(TagEnd::HtmlBlock)
        );
        ensure!(
            between || self.fence.is_some() || self.marks.is_empty(),
            "{place}: the mark before this has no block: put it right before a fence"
        );
        self.stray &= between;
        match event {
            Event::Html(html) => self.html.push_str(&html),
            Event::End(TagEnd::HtmlBlock) => {
                for comment in std::mem::take(&mut self.html).split_inclusive("-->") {
                    let Some((mark, said)) = Mark::of(comment) else {
                        self.stray |= !comment.trim().is_empty();
                        continue;
                    };
                    ensure!(self.marks.insert(mark, said).is_none(), "{place}: {mark:?} is said twice");
                }
            }
            Event::InlineHtml(html) => {
                ensure!(
                    Mark::of(&html).is_none(),
                    "{place}: a mark stands on a line of its own, before a fence"
                );
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                bail!("{place}: write it as a fence with its language, so that it is known whether it is run")
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                ensure!(
                    !language.is_empty(),
                    "{place}: say the fence's language: sh for commands, text for none"
                );
                let is_commands = COMMANDS.contains(&&*language);
                ensure!(
                    !(is_commands && self.stray),
                    "{place}: the comment before this is no mark: {}",
                    Mark::known()
                );
                ensure!(
                    is_commands || self.marks.is_empty(),
                    "{place}: the mark before this has no block of commands"
                );
                let commands =
                    || Commands { page: self.page.to_owned(), line: line + 1, text: String::new() };
                self.fence = is_commands.then(commands);
            }
            Event::Text(text) => self.fence.iter_mut().for_each(|commands| commands.text.push_str(&text)),
            Event::End(TagEnd::CodeBlock) => {
                let Some(commands) = self.fence.take() else { return Ok(()) };
                let marks = std::mem::take(&mut self.marks);
                self.blocks.push(Block { commands, marks, listed_below: BTreeSet::new() });
                self.below = Below::Next;
            }
            Event::Start(Tag::Paragraph) if self.below == Below::Next => self.below = Below::Within,
            Event::End(TagEnd::Paragraph) | Event::Start(Tag::Heading { .. } | Tag::List(_)) => {
                self.below = Below::Elsewhere
            }
            Event::Code(code) if self.below == Below::Within => {
                if let Some(block) = self.blocks.last_mut() {
                    block.listed_below.insert(code.to_string());
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The pages, in the order in which they are read: README.md, DEVELOPERS.md, then the others by name.
fn pages() -> Result<Vec<String>> {
    let mut pages = ["README.md", "DEVELOPERS.md"].map(str::to_owned).to_vec();
    let mut folders: Vec<PathBuf> = ["docs", "examples", "schemas"].map(PathBuf::from).into();
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(repository().join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                found.insert(path.to_string_lossy().into_owned());
            }
        }
    }
    pages.extend(found);
    Ok(pages)
}

fn read(page: &str) -> Result<Vec<Block>> {
    let text = fs::read_to_string(Path::new(repository()).join(page)).with_context(|| page.to_owned())?;
    blocks(page, &text)
}

/// The blocks that run, shell by shell.
fn shells() -> Result<Vec<Vec<Block>>> {
    let (mut named, mut shells): (BTreeMap<String, usize>, Vec<Vec<Block>>) = Default::default();
    for page in pages()? {
        for block in read(&page)?.into_iter().filter(|block| block.says(Mark::NotRun).is_none()) {
            match block.says(Mark::Shell).map(str::to_owned) {
                None => shells.push(vec![block]),
                Some(name) => match named.get(&name) {
                    Some(shell) => shells[*shell].push(block),
                    None => {
                        named.insert(name, shells.len());
                        shells.push(vec![block]);
                    }
                },
            }
        }
    }
    Ok(shells)
}

fn starts_servers(shell: &[Block]) -> bool {
    shell.iter().any(|block| block.commands.text.contains(STARTS_SERVERS))
}

/// Runs the blocks of one shell, and holds what they print against what the pages promise.
fn run(mut shell: Shell, blocks: &[Block]) -> Result<()> {
    if let [block] = blocks
        && let Some(text) = block.says(Mark::Until)
    {
        return block.judge(&shell.run_until(&block.commands, text)?);
    }
    let up = match blocks.iter().any(|block| block.says(Mark::Beside).is_some()) {
        true => Some(Serving::start(&shell.data())?),
        false => None,
    };
    if let Some(up) = &up {
        shell.set("OMBUD_HTTP__ADDRESS", up.address());
        shell.redirect(DEFAULT_ADDRESS, up.address())?;
    }
    let commands: Vec<Commands> = blocks.iter().map(|block| block.commands.clone()).collect();
    let printed = shell.run(&commands)?;
    blocks.iter().zip(&printed).try_for_each(|(block, printed)| block.judge(printed))
}

#[test]
fn blocks_that_need_no_servers_run_as_they_stand() -> Result<()> {
    let shells: Vec<_> = shells()?.into_iter().filter(|shell| !starts_servers(shell)).collect();
    assert!(!shells.is_empty());
    shells.iter().try_for_each(|blocks| run(Shell::new()?, blocks))
}

#[test]
fn blocks_on_brokers_run_as_they_stand() -> Result<()> {
    let shells: Vec<_> = shells()?.into_iter().filter(|shell| starts_servers(shell)).collect();
    assert!(!shells.is_empty());
    for blocks in shells {
        let services = Services::unstarted()?;
        let mut shell = Shell::new()?;
        services.place().iter().for_each(|(name, value)| shell.set(name, value));
        run(shell, &blocks)?;
    }
    Ok(())
}

/// What is wrong with a page.
fn refused(text: &str) -> String {
    format!("{:#}", blocks("page.md", text).unwrap_err())
}

#[test]
fn a_mark_without_a_reason_is_refused() {
    assert!(refused("<!-- not run: -->\n```sh\ntrue\n```\n").starts_with("page.md:3: `NotRun` says nothing"));
}

#[test]
fn a_mark_without_a_block_is_refused() {
    assert!(
        refused("<!-- not run: it is slow -->\n\nText.\n")
            .starts_with("page.md:3: the mark before this has no block")
    );
    assert!(
        refused("<!-- prints: it -->\n```toml\na = 1\n```\n")
            .starts_with("page.md:2: the mark before this has no block")
    );
    assert!(
        refused("Text.\n\n<!-- not run: it is slow -->\n").starts_with("page.md: the last mark has no block")
    );
    assert!(
        refused("See <!-- not run: it is slow --> there.\n")
            .starts_with("page.md:1: a mark stands on a line of its own")
    );
}

#[test]
fn a_comment_before_a_block_that_is_no_mark_is_refused() {
    let said = refused("<!-- no run: it is slow -->\n```sh\ntrue\n```\n");
    assert!(
        said.starts_with("page.md:2: the comment before this is no mark: <!-- not run: ... -->"),
        "{said}"
    );
}

#[test]
fn a_block_that_may_or_may_not_be_commands_is_refused() {
    assert!(refused("```\nombud up\n```\n").starts_with("page.md:1: say the fence's language"));
    assert!(refused("Text.\n\n    ombud up\n").starts_with("page.md:3: write it as a fence"));
}

#[test]
fn a_block_has_the_marks_before_it_and_what_is_listed_below_it() {
    let text = "<!-- for writers: not a mark -->\n# Page\n\n<!-- shell: one -->\n<!-- fields: below -->\n```sh\nls\nls -a\n```\n\n\
                Its fields: `a`, `b`.\n\nNot `c`.\n\n```sh\npwd\n```\n";
    let [first, second] = &blocks("page.md", text).unwrap()[..] else { panic!("two blocks") };
    assert_eq!(first.commands, Commands { page: "page.md".into(), line: 7, text: "ls\nls -a\n".into() });
    assert_eq!(first.marks, [(Mark::Shell, "one".to_owned()), (Mark::Fields, "below".to_owned())].into());
    assert_eq!(first.listed_below, ["a".to_owned(), "b".to_owned()].into());
    assert!(second.marks.is_empty() && second.listed_below.is_empty(), "{second:?}");
}

/// What a page's blocks fail with.
fn failed(text: &str) -> String {
    let blocks = blocks("docs/page.md", text).unwrap();
    format!("{:#}", run(Shell::new().unwrap(), &blocks).unwrap_err())
}

#[test]
fn a_block_that_fails_is_named_with_its_line_and_what_it_printed() {
    let said = failed("```sh\ntrue\n```\n\n```sh\necho so far\nls /nowhere-at-all\necho unreached\n```\n");
    assert!(said.starts_with("docs/page.md:6 failed (exit status: 2):\n"), "{said}");
    assert!(
        said.contains("so far") && said.contains("docs/page.md:7: exit code 2: ls /nowhere-at-all"),
        "{said}"
    );
    assert!(!said.contains("unreached"), "{said}");
}

#[test]
fn a_block_that_does_not_print_what_the_page_promises_fails() {
    assert!(failed("<!-- prints: routed -->\n```sh\necho nothing\n```\n").contains("did not print `routed`"));
    let said = failed("<!-- fields: below -->\n```sh\necho '{\"a\": 1}'\n```\n\nIts fields: `a`, `b`.\n");
    assert!(said.contains("printed {\"a\"}, the page lists {\"a\", \"b\"}"), "{said}");
    let said = failed("<!-- until: ready -->\n```sh\necho done\n```\n");
    assert!(said.contains("ended before it had printed `ready`"), "{said}");
}

#[test]
fn what_a_block_leaves_running_ends_with_its_shell() -> Result<()> {
    let blocks = blocks("page.md", "```sh\nsleep 1000 &\necho \"process $!\"\n```\n")?;
    let printed = Shell::new()?.run(&[blocks[0].commands.clone()])?;
    let process = printed[0].stdout[0].strip_prefix("process ").context("its id")?;
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Nobody may have asked for its exit code yet.
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
    Ok(())
}
