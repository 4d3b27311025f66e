//! `docs/configuration.md`: every setting with its default, what it may be and what it is for. Below the page's mark nothing
//! is written by hand: `BLESS=1 cargo nextest run -p ombud-launch the_page_of_settings` writes it.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use super::{
    Inputs, load, rule,
    template::{ALL, Field, structs},
};

/// What is below this line is written by the test.
const MARK: &str =
    "<!-- generated below: BLESS=1 cargo nextest run -p ombud-launch the_page_of_settings -->\n";

/// The defaults of these are the machine's.
const OF_THE_MACHINE: [&str; 2] = ["infer.tokenizer_threads", "infer.replicas"];

/// A table of the settings that have no section, and one for each section.
fn reference() -> String {
    let defaults = load(&Inputs::default()).unwrap();
    let values: BTreeMap<&str, String> =
        defaults.each().map(|written| (written.setting, written.value)).collect();
    let structs = structs();
    let (sections, alone): (Vec<&Field>, Vec<&Field>) =
        structs[ALL].iter().partition(|field| structs.contains_key(field.of));
    let mut text = String::from("\n## Above all sections\n\n");
    table(&mut text, "", alone.into_iter(), &values);
    for section in sections {
        let _ = write!(text, "\n## [{}]\n\n{}\n\n", section.name, section.remarks.join(" "));
        table(&mut text, section.name, structs[section.of].iter(), &values);
    }
    text
}

fn table<'a>(
    text: &mut String,
    section: &str,
    fields: impl Iterator<Item = &'a Field>,
    values: &BTreeMap<&str, String>,
) {
    text.push_str("| setting | default | must be | |\n|---|---|---|---|\n");
    for field in fields {
        let name =
            if section.is_empty() { field.name.to_owned() } else { format!("{section}.{}", field.name) };
        let (name, default, right) = match (values.get(name.as_str()), rule::of(&name)) {
            (_, Some(right)) if OF_THE_MACHINE.contains(&&*name) => {
                (name, String::from("the cores it may use"), right)
            }
            (Some(value), Some(right)) => (name, format!("`{value}`"), right),
            // Whoever sets one gives it a name as well.
            _ => {
                let named = format!("{name}.NAME");
                let right = rule::of(&named).expect("a section of names has a rule");
                (named, String::from("none"), right)
            }
        };
        let what = field.remarks.join(" ").replace('|', "\\|");
        let _ = writeln!(text, "| `{name}` | {default} | {right} | {what} |");
    }
}

#[test]
fn the_page_of_settings_is_what_the_code_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let text = fs::read_to_string(&page).unwrap();
    let (head, written) = text.split_once(MARK).expect("docs/configuration.md has its mark");
    let reference = reference();
    if env::var_os("BLESS").is_some() {
        fs::write(&page, format!("{head}{MARK}{reference}")).unwrap();
        return;
    }
    assert_eq!(
        written, reference,
        "docs/configuration.md is another: run this test with BLESS=1, look at it"
    );
}
