//! The part of a contrast that needs no approximation, computed in another way: from what the bag answers when it serves, and
//! from what the blend says that it adds.

use std::sync::Arc;

use anyhow::{Context, Result};
use ombud_contract::records::Vulnerability;
use ombud_explain::{BarKind, Contrast};
use ombud_models::{Artefact, Head, Kind, LoadModel, Model, Reading, vulnerability_of};
use ombud_torch::{Libtorch, bag::Hint, blend::Fusion};

use crate::served::{Answered, Served};

/// The member whose shares are exact.
const BAG: &str = "bag";

/// The bag of the default blend, and how the blend counts it.
pub(crate) struct ExactPart {
    bag: Arc<dyn Model>,
    bag_heads: Vec<Head>,
    heads: Vec<Head>,
    fusion: Fusion,
}

impl ExactPart {
    pub(crate) fn of(served: &Served) -> Result<Self> {
        let dir = &served.artefact.dir;
        let bag = Artefact::open(&dir.join(BAG))?;
        Ok(Self {
            bag: Libtorch.load(&bag)?,
            bag_heads: bag.manifest.heads,
            heads: served.artefact.manifest.heads.clone(),
            fusion: Fusion::read(dir)?,
        })
    }

    /// How far the bars of the words as the bag reads them, of the shift and of the hint are from what they should sum to;
    /// `None` for a coarser label than a leaf, whose contrast is no sum.
    pub(crate) fn gap(
        &self,
        narrative: &str,
        answered: &Answered,
        task: usize,
        contrast: &Contrast,
    ) -> Result<Option<f64>> {
        let head = &self.heads[task];
        let (a, b) = (&contrast.answer, &contrast.against);
        let (Some(a), Some(b)) = (place(head, &a.level, &a.label), place(head, &b.level, &b.label)) else {
            return Ok(None);
        };
        let of_bag =
            self.bag_heads.iter().position(|of_bag| of_bag.task == head.task).context("the bag's head")?;
        let bag_head = &self.bag_heads[of_bag];
        let in_bag = |label: usize| bag_head.labels.iter().position(|known| *known == head.labels[label]);
        let (bag_a, bag_b) =
            (in_bag(a).context("a label of the bag")?, in_bag(b).context("a label of the bag")?);

        let reading = Reading::of(narrative, "und");
        let prepared = self.bag.prepare(reading.text());
        let logits = self.bag.replica().classify(&[&prepared])?.pop().context("its logits")?;
        let mut trace = self.bag.trace(reading.text())?.context("a bag's trace")?;
        let begins = trace.step(0.0, &mut |_| Vec::new())?.outputs;
        let said = f64::from(logits[of_bag][bag_a]) - f64::from(logits[of_bag][bag_b]);
        let said = said - (begins[of_bag][bag_a] - begins[of_bag][bag_b]);

        let fused = self.fusion.heads.get(&head.task).context("the blend's head")?;
        let mut expected = fused.weights.get(BAG).copied().unwrap_or(0.0) * said / bag_head.temperature;
        if let [_, ..] = fused.shift[..] {
            expected += fused.shift[a] - fused.shift[b];
        }
        if let Some(hint) = &fused.hint {
            let from = self.heads.iter().position(|head| head.task == hint.from).context("who hints")?;
            let given = Hint { from, to: task, strength: hint.strength, given: hint.given.concat() };
            let terms = given.terms(&answered.logits[from]);
            expected += f64::from(hint.strength) * (f64::from(terms[a]) - f64::from(terms[b]));
        }
        let is_exact = |kind, name: &str| match kind {
            BarKind::Words | BarKind::Special => name == BAG,
            BarKind::Shift | BarKind::Hint => true,
            BarKind::Baseline | BarKind::Evidence | BarKind::Arithmetic | BarKind::Error => false,
        };
        let bars = contrast.bars.iter().filter(|bar| is_exact(bar.kind, &bar.name));
        let sum: f64 = bars.map(|bar| bar.value).sum();
        Ok(Some((sum - expected / head.temperature).abs()))
    }
}

/// The place of a leaf among the head's labels; a yes or no has two.
fn place(head: &Head, level: &str, label: &str) -> Option<usize> {
    match head.kind {
        Kind::Flag => Some(usize::from(vulnerability_of(label) != Vulnerability::NotIndicated)),
        Kind::Choice if level == head.task => head.labels.iter().position(|known| known == label),
        Kind::Choice => None,
    }
}
