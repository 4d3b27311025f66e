//! How values are bound.

use jiff::civil::{Date, date};
use scylla::value::{CqlDate, MaybeUnset};

/// Unset where it is absent, which leaves no tombstone behind.
pub(super) fn set<T>(value: &Option<T>) -> MaybeUnset<&T> {
    MaybeUnset::from_option(value.as_ref())
}

/// Days since the Unix epoch, which CQL counts from 2^31.
pub(super) fn days(day: Date) -> CqlDate {
    let hours = day.duration_since(date(1970, 1, 1)).as_hours();
    // A calendar of ten thousand years has four million days.
    CqlDate(u32::try_from(hours / 24 + (1 << 31)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_the_server_does() {
        assert_eq!(days(date(1970, 1, 1)).0, 1 << 31);
        assert_eq!(days(date(1969, 12, 31)).0, (1 << 31) - 1);
        assert_eq!(days(date(2024, 2, 29)).0, (1 << 31) + 19_782);
    }
}
