//! Shares of a contrast by part: the slopes of a trace, summed along its path.
//!
//! both ends -> [straight: one step] or 16 intervals -> complete enough? -> 32 -> 64 -> 128

use std::collections::BTreeMap;

use ombud_models::{Outputs, Step, Stop, Trace};
use rayon::prelude::*;

use crate::{
    contrast::Objective,
    error::Interruption,
    quadrature::{Node, stretched},
};

/// From which error on the intervals are halved: |sum - (g(1) - g(0))| over the contrast as served. Far below what is shown as
/// approximate, for the goal is 1 % on half of all texts and 5 % on 95 of 100, and what the sum lacks is a bar of its own.
pub(crate) const GOOD_ERROR: f64 = 0.02;
/// A contrast counts as at least so much where an error is measured by it: of labels that are as likely every error is great.
pub(crate) const LEAST_CONTRAST: f64 = 0.5;
/// Into how many intervals the path is cut, one rule after the other; each looks also where the one before has looked.
const INTERVALS: [usize; 4] = [16, 32, 64, FINEST];
/// Intervals of the last rule.
const FINEST: usize = 128;

/// One objective, attributed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shares {
    /// By part, in the trace's order.
    pub(crate) parts: Vec<f64>,
    /// The objective where nothing is read.
    pub(crate) start: f64,
    /// The objective where all is read, in single precision.
    pub(crate) end: f64,
    /// Points of the path where slopes were computed.
    pub(crate) points: usize,
    /// As [`GOOD_ERROR`] has it.
    pub(crate) error: f64,
    /// One step says all.
    pub(crate) is_exact: bool,
}

/// Attributes each of `objectives`, which share the steps. An objective is settled by the first rule that is good enough for
/// it, so that it gets the same shares alone and beside others; where none is, by the best.
pub(crate) fn attributed(
    trace: &dyn Trace,
    objectives: &[&Objective],
    stop: &Stop,
) -> Result<Vec<Shares>, Interruption> {
    let traced = trace.traced();
    let served: Vec<f64> = objectives.iter().map(|objective| objective.served(&traced.served)).collect();
    let is_straight = |at: &usize| traced.is_straight && objectives[*at].is_difference();
    let (straight, bent): (Vec<usize>, Vec<usize>) = (0..objectives.len()).partition(is_straight);
    // At the ends only what is straight asks for slopes.
    let (start, end) = (Look::of(0.0, objectives, &[]), Look::of(1.0, objectives, &straight));
    let Ok([started, ended]) = <[Step; 2]>::try_from(looked(trace, &[start, end], stop)?) else {
        unreachable!("one step a look")
    };

    let shares = |at: usize, parts: Vec<f64>, points: usize, is_exact: bool| {
        let (start, end) = (objectives[at].value(&started.outputs), objectives[at].value(&ended.outputs));
        let lacking = end - start - parts.iter().sum::<f64>();
        let error = lacking.abs() / served[at].abs().max(LEAST_CONTRAST);
        Shares { parts, start, end, points, error, is_exact }
    };
    let mut best: Vec<Option<Shares>> = vec![None; objectives.len()];
    for (at, slopes) in straight.into_iter().zip(&ended.slopes) {
        best[at] = Some(shares(at, slopes.clone(), 1, true));
    }
    let (mut open, mut seen) = (bent, vec![SlopesSeen::new(); objectives.len()]);
    for intervals in INTERVALS {
        look(trace, objectives, &open, intervals, &mut seen, stop)?;
        for at in &open {
            let next = shares(*at, integral(&seen[*at], intervals), intervals - 1, false);
            // More points may do worse: a path leads through what the model never saw.
            if best[*at].as_ref().is_none_or(|best| next.error < best.error) {
                best[*at] = Some(next);
            }
        }
        open.retain(|at| best[*at].as_ref().is_some_and(|best| best.error > GOOD_ERROR));
    }
    let is_finite =
        |shares: &Shares| shares.error.is_finite() && shares.parts.iter().all(|part| part.is_finite());
    best.into_iter().map(|best| best.filter(is_finite).ok_or(Interruption::NotFinite)).collect()
}

/// The slopes of one objective, for each part, by the place on the path: the number of a point of the finest rule.
type SlopesSeen = BTreeMap<usize, Vec<f64>>;

/// Computes at the points of the rule that the `open` objectives have not seen.
fn look(
    trace: &dyn Trace,
    objectives: &[&Objective],
    open: &[usize],
    intervals: usize,
    seen: &mut [SlopesSeen],
    stop: &Stop,
) -> Result<(), Interruption> {
    let Some(first) = open.first() else { return Ok(()) };
    // Those that are open have all been open until now, so what one has seen the others have.
    let is_new = |(place, _): &(usize, Node)| !seen[*first].contains_key(place);
    let (places, looks): (Vec<usize>, Vec<Look<'_>>) = places(intervals)
        .filter(is_new)
        .map(|(place, node)| (place, Look::of(node.point, objectives, open)))
        .unzip();
    for (place, step) in places.into_iter().zip(looked(trace, &looks, stop)?) {
        for (at, slopes) in open.iter().zip(step.slopes) {
            seen[*at].insert(place, slopes);
        }
    }
    Ok(())
}

/// The places of a rule, and its nodes.
fn places(intervals: usize) -> impl Iterator<Item = (usize, Node)> {
    let place = move |(number, node): (usize, Node)| ((number + 1) * (FINEST / intervals), node);
    stretched(intervals).into_iter().enumerate().map(place)
}

/// For each part its slope along the path, by a rule whose points were all seen.
fn integral(seen: &SlopesSeen, intervals: usize) -> Vec<f64> {
    let parts = seen.values().next().map_or(0, Vec::len);
    let mut sum = vec![0.0; parts];
    for (place, node) in places(intervals) {
        let slopes = seen.get(&place);
        for (sum, slope) in sum.iter_mut().zip(slopes.into_iter().flatten()) {
            *sum += node.weight * slope;
        }
    }
    sum
}

/// A point of the path, and the objectives whose slopes there are asked for.
struct Look<'a> {
    point: f64,
    objectives: Vec<&'a Objective>,
}

impl<'a> Look<'a> {
    fn of(point: f64, objectives: &[&'a Objective], asked: &[usize]) -> Self {
        Self { point, objectives: asked.iter().map(|at| objectives[*at]).collect() }
    }
}

/// One step a look, in their order; on as many threads as the process may use.
fn looked(trace: &dyn Trace, looks: &[Look<'_>], stop: &Stop) -> Result<Vec<Step>, Interruption> {
    // A trace may go to another thread, and can't be asked by two at once.
    let traces: Vec<Box<dyn Trace>> = looks.iter().map(|_| trace.share()).collect();
    traces.into_par_iter().zip(looks).map(|(mut trace, look)| step(&mut *trace, look, stop)).collect()
}

fn step(trace: &mut dyn Trace, look: &Look<'_>, stop: &Stop) -> Result<Step, Interruption> {
    if stop.requested() {
        return Err(Interruption::Stopped);
    }
    let mut gradients = |outputs: &Outputs| -> Vec<Outputs> {
        look.objectives.iter().map(|objective| objective.gradient(outputs)).collect()
    };
    let step = trace.step(look.point, &mut gradients)?;
    let parts = trace.traced().origins.len();
    let fits =
        step.slopes.len() == look.objectives.len() && step.slopes.iter().all(|slopes| slopes.len() == parts);
    if fits { Ok(step) } else { Err(Interruption::NotFinite) }
}
