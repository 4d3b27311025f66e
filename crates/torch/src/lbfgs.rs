//! L-BFGS on tensors: finds the least of a smooth function from its values and gradients.
//!
//! The two-loop recursion of Nocedal & Wright, *Numerical Optimization* (2006), algorithm 7.4, with the
//! bracketing line search of Lewis & Overton (2013, section 2.6), whose steps satisfy the weak Wolfe conditions.
//! Own code, because argmin's solver asks for cost and gradient apart, which here are one pass over the data, and
//! works on vectors in one thread, which here hold ten million numbers.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use tch::{Kind, Tensor};

/// Steps remembered; more cost memory and gain little.
const REMEMBERED_STEPS: usize = 10;
/// The value must fall by this share of what the slope promises, ...
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// ... and the slope must flatten to this share of what it was.
const CURVATURE: f64 = 0.9;
/// A search that needs more tries than this has met the limits of double precision.
const MOST_TRIES: usize = 25;

/// A point that the search reached.
pub(crate) struct Point {
    pub(crate) at: Tensor,
    pub(crate) value: f64,
    gradient: Tensor,
}

struct Step {
    moved: Tensor,
    turned: Tensor,
    /// 1 / (moved · turned)
    rho: f64,
}

/// Walks from `start` for at most `iterations`. `function` gives value and gradient; `seen` gets every point
/// that was reached and may stop the walk there. Nothing here depends on the number of threads.
pub(crate) fn minimise(
    start: Tensor,
    iterations: usize,
    mut function: impl FnMut(&Tensor) -> (f64, Tensor),
    mut seen: impl FnMut(usize, &Point) -> ControlFlow<()>,
) -> Point {
    let (value, gradient) = function(&start);
    let mut point = Point { at: start, value, gradient };
    let mut steps: VecDeque<Step> = VecDeque::with_capacity(REMEMBERED_STEPS);
    for iteration in 1..=iterations {
        let direction = direction(&point.gradient, &steps);
        let slope = dot(&point.gradient, &direction);
        // The first step has no curvature to go by: a length of one.
        let first_try =
            if steps.is_empty() { 1.0 / dot(&direction, &direction).sqrt().max(1e-12) } else { 1.0 };
        let Some(next) = search(&point, &direction, slope, first_try, &mut function) else { break };
        let moved = &next.at - &point.at;
        let turned = &next.gradient - &point.gradient;
        let rho = 1.0 / dot(&moved, &turned);
        point = next;
        if steps.len() == REMEMBERED_STEPS {
            steps.pop_front();
        }
        steps.push_back(Step { moved, turned, rho });
        if seen(iteration, &point).is_break() {
            break;
        }
    }
    point
}

/// The gradient turned by the curvature that the remembered steps saw, downhill.
fn direction(gradient: &Tensor, steps: &VecDeque<Step>) -> Tensor {
    let mut direction = -gradient;
    let mut alphas = Vec::with_capacity(steps.len());
    for step in steps.iter().rev() {
        let alpha = step.rho * dot(&step.moved, &direction);
        direction -= &step.turned * alpha;
        alphas.push(alpha);
    }
    if let Some(last) = steps.back() {
        direction *= 1.0 / (last.rho * dot(&last.turned, &last.turned));
    }
    for (step, alpha) in steps.iter().zip(alphas.iter().rev()) {
        let beta = step.rho * dot(&step.turned, &direction);
        direction += &step.moved * (alpha - beta);
    }
    direction
}

/// Halves a bracket, or doubles the step while there is none; `None` when no step goes down any more.
fn search(
    from: &Point,
    direction: &Tensor,
    slope: f64,
    first_try: f64,
    function: &mut impl FnMut(&Tensor) -> (f64, Tensor),
) -> Option<Point> {
    if slope >= 0.0 {
        return None;
    }
    let (mut low, mut high, mut length) = (0.0, f64::INFINITY, first_try);
    for _ in 0..MOST_TRIES {
        let at = &from.at + direction * length;
        let (value, gradient) = function(&at);
        if value > from.value + SUFFICIENT_DECREASE * length * slope || !value.is_finite() {
            high = length;
        } else if dot(&gradient, direction) < CURVATURE * slope {
            low = length;
        } else {
            return Some(Point { at, value, gradient });
        }
        length = if high.is_finite() { (low + high) / 2.0 } else { 2.0 * low };
    }
    None
}

/// In double precision, row by row: a row is summed by one thread and the rows in order, so that the number of
/// threads can't change the sum.
pub(crate) fn dot(a: &Tensor, b: &Tensor) -> f64 {
    let rows = (a * b).sum_dim_intlist([1_i64].as_slice(), false, Kind::Double);
    Vec::<f64>::try_from(&rows).unwrap_or_default().iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's banana, whose least value 0 lies at (1, 1).
    fn banana(at: &Tensor) -> (f64, Tensor) {
        let (x, y) = (at.double_value(&[0, 0]), at.double_value(&[0, 1]));
        let value = (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        let gradient = [-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)];
        (value, Tensor::from_slice(&gradient).reshape([1, 2]))
    }

    #[test]
    fn it_finds_the_bottom_of_a_bent_valley() {
        let start = Tensor::from_slice(&[-1.2_f64, 1.0]).reshape([1, 2]);
        let end = minimise(start, 60, banana, |_, _| ControlFlow::Continue(()));
        assert!(end.value < 1e-10, "{}", end.value);
        assert!((end.at.double_value(&[0, 0]) - 1.0).abs() < 1e-4);
    }

    #[test]
    fn every_step_goes_down_and_the_watcher_can_stop_the_walk() {
        let start = Tensor::from_slice(&[-1.2_f64, 1.0]).reshape([1, 2]);
        let mut values = vec![f64::INFINITY];
        minimise(start, 60, banana, |iteration, point| {
            values.push(point.value);
            if iteration == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(values.len(), 6);
        assert!(values.is_sorted_by(|a, b| a > b));
    }
}
