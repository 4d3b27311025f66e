//! Whether explanations follow the model (Adebayo et al., 2018): a word that speaks for a label is found where it is planted,
//! other weights give another explanation, and the same question gives the same bytes.

use std::{ops::Range, path::Path, sync::Arc};

use anyhow::{Context, Result, ensure};
use ombud_contract::records::{Outcome, Prediction};
use ombud_explain::{ExplainJob, Explainer};
use ombud_models::{Artefact, PRODUCT};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use crate::{
    ours::{OneModel, explainer, jobs, values},
    report::mean,
    sample::{Complaint, complaints},
    served::Served,
    shuffled::shuffled,
    words::words,
};

/// Of so many texts one is asked about twice.
const REPEATED: usize = 10;
/// How near the top a planted word must be.
const TOP: usize = 3;
/// It stands among the first words, which every member reads.
const WITHIN: usize = 100;
/// Words that speak for a product, whatever else a text says.
const MARKERS: [(&str, &str); 5] = [
    ("mortgage", "Mortgage"),
    ("Navient", "Student loan"),
    ("Equifax", "Credit reporting"),
    ("Coinbase", "Money transfer or virtual currency"),
    ("vehicle", "Vehicle loan or lease"),
];

/// Prints what the checks come to on `texts` texts, and writes it to `sanity.json` in `folder`.
pub(crate) fn sanity(split: &str, texts: usize, folder: &Path) -> Result<()> {
    let mut served = Served::load()?;
    // Half of them may have the marker already, or be about its product.
    let complaints = complaints(split, 2 * texts, &mut served)?;
    let planted = planted(&complaints, texts, &mut served)?;
    println!("a planted word is among the first {TOP} in {planted} of {texts} texts");
    let (signed, absolute) = of_other_weights(&complaints[..texts], &mut served)?;
    println!(
        "with shuffled weights: rank correlation {signed:+.3}, without its sign {absolute:.3}, means of {texts} texts"
    );
    let repeated = texts.div_ceil(REPEATED);
    let equal = equal_bytes(&complaints[..repeated], &mut served)?;
    println!("twice the same bytes: {equal} of {repeated} texts");
    let figures = json!({
        "planted": planted, "texts": texts, "rank_correlation": signed, "without_sign": absolute,
        "equal": equal, "repeated": repeated,
    });
    Ok(std::fs::write(folder.join("sanity.json"), format!("{figures}\n"))?)
}

/// In how many of `texts` texts the planted word is among the first of those that speak for its product.
fn planted(complaints: &[Complaint], texts: usize, served: &mut Served) -> Result<usize> {
    let mut explainer = explainer(served);
    let mut random = StdRng::seed_from_u64(1);
    let (mut found, mut tried) = (0, 0);
    for (nth, complaint) in complaints.iter().enumerate() {
        let (marker, product) = MARKERS[nth % MARKERS.len()];
        let before = product_job(complaint, served)?;
        let is_there = complaint.narrative.to_lowercase().contains(&marker.to_lowercase());
        if tried == texts || is_there || before.prediction.label.as_deref() == Some(product) {
            continue;
        }
        tried += 1;
        let words = words(&complaint.narrative);
        let place = random.random_range(0..words.len().min(WITHIN));
        let mut narrative = complaint.narrative.clone();
        narrative.insert_str(words[place].start, &format!("{marker} "));
        let mut job = product_job(&Complaint { row: complaint.row, narrative: narrative.clone() }, served)?;
        // Why that product and not the one before; or, where the answer stays, why that and not the marker's product.
        let is_answer = job.prediction.label.as_deref() == Some(product);
        job.against = if is_answer { before.prediction.label } else { Some(product.to_owned()) };
        let explanation = explainer.explain(&job)?;
        let for_product = if is_answer { 1.0 } else { -1.0 };
        let values: Vec<f64> =
            values(&narrative, &explanation).iter().map(|value| for_product * value).collect();
        let above = values.iter().filter(|value| **value > values[place]).count();
        found += usize::from(above < TOP);
    }
    ensure!(tried == texts, "{tried} texts are fit to plant a word in");
    Ok(found)
}

/// Spearman's rank correlation between what words earn and what they earn with weights at other places, for the same two
/// labels: its mean with its sign and without.
fn of_other_weights(complaints: &[Complaint], served: &mut Served) -> Result<(f64, f64)> {
    let dir = tempfile::tempdir()?;
    let artefact = Arc::new(shuffled(&served.artefact, &dir.path().join("shuffled"))?);
    let other = Served::of(Arc::clone(&artefact), served.strategy.clone())?;
    let (mut ours, mut others) = (explainer(served), explainer(&other));
    let mut correlations = Vec::new();
    for complaint in complaints {
        let job = product_job(complaint, served)?;
        let one = ours.explain(&job)?;
        let contrast = one.contrast.as_ref().context("a contrast")?;
        let mut same = in_version(job, &artefact);
        same.against = Some(contrast.against.label.clone());
        let two = others.explain(&same)?;
        correlations.push(spearman(&values(&complaint.narrative, &one), &values(&complaint.narrative, &two)));
    }
    Ok((mean(correlations.iter().copied()), mean(correlations.iter().map(|one| one.abs()))))
}

/// The job as if that version had answered.
fn in_version(mut job: ExplainJob, artefact: &Artefact) -> ExplainJob {
    let version = |prediction: &mut Prediction| prediction.model_version.clone_from(&artefact.version);
    version(&mut job.prediction);
    job.predictions.iter_mut().for_each(version);
    job
}

/// In how many texts all tasks have the same bytes when another explainer with weights read anew is asked again.
fn equal_bytes(complaints: &[Complaint], served: &mut Served) -> Result<usize> {
    let again = Served::load()?;
    let (mut one, mut two): (Explainer<OneModel>, _) = (explainer(served), explainer(&again));
    let mut equal = 0;
    for complaint in complaints {
        let jobs = jobs(complaint, &served.answered(&complaint.narrative)?, served)?;
        let bytes = |explainer: &mut Explainer<OneModel>| -> Result<Vec<u8>> {
            Ok(serde_json::to_vec(&explainer.explain_all(&jobs)?)?)
        };
        equal += usize::from(bytes(&mut one)? == bytes(&mut two)?);
    }
    Ok(equal)
}

/// The question about the product; one that was answered, however unsure the model was.
fn product_job(complaint: &Complaint, served: &mut Served) -> Result<ExplainJob> {
    let answered = served.answered(&complaint.narrative)?;
    let jobs = jobs(complaint, &answered, served)?;
    let mut job = jobs.into_iter().find(|job| job.prediction.task == PRODUCT).context("the product")?;
    job.prediction.outcome = Outcome::Labelled;
    Ok(job)
}

fn spearman(one: &[f64], two: &[f64]) -> f64 {
    let (one, two) = (ranks(one), ranks(two));
    let (of_one, of_two) = (mean(one.iter().copied()), mean(two.iter().copied()));
    let product = |a: &[f64], b: &[f64], of_a: f64, of_b: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - of_a) * (b - of_b)).sum()
    };
    let spread = product(&one, &one, of_one, of_one) * product(&two, &two, of_two, of_two);
    if spread > 0.0 { product(&one, &two, of_one, of_two) / spread.sqrt() } else { 0.0 }
}

/// Equal ones share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let Range { start, end } = from..from + equal.len();
        equal.iter().for_each(|at| ranks[*at] = (start + end - 1) as f64 / 2.0);
        from = end;
    }
    ranks
}
