//! What a batch's logits cost, head by head.

use tch::{Device, Kind, Reduction, TchError, Tensor};

use super::recipe::HeadTuning;

/// The loss of one head over some of a batch's rows.
pub(super) struct HeadLoss {
    flag: bool,
    smoothing: f64,
    weight: f64,
    coarse: Option<CoarseLoss>,
    /// Share of all examples that carry the head's label: dividing by it keeps the heads' shares of the loss.
    labelled: f64,
}

struct CoarseLoss {
    weight: f64,
    group: Vec<usize>,
    /// For each group a row of labels: 0 where one belongs to it, else minus infinity.
    members: Tensor,
}

impl HeadLoss {
    pub(super) fn new(head: &HeadTuning, smoothing: f64, labelled: f64) -> Result<Self, TchError> {
        let coarse = head.coarse.as_ref().map(|coarse| -> Result<CoarseLoss, TchError> {
            let groups = coarse.group.iter().max().map_or(0, |last| last + 1);
            let rows: Vec<f32> = (0..groups)
                .flat_map(|group| {
                    coarse.group.iter().map(move |of| if *of == group { 0.0 } else { f32::NEG_INFINITY })
                })
                .collect();
            let members = Tensor::f_from_slice(&rows)?.f_view([groups as i64, head.labels as i64])?;
            Ok(CoarseLoss { weight: coarse.weight, group: coarse.group.clone(), members })
        });
        Ok(Self { flag: head.flag, smoothing, weight: head.weight, coarse: coarse.transpose()?, labelled })
    }

    /// Of `logits`, `[rows, labels]`, as a share of a batch of `batch` rows, so that the shares of a batch add up
    /// to its mean. `None` where no row carries a label.
    pub(super) fn of(
        &self,
        logits: &Tensor,
        labels: &[Option<usize>],
        batch: usize,
    ) -> Result<Option<Tensor>, TchError> {
        let (rows, targets): (Vec<i64>, Vec<usize>) = labels
            .iter()
            .enumerate()
            .filter_map(|(row, label)| label.map(|label| (row as i64, label)))
            .unzip();
        if rows.is_empty() {
            return Ok(None);
        }
        let logits = logits.f_index_select(0, &Tensor::f_from_slice(&rows)?)?;
        let mut loss = if self.flag {
            let targets: Vec<f32> = targets.iter().map(|target| *target as f32).collect();
            let targets = Tensor::f_from_slice(&targets)?.f_view_as(&logits)?;
            logits.f_binary_cross_entropy_with_logits(
                &targets,
                None::<Tensor>,
                None::<Tensor>,
                Reduction::Sum,
            )?
        } else {
            let targets = indices(targets.iter().copied())?;
            logits.f_cross_entropy_loss(&targets, None::<Tensor>, Reduction::Sum, -100, self.smoothing)?
        };
        loss = loss.f_mul_scalar(self.weight)?;
        if let Some(coarse) = &self.coarse {
            loss = loss.f_add(&coarse.of(&logits, &targets)?)?;
        }
        Ok(Some(loss.f_mul_scalar((batch as f64 * self.labelled).recip())?))
    }
}

impl CoarseLoss {
    fn of(&self, logits: &Tensor, targets: &[usize]) -> Result<Tensor, TchError> {
        let groups = indices(targets.iter().map(|target| self.group[*target]))?;
        let members = self.members.f_index_select(0, &groups)?;
        let summed =
            logits.f_log_softmax(1, None::<Kind>)?.f_add(&members)?.f_logsumexp([1_i64].as_slice(), false)?;
        summed.f_sum(None::<Kind>)?.f_mul_scalar(-self.weight)
    }
}

fn indices(values: impl Iterator<Item = usize>) -> Result<Tensor, TchError> {
    Tensor::f_from_slice(&values.map(|value| value as i64).collect::<Vec<_>>())
}

/// Zero, to add to.
pub(super) fn nothing() -> Result<Tensor, TchError> {
    Tensor::f_zeros([] as [i64; 0], (Kind::Float, Device::Cpu))
}

#[cfg(test)]
mod tests {
    use super::super::recipe::Coarse;
    use super::*;

    fn head(flag: bool, coarse: Option<Coarse>) -> HeadTuning {
        HeadTuning { task: "t".into(), labels: 3, flag, weight: 2.0, coarse }
    }

    fn value(loss: Option<Tensor>) -> f64 {
        loss.unwrap().double_value(&[])
    }

    #[test]
    fn rows_without_a_label_cost_nothing_and_the_others_keep_their_share() {
        let loss = HeadLoss::new(&head(false, None), 0.0, 0.5).unwrap();
        let logits = Tensor::from_slice2(&[[0.0_f32, 0.0, 0.0], [9.0, 1.0, 2.0]]);
        let one = value(loss.of(&logits, &[Some(1), None], 2).unwrap());
        assert!((one - 2.0 * 3_f64.ln()).abs() < 1e-6, "{one}");
        assert!(loss.of(&logits, &[None, None], 2).unwrap().is_none());
    }

    #[test]
    fn a_group_costs_what_its_labels_together_lack() {
        let coarse = Coarse { group: vec![0, 1, 1], weight: 1.0 };
        let fine = HeadLoss::new(&head(false, None), 0.0, 1.0).unwrap();
        let both = HeadLoss::new(&head(false, Some(coarse)), 0.0, 1.0).unwrap();
        let logits = Tensor::from_slice2(&[[0.0_f32, 0.0, 0.0]]);
        let group =
            value(both.of(&logits, &[Some(2)], 1).unwrap()) - value(fine.of(&logits, &[Some(2)], 1).unwrap());
        assert!((group - 1.5_f64.ln()).abs() < 1e-6, "{group}");
    }

    #[test]
    fn the_groups_gradient_is_a_number() {
        let coarse = Coarse { group: vec![0, 1, 1], weight: 1.0 };
        let loss = HeadLoss::new(&head(false, Some(coarse)), 0.05, 1.0).unwrap();
        let logits = Tensor::from_slice2(&[[90.0_f32, -90.0, 0.0]]).set_requires_grad(true);
        loss.of(&logits, &[Some(1)], 1).unwrap().unwrap().backward();
        assert!(bool::try_from(logits.grad().isfinite().all()).unwrap());
    }

    #[test]
    fn yes_or_no_costs_its_cross_entropy() {
        let loss = HeadLoss::new(&HeadTuning { labels: 2, ..head(true, None) }, 0.05, 1.0).unwrap();
        let logits = Tensor::from_slice2(&[[1.0_f32], [1.0]]);
        let both = value(loss.of(&logits, &[Some(0), Some(1)], 1).unwrap());
        let yes = (1.0 + (-1.0_f64).exp()).ln();
        assert!((both - 2.0 * (yes + yes + 1.0)).abs() < 1e-5, "{both}");
    }
}
