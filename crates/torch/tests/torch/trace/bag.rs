//! Through a bag: exact, whatever the text.

use std::sync::Arc;

use ombud_models::{Logits, Model, Outputs, Source, Stretch};
use ombud_torch::bag::{Hashing, Hint, Idf, Weights, in_memory};

use super::{furthest, in_double, load, repository, sample, step, test_split, trace, value};

const STRANGE: [&str; 7] = [
    "",
    " \n ",
    "Señor Müller’s cafe\u{301} — ﬁne, ½ late…… fee",
    "🙂🙂 漢字仮名 ΟΔΟΣ ΣΑΣ İstanbul",
    "On XX/XX/XXXX XXXX took {$300.00}",
    "fee fee fee",
    "a",
];

/// Each label of each head.
fn every_label(shape: &Logits) -> Vec<Outputs> {
    let zeros: Outputs = shape.iter().map(|head| vec![0.0; head.len()]).collect();
    let one = |head: usize, label: usize| {
        let mut objective = zeros.clone();
        objective[head][label] = 1.0;
        objective
    };
    (0..shape.len())
        .flat_map(|head| (0..shape[head].len()).map(move |label| (head, label)))
        .map(|(h, l)| one(h, l))
        .collect()
}

/// In double precision they do to the last digits; what serves adds thousands of numbers up in single precision.
fn all_parts_sum_to_what_is_served(narratives: &[String]) {
    let model = load(&repository().join("models/complaints-bag"));
    let (mut from_parts, mut from_served) = (0.0_f64, 0.0_f64);
    for narrative in narratives {
        let mut trace = trace(model.as_ref(), narrative);
        assert!(trace.traced().is_straight);
        let labels = every_label(&trace.traced().served);
        let begin = step(trace.as_mut(), 0.0, &labels);
        let end = step(trace.as_mut(), 1.0, &[]).outputs;
        from_served = from_served.max(furthest(&end, &in_double(&trace.traced().served)));
        for (objective, slopes) in labels.iter().zip(&begin.slopes) {
            let sum = value(&begin.outputs, objective) + slopes.iter().sum::<f64>();
            from_parts = from_parts.max((sum - value(&end, objective)).abs());
        }
        for origin in &trace.traced().origins {
            assert_eq!(origin.member, "bag");
            if let Source::Text { stretches, .. } = &origin.source {
                assert!(!stretches.is_empty() && stretches.is_sorted());
                let stands = |at: &Stretch| narrative.get(at.start..at.end).is_some_and(|it| !it.is_empty());
                assert!(stretches.iter().all(stands), "{stretches:?}");
            }
        }
    }
    assert!(from_parts < 1e-10, "{from_parts}");
    assert!(from_served < 2e-5, "{from_served}");
}

#[test]
fn the_parts_of_every_label_sum_to_its_logit_as_served() {
    all_parts_sum_to_what_is_served(&[sample(40), STRANGE.map(str::to_owned).to_vec()].concat());
}

#[test]
fn the_parts_sum_to_the_logits_on_five_hundred_of_the_data_sets() {
    all_parts_sum_to_what_is_served(&test_split(500));
}

const HASHING: Hashing = Hashing { max_chars: 20, bits: 3 };

/// Of two heads with two labels each: every column speaks for the first label of the first head, at one.
fn flat(hint: Option<Hint>) -> Arc<dyn Model> {
    let columns = HASHING.columns();
    let weights = Weights {
        idf: Idf::from_table(HASHING, vec![1.0; columns]).unwrap(),
        columns: (0..columns as u32).collect(),
        table: [1, 0, 0, 0].repeat(columns),
        column_scales: vec![1.0; columns],
        label_scales: vec![1.0; 4],
        bias: vec![0.5, 0.0, 0.0, 0.25],
        hint,
    };
    in_memory(weights, &[2, 2])
}

#[test]
fn grams_that_share_a_column_share_its_part_by_their_counts_and_say_so() {
    let narrative = "late fee fee on it";
    let mut trace = trace(flat(None).as_ref(), narrative);
    let slopes = step(trace.as_mut(), 0.5, &[vec![vec![1.0, 0.0], vec![0.0, 0.0]]]).slopes.remove(0);
    let places = |source: &Source| match source {
        Source::Text { stretches, collides } => (stretches.len(), *collides),
        _ => panic!("{source:?}"),
    };
    let found: Vec<(usize, bool)> =
        trace.traced().origins.iter().map(|origin| places(&origin.source)).collect();
    // Into 16 columns more grams collide than not, and a share is the same for each place in a column.
    assert!(found.iter().filter(|(_, collides)| *collides).count() > 16, "{found:?}");
    let prepared = flat(None).prepare(narrative);
    let served = flat(None).replica().classify(&[&prepared]).unwrap()[0][0][0];
    assert!((slopes.iter().sum::<f64>() + 0.5 - f64::from(served)).abs() < 1e-6);
    let fee = trace.traced().origins.iter().position(|origin| match &origin.source {
        Source::Text { stretches, .. } => stretches[..] == [Stretch { start: 5, end: 12 }],
        _ => false,
    });
    assert!(slopes[fee.unwrap()] > 0.0, "the pair `fee fee` stands over both words");
}

#[test]
fn what_is_past_the_limit_is_unread_and_a_hint_is_a_part_of_its_own() {
    let hint = Hint { from: 0, to: 1, strength: 2.0, given: vec![0.75, 0.25, 0.5, 0.5] };
    let mut trace = trace(flat(Some(hint.clone())).as_ref(), "Ä late fee is on it and more");
    let [unread] = &trace.traced().unread[..] else { panic!("{:?}", trace.traced().unread) };
    assert_eq!(
        (unread.member.as_str(), &unread.stretches[..]),
        ("bag", &[Stretch { start: 21, end: 29 }][..])
    );

    let last = trace.traced().origins.last().unwrap();
    assert_eq!(last.source, Source::Hint { from: String::new() });
    let terms = hint.terms(&trace.traced().served[0]);
    let slopes = step(trace.as_mut(), 0.0, &[vec![vec![0.0; 2], vec![1.0, -1.0]]]).slopes.remove(0);
    let (found, others) = slopes.split_last().unwrap();
    assert!((found - 2.0 * f64::from(terms[0] - terms[1])).abs() < 1e-6);
    assert!(others.iter().all(|slope| *slope == 0.0));
    let begin = step(trace.as_mut(), 0.0, &[]).outputs;
    assert_eq!(begin, [[0.5, 0.0], [0.0, 0.25]]);
}
