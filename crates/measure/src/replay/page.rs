//! A replay as one HTML file: how much changes, from what to what, and each complaint folded into its group.

use std::collections::BTreeSet;

use ombud_report::{
    Axes, Chart, IntervalSeries, Lead, Section, Tone, interval_chart, percent, percent_range,
};

use super::{
    compare::aspects,
    document::{Aspect, Document},
    tables::{complaints, summary},
};
use crate::model_name::short;

/// The whole file; `id` is the evaluation's.
pub fn page(document: &Document, id: &str) -> String {
    let mut sections = vec![first(document), what(document, id), changes(document)];
    for aspect in document.aspects.iter().filter(|aspect| aspect.changed > 0) {
        sections.push(moved(document, aspect));
    }
    ombud_report::page("What another model would change", &sections)
}

/// How much changes, of all that is compared.
fn first(document: &Document) -> Section {
    let lead = |aspect: &Aspect| Lead {
        name: aspect.name.clone(),
        figure: aspect.share.map_or_else(|| "no complaints".to_owned(), percent),
        detail: aspect.interval.map_or_else(String::new, |interval| {
            format!("{}, {} of {}", percent_range(interval), aspect.changed, document.rows)
        }),
        asked: String::new(),
        standing: String::new(),
        tone: Tone::Plain,
        link: None,
    };
    Section::new("Complaints for which it would change")
        .leads(&document.aspects.iter().map(lead).collect::<Vec<_>>())
}

fn what(document: &Document, id: &str) -> Section {
    let champions = document.champions.iter();
    let champions: Vec<String> = champions.map(|(task, model)| format!("{task}: {}", short(model))).collect();
    let left_out = &document.left_out;
    Section::new("What this is")
        .text(format!(
            "Evaluation {id}: the {} complaints that were decided from {} until {}, asked once more. Who decides now ({}) \
             and {} read the same texts, as they stood then; strategy {}'s thresholds and routing table hold for both.",
            document.rows,
            document.data.since,
            document.data.until,
            champions.join("; "),
            short(&document.candidate),
            document.strategy_version,
        ))
        .text(format!(
            "Left out: {} that were withdrawn, {} whose text is gone or unfit. An answer changes where its label does or \
             where it becomes sure or unsure, not where only its confidence does.",
            left_out.withdrawn, left_out.unreadable,
        ))
}

fn changes(document: &Document) -> Section {
    Section::new("What would change")
        .table(&summary(document))
        .figure("Share of complaints for which it changes, with 95 % intervals", shares(&document.aspects))
}

fn shares(aspects: &[Aspect]) -> Chart {
    let names: Vec<String> = aspects.iter().map(|aspect| aspect.name.clone()).collect();
    let shares = aspects.iter().enumerate();
    let shares =
        shares.filter_map(|(at, aspect)| Some((at, aspect.share?, aspect.interval?))).collect::<Vec<_>>();
    let highest = shares.iter().map(|(_, _, [_, high])| *high).fold(0.01, f64::max);
    let axes =
        Axes { x: "", y: "share that changes", y_range: Some(0.0..highest.min(1.0)), ..Axes::default() };
    interval_chart(&axes, &names, &[IntervalSeries { name: "changed".to_owned(), shares }])
}

/// The matrix of one aspect, and under each way its complaints.
fn moved(document: &Document, aspect: &Aspect) -> Section {
    let ways = aspect.moves.iter().flat_map(|way| [&way.from, &way.to]);
    let labels: Vec<String> =
        ways.chain(aspect.stay.keys()).collect::<BTreeSet<_>>().into_iter().cloned().collect();
    let place = |label: &String| labels.binary_search(label).unwrap_or_default();
    let mut counts = vec![vec![0; labels.len()]; labels.len()];
    for way in &aspect.moves {
        counts[place(&way.from)][place(&way.to)] = way.complaints;
    }
    for (label, complaints) in &aspect.stay {
        counts[place(label)][place(label)] = *complaints;
    }
    let mut section = Section::new(format!("{}: from what to what", aspect.name)).matrix(
        ["now, down; candidate, across", "becomes"],
        &labels,
        &counts,
    );
    for way in &aspect.moves {
        let of_way = document.changed.iter().filter(|one| {
            aspects(one).iter().any(|(name, both)| {
                *name == aspect.name && both.champion == way.from && both.candidate == way.to
            })
        });
        let summary = format!("{} → {}: {}", way.from, way.to, way.complaints);
        section = section.folded(summary, &complaints(of_way));
    }
    section
}
