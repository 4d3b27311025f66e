//! Both catalogues say the same, and pages say nothing that is in none of them; and no page carries style or script within it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use fluent_bundle::FluentResource;

use super::*;

fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|given| given == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What pages are made of, without their tests: each file with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let folders = ["src/pages", "src/sign_in"].map(|folder| manifest().join(folder));
    let all = folders.iter().flat_map(|folder| files(folder, "rs"));
    let pages = all.filter(|path| !path.components().any(|part| part.as_os_str() == "tests"));
    let pages = pages.filter(|path| path.file_stem().is_some_and(|stem| stem != "tests"));
    pages
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let ours = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            (path, ours)
        })
        .collect()
}

/// Each message of a file with the variables that it uses.
fn messages(path: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(path).unwrap();
    let read = FluentResource::try_new(text.clone());
    assert!(read.is_ok(), "{}: {:?}", path.display(), read.err().map(|(_, errors)| errors));
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut id = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.split_once(" =")
            && line.starts_with(|first: char| first.is_ascii_alphabetic())
        {
            name.clone_into(&mut id);
            assert!(found.insert(id.clone(), BTreeSet::new()).is_none(), "{}: {id} twice", path.display());
        }
        let used = line.split('$').skip(1).map(|rest| {
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
        });
        found.entry(id.clone()).or_default().extend(used);
    }
    found.remove("");
    found
}

#[test]
fn both_languages_have_the_same_words_with_the_same_gaps() {
    let [english, spanish] = ["en", "es"].map(|tag| files(&manifest().join("words").join(tag), "ftl"));
    let name = |path: &PathBuf| path.file_name().unwrap().to_owned();
    assert_eq!(english.iter().map(name).collect::<Vec<_>>(), spanish.iter().map(name).collect::<Vec<_>>());
    let mut all = BTreeMap::new();
    for (one, other) in english.iter().zip(&spanish) {
        let (one_says, other_says) = (messages(one), messages(other));
        assert_eq!(one_says, other_says, "{}", one.display());
        for id in one_says.into_keys() {
            let before = all.insert(id.clone(), one.clone());
            assert!(before.is_none(), "{id} is in {} and in {before:?}", one.display());
            for language in Language::ALL {
                assert!(language.words().has(&id), "{}: {id} is not in the files! list", language.tag());
            }
        }
    }
}

/// The texts that follow `before` in `text`, up to the next quotation mark.
fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for rest in text.split(before).skip(1) {
        if let Some(literal) = rest.trim_start().strip_prefix('"') {
            found.push(literal.split('"').next().unwrap());
        }
    }
    found
}

#[test]
fn every_word_that_a_page_says_is_there() {
    let words = Language::English.words();
    let mut said = 0;
    for (path, text) in sources() {
        let calls = ["say(", "say_with(", "say_count(", "say_of(", "(choice,"];
        let ids = calls.iter().flat_map(|call| quoted(&text, call)).filter(|id| id.contains('-'));
        // Those that stand in a table and are said later.
        let tabled = text.split('"').skip(1).step_by(2).filter(|text| {
            let is_ours = ["frame-", "settings-", "sign-in-"].iter().any(|start| text.starts_with(start));
            is_ours && text.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !text.ends_with('-')
        });
        for id in ids.chain(tabled).filter(|id| !id.contains('{')) {
            assert!(words.has(id), "{} says {id}, which no catalogue has", path.display());
            said += 1;
        }
        for rest in text.split("?done=").skip(1) {
            let code: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            if !code.is_empty() {
                assert!(words.has(&format!("done-{code}")), "{} leads to ?done={code}", path.display());
            }
        }
    }
    assert!(said > 50, "{said}");
}

#[test]
fn no_page_carries_style_or_script_within_it() {
    for (path, text) in sources() {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let attributes = line.split(|c: char| c.is_whitespace() || matches!(c, '{' | ';' | '"'));
            for attribute in attributes.filter_map(|word| word.split_once('=')).map(|(name, _)| name) {
                let is_handler = attribute.len() > 2
                    && attribute.starts_with("on")
                    && attribute.chars().all(|c| c.is_ascii_lowercase());
                assert!(attribute != "style" && !is_handler, "{}: {line}", path.display());
            }
            assert!(!line.trim_start().starts_with("style {"), "{}: {line}", path.display());
            let is_within = line.trim_start().starts_with("script") && !line.contains("src=");
            assert!(!is_within, "{}: {line}", path.display());
        }
    }
}

#[test]
fn a_number_takes_the_singular_or_the_plural() {
    for (language, one, two) in [
        (Language::English, "overdue by 1 day", "overdue by 2 days"),
        (Language::Spanish, "vencido hace 1 día", "vencido hace 2 días"),
    ] {
        let say = |count: i64| {
            let mut args = FluentArgs::new();
            args.set("count", count);
            language.words().say_with("frame-due-overdue-by", &args)
        };
        assert_eq!((say(1).as_str(), say(2).as_str()), (one, two));
    }
}
