//! A narrative followed through a blend: through each member that was asked, and what the blend itself adds. From how fast
//! something grows with the blend's logits follows how fast it does with each member's, and from there each goes its own way.

use std::sync::Arc;

use ombud_models::{ClassifyError, Family, Logits, Origin, Outputs, Source, Step, Trace, Traced, UnreadText};

use super::plan::Choir;
use crate::bag::Hint;

/// One narrative in one member of a blend.
pub(super) struct MemberTrace {
    name: String,
    family: Family,
    trace: Box<dyn Trace>,
}

impl MemberTrace {
    pub(super) fn new(name: String, family: Family, trace: Box<dyn Trace>) -> Self {
        Self { name, family, trace }
    }

    pub(super) fn served(&self) -> &Logits {
        &self.trace.traced().served
    }

    fn share(&self) -> Self {
        Self { name: self.name.clone(), family: self.family, trace: self.trace.share() }
    }

    /// What the blend calls the member that its own trace calls `inner`.
    fn called(&self, inner: &str) -> String {
        match self.family {
            // A blend of blends: its members are named by the way to them.
            Family::Blend if !inner.is_empty() => format!("{}/{inner}", self.name),
            Family::Bag | Family::Encoder | Family::Blend => self.name.clone(),
        }
    }
}

/// One narrative in one blend. A label's logit at `t` is
/// ```text
/// sum over members of weight * log p(label, at t) + t * (shift(label) + strength * hint(label))
/// ```
/// and the hint is what it is when served, so that it needs no path of its own.
pub(super) struct BlendTrace {
    /// Those that were asked.
    members: Vec<MemberTrace>,
    /// By head who says what about it, the shift left out.
    choirs: Arc<[Choir]>,
    /// What the blend itself adds, one for each of the last origins.
    own: Arc<[Outputs]>,
    traced: Arc<Traced>,
}

impl BlendTrace {
    /// `choirs` and `hints` are how the answer `served` came about, `tasks` the names of the heads.
    pub(super) fn new(
        (choirs, hints): (Vec<Choir>, &[Hint]),
        tasks: &[String],
        members: Vec<MemberTrace>,
        served: Logits,
    ) -> Self {
        let (mut origins, mut unread) = (Vec::new(), Vec::new());
        for member in &members {
            let traced = member.trace.traced();
            origins.extend(traced.origins.iter().map(|origin| Origin {
                member: member.called(&origin.member),
                source: origin.source.clone(),
            }));
            unread.extend(traced.unread.iter().map(|unread| UnreadText {
                member: member.called(&unread.member),
                stretches: unread.stretches.clone(),
            }));
        }
        let nothing: Outputs = served.iter().map(|logits| vec![0.0; logits.len()]).collect();
        let (sources, own): (Vec<Source>, Vec<Outputs>) =
            shifts(&choirs, &nothing).into_iter().chain(given(hints, tasks, &served, &nothing)).unzip();
        origins.extend(sources.into_iter().map(|source| Origin { member: String::new(), source }));
        let is_straight = members.iter().all(|member| member.trace.traced().is_straight);
        let traced = Traced { origins, unread, served, is_straight };
        Self { members, choirs: choirs.into(), own: own.into(), traced: Arc::new(traced) }
    }

    /// The blend's logits at `point`, where its members give `answers`.
    fn fuse(&self, point: f64, answers: &[Outputs]) -> Outputs {
        let mut outputs: Outputs = self
            .choirs
            .iter()
            .map(|choir| {
                let labels = choir.voices.iter().map(|voice| voice.log_probabilities_in_double(answers));
                weighed(&choir.weighing.weights, labels)
            })
            .collect();
        for own in self.own.iter() {
            for (logits, added) in outputs.iter_mut().zip(own) {
                logits.iter_mut().zip(added).for_each(|(logit, added)| *logit += point * added);
            }
        }
        outputs
    }

    /// How fast something grows with each logit of each member, when `gradient` says how fast it does with the blend's.
    fn by_member(&self, answers: &[Outputs], gradient: &Outputs) -> Vec<Outputs> {
        let zeros = |answer: &Outputs| answer.iter().map(|logits| vec![0.0; logits.len()]).collect();
        let mut slopes: Vec<Outputs> = answers.iter().map(zeros).collect();
        for (choir, gradient) in self.choirs.iter().zip(gradient) {
            for (voice, weight) in choir.voices.iter().zip(&choir.weighing.weights) {
                // So that who has no say, or is not asked about this head, need not go the way back.
                if *weight == 0.0 || gradient.iter().all(|slope| *slope == 0.0) {
                    continue;
                }
                let said: Vec<f64> = gradient.iter().map(|slope| weight * slope).collect();
                voice.add_slopes(answers, &said, &mut slopes[voice.member()]);
            }
        }
        slopes
    }
}

/// `sum of weight * term`, label by label.
fn weighed(weights: &[f64], terms: impl Iterator<Item = Vec<f64>>) -> Vec<f64> {
    let mut sums = Vec::new();
    for (term, weight) in terms.zip(weights) {
        sums.resize(term.len(), 0.0);
        sums.iter_mut().zip(term).for_each(|(sum, value): (&mut f64, f64)| *sum += weight * value);
    }
    sums
}

/// What the shifts add, where there are any.
fn shifts(choirs: &[Choir], nothing: &Outputs) -> Option<(Source, Outputs)> {
    let shift = |(choir, nothing): (&Choir, &Vec<f64>)| match choir.weighing.shift.as_slice() {
        [] => nothing.clone(),
        shift => shift.to_vec(),
    };
    let all: Outputs = choirs.iter().zip(nothing).map(shift).collect();
    choirs.iter().any(|choir| !choir.weighing.shift.is_empty()).then_some((Source::Shift, all))
}

/// What each task hints the others.
fn given(hints: &[Hint], tasks: &[String], served: &Logits, nothing: &Outputs) -> Vec<(Source, Outputs)> {
    let mut given: Vec<(usize, Outputs)> = Vec::new();
    for hint in hints {
        let terms = hint.added(&served[hint.from]);
        match given.iter_mut().find(|(from, _)| *from == hint.from) {
            Some((_, outputs)) => outputs[hint.to] = terms,
            None => {
                let mut outputs = nothing.clone();
                outputs[hint.to] = terms;
                given.push((hint.from, outputs));
            }
        }
    }
    given.into_iter().map(|(from, outputs)| (Source::Hint { from: tasks[from].clone() }, outputs)).collect()
}

impl Trace for BlendTrace {
    fn traced(&self) -> &Traced {
        &self.traced
    }

    fn share(&self) -> Box<dyn Trace> {
        Box::new(Self {
            members: self.members.iter().map(MemberTrace::share).collect(),
            choirs: Arc::clone(&self.choirs),
            own: Arc::clone(&self.own),
            traced: Arc::clone(&self.traced),
        })
    }

    fn step(
        &mut self,
        point: f64,
        gradients: &mut dyn FnMut(&Outputs) -> Vec<Outputs>,
    ) -> Result<Step, ClassifyError> {
        let mut members = std::mem::take(&mut self.members);
        let mut fused = Outputs::new();
        let mut objectives = Vec::new();
        let mut ask = |answers: &[Outputs]| {
            fused = self.fuse(point, answers);
            objectives = gradients(&fused);
            objectives.iter().map(|gradient| self.by_member(answers, gradient)).collect()
        };
        let walked = walk(&mut members, point, &mut Vec::new(), &mut ask);
        self.members = members;
        let by_member = walked?.slopes;

        let own = |gradient: &Outputs, own: &Outputs| -> f64 {
            gradient.iter().flatten().zip(own.iter().flatten()).map(|(slope, added)| slope * added).sum()
        };
        let all = |(number, gradient): (usize, &Outputs)| {
            let members = by_member.iter().flat_map(|slopes| slopes[number].iter().copied());
            members.chain(self.own.iter().map(|added| own(gradient, added))).collect()
        };
        let slopes = objectives.iter().enumerate().map(all).collect();
        Ok(Step { outputs: fused, slopes })
    }
}

/// What came of a walk over some of the members.
#[derive(Default)]
struct Walk {
    /// For each objective for each of all members how fast it grows with that member's logits.
    gradients: Vec<Vec<Outputs>>,
    /// For each of the members that were walked over the slopes that its step gave.
    slopes: Vec<Vec<Vec<f64>>>,
}

/// Steps through `members`, each within the step of the one before it: what goes back through a member is known only when all
/// have answered. `answers` are those of the members before, `ask` gets all and gives [`Walk::gradients`].
fn walk(
    members: &mut [MemberTrace],
    point: f64,
    answers: &mut Vec<Outputs>,
    ask: &mut dyn FnMut(&[Outputs]) -> Vec<Vec<Outputs>>,
) -> Result<Walk, ClassifyError> {
    let Some((first, others)) = members.split_first_mut() else {
        return Ok(Walk { gradients: ask(answers), slopes: Vec::new() });
    };
    let place = answers.len();
    let mut walked = Ok(Walk::default());
    let step = first.trace.step(point, &mut |outputs| {
        answers.push(outputs.clone());
        walked = walk(others, point, answers, ask);
        walked.as_mut().map_or(Vec::new(), |walk| {
            walk.gradients.iter_mut().map(|by_member| std::mem::take(&mut by_member[place])).collect()
        })
    });
    let step = step.map_err(|error| ClassifyError {
        model: "blend",
        what: format!("member {}: {}", first.name, error.what),
        ..error
    })?;
    let mut walk = walked?;
    walk.slopes.insert(0, step.slopes);
    Ok(walk)
}
