//! Texts followed through models: what each part adds is all that there is.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod bag;
mod blend;
mod encoder;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use csv::Reader;
use flate2::read::MultiGzDecoder;
use ombud_models::{Artefact, LoadModel, Logits, Model, Outputs, Step, Trace};
use ombud_torch::Libtorch;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn load(dir: &Path) -> Arc<dyn Model> {
    Libtorch.load(&Artefact::open(dir).unwrap()).unwrap()
}

/// The first narratives of the repository's sample.
fn sample(narratives: usize) -> Vec<String> {
    read(&repository().join("examples/complaints-sample.csv.gz"), narratives)
}

/// The first narratives of the data sets' test split.
fn test_split(narratives: usize) -> Vec<String> {
    read(&repository().join("../shared/data/complaints/test.csv.gz"), narratives)
}

fn read(file: &Path, narratives: usize) -> Vec<String> {
    let mut rows = Reader::from_reader(MultiGzDecoder::new(std::fs::File::open(file).unwrap()));
    let column = rows.headers().unwrap().iter().position(|name| name.trim() == "narrative").unwrap();
    rows.records().take(narratives).map(|row| row.unwrap()[column].to_owned()).collect()
}

fn trace(model: &dyn Model, narrative: &str) -> Box<dyn Trace> {
    model.trace(narrative).unwrap().unwrap()
}

fn step(trace: &mut dyn Trace, point: f64, objectives: &[Outputs]) -> Step {
    trace.step(point, &mut |_| objectives.to_vec()).unwrap()
}

/// Why the first of the labels and not the second: `(head, label, label)`.
fn contrast(shape: &Logits, (head, a, b): (usize, usize, usize)) -> Outputs {
    let mut objective: Outputs = shape.iter().map(|logits| vec![0.0; logits.len()]).collect();
    objective[head][a] += 1.0;
    objective[head][b] -= 1.0;
    objective
}

/// The likeliest label of a head against the next.
fn closest(served: &Logits, head: usize) -> Outputs {
    let mut places: Vec<usize> = (0..served[head].len()).collect();
    places.sort_by(|a, b| served[head][*b].total_cmp(&served[head][*a]));
    contrast(served, (head, places[0], places[1]))
}

fn value(outputs: &Outputs, objective: &Outputs) -> f64 {
    outputs.iter().flatten().zip(objective.iter().flatten()).map(|(output, weight)| output * weight).sum()
}

fn in_double(logits: &Logits) -> Outputs {
    logits.iter().map(|logits| logits.iter().copied().map(f64::from).collect()).collect()
}

fn furthest(a: &Outputs, b: &Outputs) -> f64 {
    assert!(a.iter().map(Vec::len).eq(b.iter().map(Vec::len)), "{a:?} has another shape than {b:?}");
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Points and weights of Gauss and Legendre for 0 to 1.
fn gauss_legendre(points: usize) -> Vec<(f64, f64)> {
    let n = points as f64;
    let point = |number: usize| {
        let mut x = (std::f64::consts::PI * (number as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 0.0;
        for _ in 0..50 {
            let (mut before, mut here) = (1.0, x);
            for degree in 2..=points {
                let degree = degree as f64;
                (before, here) = (here, ((2.0 * degree - 1.0) * x * here - (degree - 1.0) * before) / degree);
            }
            slope = n * (x * here - before) / (x * x - 1.0);
            x -= here / slope;
        }
        ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..points).map(point).collect()
}

/// What each origin adds to each of `objectives` along the whole path.
fn integrated(trace: &mut dyn Trace, points: usize, objectives: &[Outputs]) -> Vec<Vec<f64>> {
    let mut all = vec![vec![0.0; trace.traced().origins.len()]; objectives.len()];
    for (point, weight) in gauss_legendre(points) {
        for (all, slopes) in all.iter_mut().zip(step(trace, point, objectives).slopes) {
            all.iter_mut().zip(slopes).for_each(|(all, slope)| *all += weight * slope);
        }
    }
    all
}

#[test]
fn the_rule_of_gauss_and_legendre_is_exact_for_a_polynomial() {
    let sum: f64 = gauss_legendre(4).into_iter().map(|(x, weight)| weight * x.powi(7)).sum();
    assert!((sum - 0.125).abs() < 1e-12, "{sum}");
}
