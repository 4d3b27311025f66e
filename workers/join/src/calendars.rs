//! How far the calendars of the strategy in force reach, as a metric: an alarm asks for a new one in time.

use std::collections::BTreeSet;

use metrics::gauge;

use crate::rules::StrategyRules;

/// How often it is looked at, in milliseconds: what changes is a day, or the strategy.
const LOOK_INTERVAL_MS: i64 = 60_000;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Puts into metrics how far calendars reach.
#[derive(Debug, Default)]
pub(crate) struct CalendarGauge {
    next_at: i64,
    /// What was put into metrics.
    shown: BTreeSet<String>,
}

impl CalendarGauge {
    /// Looks at the strategy in force at `now`, once a minute.
    pub(crate) fn publish_when_due(&mut self, rules: &StrategyRules, now: i64) {
        if now < self.next_at {
            return;
        }
        self.next_at = now.saturating_add(LOOK_INTERVAL_MS);
        let ends = rules.in_force(now).routing.clock_rules.calendar_ends(now);
        let mut gone = std::mem::take(&mut self.shown);
        for end in ends {
            gone.remove(&end.calendar);
            show(&end.calendar, (end.days_short() * DAY_SECONDS) as f64);
            self.shown.insert(end.calendar);
        }
        for calendar in gone {
            // No clock is counted by it any more, so that it can lack nothing: no number passes a bound.
            show(&calendar, f64::NAN);
        }
    }
}

fn show(calendar: &str, short_seconds: f64) {
    gauge!("ombud_calendar_short_seconds", "calendar" => calendar.to_owned()).set(short_seconds);
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use ombud_contract::records::Strategy;
    use ombud_models::{FirstStrategy, Strategies};

    use super::*;

    const DAY_MS: i64 = 1_000 * DAY_SECONDS;
    /// 2026-11-29.
    const NOW: i64 = 1_795_910_400_000;

    fn rules(calendars: &[&str]) -> StrategyRules {
        let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let first = FirstStrategy::read(&models.join("strategy.toml"), &models, "test", 0).unwrap().record;
        let mut strategies = Strategies::default();
        for (at, calendar) in calendars.iter().enumerate() {
            let version = 1 + at as i64;
            let next = Strategy {
                version,
                effective_from: at as i64 * (NOW + DAY_MS),
                routing: first.routing.replace("us-federal@1", calendar),
                ..first.clone()
            };
            strategies.push(next).unwrap();
        }
        StrategyRules::new(strategies).unwrap()
    }

    #[test]
    fn a_calendar_of_the_strategy_in_force_says_how_much_it_lacks_and_another_nothing() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let shown = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            let rules = rules(&["us-federal@1", "england-and-wales@1"]);
            let mut gauge = CalendarGauge::default();
            let value = |calendar: &str| {
                let line = format!("ombud_calendar_short_seconds{{calendar=\"{calendar}\"}} ");
                let text = shown.render();
                let found = text.lines().find_map(|each| each.strip_prefix(&line).map(str::to_owned));
                found.map(|number| number.parse::<f64>().unwrap())
            };
            gauge.publish_when_due(&rules, NOW);
            let short = value("us-federal@1").unwrap();
            assert!(short < 0.0 && value("england-and-wales@1").is_none(), "{short}");
            gauge.publish_when_due(&rules, NOW + 1);
            assert_eq!(value("us-federal@1"), Some(short), "not before its time");
            gauge.publish_when_due(&rules, NOW + 2 * DAY_MS);
            assert!(value("us-federal@1").unwrap().is_nan() && value("england-and-wales@1").unwrap() < 0.0);
            // Two years and three months later its end has passed.
            gauge.publish_when_due(&rules, NOW + 820 * DAY_MS);
            assert!(value("england-and-wales@1").unwrap() > (60 * DAY_SECONDS) as f64);
        });
    }
}
