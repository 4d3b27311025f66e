//! Outages that pass: the call is made again, and the outage is logged once and then every minute, not with every attempt.

use std::time::{Duration, Instant};

use metrics::counter;
use tracing::{info, warn};

use crate::seam::Outage;

/// How often an outage that lasts is logged.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// One call to a service that is made again while the service is away.
#[derive(Debug)]
pub struct RetriedCall {
    service: &'static str,
    /// What was tried in vain, since when, and when that was logged; `None` while the service answers.
    failing: Option<FailingCall>,
}

#[derive(Debug)]
struct FailingCall {
    action: String,
    since: Instant,
    logged_at: Instant,
}

impl RetriedCall {
    /// Calls to `service`, such as `kafka`.
    pub fn of(service: &'static str) -> Self {
        // There from the beginning: a counter that first appears with its first outage raises no alarm.
        counter!("ombud_outages_total", "service" => service).increment(0);
        Self { service, failing: None }
    }

    /// What a call answered; `None` where an outage that passes was in the way.
    ///
    /// # Errors
    /// An outage that trying again can't fix.
    pub fn through<T>(&mut self, answer: Result<T, Outage>) -> Result<Option<T>, Outage> {
        match answer {
            Err(outage) if outage.fatal => Err(outage),
            Err(outage) => {
                counter!("ombud_outages_total", "service" => self.service).increment(1);
                let now = Instant::now();
                let since = self.failing.as_ref().map_or(now, |failing| failing.since);
                let is_logged = self.failing.as_ref().is_some_and(|failing| {
                    failing.action == outage.action && now < failing.logged_at + LOG_INTERVAL
                });
                if !is_logged {
                    let lasts = now.duration_since(since);
                    warn!(service = self.service, error = %outage, cause = %outage.cause, ?lasts, "outage: tried again");
                    self.failing = Some(FailingCall { action: outage.action, since, logged_at: now });
                }
                Ok(None)
            }
            Ok(answer) => {
                if let Some(FailingCall { action, since, .. }) = self.failing.take() {
                    info!(service = self.service, action, lasted = ?since.elapsed(), "outage is over");
                }
                Ok(Some(answer))
            }
        }
    }
}
