//! What a program reads on top of a model card: its metadata, as the hub has it.

use std::fmt::{self, Display, Formatter};

/// Displays as YAML between two lines of dashes.
#[derive(Clone, Debug, Default)]
pub struct CardMetadata<'a> {
    /// BCP 47 tags.
    pub languages: Vec<&'a str>,
    /// As the hub names licences.
    pub license: &'a str,
    /// The library that loads the model.
    pub library: &'a str,
    /// What it can be found by.
    pub tags: Vec<&'a str>,
    /// What the model is called where it has figures.
    pub model: &'a str,
    /// Its figures; none where it was not measured.
    pub results: Vec<CardResults<'a>>,
}

/// Figures of one task on some data.
#[derive(Clone, Debug)]
pub struct CardResults<'a> {
    /// The task.
    pub task: &'a str,
    /// What the data is called.
    pub data: &'a str,
    /// Name and value.
    pub figures: Vec<(String, f64)>,
}

impl Display for CardMetadata<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("---\nlanguage:\n")?;
        self.languages.iter().try_for_each(|language| writeln!(f, "- {}", scalar(language)))?;
        write!(f, "license: {}\nlibrary_name: {}\n", scalar(self.license), scalar(self.library))?;
        f.write_str("pipeline_tag: text-classification\ntags:\n")?;
        self.tags.iter().try_for_each(|tag| writeln!(f, "- {}", scalar(tag)))?;
        if !self.results.is_empty() {
            write!(f, "model-index:\n- name: {}\n  results:\n", scalar(self.model))?;
        }
        for CardResults { task, data, figures } in &self.results {
            write!(f, "  - task:\n      type: text-classification\n      name: {}\n", scalar(task))?;
            write!(f, "    dataset:\n      type: complaints\n      name: {}\n", scalar(data))?;
            f.write_str("    metrics:\n")?;
            for (name, value) in figures {
                write!(f, "    - type: {}\n      value: {value:.4}\n", scalar(name))?;
            }
        }
        f.write_str("---\n\n")
    }
}

/// A scalar of YAML, whatever is in it: in quotes unless it can only be read as a string.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ' ');
    let is_string = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !text.ends_with(' ')
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&text.to_ascii_lowercase().as_str());
    if is_string { text.to_owned() } else { format!("\"{}\"", escaped(text)) }
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_string_is_quoted() {
        for plain in ["complaints-bag", "a held-out tenth", "issue.group.accuracy", "mit"] {
            assert_eq!(scalar(plain), plain);
        }
        let quoted = [("2024.csv", r#""2024.csv""#), ("no", r#""no""#), ("a: b", r#""a: b""#)];
        for (text, yaml) in quoted.into_iter().chain([("a\"b\\c\n", r#""a\"b\\c\u000a""#), ("", r#""""#)]) {
            assert_eq!(scalar(text), yaml);
        }
    }

    #[test]
    fn a_model_without_figures_has_no_index() {
        let metadata = CardMetadata { languages: vec!["en"], license: "mit", ..CardMetadata::default() };
        let text = metadata.to_string();
        assert!(text.starts_with("---\nlanguage:\n- en\nlicense: mit\n"), "{text}");
        assert!(text.ends_with("---\n\n") && !text.contains("model-index"), "{text}");
    }
}
