//! A settings file to begin with: every setting with what it is for, its default and what it may be, all of it as remarks.
//!
//! Its text is the comment above each setting in the source, so that there is no second list to maintain.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{loaded::Loaded, rule, settings::Settings, values};
use crate::Error;

/// Where the settings are declared.
const SOURCES: [&str; 3] =
    [include_str!("settings.rs"), include_str!("services.rs"), include_str!("people.rs")];
/// The struct of all of them.
pub(super) const ALL: &str = "Settings";

const HEAD: &str = "\
# Settings of ombud. Every line that begins with `#` and a name is a default: take the `#` away to change it.
# OMBUD_* variables and flags win over this file; `ombud config show` says what is in force, and from where.
";

/// A field of a struct of settings.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// Its type.
    pub(super) of: &'static str,
    pub(super) remarks: Vec<&'static str>,
}

impl Loaded {
    /// The text of a settings file to begin with: every setting with what it is for and its default, as remarks.
    ///
    /// # Errors
    /// The defaults can't be read as settings, which a test rules out.
    pub fn template() -> Result<String, Error> {
        let defaults = Self { settings: Settings::default(), values: values::defaults()? };
        Ok(template(&defaults))
    }
}

/// The file's text, with the defaults of `defaults`.
fn template(defaults: &Loaded) -> String {
    let structs = structs();
    let values: BTreeMap<&str, String> =
        defaults.each().map(|written| (written.setting, written.value)).collect();
    let mut text = HEAD.to_owned();
    let fields = |name: &str| structs.get(name).map(Vec::as_slice).unwrap_or_default();
    let (sections, alone): (Vec<&Field>, Vec<&Field>) =
        fields(ALL).iter().partition(|field| structs.contains_key(field.of));
    for field in alone {
        write(&mut text, "", field, &values);
    }
    for section in sections {
        // Writing to a String can't fail.
        let _ = write!(text, "\n\n{}[{}]\n", remarks(section), section.name);
        for field in fields(section.of) {
            write(&mut text, section.name, field, &values);
        }
    }
    text
}

fn write(text: &mut String, section: &str, field: &Field, values: &BTreeMap<&str, String>) {
    let name = if section.is_empty() { field.name.to_owned() } else { format!("{section}.{}", field.name) };
    let _ = write!(text, "\n{}", remarks(field));
    match (values.get(name.as_str()), rule::of(&name)) {
        (Some(value), Some(right)) => {
            let _ = writeln!(text, "# It must be {right}.\n#{} = {value}", field.name);
        }
        // Whoever sets one gives it a name as well.
        _ => {
            let _ =
                writeln!(text, "# Written as {}.NAME = \"...\", for as many names as there are.", field.name);
        }
    }
}

fn remarks(field: &Field) -> String {
    field.remarks.iter().map(|line| format!("# {line}\n")).collect()
}

/// The fields of each struct of settings, by its name.
pub(super) fn structs() -> BTreeMap<&'static str, Vec<Field>> {
    let mut structs: BTreeMap<&str, Vec<Field>> = BTreeMap::new();
    let (mut open, mut remarks): (Option<&str>, Vec<&str>) = (None, Vec::new());
    for line in SOURCES.iter().flat_map(|source| source.lines()).map(str::trim) {
        if let Some(remark) = line.strip_prefix("///") {
            remarks.push(remark.trim());
        } else if let Some(name) = line.strip_prefix("pub struct ").and_then(|rest| rest.strip_suffix(" {")) {
            open = Some(name);
            remarks.clear();
        } else if let (Some(name), Some(field)) = (open, line.strip_prefix("pub ")) {
            if let Some((field, of)) = field.split_once(": ") {
                let remarks = std::mem::take(&mut remarks);
                let field = Field { name: field, of: of.trim_end_matches(','), remarks };
                structs.entry(name).or_default().push(field);
            }
        } else if line == "}" {
            open = None;
            remarks.clear();
        }
    }
    structs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    /// The template with every setting in force.
    fn in_force(text: &str) -> String {
        let is_setting = |line: &str| line.starts_with('#') && !line.starts_with("# ");
        text.lines().map(|line| if is_setting(line) { &line[1..] } else { line }.to_owned() + "\n").collect()
    }

    fn loaded(text: &str) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ombud.toml");
        std::fs::write(&file, text).unwrap();
        load(&Inputs { file: Some(file), ..Inputs::default() }).unwrap()
    }

    #[test]
    fn every_setting_stands_in_the_template_with_its_default_and_what_it_is_for() {
        let text = Loaded::template().unwrap();
        assert_eq!(loaded(&text).settings, Settings::default(), "as it is written it changes nothing");
        assert!(loaded(&text).each().all(|written| written.origin.is_none()));
        let all = loaded(&in_force(&text));
        assert_eq!(all.settings, Settings::default(), "the defaults stand in it");
        for (name, _) in rule::RULES {
            let written = all.each().find(|written| written.setting == *name).unwrap();
            assert!(written.origin.is_some_and(|origin| origin.contains("ombud.toml:")), "{name}");
        }
        for map in
            ["http.tokens", "http.scopes", "http.teams", "sign_in.roles", "sign_in.teams", "kafka.properties"]
        {
            let name = map.rsplit('.').next().unwrap();
            assert!(text.contains(&format!("# Written as {name}.NAME")), "{map}");
        }
        let has_remark = |pair: &[&str]| {
            !pair[1].starts_with('#') || pair[1].starts_with("# ") || pair[0].starts_with("# ")
        };
        assert!(text.lines().collect::<Vec<_>>().windows(2).all(has_remark), "{text}");
    }
}
