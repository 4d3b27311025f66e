//! Which sketches belong together: those that are linked by pairs that are alike.

use std::collections::HashMap;

use super::sketch::Sketch;

/// With how many others of one band a sketch is compared: its neighbours, and the first ones. A letter that thousands sent
/// is found by any of them, and all pairs would be millions.
const COMPARED: usize = 32;

/// The clusters of two or more among `sketches`, by their places in it: the places of each rise, and so do the first of each.
/// It depends on the sketches and their order alone.
pub fn cluster(sketches: &[Sketch]) -> Vec<Vec<usize>> {
    let (distinct, copies) = distinct(sketches);
    let mut sets = Sets::new(distinct.len());
    // Band by band, so that the keys of one are in memory at a time.
    let mut bands: Vec<_> = distinct.iter().map(|at| sketches[*at].bands()).collect();
    for _ in 0..Sketch::BANDS {
        let keys = bands.iter_mut().zip(0..).filter_map(|(bands, at): (_, usize)| Some((bands.next()?, at)));
        let mut keys: Vec<(u64, usize)> = keys.collect();
        keys.sort_unstable();
        for run in keys.chunk_by(|one, other| one.0 == other.0).filter(|run| run.len() > 1) {
            link(run, &mut sets, |one, other| sketches[distinct[one]].is_alike(&sketches[distinct[other]]));
        }
    }
    let mut found: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, same) in copies.into_iter().enumerate() {
        found.entry(sets.first(at)).or_default().extend(same);
    }
    let mut clusters: Vec<Vec<usize>> = found.into_values().filter(|places| places.len() > 1).collect();
    for places in &mut clusters {
        places.sort_unstable();
    }
    clusters.sort_unstable();
    clusters
}

/// The first place of each different sketch, and all its places.
fn distinct(sketches: &[Sketch]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let (mut firsts, mut copies) = (Vec::new(), Vec::<Vec<usize>>::new());
    let mut known: HashMap<&Sketch, usize> = HashMap::with_capacity(sketches.len());
    for (at, sketch) in sketches.iter().enumerate() {
        let number = *known.entry(sketch).or_insert_with(|| {
            firsts.push(at);
            copies.push(Vec::new());
            firsts.len() - 1
        });
        copies[number].push(at);
    }
    (firsts, copies)
}

/// Links what is alike of `run`, whose sketches share a band.
fn link(run: &[(u64, usize)], sets: &mut Sets, is_alike: impl Fn(usize, usize) -> bool) {
    for (number, (_, at)) in run.iter().enumerate() {
        let neighbours = run[number.saturating_sub(COMPARED)..number].iter();
        let first_ones = run[..number.saturating_sub(COMPARED).min(COMPARED)].iter();
        for (_, other) in neighbours.chain(first_ones) {
            if sets.first(*at) != sets.first(*other) && is_alike(*at, *other) {
                sets.join(*at, *other);
            }
        }
    }
}

/// Sets that are joined; each is known by its least member.
struct Sets(Vec<usize>);

impl Sets {
    fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    fn first(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            // Every second step is cut, so that the way stays short.
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        self.0[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(text: &str) -> Sketch {
        Sketch::of(text).unwrap()
    }

    const LETTER: &str = "I am writing to dispute an account on my credit report which I have never opened and I ask you to \
        remove it at once as the law demands of you and to confirm in writing that this was done within the time";

    #[test]
    fn copies_and_edited_copies_are_one_cluster_and_others_are_none() {
        let edited = LETTER.replace("never opened", "not opened").replace("at once", "today");
        let other = "The branch closed early and nobody could tell me when my new card would arrive by post at my house";
        let sketches = [LETTER, other, &edited, LETTER].map(sketch);
        assert_eq!(cluster(&sketches), [[0, 2, 3]]);
        assert!(cluster(&sketches[..2]).is_empty() && cluster(&[]).is_empty());
    }

    #[test]
    fn a_letter_that_thousands_sent_is_one_cluster_soon() {
        let words: Vec<&str> = LETTER.split(' ').collect();
        let copies: Vec<Sketch> = (0..5_000)
            .map(|n: usize| {
                let mut copy: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
                let letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
                let name: String =
                    n.to_string().bytes().map(|digit| letters[usize::from(digit - b'0')]).collect();
                copy[7] = name;
                sketch(&copy.join(" "))
            })
            .collect();
        let clusters = cluster(&copies);
        assert_eq!((clusters.len(), clusters[0].len()), (1, 5_000));
    }
}
