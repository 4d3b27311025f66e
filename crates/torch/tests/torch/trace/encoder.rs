//! Through an encoder: along the whole path the parts sum to the difference between its ends.

use std::fs;
use std::path::{Path, PathBuf};

use ombud_models::{Outputs, Source};
use serde_json::json;

use super::{closest, furthest, in_double, integrated, load, step, trace, value};

/// Those that are smooth along the path.
const SMOOTH: [&str; 4] = ["bert", "mpnet", "roberta", "xlm-roberta"];
const NARRATIVES: [&str; 4] = [
    "The bank charged me a late fee.",
    "Señor, my mortgage payment went up — 🙂",
    "",
    "they called me again and again about a debt that is not mine and then the bank closed my account without \
     saying why and kept what was on it for months on end",
];

fn golden(architecture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(architecture)
}

/// A golden whose labels stand for others, two of them for the same and one for none.
fn foreign(dir: &Path) {
    for entry in fs::read_dir(golden("bert")).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, dir.join(from.file_name().unwrap())).unwrap();
    }
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.join("ombud.json")).unwrap()).unwrap();
    let head = &mut manifest["heads"][0];
    let stands = |theirs: &serde_json::Value| match theirs.as_str().unwrap() {
        "Student loan" => json!({"theirs": theirs, "ours": "Mortgage"}),
        "Debt collection" => json!({"theirs": theirs, "ours": null}),
        _ => json!({"theirs": theirs, "ours": theirs}),
    };
    head["foreign"] = head["labels"].as_array().unwrap().iter().map(stands).collect();
    head["temperature"] = json!(1.5);
    manifest["format"] = json!(2);
    fs::write(dir.join("ombud.json"), manifest.to_string()).unwrap();
}

fn parts_sum_to_the_difference(dir: &Path) {
    let model = load(dir);
    for narrative in NARRATIVES {
        let mut trace = trace(model.as_ref(), narrative);
        let served = in_double(&trace.traced().served);
        let objective = closest(&trace.traced().served, 0);
        let end = step(trace.as_mut(), 1.0, &[]);
        assert!(furthest(&end.outputs, &served) < 1e-5, "{}: {narrative:?}", dir.display());
        let begin = step(trace.as_mut(), 0.0, &[]);
        let sum: f64 = integrated(trace.as_mut(), 64, std::slice::from_ref(&objective))[0].iter().sum();
        let difference = value(&end.outputs, &objective) - value(&begin.outputs, &objective);
        let error = (sum - difference).abs();
        assert!(
            error < 1e-3 * difference.abs().max(0.1),
            "{}: {narrative:?}: {sum} {difference}",
            dir.display()
        );
    }
}

#[test]
fn what_the_tokens_add_along_the_path_is_the_difference_between_its_ends() {
    for architecture in SMOOTH {
        parts_sum_to_the_difference(&golden(architecture));
    }
}

/// DistilBERT's head has kinks, which no rule for smooth functions takes well: the finer the steps the nearer, all the same.
#[test]
fn where_the_head_has_kinks_finer_steps_come_nearer() {
    let mut trace = trace(load(&golden("distilbert")).as_ref(), NARRATIVES[0]);
    let objective = closest(&trace.traced().served, 0);
    let mut at = |point| value(&step(trace.as_mut(), point, &[]).outputs, &objective);
    let difference = at(1.0) - at(0.0);
    let mut error = |points| {
        let sum: f64 = integrated(trace.as_mut(), points, std::slice::from_ref(&objective))[0].iter().sum();
        (sum - difference).abs() / difference.abs()
    };
    let (coarse, fine) = (error(16), error(512));
    assert!(fine < coarse && fine < 0.01, "{coarse} {fine}");
}

#[test]
fn so_it_is_where_the_labels_are_not_ours() {
    let dir = tempfile::tempdir().unwrap();
    foreign(dir.path());
    parts_sum_to_the_difference(dir.path());
}

#[test]
fn the_slope_of_the_path_is_what_small_steps_along_it_show() {
    let dir = tempfile::tempdir().unwrap();
    foreign(dir.path());
    let goldens = SMOOTH.iter().chain(&["distilbert"]).map(|architecture| golden(architecture));
    for dir in goldens.chain([dir.path().to_owned()]) {
        let mut trace = trace(load(&dir).as_ref(), NARRATIVES[0]);
        let objective = closest(&trace.traced().served, 0);
        for point in [0.1, 0.5, 0.9] {
            let slope: f64 =
                step(trace.as_mut(), point, std::slice::from_ref(&objective)).slopes[0].iter().sum();
            let at = |trace: &mut dyn ombud_models::Trace, point| {
                value(&step(trace, point, &[]).outputs, &objective)
            };
            let expected = (at(trace.as_mut(), point + 0.003) - at(trace.as_mut(), point - 0.003)) / 0.006;
            assert!(
                (slope - expected).abs() < 2e-3 * expected.abs().max(0.1),
                "{}: {point}: {slope} {expected}",
                dir.display()
            );
        }
    }
}

#[test]
fn objectives_asked_together_get_what_each_gets_alone_and_nothing_gets_nothing() {
    let mut trace = trace(load(&golden("bert")).as_ref(), NARRATIVES[1]);
    let one = closest(&trace.traced().served, 0);
    let nothing: Outputs = vec![vec![0.0; 9]];
    let double: Outputs = vec![one[0].iter().map(|weight| 2.0 * weight).collect()];
    let together = step(trace.as_mut(), 0.3, &[one.clone(), nothing, double]).slopes;
    assert_eq!(together[0], step(trace.as_mut(), 0.3, &[one]).slopes[0]);
    assert!(together[1].iter().all(|slope| *slope == 0.0));
    for (once, twice) in together[0].iter().zip(&together[2]) {
        assert!((2.0 * once - twice).abs() < 1e-6);
    }
}

#[test]
fn what_frames_every_text_stays_and_adds_nothing() {
    let mut trace = trace(load(&golden("bert")).as_ref(), NARRATIVES[0]);
    let objective = closest(&trace.traced().served, 0);
    let slopes = step(trace.as_mut(), 0.5, &[objective]).slopes.remove(0);
    let origins = trace.traced().origins.clone();
    assert_eq!(origins.len(), slopes.len());
    let special: Vec<bool> = origins.iter().map(|origin| origin.source == Source::Special).collect();
    assert_eq!((special[0], special[special.len() - 1]), (true, true));
    for (special, slope) in special.into_iter().zip(slopes) {
        assert_eq!(special, slope == 0.0, "{slope}");
    }
}
