//! How often the like of a cluster came before: older sketches are looked up one by one, and none of them is kept.

use std::collections::HashMap;

use super::sketch::Sketch;

/// Sketches of a cluster by which older ones are found. A letter that was edited often has many; these are spread over it.
const KNOWN_BY: usize = 64;

/// The clusters by their bands.
pub(super) struct Lookup<'a> {
    known: Vec<(usize, &'a Sketch)>,
    by_band: HashMap<(usize, u64), Vec<usize>>,
}

impl<'a> Lookup<'a> {
    /// `clusters`: the sketches of each, in an order that does not depend on chance.
    pub(super) fn new(clusters: impl Iterator<Item = Vec<&'a Sketch>>) -> Self {
        let (mut known, mut by_band) = (Vec::new(), HashMap::<_, Vec<usize>>::new());
        for (cluster, sketches) in clusters.enumerate() {
            let every = sketches.len().div_ceil(KNOWN_BY).max(1);
            for sketch in sketches.into_iter().step_by(every) {
                for key in sketch.bands().enumerate() {
                    by_band.entry(key).or_default().push(known.len());
                }
                known.push((cluster, sketch));
            }
        }
        Self { known, by_band }
    }

    /// The cluster that `sketch` is most like; the first of several.
    pub(super) fn find(&self, sketch: &Sketch) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        let mut seen = Vec::new();
        for key in sketch.bands().enumerate() {
            for at in self.by_band.get(&key).into_iter().flatten() {
                if seen.contains(at) {
                    continue;
                }
                seen.push(*at);
                let (cluster, known) = self.known[*at];
                let similarity = known.similarity(sketch);
                let is_better = best
                    .is_none_or(|(most, first)| similarity > most || (similarity == most && cluster < first));
                if known.is_alike(sketch) && is_better {
                    best = Some((similarity, cluster));
                }
            }
        }
        best.map(|(_, cluster)| cluster)
    }
}
