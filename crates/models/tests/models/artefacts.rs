//! An artefact is its content, and says where it is wrong.

use std::fs;
use std::path::Path;

use ombud_models::{Artefact, ArtefactError};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::given;

fn artefact() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    given::write_artefact(dir.path());
    dir
}

fn version(dir: &Path) -> String {
    Artefact::open(dir).unwrap().version
}

/// Changes `ombud.json` by text and gives the error behind the path, and the line that it names.
fn refusal(from: &str, to: &str) -> String {
    let dir = artefact();
    let path = dir.path().join("ombud.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    let changed = text.replacen(from, to, 1);
    fs::write(&path, &changed).unwrap();
    let error = Artefact::open(dir.path()).unwrap_err().to_string();
    let error = error.replace(&format!("accept {} line ", path.display()), "");
    let (line, what) = error.split_once(": ").unwrap();
    let line = changed.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
    format!("{what} <{}>", line.trim())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_version_changes_with_any_byte_of_the_weights(at in 0_usize..4096, flip in 1_u8..) {
        let dir = artefact();
        let before = version(dir.path());
        let mut weights = fs::read(dir.path().join("model.safetensors")).unwrap();
        weights[at] ^= flip;
        fs::write(dir.path().join("model.safetensors"), weights).unwrap();
        prop_assert_ne!(version(dir.path()), before);
    }
}

#[test]
fn the_version_changes_with_a_name_and_with_a_file_more() {
    let dir = artefact();
    let before = version(dir.path());
    fs::rename(dir.path().join("tables/idf.bin"), dir.path().join("tables/idf2.bin")).unwrap();
    let renamed = version(dir.path());
    assert_ne!(renamed, before);
    fs::write(dir.path().join("tables/idf3.bin"), "").unwrap();
    assert_ne!(version(dir.path()), renamed);
}

#[test]
fn the_card_and_hidden_files_are_not_part_of_the_version() {
    let dir = artefact();
    let before = version(dir.path());
    fs::write(dir.path().join("README.md"), "# A better description").unwrap();
    fs::write(dir.path().join(".gitattributes"), "*.safetensors binary").unwrap();
    assert_eq!(version(dir.path()), before);
}

#[test]
fn the_version_does_not_depend_on_where_the_folder_lies() {
    assert_eq!(version(artefact().path()), version(artefact().path()));
}

#[test]
fn another_content_than_the_expected_is_refused() {
    let dir = artefact();
    let expected = version(dir.path());
    assert!(Artefact::verify(dir.path(), &expected).is_ok());
    fs::write(dir.path().join("ombud.json"), "not even JSON").unwrap();
    let error = Artefact::verify(dir.path(), &expected).unwrap_err();
    assert!(matches!(error, ArtefactError::Differs { .. }), "{error}");
}

#[test]
fn a_folder_without_weights_or_manifest_is_refused_by_name() {
    for file in ["model.safetensors", "ombud.json"] {
        let dir = artefact();
        fs::remove_file(dir.path().join(file)).unwrap();
        let error = Artefact::open(dir.path()).unwrap_err().to_string();
        assert!(error.ends_with(&format!("it has no {file}")), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_may_stay_inside_the_folder_and_not_lead_out_of_it() {
    use std::os::unix::fs::symlink;
    let dir = artefact();
    let plain = version(dir.path());
    let (weights, blob) = (dir.path().join("model.safetensors"), dir.path().join(".blob"));
    fs::rename(&weights, &blob).unwrap();
    symlink(".blob", &weights).unwrap();
    assert_eq!(version(dir.path()), plain);

    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::remove_file(&weights).unwrap();
    symlink(outside.path(), &weights).unwrap();
    let error = Artefact::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("leads out of the artefact's folder"), "{error}");

    fs::remove_file(&weights).unwrap();
    symlink("..", &weights).unwrap();
    assert!(Artefact::open(dir.path()).is_err());
}

#[test]
fn a_wrong_manifest_is_refused_with_its_line_and_field() {
    let cases = [
        ("\"format\": 1", "\"format\": 3", "format is 3: this Ombud reads 1 to 2 <\"format\": 3,>"),
        (
            "\"format\": 1",
            "\"format\": 1, \"reads\": {\"least_words\": 0}",
            "reads.least_words is 0: it must lie in 1 to 32 <\"format\": 1, \"reads\": {\"least_words\": 0},>",
        ),
        (
            "\"temperature\": 1.0",
            "\"temperature\": 0.0",
            "heads[0].temperature is 0: it must be greater than 0; 1 changes nothing <\"temperature\": 0.0,>",
        ),
        (
            "\"Mortgage\"",
            "\"Mortage\"",
            "heads[0].labels: `Mortage` is not in taxonomy product@1 <\"Mortage\",>",
        ),
        (
            "\"possible\": 0.2",
            "\"possible\": 1.2",
            "heads[2].thresholds.possible is 1.2: it must lie in 0 to 1 <\"possible\": 1.2,>",
        ),
        (
            "\"possible\": 0.2",
            "\"possible\": 0.9",
            "heads[2].thresholds: `possible` must not be above `vulnerable` <\"possible\": 0.9,>",
        ),
        (
            "\"possible\": 0.2,",
            "",
            "heads[2].thresholds: a flag needs `possible` and `vulnerable` <\"thresholds\": {>",
        ),
        (
            "\"NOT_INDICATED\",\n        \"VULNERABLE\"",
            "\"VULNERABLE\",\n        \"NOT_INDICATED\"",
            "heads[2].labels: of a flag they stand as in vulnerable@1, the negative first <\"labels\": [>",
        ),
        (
            "\"evidence\": \"vulnerable@1\"",
            "\"evidence\": \"vulnerable@99\"",
            "heads[2].evidence: this Ombud has no table `vulnerable@99` <\"evidence\": \"vulnerable@99\">",
        ),
        (
            "\"evidence\": \"vulnerable@1\"",
            "\"evidence\": \"vulnerable@1\",\n\"evidence_odds\": {\n\"luck\": {\"hint\": 1}}",
            "heads[2].evidence_odds.luck: table vulnerable@1 has no such category <\"luck\": {\"hint\": 1}}>",
        ),
        (
            "\"evidence\": \"vulnerable@1\"",
            "\"evidence\": \"vulnerable@1\",\n\"evidence_odds\": {\n\"age\": {\"hint\": -1}}",
            "heads[2].evidence_odds.age: each must lie in 0 to 20: nothing said lowers a score <\"age\": {\"hint\": -1}}>",
        ),
        (
            "\"evidence\": \"vulnerable@1\"",
            "\"evidence_odds\": {\"age\": {\"hint\": 1}}",
            "heads[2].evidence_odds: there is no `evidence` that they could be of: name its table <\"evidence_odds\": {\"age\": {\"hint\": 1}}>",
        ),
        (
            "\"kind\": \"flag\"",
            "\"kind\": \"choice\"",
            "heads[2].evidence: only a flag is fused with it: leave it out <\"evidence\": \"vulnerable@1\">",
        ),
        (
            "\"task\": \"vulnerable\"",
            "\"task\": \"urgent\"",
            "heads[2].evidence: table `vulnerable@1` is for the task vulnerable <\"evidence\": \"vulnerable@1\">",
        ),
        (
            "\"task\": \"issue\"",
            "\"task\": \"product\"",
            "heads[1].task: `product` has two heads: keep one <\"task\": \"product\",>",
        ),
        (
            "\"issue@1\"",
            "\"issue@99\"",
            "heads[1].label_set: there is no taxonomy `issue@99` <\"label_set\": \"issue@99\",>",
        ),
        (
            "\"complaints\"",
            "\"../bag\"",
            "model_id must be letters, digits, `-`, `_` or `.`, begin with a letter or digit, and have at most 100 <\"model_id\": \"../bag\",>",
        ),
        ("\"family\": \"bag\"", "\"family\": \"tree\"", "unknown variant `tree`"),
        ("\"family\"", "\"famly\"", "unknown field `famly`"),
    ];
    for (from, to, expected) in cases {
        let error = refusal(from, to);
        assert!(error.starts_with(expected), "{from} -> {to}:\n{error}");
    }
}

#[test]
fn labels_may_stand_in_any_order_but_none_may_be_missing() {
    let dir = artefact();
    let path = dir.path().join("ombud.json");
    let mut manifest = given::manifest();
    manifest.heads[1].labels.reverse();
    fs::write(&path, serde_json::to_string(&manifest).unwrap()).unwrap();
    assert!(Artefact::open(dir.path()).is_ok());
    let gone = manifest.heads[1].labels.pop().unwrap();
    fs::write(&path, serde_json::to_string(&manifest).unwrap()).unwrap();
    let error = Artefact::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains(&format!("`{gone}` of taxonomy issue@1 is missing")), "{error}");
}
