//! A blend in plain Rust: a linear member, a wavy one, a shift and a hint from the product to the issue. Every word has small
//! weights of its own by its hash; marker words have great ones.

use std::collections::BTreeMap;

use ombud_models::{
    Classifier, ClassifyError, Input, Logits, Model, Origin, Outputs, Prepared, Source, Step, Stretch, Trace,
    Traced, UnreadText,
};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{TASKS, head};

const MEMBERS: [&str; 2] = ["bag", "encoder"];

#[derive(Clone)]
pub(crate) struct FakeModel {
    /// A word, its task, its label, and what it adds to that.
    pub(crate) markers: Vec<(&'static str, &'static str, &'static str, f64)>,
    /// How far the encoder's logits wave around a straight line, and how often on the way.
    pub(crate) wave: (f64, f64),
    /// What the serving arithmetic adds to the first label of each task.
    pub(crate) gap: f32,
    pub(crate) is_followed: bool,
    pub(crate) seed: u64,
}

impl FakeModel {
    pub(crate) fn straight() -> Self {
        let markers = vec![
            ("mortgage", "product", "Mortgage", 6.0),
            ("loan", "product", "Student loan", 3.0),
            ("card", "product", "Credit card or prepaid card", 3.0),
            ("payment", "issue", "Trouble during payment process", 8.0),
            ("disabled", "vulnerable", "VULNERABLE", 1.0),
        ];
        Self { markers, wave: (0.0, 0.0), gap: 0.0, is_followed: true, seed: 7 }
    }

    /// Waves that 16 points follow.
    pub(crate) fn curved() -> Self {
        Self { wave: (0.3, 9.0), ..Self::straight() }
    }

    fn is_straight(&self) -> bool {
        self.wave.0 == 0.0
    }

    fn weight(&self, word: u64, task: usize, label: usize) -> f64 {
        // Splitmix64.
        let mut x = word
            ^ self.seed.wrapping_add((task as u64) << 32 | label as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let small = (x >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
        let marked = self.markers.iter().filter(|(marker, of, to, _)| {
            hash(marker) == word && *of == TASKS[task] && *to == head(TASKS[task]).labels[label]
        });
        0.2 * small + marked.map(|(_, _, _, weight)| weight).sum::<f64>()
    }

    /// By member, by head, by label, what each word adds.
    fn sums(&self, words: &[u64]) -> [Outputs; 2] {
        MEMBERS.map(|_| {
            let row = |task: usize| {
                let labels = head(TASKS[task]).labels.len();
                (0..labels)
                    .map(|label| words.iter().map(|word| self.weight(*word, task, label) / 2.0).sum())
                    .collect()
            };
            (0..TASKS.len()).map(row).collect()
        })
    }

    fn shift(&self, task: usize, label: usize) -> f64 {
        if TASKS[task] == "product" { 0.01 * label as f64 } else { 0.0 }
    }

    fn bias(label: usize) -> f64 {
        -0.02 * label as f64
    }

    /// What a hint adds to the issue, fixed by the product as served.
    fn hint(&self, words: &[u64], label: usize) -> f64 {
        let mortgage: f64 = words.iter().map(|word| self.weight(*word, 0, 5)).sum();
        0.05 * mortgage * ((label % 3) as f64 - 1.0)
    }

    fn wave(&self, z: f64) -> f64 {
        z + self.wave.0 * (self.wave.1 * z).sin()
    }

    fn wave_slope(&self, z: f64) -> f64 {
        1.0 + self.wave.0 * self.wave.1 * (self.wave.1 * z).cos()
    }

    fn outputs(&self, words: &[u64], point: f64) -> Outputs {
        let [bag, encoder] = self.sums(words);
        let logit = |task: usize, label: usize| {
            let hint = if TASKS[task] == "issue" { self.hint(words, label) } else { 0.0 };
            Self::bias(label)
                + point * (bag[task][label] + self.shift(task, label) + hint)
                + self.wave(point * encoder[task][label])
        };
        (0..TASKS.len()).map(|task| (0..bag[task].len()).map(|label| logit(task, label)).collect()).collect()
    }

    fn served(&self, words: &[u64]) -> Logits {
        let single = |row: Vec<f64>| row.into_iter().map(|logit| logit as f32).collect::<Vec<f32>>();
        let mut logits: Logits = self.outputs(words, 1.0).into_iter().map(single).collect();
        logits.iter_mut().for_each(|row| row[0] += self.gap);
        logits
    }
}

fn hash(word: &str) -> u64 {
    word.to_lowercase()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Model for FakeModel {
    fn prepare(&self, narrative: &str) -> Prepared {
        let hashes: Vec<u64> = narrative.unicode_words().map(hash).collect();
        let halves = hashes.iter().flat_map(|hash| [*hash as u32, (*hash >> 32) as u32]).collect();
        let tokens = hashes.len() as u32;
        Prepared { input: Input::Tokens(halves), tokens, truncated_tokens: 0, unseen_tokens: 0, windows: 1 }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(self.clone())
    }

    fn trace(&self, narrative: &str) -> Result<Option<Box<dyn Trace>>, ClassifyError> {
        if !self.is_followed {
            return Ok(None);
        }
        // The bag has an origin a different word, at each of its places; the encoder one a word.
        let mut places: BTreeMap<u64, Vec<Stretch>> = BTreeMap::new();
        let (mut words, mut origins, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        for (start, word) in narrative.unicode_word_indices() {
            let stretch = Stretch { start, end: start + word.len() };
            places.entry(hash(word)).or_default().push(stretch);
            words.push(hash(word));
            reads.push((1, vec![hash(word)]));
            let source = Source::Text { stretches: vec![stretch], collides: false };
            origins.push(Origin { member: MEMBERS[1].to_owned(), source });
        }
        for (word, stretches) in places {
            reads.push((0, vec![word; stretches.len()]));
            let source = Source::Text { stretches, collides: word == hash("twice") };
            origins.push(Origin { member: MEMBERS[0].to_owned(), source });
        }
        let of_all = |member: &str, source| Origin { member: member.to_owned(), source };
        origins.push(of_all(MEMBERS[1], Source::Special));
        origins.push(of_all("", Source::Shift));
        origins.push(of_all("", Source::Hint { from: "product".to_owned() }));
        let served = self.served(&words);
        let end = narrative.len();
        let start = narrative.char_indices().nth(2_000).map_or(end, |(at, _)| at);
        let unread =
            vec![UnreadText { member: MEMBERS[1].to_owned(), stretches: vec![Stretch { start, end }] }];
        let unread = if start < end { unread } else { Vec::new() };
        let traced = Traced { origins, unread, served, is_straight: self.is_straight() };
        Ok(Some(Box::new(FakeTrace { model: self.clone(), words, reads, traced })))
    }
}

impl Classifier for FakeModel {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        let logits = |text: &&Prepared| {
            let Input::Tokens(halves) = &text.input else { panic!("it prepares tokens") };
            let words: Vec<u64> =
                halves.chunks_exact(2).map(|half| u64::from(half[0]) | u64::from(half[1]) << 32).collect();
            self.served(&words)
        };
        Ok(batch.iter().map(logits).collect())
    }
}

#[derive(Clone)]
struct FakeTrace {
    model: FakeModel,
    words: Vec<u64>,
    /// Member and words of each origin of text.
    reads: Vec<(usize, Vec<u64>)>,
    traced: Traced,
}

impl Trace for FakeTrace {
    fn traced(&self) -> &Traced {
        &self.traced
    }

    fn share(&self) -> Box<dyn Trace> {
        Box::new(self.clone())
    }

    fn step(
        &mut self,
        point: f64,
        gradients: &mut dyn FnMut(&Outputs) -> Vec<Outputs>,
    ) -> Result<Step, ClassifyError> {
        let model = &self.model;
        let outputs = model.outputs(&self.words, point);
        let [_, encoder] = model.sums(&self.words);
        let slope = |gradient: &Outputs, adds: &dyn Fn(usize, usize) -> f64| {
            let mut sum = 0.0;
            for (task, row) in gradient.iter().enumerate() {
                // Most of a gradient is nothing: one task is asked about.
                for (label, grows) in row.iter().enumerate().filter(|(_, grows)| **grows != 0.0) {
                    sum += grows * adds(task, label);
                }
            }
            sum
        };
        let gradients = gradients(&outputs);
        let slopes = gradients.iter().map(|gradient| {
            let mut slopes: Vec<f64> = Vec::with_capacity(self.traced.origins.len());
            for (member, words) in &self.reads {
                slopes.push(slope(gradient, &|task, label| {
                    let weight: f64 = words.iter().map(|word| model.weight(*word, task, label) / 2.0).sum();
                    let steep =
                        if *member == 1 { model.wave_slope(point * encoder[task][label]) } else { 1.0 };
                    weight * steep
                }));
            }
            slopes.push(0.0);
            slopes.push(slope(gradient, &|task, label| model.shift(task, label)));
            slopes.push(slope(gradient, &|task, label| {
                if TASKS[task] == "issue" { model.hint(&self.words, label) } else { 0.0 }
            }));
            slopes
        });
        let slopes = slopes.collect();
        Ok(Step { outputs, slopes })
    }
}
