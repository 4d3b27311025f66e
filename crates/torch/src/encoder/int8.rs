//! Matrices in a byte a weight: each row is rounded to whole multiples of its own step.

use tch::{Kind, TchError, Tensor};

/// Rounds `matrix`, `[rows, columns]`, to bytes; with it the step of each row.
pub(crate) fn round(matrix: &Tensor) -> Result<(Tensor, Tensor), TchError> {
    let largest = matrix.f_abs()?.f_amax([1_i64].as_slice(), false)?;
    let steps = largest.f_div_scalar(127.0)?;
    // A row of zeros has any step.
    let steps = steps.f_where_self(&steps.f_gt(0.0)?, &steps.f_ones_like()?)?;
    let bytes = matrix.f_div(&steps.f_unsqueeze(1)?)?.f_round()?.f_clamp(-127.0, 127.0)?;
    Ok((bytes.f_to_kind(Kind::Int8)?, steps))
}

/// The matrix that [`round`] made, in single precision.
pub(crate) fn widen(bytes: &Tensor, steps: &Tensor) -> Result<Tensor, TchError> {
    let steps = steps.f_to_kind(Kind::Float)?.f_unsqueeze(1)?;
    bytes.f_to_kind(Kind::Float)?.f_mul(&steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_weight_moves_further_than_half_a_step_of_its_row() {
        let matrix = Tensor::from_slice2(&[[0.5_f32, -0.254, 0.003], [0.0, 0.0, 0.0], [-100.0, 1.0, 0.3]]);
        let (bytes, steps) = round(&matrix).unwrap();
        assert_eq!(bytes.kind(), Kind::Int8);
        let off = (widen(&bytes, &steps).unwrap() - &matrix).abs();
        let bound = steps.unsqueeze(1) * 0.5001;
        assert!(bool::try_from(off.le_tensor(&bound).all()).unwrap());
        assert_eq!(f64::try_from(off.get(1).max()).unwrap(), 0.0);
    }
}
