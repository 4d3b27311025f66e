//! What the results of a folder come to: faithfulness by task beside SHAP and chance, completeness, and time.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use ombud_measure::evaluate::with_section;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::{
    figures::percentile,
    judge::{CHANCE, METHODS, SHAP, SHARE, SHARES},
    lines::Lines,
    ours::{ALL, NEXT},
    served::Served,
};

/// How often rows are drawn for an interval.
const DRAWS: usize = 10_000;

/// Of one complaint and task.
struct Faithfulness {
    comprehensiveness: f64,
    /// The mean fall over all shares, as a part of what there is to fall.
    area: f64,
    sufficiency: f64,
}

/// By row.
type OfTask = BTreeMap<u64, Faithfulness>;

/// Who writes the section of a card.
const BY: &str = "scripts/faithful";

/// Prints the tables of what `folder` has of a split, and writes its figures to `figures.json` there. Into the model's `card` it puts
/// the tables as a section.
pub(crate) fn report(split: &str, folder: &Path, card: Option<&Path>) -> Result<()> {
    let mut section = format!("## Explanations on {split}.csv.gz\n{HOW}\n");
    let mut figures = serde_json::Map::new();
    let tasks = Served::load()?.tasks();
    faithfulness(&tasks, folder, &mut section, &mut figures)?;
    let next = Lines::open(&folder.join(format!("{NEXT}.jsonl")))?;
    figures.insert("completeness".to_owned(), completeness(&tasks, next.read(), &mut section)?);
    if let Ok(found) = fs::read_to_string(folder.join("sanity.json")) {
        let found: Value = serde_json::from_str(&found)?;
        write!(section, "\n{}\n", sanity(&found))?;
        figures.insert("sanity".to_owned(), found);
    }
    fs::write(folder.join("figures.json"), serde_json::to_string_pretty(&figures)? + "\n")?;
    println!("{section}");
    if let Some(card) = card {
        let old = fs::read_to_string(card).with_context(|| format!("read {}", card.display()))?;
        fs::write(card, with_section(&old, BY, &section))?;
    }
    Ok(())
}

/// How the figures of words beside those of others are meant.
const HOW: &str = "
Comprehensiveness: by how much the calibrated probability of the answer falls without the first 20 % of the words. Area: its mean
over 1, 5, 10, 20 and 50 % of them, as a share of the probability. Sufficiency: its fall with those 20 % alone; less is better.
`all-others` are words by what they add to the answer against all others together, which is what SHAP's PartitionExplainer (500
evaluations) explains, too; `runner-up` against the next likeliest, which people are shown unless they ask.
";

fn faithfulness(
    tasks: &[String],
    folder: &Path,
    section: &mut String,
    figures: &mut serde_json::Map<String, Value>,
) -> Result<()> {
    let judged = Lines::open(&folder.join("judged.jsonl"))?;
    let mut table =
        table(&["task", "method", "texts", "comprehensiveness at 20 %", "area, 1 to 50 %", "sufficiency"]);
    let mut against = self::table(&[
        "task",
        "ours, against",
        "texts",
        "comprehensiveness",
        "area",
        "sufficiency",
        "times random",
    ]);
    for (place, task) in tasks.iter().enumerate() {
        let of = |method: &str| of_task(judged.read(), method, place);
        for method in METHODS.into_iter().chain([CHANCE]) {
            let of = of(method)?;
            let mean = |figure: fn(&Faithfulness) -> f64| mean(of.values().map(figure));
            let means =
                [mean(|one| one.comprehensiveness), mean(|one| one.area), mean(|one| one.sufficiency)];
            table.add_row(
                [task.clone(), method.to_owned(), of.len().to_string()]
                    .into_iter()
                    .chain(means.iter().map(|mean| format!("{mean:.3}"))),
            );
            figures.insert(format!("{task}.{method}"), json!({ "texts": of.len(), "means": means }));
        }
        let (shap, chance) = (of(SHAP)?, of(CHANCE)?);
        for method in [ALL, NEXT] {
            let ours = of(method)?;
            // Above 0 each is better than SHAP's.
            let apart = [
                paired(&ours, &shap, |one| one.comprehensiveness),
                paired(&ours, &shap, |one| one.area),
                paired(&ours, &shap, |one| -one.sufficiency),
            ];
            let apart = apart.map(|apart| (mean(apart.iter().copied()), interval(&apart), apart.len()));
            let beside = |of: &OfTask| -> f64 {
                let both = of.iter().filter(|(row, _)| ours.contains_key(row) && chance.contains_key(row));
                mean(both.map(|(_, one)| one.comprehensiveness))
            };
            // Where chance takes nothing away there is nothing to be a multiple of.
            let by_chance = beside(&chance);
            let ratio = if by_chance > 0.0 { beside(&ours) / by_chance } else { f64::INFINITY };
            let [comprehensiveness, area, sufficiency] =
                apart.map(|(mean, [low, high], _)| format!("{mean:+.3} [{low:+.3}, {high:+.3}]"));
            against.add_row([
                task.clone(),
                method.to_owned(),
                apart[0].2.to_string(),
                comprehensiveness,
                area,
                sufficiency,
                format!("{ratio:.1}"),
            ]);
            let figures_apart = apart
                .map(|(mean, interval, texts)| json!({ "mean": mean, "interval": interval, "texts": texts }));
            figures.insert(
                format!("{task}.{method}.beside"),
                json!({ "better_than_shap": figures_apart, "over_random": ratio }),
            );
        }
    }
    write!(
        section,
        "{table}\n\nBy how much they are better than SHAP's on the same texts, with 95 % intervals; and how many times random's comprehensiveness:\n\n{against}\n\n"
    )?;
    Ok(())
}

fn of_task(lines: &[Value], method: &str, place: usize) -> Result<OfTask> {
    let mut of_task = OfTask::new();
    for line in lines.iter().filter(|line| line["kind"] == method) {
        let task = &line["tasks"][place];
        let number = |value: &Value| value.as_f64().context("a number of judged.jsonl");
        let without =
            (0..SHARES.len()).map(|at| number(&task["without"][at])).collect::<Result<Vec<f64>>>()?;
        let judged = Faithfulness {
            comprehensiveness: without[SHARE],
            // To nothing at most. The bounds of Edin et al. (arXiv 2408.08137) would need a search over orders in each text;
            // all methods are judged on one model here, which is what theirs are for.
            area: mean(without.iter().copied()) / number(&task["whole"])?,
            sufficiency: number(&task["alone"])?,
        };
        of_task.insert(line["row"].as_u64().context("`row`")?, judged);
    }
    Ok(of_task)
}

/// By how much a figure of the one is above the other's, on what both were judged on.
fn paired(ours: &OfTask, other: &OfTask, figure: fn(&Faithfulness) -> f64) -> Vec<f64> {
    let both = other.iter().filter_map(|(row, other)| Some((ours.get(row)?, other)));
    both.map(|(ours, other)| figure(ours) - figure(other)).collect()
}

/// The 95 % interval of the mean, by drawing rows again.
fn interval(apart: &[f64]) -> [f64; 2] {
    if apart.is_empty() {
        return [f64::NAN; 2];
    }
    let mut random = StdRng::seed_from_u64(1);
    let mut drawn = || mean((0..apart.len()).map(|_| apart[random.random_range(0..apart.len())]));
    let mut means: Vec<f64> = (0..DRAWS).map(|_| drawn()).collect();
    [0.025, 0.975].map(|share| percentile(&mut means, share))
}

/// How exactly contrasts add up, and how long they took.
fn completeness(tasks: &[String], lines: &[Value], section: &mut String) -> Result<Value> {
    let mut table = table(&[
        "task",
        "contrasts",
        "error p50",
        "p95",
        "greatest",
        "above 10 %",
        "of them flagged",
        "flagged",
        "exact part off by",
        "points 15/31/63/127",
    ]);
    let mut figures = serde_json::Map::new();
    for (place, task) in tasks.iter().enumerate() {
        let of_task = || lines.iter().map(|line| &line["tasks"][place]);
        let mut errors: Vec<f64> = of_task().filter_map(|of| of["error"].as_f64()).collect();
        let is_far = |of: &&Value| of["error"].as_f64().is_some_and(|error| error > 0.1);
        let is_flagged = |of: &&Value| of["approximate"] == true;
        let far = of_task().filter(is_far).count();
        let far_flagged = of_task().filter(is_far).filter(is_flagged).count();
        let flagged = of_task().filter(is_flagged).count();
        let gaps: Vec<f64> = of_task().filter_map(|of| of["exact_gap"].as_f64()).collect();
        let gap = gaps.iter().copied().fold(0.0, f64::max);
        let steps = [15, 31, 63, 127].map(|steps| of_task().filter(|of| of["steps"] == steps).count());
        let unreproduced = of_task().filter(|of| of["reproduced"] != true).count();
        let [p50, p95, greatest] = [0.5, 0.95, 1.0].map(|share| percentile(&mut errors, share));
        table.add_row([
            task.clone(),
            errors.len().to_string(),
            format!("{:.3} %", 100.0 * p50),
            format!("{:.2} %", 100.0 * p95),
            format!("{:.2} %", 100.0 * greatest),
            far.to_string(),
            far_flagged.to_string(),
            flagged.to_string(),
            format!("{gap:.1e} of {}", gaps.len()),
            steps.map(|count| count.to_string()).join("/"),
        ]);
        figures.insert(
            task.clone(),
            json!({
                "contrasts": errors.len(), "error": [p50, p95, greatest], "far": far, "far_flagged": far_flagged,
                "flagged": flagged, "exact_gap": gap, "exact": gaps.len(), "steps": steps, "unreproduced": unreproduced,
            }),
        );
    }
    write!(section, "How exactly a contrast with the runner-up is the sum of its parts:\n\n{table}\n")?;
    // Of the machine, and of whatever else it did: not for the card.
    for name in ["seconds_alone", "seconds_all"] {
        let mut taken: Vec<f64> = lines.iter().filter_map(|line| line[name].as_f64()).collect();
        let [p50, p95, longest] = [0.5, 0.95, 1.0].map(|share| percentile(&mut taken, share));
        println!("{name}: p50 {p50:.2}, p95 {p95:.2}, longest {longest:.2} of {}", taken.len());
        figures.insert(name.to_owned(), json!([p50, p95, longest]));
    }
    Ok(Value::Object(figures))
}

fn sanity(found: &Value) -> String {
    let signed = found["rank_correlation"].as_f64().unwrap_or(f64::NAN);
    format!(
        "A word that speaks for a product, planted where another was answered, is among the first three in {} of {} texts. With \
         shuffled weights words have a rank correlation of {signed:+.3} with those of the model. The same question had the same \
         bytes in {} of {} texts.",
        found["planted"], found["texts"], found["equal"], found["repeated"]
    )
}

pub(crate) fn mean(figures: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = figures.fold((0.0, 0), |(sum, count), figure| (sum + figure, count + 1));
    sum / f64::from(count)
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
