//! Shares of a contrast by part: the slopes of a trace, summed along its path.
//!
//! both ends -> [straight: one step] or 16 intervals -> complete enough? -> 32 -> 64 -> 128

use std::collections::BTreeMap;

use ombud_models::{Outputs, Step, Stop, Trace};

use crate::{contrast::Objective, error::Interruption, quadrature::clenshaw_curtis};

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
    /// Points of the path.
    pub(crate) points: usize,
    /// As [`GOOD_ERROR`] has it.
    pub(crate) error: f64,
    /// One step says all.
    pub(crate) is_exact: bool,
}

/// Attributes each of `objectives`, which share the steps. An objective is settled by the first rule that is good enough for
/// it, so that it gets the same shares alone and beside others; where none is, by the best.
pub(crate) fn attributed(
    trace: &mut dyn Trace,
    objectives: &[&Objective],
    stop: &Stop,
) -> Result<Vec<Shares>, Interruption> {
    let served: Vec<f64> = objectives.iter().map(|objective| objective.served(trace.served())).collect();
    let is_straight: Vec<bool> =
        objectives.iter().map(|objective| trace.is_straight() && objective.is_difference()).collect();
    let bent: Vec<usize> = (0..objectives.len()).filter(|at| !is_straight[*at]).collect();
    let wanted: Vec<&Objective> = bent.iter().map(|at| objectives[*at]).collect();
    let started = step(trace, 0.0, &wanted, stop)?;
    let ended = step(trace, 1.0, objectives, stop)?;

    let shares = |at: usize, parts: Vec<f64>, points: usize, is_exact: bool| {
        let (start, end) = (objectives[at].value(&started.outputs), objectives[at].value(&ended.outputs));
        let lacking = end - start - parts.iter().sum::<f64>();
        let error = lacking.abs() / served[at].abs().max(LEAST_CONTRAST);
        Shares { parts, start, end, points, error, is_exact }
    };
    let mut best: Vec<Option<Shares>> = vec![None; objectives.len()];
    let mut seen: Vec<SlopesSeen> = vec![SlopesSeen::new(); objectives.len()];
    for (at, slopes) in ended.slopes.iter().enumerate() {
        if is_straight[at] {
            best[at] = Some(shares(at, slopes.clone(), 1, true));
        } else {
            seen[at].insert(FINEST, slopes.clone());
        }
    }
    for (at, slopes) in bent.into_iter().zip(started.slopes) {
        seen[at].insert(0, slopes);
    }
    for intervals in INTERVALS {
        let is_open =
            |best: &Option<Shares>| best.as_ref().is_none_or(|b| !b.is_exact && b.error > GOOD_ERROR);
        let open: Vec<usize> = (0..best.len()).filter(|at| is_open(&best[*at])).collect();
        if open.is_empty() {
            break;
        }
        look(trace, objectives, &open, intervals, &mut seen, stop)?;
        for at in open {
            let next = shares(at, integral(&seen[at], intervals), intervals + 1, false);
            // More points may do worse: a path leads through what the model never saw.
            if best[at].as_ref().is_none_or(|best| next.error < best.error) {
                best[at] = Some(next);
            }
        }
    }
    let is_finite =
        |shares: &Shares| shares.error.is_finite() && shares.parts.iter().all(|part| part.is_finite());
    best.into_iter().map(|best| best.filter(is_finite).ok_or(Interruption::NotFinite)).collect()
}

/// The slopes of one objective, for each part, by the place on the path: the number of a point of the finest rule.
type SlopesSeen = BTreeMap<usize, Vec<f64>>;

/// Computes at the points of the rule that the `open` objectives have not seen.
fn look(
    trace: &mut dyn Trace,
    objectives: &[&Objective],
    open: &[usize],
    intervals: usize,
    seen: &mut [SlopesSeen],
    stop: &Stop,
) -> Result<(), Interruption> {
    let wanted: Vec<&Objective> = open.iter().map(|at| objectives[*at]).collect();
    for (number, node) in clenshaw_curtis(intervals).iter().enumerate() {
        let place = number * (FINEST / intervals);
        // Those that are open have all been open until now, so what one has seen the others have.
        if open.iter().all(|at| seen[*at].contains_key(&place)) {
            continue;
        }
        for (at, slopes) in open.iter().zip(step(trace, node.point, &wanted, stop)?.slopes) {
            seen[*at].insert(place, slopes);
        }
    }
    Ok(())
}

/// For each part its slope along the path, by a rule whose points were all seen.
fn integral(seen: &SlopesSeen, intervals: usize) -> Vec<f64> {
    let parts = seen.values().next().map_or(0, Vec::len);
    let mut sum = vec![0.0; parts];
    for (number, node) in clenshaw_curtis(intervals).iter().enumerate() {
        let slopes = seen.get(&(number * (FINEST / intervals)));
        for (sum, slope) in sum.iter_mut().zip(slopes.into_iter().flatten()) {
            *sum += node.weight * slope;
        }
    }
    sum
}

fn step(
    trace: &mut dyn Trace,
    point: f64,
    objectives: &[&Objective],
    stop: &Stop,
) -> Result<Step, Interruption> {
    if stop.requested() {
        return Err(Interruption::Stopped);
    }
    let mut gradients = |outputs: &Outputs| {
        objectives.iter().map(|objective| objective.gradient(outputs)).collect::<Vec<_>>()
    };
    let step = trace.step(point, &mut gradients)?;
    let fits = step.slopes.len() == objectives.len()
        && step.slopes.iter().all(|slopes| slopes.len() == trace.origins().len());
    if fits { Ok(step) } else { Err(Interruption::NotFinite) }
}
