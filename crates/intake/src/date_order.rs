//! The order in which a file writes day, month and year.

/// The order of dates whose numbers don't show it, such as 03/04/2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// Day, month, year: 03/04/2026 is the third of April.
    DayFirst,
    /// Month, day, year: 03/04/2026 is the fourth of March.
    MonthFirst,
    /// Year, month, day: 26-04-03 is the third of April.
    Iso,
}

impl DateOrder {
    /// All of them, in the order of [`crate::time::WrittenTime`]'s readings.
    pub(crate) const ALL: [Self; 3] = [Self::DayFirst, Self::MonthFirst, Self::Iso];

    /// Its name: `day-first`, `month-first` or `iso`.
    pub fn name(self) -> &'static str {
        match self {
            Self::DayFirst => "day-first",
            Self::MonthFirst => "month-first",
            Self::Iso => "iso",
        }
    }

    /// The order of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_found_by_its_name() {
        for order in DateOrder::ALL {
            assert_eq!(DateOrder::named(order.name()), Some(order));
        }
        assert_eq!(DateOrder::named("found"), None);
    }
}
