//! Which columns are known, by whatever spelling: case, spaces, hyphens and underscores make no difference.

use std::fmt::Write as _;

use strsim::damerau_levenshtein;

/// The columns that a reader knows.
#[derive(Debug)]
pub struct KnownColumns {
    /// What a file holds that has them, such as `complaints`.
    pub what: &'static str,
    /// Those that are read, each as [`normalised`] writes it.
    pub all: &'static [&'static str],
    /// Those that belong to such files too, and are not read.
    pub unread: &'static [&'static str],
    /// A header, or a JSON object, that has one of these is one.
    pub any_of: &'static [&'static str],
    /// Completes the error about a file that has none of them.
    pub needed: &'static str,
}

impl KnownColumns {
    pub(crate) fn begins_a_table(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.any_of.contains(&name.as_str()))
    }

    pub(crate) fn count(&self, names: &[String]) -> usize {
        names.iter().filter(|name| self.has(name)).count()
    }

    /// Whether `name` is one of them, read or not.
    pub fn has(&self, name: &str) -> bool {
        self.all.contains(&name) || self.unread.contains(&name)
    }

    /// The column that `name` was probably meant to be, of those that are read.
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        let distance = |known: &str| damerau_levenshtein(known, name);
        let nearest = self.all.iter().min_by_key(|known| distance(known))?;
        // A third of the letters wrong is another word.
        (distance(nearest) * 3 <= nearest.chars().count()).then_some(*nearest)
    }

    /// Column names for an error, with what they were probably meant to be. A file without a header has its first row here,
    /// which may be personal: where one does not look like a name, only those are shown that are nearly known, and the rest
    /// is counted.
    pub(crate) fn shown(&self, columns: &[String]) -> String {
        const MOST: usize = 30;
        let columns: Vec<&String> = columns.iter().filter(|column| !column.trim().is_empty()).collect();
        let is_header = columns.iter().all(|column| is_like_a_name(column));
        let mut text = String::new();
        let mut more = 0;
        for (at, column) in columns.into_iter().enumerate() {
            let name = normalised(column);
            let nearest = self.nearest(&name).filter(|_| !self.has(&name));
            if at >= MOST || !(is_header || self.has(&name) || nearest.is_some()) {
                more += 1;
                continue;
            }
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a String can't fail.
            let _ = write!(text, "{comma}{}", column.escape_debug());
            if let Some(nearest) = nearest {
                let _ = write!(text, " ({nearest}?)");
            }
        }
        let missing = if is_header { "" } else { " that look like no header (is it missing?)" };
        match (text.is_empty(), more) {
            (true, 0) => "none".into(),
            (true, more) => format!("{more}{missing}"),
            (false, 0) => text,
            (false, more) => format!("{text} and {more} more{missing}"),
        }
    }
}

/// Whether it can be a column's name: few words, and none of an address or a sentence.
pub(crate) fn is_like_a_name(column: &str) -> bool {
    column.len() <= 40
        && column.split_whitespace().count() <= 5
        && column.chars().any(char::is_alphabetic)
        && !column.contains(['.', '@', '"'])
}

/// A column's name as it is looked up: words in lower case, joined by underscores. `Complaint ID`, `complaint-id` and
/// `complaintId` are `complaint_id`; `Consumer disputed?` is `consumer_disputed`.
pub fn normalised(column: &str) -> String {
    let mut name = String::with_capacity(column.len());
    let (mut gap, mut lower) = (false, false);
    for letter in column.chars() {
        if !letter.is_alphanumeric() {
            gap = true;
            continue;
        }
        if !name.is_empty() && (gap || (lower && letter.is_uppercase())) {
            name.push('_');
        }
        (gap, lower) = (false, letter.is_lowercase());
        name.extend(letter.to_lowercase());
    }
    match name.is_empty() {
        true => column.trim().to_lowercase(),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_many_spellings() {
        for name in [
            "complaint_id",
            "Complaint ID",
            " complaintId ",
            "COMPLAINT-ID",
            "\"Complaint Id\"",
            "\u{FEFF}complaint_id",
        ] {
            assert_eq!(normalised(name), "complaint_id", "{name}");
        }
        assert_eq!(normalised("Consumer disputed?"), "consumer_disputed");
        assert_eq!(normalised("product5"), "product5");
        assert_eq!(normalised("Catégorie"), "catégorie");
        assert_eq!(normalised(" % "), "%");
    }
}
