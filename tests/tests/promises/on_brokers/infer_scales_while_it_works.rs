//! Product workers come and go under load, 1 -> 3 -> 1: nothing is lost. How long each partition stood still is printed.

#![cfg(feature = "torch")]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use ombud_contract::{codec, records::Prediction};
use ombud_tests::{Deployment, Load, Role, Routes, sample_times, whole};

const PARTITIONS: i32 = 12;
/// Complaints a second.
const RATE: u32 = 60;
/// Each time 300 complaints: 40 s of load.
const SAMPLES: usize = 8;
/// Between one change and the next.
const STEP: Duration = Duration::from_secs(2);
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

const PRODUCT: [&str; 3] = ["infer", "--task", "product"];

/// By raw partition, in milliseconds from append to append: how long each raw record waited for its product.
fn waits(deployment: &Deployment) -> Result<BTreeMap<i32, Vec<i64>>> {
    let mut answered: BTreeMap<(i32, i64), i64> = BTreeMap::new();
    for record in whole(deployment, "complaints.predictions")? {
        let Some(value) = record.value.as_deref() else { continue };
        let prediction: Prediction = codec::decode(value)?;
        if prediction.task == "product" {
            let first = answered.entry((prediction.raw_partition, prediction.raw_offset)).or_insert(i64::MAX);
            *first = record.appended_at.min(*first);
        }
    }
    let mut waits: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    for raw in whole(deployment, "complaints.raw")? {
        let at = (raw.source.partition, raw.offset);
        let Some(answered_at) = answered.get(&at) else { anyhow::bail!("{:?} has no answer", raw) };
        waits.entry(at.0).or_default().push(answered_at - raw.appended_at);
    }
    Ok(waits)
}

fn median(mut values: Vec<i64>) -> i64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[test]
fn scaling_out_and_in_under_load_loses_nothing() -> Result<()> {
    let deployment = Deployment::fresh(PARTITIONS)?;
    let file = deployment.folder().join("complaints.csv");
    let complaints = usize::try_from(sample_times(SAMPLES, &file)?)?;
    let mut others =
        vec![deployment.launch(&["infer", "--task", "issue,vulnerable"])?, deployment.launch(&["join"])?];
    others.iter_mut().try_for_each(Role::wait_until_ready)?;
    let mut products = vec![deployment.start(&PRODUCT)?];
    let mut routes = Routes::follow(&deployment)?;

    let mut load = Load::start(&deployment, &file, RATE, &[])?;
    let began = Instant::now();
    routes.wait_until(WAIT_TIMEOUT, |routes| routes.complete() > 0)?;
    for count in [2, 3, 2, 1] {
        let due = Instant::now() + STEP;
        routes.wait_until(WAIT_TIMEOUT, |_| Instant::now() >= due)?;
        let at = began.elapsed().as_secs_f64();
        if count > products.len() {
            products.push(deployment.start(&PRODUCT)?);
            println!("{at:>5.1} s: {count} workers, ready after {:.1} s", began.elapsed().as_secs_f64() - at);
        } else {
            let took = products.remove(0).stop()?;
            println!("{at:>5.1} s: {count} workers, the other gone after {:.1} s", took.as_secs_f64());
        }
    }
    let due = Instant::now() + STEP;
    routes.wait_until(WAIT_TIMEOUT, |_| Instant::now() >= due)?;
    ensure!(load.is_under_way()?, "the load ended before the last change");
    load.finish()?;
    routes.wait_for_complete(complaints, WAIT_TIMEOUT)?;
    assert_eq!((routes.by_complaint.len(), routes.contradictions()), (complaints, vec![]));
    products.into_iter().chain(others).try_for_each(|role| role.stop().map(drop))?;

    let waits = waits(&deployment)?;
    println!("partition   records   median wait for the product   longest: it stood still");
    for (partition, waits) in &waits {
        let longest = waits.iter().max().copied().unwrap_or_default();
        println!("{partition:>9} {:>9} {:>24} ms {longest:>20} ms", waits.len(), median(waits.clone()));
    }
    let longest: Vec<i64> = waits.values().filter_map(|waits| waits.iter().max().copied()).collect();
    println!(
        "stood still: median of the partitions {} ms, max {} ms",
        median(longest.clone()),
        longest.iter().max().copied().unwrap_or_default()
    );
    assert_eq!(waits.values().map(Vec::len).sum::<usize>(), complaints);
    Ok(())
}
