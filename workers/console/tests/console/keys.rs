//! The keys that docs/console.md names are those that pages have, page by page.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use axum::http::StatusCode;

use crate::{bank::Bank, memory_desk::MemoryDesk};

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The keys of each page, as the table says.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(crate_folder().join("../../docs/console.md")).unwrap();
    let rows = text.lines().skip_while(|line| *line != "| page | keys |").skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|row| {
            let [_, page, keys, _] = row.split('|').collect::<Vec<_>>()[..] else { panic!("{row}") };
            let keys =
                keys.split('`').skip(1).step_by(2).filter(|key| key.len() == 1).map(str::to_owned).collect();
            (page.trim().to_owned(), keys)
        })
        .collect()
}

/// The keys in the markup of a page.
fn pressed(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split("data-key=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned())
}

/// All that the files of a page's module say.
fn sources(module: &str) -> String {
    let pages = crate_folder().join("src/pages");
    let folder: Vec<PathBuf> =
        fs::read_dir(pages.join(module)).unwrap().map(|entry| entry.unwrap().path()).collect();
    folder.into_iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn every_documented_key_is_somewhere_on_its_page() {
    let documented = documented();
    assert_eq!(documented.len(), 6, "{documented:?}");
    for (page, keys) in documented {
        let sources = sources(&page);
        for key in keys {
            let is_number = key.parse::<u8>().is_ok() && sources.contains("data-key=(number)");
            assert!(is_number || sources.contains(&format!("\"{key}\"")), "{page} has no key {key}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_of_a_page_is_documented_and_none_does_two_things() {
    let bank = Bank::open_with(MemoryDesk::asking_for(1).sources()).await;
    let documented = documented();
    let who = "anna/clerk,specialist,lead,operator/*";
    bank.send_form(who, "/complaints/c-1/lease", "action=take").await.leads_to();
    let mut found = 0;
    for (page, path) in [
        ("desk", "/desk"),
        ("desk", "/desk?undo=f-1&undo_of=c-1"),
        ("desk", "/desk/c-1"),
        ("desk", "/desk/c-2"),
        ("team", "/teams/cards"),
        ("team", "/teams/cards?done=team-move&undo=work.w-1.c-1"),
        ("complaint", "/complaints/c-1"),
        ("complaint", "/complaints/c-2"),
        ("complaint", "/complaints/c-1?undo=w-1"),
        ("vulnerable", "/vulnerable"),
        ("vulnerable", "/vulnerable/c-1"),
        ("sample", "/sample"),
        ("health", "/health"),
    ] {
        let answer = bank.page(who, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        let keys: Vec<String> = pressed(&answer.text).collect();
        let once: BTreeSet<&String> = keys.iter().collect();
        assert_eq!(once.len(), keys.len(), "{path}: a key does two things: {keys:?}");
        for key in &keys {
            assert!(documented[page].contains(key), "{path}: docs/console.md lacks {key} of {page}");
            found += 1;
        }
    }
    assert!(found > 20, "{found}");
}
