//! A changed strategy moves no clock that runs.

use std::path::Path;

use ombud_contract::records::Strategy;
use ombud_models::{FirstStrategy, Strategies};

use super::*;
use crate::rules::StrategyRules;

/// When the second strategy begins.
const SECOND: i64 = NEW_YEAR + 60_000;

/// Two strategies: ten business days for an electronic transfer, then twenty.
fn rules() -> StrategyRules {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let first = FirstStrategy::read(&models.join("strategy.toml"), &models, "test", 0).unwrap().record;
    let routing = first.routing.replace("\"10 business days\"", "\"20 business days\"");
    assert_ne!(routing, first.routing);
    let second = Strategy { version: 2, effective_from: SECOND, routing, ..first.clone() };
    let mut strategies = Strategies::default();
    for record in [first, second] {
        strategies.push(record).unwrap();
    }
    StrategyRules::new(strategies).unwrap()
}

/// A shard by those strategies.
struct Branch {
    shard: Shard,
    rules: StrategyRules,
    out: Vec<Effect>,
}

impl Branch {
    fn after(changelog: &[RoutedComplaint], raw: i64, now: i64) -> Self {
        let rules = rules();
        let mut recovery =
            Recovery::new(JoinLimits::default(), 0, Position { raw, meta: Meta::default() }, 0, &rules);
        for (offset, record) in changelog.iter().enumerate() {
            recovery.fold(offset as i64, now, ChangelogRecord::Route(Arc::new(record.clone())));
        }
        let shard = recovery.finish(now, raw, &rules);
        let mut branch = Self { shard, rules, out: Vec::new() };
        branch.renew(now);
        branch
    }

    /// It is `now`, and the lease is fresh.
    fn renew(&mut self, now: i64) {
        for input in [Input::Tick, Input::CommitAcked, Input::Tick] {
            self.on(now, input);
        }
    }

    fn on(&mut self, now: i64, input: Input) {
        self.shard.on(now, input, &self.rules, &mut self.out);
    }

    fn complain(&mut self, appended_at: i64, offset: i64, input: &str) {
        let mut body = Submission::unreadable("a", input, NEW_YEAR);
        body.kind = SubmissionKind::Complaint;
        body.about.language = "en".into();
        body.about.attributes = [("branch".to_owned(), "7".to_owned())].into();
        self.on(appended_at, Input::Raw { offset, appended_at, body });
    }

    fn answer(&mut self, now: i64, offset: i64, raw: (i64, &str, &str), task: &str, label: &str) {
        let body = Prediction {
            label: Some(label.into()),
            path: vec![label.into()],
            ..prediction(raw, task, offset)
        };
        self.on(now, Input::Prediction { offset, body: Some(Box::new(body)) });
    }

    /// The newest route; it is acknowledged.
    fn route(&mut self, now: i64, offset: i64) -> RoutedComplaint {
        let mut routes = self.out.drain(..).filter_map(|effect| match effect {
            Effect::Route { record, .. } => record,
            _ => None,
        });
        let newest = routes.next_back().expect("a route was asked for");
        drop(routes);
        self.on(now, Input::RouteAcked { complaint_id: "a".into(), offset });
        RoutedComplaint::clone(&newest)
    }
}

const PRODUCT: &str = "Money transfer or virtual currency";

fn rule_of<'a>(route: &'a RoutedComplaint, name: &str) -> &'a str {
    let clock = route.clocks.iter().find(|clock| clock.name == name);
    clock.map_or("it does not run", |clock| clock.rule.split(" from").next().unwrap())
}

#[test]
fn an_amendment_keeps_the_clocks_of_its_submissions_strategy_also_after_a_recovery() {
    let deadline = NEW_YEAR + DEADLINE_MS;
    let mut branch = Branch::after(&[], 0, NEW_YEAR);
    branch.complain(NEW_YEAR, 0, "A");
    branch.answer(NEW_YEAR, 0, (0, "a", "A"), "product", PRODUCT);
    branch.renew(deadline);
    branch.on(deadline, Input::PredictionsEnd { end: 1, as_of: deadline });
    branch.on(deadline, Input::Tick);
    let late = branch.route(deadline, 0);
    assert_eq!((late.why, rule_of(&late, "reg-e-determination")), (Why::Deadline, "10 business days"));

    // The second strategy is in force, and an answer comes: to the shard that knows it all, and to one that has read its log.
    let mut recovered = Branch::after(std::slice::from_ref(&late), 1, SECOND + 1);
    for shard in [&mut branch, &mut recovered] {
        shard.renew(SECOND + 1);
        shard.answer(SECOND + 1, 1, (0, "a", "A"), "vulnerable", "NOT_INDICATED");
        let amended = shard.route(SECOND + 1, 1);
        assert_eq!((amended.why, amended.strategy_version), (Why::Amended, 1));
        assert_eq!(amended.clocks, late.clocks);
        assert_eq!(amended.resolve_by, late.resolve_by);
    }

    // Another content is a submission of its own time.
    branch.complain(SECOND + 2, 1, "B");
    for (offset, (task, label)) in
        (2..).zip([("product", PRODUCT), ("issue", "Fraud or scam"), ("vulnerable", "NOT_INDICATED")])
    {
        branch.answer(SECOND + 2, offset, (1, "a", "B"), task, label);
    }
    let again = branch.route(SECOND + 2, 2);
    assert_eq!((again.strategy_version, rule_of(&again, "reg-e-determination")), (2, "20 business days"));
    // What nobody can read leaves them alone.
    let unreadable = Submission::unreadable("a", "?", SECOND + 3);
    branch.on(SECOND + 3, Input::Raw { offset: 2, appended_at: SECOND + 3, body: unreadable });
    let kept = branch.route(SECOND + 3, 3);
    assert_eq!((kept.why, &kept.clocks), (Why::Unreadable, &again.clocks));
    assert_eq!(kept.final_response_by, again.final_response_by);
}
