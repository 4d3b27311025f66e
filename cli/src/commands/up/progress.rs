//! What `up` shows while it works: that models are loaded, until the first complaint has its route; then how far it is.

use indicatif::ProgressBar;

use super::journey::Journeys;
use crate::output::terminal::Terminal;

/// A spinner, then a bar; gone when it is dropped.
pub(crate) struct ProgressDisplay {
    terminal: Terminal,
    /// Nothing is routed yet.
    loading: Option<ProgressBar>,
    routed: Option<ProgressBar>,
}

impl ProgressDisplay {
    pub(crate) fn start(terminal: &Terminal) -> Self {
        Self { terminal: terminal.clone(), loading: Some(terminal.spinner("loading models")), routed: None }
    }

    /// How many of the wanted complaints are routed.
    pub(crate) fn show(&mut self, journeys: &Journeys) {
        let (routed, wanted) = (journeys.count_routed(), journeys.count_wanted());
        if routed == 0 && self.routed.is_none() {
            return;
        }
        if let Some(loading) = self.loading.take() {
            loading.finish_and_clear();
        }
        // Its rate counts from the first route, not from the loading of models.
        let bar = self.routed.get_or_insert_with(|| self.terminal.bar("routed"));
        bar.set_length(wanted as u64);
        bar.set_position(routed as u64);
    }
}

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        for bar in [self.loading.take(), self.routed.take()].into_iter().flatten() {
            bar.finish_and_clear();
        }
    }
}
