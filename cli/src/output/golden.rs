//! Texts that people read, compared with files: `BLESS=1` writes the files again, to be checked before they are committed.

use std::{env, fs, path::Path};

/// Compares `text` with the file `name` in `tests/golden`. Escape characters stand as `^[` there, so that a page shows them.
#[track_caller]
pub(crate) fn compare(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let text = text.replace('\u{1b}', "^[");
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &text).unwrap();
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        text, golden,
        "{name} is another: run the test with BLESS=1 if that is meant, and look at the file"
    );
}

/// The widest line of `text`, in columns, without what only colours it.
pub(crate) fn width(text: &str) -> usize {
    use unicode_width::UnicodeWidthStr;
    let plain = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    plain.replace_all(text, "").lines().map(UnicodeWidthStr::width).max().unwrap_or_default()
}
