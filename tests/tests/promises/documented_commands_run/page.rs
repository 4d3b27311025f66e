//! The blocks of commands of a page, read from its Markdown, each with the marks right before it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};
use ombud_tests::Commands;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::block::{Block, Mark};

/// Fences of these hold commands.
const COMMANDS: [&str; 4] = ["sh", "bash", "shell", "console"];

/// The blocks of a page, each with the marks before it.
pub(super) fn blocks(page: &str, text: &str) -> Result<Vec<Block>> {
    let mut reader = PageReader { page, ..PageReader::default() };
    for (event, range) in Parser::new(text).into_offset_iter() {
        reader.take(event, text[..range.start].matches('\n').count() + 1)?;
    }
    ensure!(reader.marks.is_empty(), "{page}: the last mark has no block: put it right before a fence");
    reader.blocks.into_iter().map(Block::checked).collect()
}

/// A page that is read from its beginning.
#[derive(Default)]
struct PageReader<'a> {
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

impl PageReader<'_> {
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
