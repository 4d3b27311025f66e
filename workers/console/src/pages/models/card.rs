//! A model's card: the Markdown that people and `ombud evaluate` write, as far as cards use it. Everything else stays text, and
//! nothing of it becomes markup or a link: a card comes from whoever made the model.

use maud::{Markup, html};
use ombud_contract::shown::shown;

/// A part of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// With how deep it lies, 1 to 6.
    Heading(usize, String),
    Paragraph(String),
    List(Vec<String>),
    Table {
        header: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    Code(String),
}

/// The parts of a card, without the metadata before it.
pub(super) fn blocks(card: &str) -> Vec<Block> {
    let mut lines = without_metadata(card).lines().peekable();
    let mut blocks: Vec<Block> = Vec::new();
    while let Some(line) = lines.next() {
        let line = line.trim_end();
        if line.trim().is_empty() || is_comment(line) {
            // What follows is a part of its own.
            blocks.push(Block::Paragraph(String::new()));
        } else if line.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            blocks.push(Block::Code(code.join("\n")));
        } else if let Some((depth, text)) = heading(line) {
            blocks.push(Block::Heading(depth, text.to_owned()));
        } else if line.starts_with('|') {
            let mut rows = vec![cells(line)];
            while let Some(next) = lines.next_if(|line| line.starts_with('|')) {
                rows.push(cells(next));
            }
            // The line below the header says how columns are set.
            let rest = rows.split_off(1).into_iter().filter(|row| !is_rule(row)).collect();
            blocks.push(Block::Table { header: rows.pop().unwrap_or_default(), rows: rest });
        } else if let Some(item) = line.strip_prefix("- ") {
            match blocks.last_mut() {
                Some(Block::List(items)) => items.push(item.to_owned()),
                _ => blocks.push(Block::List(vec![item.to_owned()])),
            }
        } else {
            go_on(&mut blocks, line.trim());
        }
    }
    blocks.retain(|block| *block != Block::Paragraph(String::new()));
    blocks
}

/// A line that goes on with the item or the paragraph before it, or begins a paragraph.
fn go_on(blocks: &mut Vec<Block>, line: &str) {
    let before = match blocks.last_mut() {
        Some(Block::List(items)) => items.last_mut(),
        Some(Block::Paragraph(text)) => Some(text),
        _ => None,
    };
    match before {
        Some(text) if text.is_empty() => line.clone_into(text),
        Some(text) => {
            text.push(' ');
            text.push_str(line);
        }
        None => blocks.push(Block::Paragraph(line.to_owned())),
    }
}

/// Metadata is what programs read: YAML between two lines of dashes.
fn without_metadata(card: &str) -> &str {
    let rest = card.strip_prefix("---\n").and_then(|card| card.split_once("\n---"));
    rest.map_or(card, |(_, rest)| rest.split_once('\n').map_or("", |(_, rest)| rest))
}

fn is_comment(line: &str) -> bool {
    line.starts_with("<!--") && line.ends_with("-->")
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let depth = line.bytes().take_while(|byte| *byte == b'#').count();
    let text = line.get(depth..)?.strip_prefix(' ')?;
    (1..=6).contains(&depth).then_some((depth, text.trim()))
}

fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_start_matches('|');
    let line = line.strip_suffix('|').unwrap_or(line);
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn is_rule(row: &[String]) -> bool {
    row.iter().all(|cell| !cell.is_empty() && cell.bytes().all(|byte| matches!(byte, b'-' | b':')))
}

/// The parts as markup, below a heading of the second level.
pub(super) fn markup(blocks: &[Block]) -> Markup {
    html! { @for block in blocks { (one(block)) } }
}

fn one(block: &Block) -> Markup {
    match block {
        Block::Heading(1 | 2, text) => html! { h3 { (inline(text)) } },
        Block::Heading(3, text) => html! { h4 { (inline(text)) } },
        Block::Heading(_, text) => html! { h5 { (inline(text)) } },
        Block::Paragraph(text) => html! { p { (inline(text)) } },
        Block::List(items) => html! { ul { @for item in items { li { (inline(item)) } } } },
        Block::Code(text) => html! { pre { code { (shown(text)) } } },
        Block::Table { header, rows } => html! {
            table.dense {
                thead { tr { @for cell in header { th scope="col" { (inline(cell)) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (at, cell) in row.iter().enumerate() {
                                @if at == 0 { th scope="row" { (inline(cell)) } } @else { td { (inline(cell)) } }
                            }
                        }
                    }
                }
            }
        },
    }
}

/// Text with its code and what is strong in it.
fn inline(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (shown(part)) } } @else {
                @for (at, part) in part.split("**").enumerate() {
                    @if at % 2 == 1 { strong { (shown(part)) } } @else { (shown(part)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_read_as_it_is_written() {
        let card = "---\nlicense: mit\n---\n\n# A bag\n\nIt `reads` words,\none by one.\n\n| a | b |\n|---|---:|\n\
                    | 1 | 2 |\n\n- one\n  more\n- two\n<!-- begin -->\n```sh\nombud up\n```\n";
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(
            blocks(card),
            [
                Block::Heading(1, "A bag".into()),
                Block::Paragraph("It `reads` words, one by one.".into()),
                Block::Table { header: row(["a", "b"]), rows: vec![row(["1", "2"])] },
                Block::List(vec!["one more".into(), "two".into()]),
                Block::Code("ombud up".into()),
            ]
        );
    }

    #[test]
    fn nothing_of_a_card_becomes_markup() {
        let card = "# <img src=x>\n\n<script>alert(1)</script>\n\n- [a](javascript:b)\n\n| <b> |\n|---|\n| \u{202e}x |\n";
        let shown = markup(&blocks(card)).into_string();
        for bad in ["<img", "<script", "<b>", "href", "\u{202e}"] {
            assert!(!shown.contains(bad), "{bad} in {shown}");
        }
    }

    #[test]
    fn the_card_of_the_shipped_model_is_whole() {
        let blocks = blocks(include_str!("../../../../../models/complaints/README.md"));
        let tables = blocks.iter().filter(|block| matches!(block, Block::Table { .. })).count();
        assert!(blocks.contains(&Block::Heading(3, "The dial of vulnerable".into())));
        assert!(tables > 20, "{tables}");
    }
}
