//! What a stranger reads has one reader a page, is short where it is read first, and leads somewhere.

#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use ombud_tests::repository;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// README and its output are read in five minutes.
const README_WORDS: usize = 900;
/// What a decision record has, in this order.
const SECTIONS: [&str; 4] = ["Status", "Context", "Decision", "Consequences"];

/// Every page below a folder of the repository.
fn below(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join(folder)).unwrap();
    let mut pages: Vec<PathBuf> = entries
        .map(|entry| Path::new(folder).join(entry.unwrap().file_name()))
        .filter(|path| path.extension().is_some_and(|it| it == "md"))
        .collect();
    pages.sort();
    pages
}

/// The pages that people choose by their title.
fn chosen() -> Vec<PathBuf> {
    let mut pages = below("docs");
    pages.extend(
        ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/adr/README.md", "deploy/helm/ombud/README.md"]
            .map(PathBuf::from),
    );
    pages
}

fn every_page() -> Vec<PathBuf> {
    let mut pages = chosen();
    pages.extend(["README.md", "examples/README.md", "schemas/README.md"].map(PathBuf::from));
    pages.extend(below("docs/adr"));
    pages
}

fn text(page: &Path) -> String {
    fs::read_to_string(repository().join(page)).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// The anchor that hosts of repositories give a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
}

/// Headings of a page as people read them, and where its links and pictures lead.
fn headings_and_links(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut headings, mut links, mut heading) = (Vec::new(), Vec::new(), None::<String>);
    let tables = pulldown_cmark::Options::ENABLE_TABLES;
    for event in Parser::new_ext(text, tables) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => headings.extend(heading.take()),
            Event::Text(words) | Event::Code(words) => {
                heading.iter_mut().for_each(|heading| heading.push_str(&words));
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                links.push(dest_url.to_string());
            }
            _ => {}
        }
    }
    (headings, links)
}

#[test]
fn readme_is_read_in_five_minutes() {
    let words = text(Path::new("README.md")).split_whitespace().count();
    assert!(words <= README_WORDS, "README.md has {words} words: move some to the page of who reads them");
}

#[test]
fn a_page_opens_with_who_it_is_for_and_what_they_will_have_done() {
    for page in chosen() {
        let text = text(&page);
        let opening = text.split("\n\n").nth(1).unwrap_or_default();
        let place = page.display();
        assert!(opening.starts_with("For "), "{place}: its first paragraph says for whom it is");
        assert!(
            opening.to_lowercase().contains("at the end"),
            "{place}: and what they will have done at the end"
        );
    }
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_of_it() {
    let mut broken = Vec::new();
    for page in every_page() {
        let (_, links) = headings_and_links(&text(&page));
        let outside = |link: &String| link.contains("://") || link.starts_with("mailto:");
        for link in links.into_iter().filter(|link| !outside(link)) {
            let (file, wanted) = link.split_once('#').unwrap_or((&link, ""));
            let folder = page.parent().unwrap();
            let target = if file.is_empty() { page.clone() } else { folder.join(file) };
            let is_there = repository().join(&target).exists();
            let has_heading = || {
                let (headings, _) = headings_and_links(&text(&target));
                headings.iter().any(|heading| anchor(heading) == wanted)
            };
            if !is_there || !(wanted.is_empty() || has_heading()) {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn prose_is_wrapped() -> Result<()> {
    let wrap = Command::new(repository().join("scripts/wrap")).arg("--check").output()?;
    assert!(wrap.status.success(), "{}", String::from_utf8_lossy(&wrap.stderr));
    Ok(())
}

#[test]
fn a_decision_record_has_the_usual_form_and_is_listed() {
    let index = text(Path::new("docs/adr/README.md"));
    let (_, listed) = headings_and_links(&index);
    let records: Vec<PathBuf> = below("docs/adr")
        .into_iter()
        .filter(|page| page.file_name().is_some_and(|name| name != "README.md"))
        .collect();
    for (record, number) in records.iter().zip(1..) {
        let name = record.file_name().unwrap().to_string_lossy().into_owned();
        let text = text(record);
        assert!(name.starts_with(&format!("{number:04}-")), "{name}: its number is {number}");
        assert!(text.starts_with(&format!("# {number}. ")), "{name}: its title begins with its number");
        let sections: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(sections, SECTIONS, "{name}");
        assert!(listed.contains(&name), "{name} is not in docs/adr/README.md");
    }
    let unique: BTreeSet<&String> = listed.iter().filter(|link| link.starts_with("00")).collect();
    assert_eq!(unique.len(), records.len(), "docs/adr/README.md lists a record that is not there");
}
