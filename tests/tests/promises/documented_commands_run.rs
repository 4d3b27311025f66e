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

mod block;
mod page;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use block::{Block, Mark};
use ombud_tests::{Commands, Services, Serving, Shell, repository};
use page::blocks;

/// What a shell in which a block says this needs: servers.
const STARTS_SERVERS: &str = "scripts/services start";
/// Where a running `up` listens by default.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8080";

/// The pages that are read before the others.
const FIRST: [&str; 3] = ["README.md", "docs/first-run.md", "CONTRIBUTING.md"];

/// The pages, in the order in which they are read: [`FIRST`], then the others by name.
fn pages() -> Result<Vec<String>> {
    let mut pages = FIRST.map(str::to_owned).to_vec();
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
    pages.extend(found.into_iter().filter(|page| !FIRST.contains(&page.as_str())));
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
