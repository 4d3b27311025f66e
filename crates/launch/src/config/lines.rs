//! On which line of a settings file each setting is.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// The line of each setting of `text`, by its full name; nothing of a text that is no TOML.
pub(super) fn of(text: &str) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    if let Ok(table) = DeTable::parse(text) {
        note(table.get_ref(), "", text, &mut lines);
    }
    lines
}

fn note(table: &DeTable<'_>, section: &str, text: &str, lines: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        let name = if section.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{section}.{}", key.get_ref())
        };
        match value.get_ref() {
            DeValue::Table(inner) => note(inner, &name, text, lines),
            _ => {
                let before = text.get(..key.span().start).unwrap_or_default();
                lines.insert(name, before.matches('\n').count() + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_its_line_however_it_is_nested() {
        let text =
            "data = \"here\"\n\n[infer]\n# one\nqueue = 7\n[kafka.properties]\nsasl.password = \"x\"\n";
        let expected = [("data", 1), ("infer.queue", 5), ("kafka.properties.sasl.password", 7)];
        assert_eq!(of(text), expected.map(|(name, line)| (name.to_owned(), line)).into());
        assert!(of("data = ").is_empty());
    }
}
