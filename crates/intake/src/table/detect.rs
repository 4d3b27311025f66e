//! How a file is written, by its first lines and its name.

use std::{collections::BTreeSet, io, path::Path};

use serde_json::{Map, Value};

use crate::{columns::normalised, documents::SOURCE, lines::Lines, nesting::Nesting};

/// How many lines are looked at to tell what JSON is: several, because the first may be broken, or lack what the others have.
const LOOK_AT_LINES: usize = 10;

/// Whether there is nothing but white space in the first lines, and no more of them.
pub(super) fn is_blank(head: &mut Lines) -> io::Result<bool> {
    for at in 0..LOOK_AT_LINES {
        match head.ahead(at)? {
            Some(line) if line.is_blank() => {}
            line => return Ok(line.is_none()),
        }
    }
    Ok(false)
}

/// Whether the text begins with an object, or with a list of objects or lists.
pub(super) fn is_json(head: &mut Lines) -> io::Result<bool> {
    let mut begins = Vec::new();
    for at in 0..LOOK_AT_LINES {
        let Some(line) = head.ahead(at)? else { break };
        begins.extend(line.bytes.iter().filter(|byte| !byte.is_ascii_whitespace()).take(2));
        if begins.len() > 1 {
            break;
        }
    }
    Ok(matches!(begins[..], [b'{', ..] | [b'[', b'{' | b'[' | b']', ..]))
}

/// Whether objects stand one on each line: the first line is whole, or it is broken within a string, where no program
/// breaks a line that writes an object over several.
pub(super) fn is_one_a_line(head: &mut Lines) -> io::Result<bool> {
    if !is_json(head)? {
        return Ok(true);
    }
    for at in 0..LOOK_AT_LINES {
        let Some(line) = head.ahead(at)? else { break };
        if line.is_blank() {
            continue;
        }
        let is_whole = || serde_json::from_slice::<Map<String, Value>>(&line.bytes).is_ok();
        return Ok(line.bytes.trim_ascii_start().starts_with(b"{")
            && (is_cut_in_a_string(&line.bytes) || is_whole()));
    }
    Ok(false)
}

fn is_cut_in_a_string(line: &[u8]) -> bool {
    let mut nesting = Nesting::default();
    let is_nested = line.trim_ascii_end().iter().all(|byte| nesting.read(*byte).is_ok());
    is_nested && nesting.is_in_string()
}

/// The names of the objects that stand whole on one of the first lines.
pub(super) fn names_on_lines(head: &mut Lines) -> io::Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for at in 0..LOOK_AT_LINES {
        let Some(line) = head.ahead(at)? else { break };
        let Ok(mut object) = serde_json::from_slice::<Map<String, Value>>(&line.bytes) else { continue };
        let object = match object.get_mut(SOURCE).map(Value::take) {
            Some(Value::Object(source)) => source,
            _ => object,
        };
        names.extend(object.keys().map(|name| normalised(name)));
    }
    Ok(names.into_iter().collect())
}

pub(super) fn is_named_json(path: &Path) -> bool {
    is_named(path, &["json", "jsonl", "ndjson"])
}

/// Whether a file's name ends so, behind which it may be said to be packed.
pub(super) fn is_named(path: &Path, ends: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    name.rsplit_once('.').is_some_and(|(_, end)| ends.contains(&end))
}
