//! Outages that pass: the call is made again, and the outage is told once, not with every attempt.

use metrics::counter;
use tracing::{info, warn};

use crate::seam::Outage;

/// One call to a service that is made again while the service is away.
#[derive(Debug)]
pub struct Passing {
    service: &'static str,
    /// What was tried in vain; `None` while the service answers.
    failing: Option<String>,
}

impl Passing {
    /// Calls to `service`, such as `kafka`.
    pub fn of(service: &'static str) -> Self {
        Self { service, failing: None }
    }

    /// What a call answered; `None` where an outage that passes was in the way.
    ///
    /// # Errors
    /// An outage that trying again can't mend.
    pub fn through<T>(&mut self, answer: Result<T, Outage>) -> Result<Option<T>, Outage> {
        match answer {
            Err(outage) if outage.fatal => Err(outage),
            Err(outage) => {
                counter!("ombud_outages_total", "service" => self.service).increment(1);
                if self.failing.as_deref() != Some(outage.action.as_str()) {
                    warn!(service = self.service, error = %outage, cause = %outage.cause, "outage: tried again");
                    self.failing = Some(outage.action);
                }
                Ok(None)
            }
            Ok(answer) => {
                if let Some(action) = self.failing.take() {
                    info!(service = self.service, action, "outage is over");
                }
                Ok(Some(answer))
            }
        }
    }
}
