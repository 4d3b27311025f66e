//! The two halves of the audit sample: one may calibrate a model, on the other models are tried. For good.

use ombud_contract::ids::basis_point;

/// What is hashed with the id, so that this draw is independent of all others. Never changed: a complaint that tried one
/// model would calibrate the next.
const DOMAIN: &str = "audit-half";
/// Of 10,000.
const HALF: i32 = 5_000;

/// Which half of the audit sample a complaint belongs to, should it be drawn for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditHalf {
    /// May set a model's temperature, shifts and thresholds.
    Calibration,
    /// Models are tried on it, and nothing else is done with it.
    Trial,
}

impl AuditHalf {
    /// By the complaint's id alone: the first eight bytes of the SHA-256 over `audit-half` and the id (each behind its
    /// length, eight bytes, big-endian), as a big-endian number modulo 10,000; below 5,000 is the calibrating half.
    pub fn of(complaint_id: &str) -> Self {
        if basis_point(complaint_id, DOMAIN) < HALF { Self::Calibration } else { Self::Trial }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_is_the_same_for_good() {
        use AuditHalf::{Calibration, Trial};
        let known = [
            ("", Calibration),
            ("c-1", Calibration),
            ("c-2", Calibration),
            ("c-4", Trial),
            ("cfpb-0123456789abcdef", Trial),
            ("reclamação-7", Trial),
            ("case-7", Calibration),
            ("case-12", Trial),
        ];
        for (complaint_id, half) in known {
            assert_eq!(AuditHalf::of(complaint_id), half, "{complaint_id}");
        }
    }

    #[test]
    fn halves_are_even_also_among_those_that_are_drawn_for_the_audit() {
        let ids: Vec<String> = (0..10_000).map(|n| format!("c-{n}")).collect();
        let calibrating = |drawn: &dyn Fn(&str) -> bool| {
            let of_half = ids.iter().filter(|id| drawn(id) && AuditHalf::of(id) == AuditHalf::Calibration);
            of_half.count()
        };
        assert_eq!(calibrating(&|_| true), 4_959);
        // 1,016 of them.
        assert_eq!(calibrating(&|id| basis_point(id, "audit") < 1_000), 488);
    }
}
