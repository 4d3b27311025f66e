//! How much a store is asked for at once.

/// As much as a store has managed in its time: half as much would not come down to what a slow one manages before it is given
/// up, so that after a failure it is one, and from there on twice as many where that was quick.
pub(crate) struct Pace {
    at_once: usize,
    most: usize,
}

impl Pace {
    /// From one on, up to `most`.
    pub(crate) fn rising_to(most: usize) -> Self {
        Self { at_once: 1, most: most.max(1) }
    }

    /// From `most` on.
    pub(crate) fn of(most: usize) -> Self {
        Self { at_once: most.max(1), most: most.max(1) }
    }

    pub(crate) fn at_once(&self) -> usize {
        self.at_once
    }

    /// The store did not manage so many.
    pub(crate) fn failed(&mut self) {
        self.at_once = 1;
    }

    /// It did; `quickly`, where it would manage twice as many.
    pub(crate) fn managed(&mut self, quickly: bool) {
        if quickly {
            self.at_once = self.at_once.saturating_mul(2).min(self.most);
        }
    }
}
