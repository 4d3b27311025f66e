//! What the distance between two tokens adds to the attention that one pays to the other, alike in all layers: MPNet's
//! way, after T5's relative positions (Raffel et al., 2020, section 2.1). Near distances have a bucket each, far ones share.

use tch::{Device, Kind, TchError, Tensor};

/// Buckets of both directions together.
pub(crate) const BUCKETS: i64 = 32;
/// From this distance on all share the last bucket of their direction.
const FARTHEST: f64 = 128.0;

/// A learned table.
pub(crate) struct Distances {
    /// A row a bucket, a column an attention head.
    pub(crate) table: Tensor,
}

impl Distances {
    /// What is added to the scores of texts of `length` tokens, `[1, heads, length, length]`.
    pub(crate) fn of(&self, length: i64) -> Result<Tensor, TchError> {
        let added = Tensor::f_embedding(&self.table, &buckets(length)?, -1, false, false)?;
        added.f_permute([2, 0, 1])?.f_unsqueeze(0)
    }

    pub(crate) fn share(&self) -> Self {
        Self { table: self.table.shallow_clone() }
    }
}

/// For each token that asks and each that is read the bucket of their distance, `[length, length]`. In single precision and
/// in this order, as Python computes it: a bucket's edge must fall on the same side.
fn buckets(length: i64) -> Result<Tensor, TchError> {
    let one_way = BUCKETS / 2;
    let near = one_way / 2;
    let places = Tensor::f_arange(length, (Kind::Int64, Device::Cpu))?;
    let behind = places.f_unsqueeze(1)?.f_sub(&places.f_unsqueeze(0)?)?;
    let ahead = behind.f_lt(0)?.f_to_kind(Kind::Int64)?.f_mul_scalar(one_way)?;
    let distance = behind.f_abs()?;
    let far = distance
        .f_to_kind(Kind::Float)?
        .f_div_scalar(near)?
        .f_log()?
        .f_div_scalar((FARTHEST / near as f64).ln())?
        .f_mul_scalar(one_way - near)?;
    // Of near ones the logarithm is none; they are taken as they are below.
    let far = far.f_clamp_min(0.0)?.f_to_kind(Kind::Int64)?.f_add_scalar(near)?.f_clamp_max(one_way - 1)?;
    distance.f_where_self(&distance.f_lt(near)?, &far)?.f_add(&ahead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_distances_have_a_bucket_each_and_far_ones_share() {
        let buckets = buckets(200).unwrap();
        let of = |asking: i64, read: i64| buckets.int64_value(&[asking, read]);
        assert_eq!((0..9).map(|back| of(50, 50 - back)).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!((of(50, 51), of(50, 57)), (17, 23));
        assert_eq!((of(150, 138), of(150, 110), of(150, 50), of(199, 0)), (9, 12, 15, 15));
        assert_eq!((of(0, 199), of(0, 128)), (31, 31));
    }

    #[test]
    fn a_score_gets_the_number_of_its_head_and_its_bucket() {
        let table = Tensor::arange(BUCKETS * 2, (Kind::Float, Device::Cpu)).view([BUCKETS, 2]);
        let added = Distances { table }.of(3).unwrap();
        assert_eq!(added.size(), [1, 2, 3, 3]);
        // The third token reads the first, two behind it: row 2 of the table.
        assert_eq!(added.double_value(&[0, 1, 2, 0]), 5.0);
    }
}
