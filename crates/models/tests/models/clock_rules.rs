//! Which clocks of a strategy run for a complaint; and days of older strategies, which keep their meaning.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ombud_contract::records::{Decision, Outcome, Strategy, WorkKind};
use ombud_models::{
    ActiveStrategy, Facts, Route, RoutingTable, clock::standing, differences, route, written,
};
use toml::{Table, Value};

use crate::given::{self, facts, labelled, sure};

/// The rules of docs/clocks.md, as they stand there.
fn page() -> String {
    let page = include_str!("../../../../docs/clocks.md");
    let block = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    block.replace("[routing.", "[")
}

/// The published table, with other clocks.
fn table_with(clocks: &str) -> String {
    let mut table: Table = given::first_strategy().routing.parse().unwrap();
    let clocks: Table = clocks.parse().unwrap();
    table.remove("clocks");
    table.extend(clocks);
    toml::to_string(&table).unwrap()
}

fn strategy_with(clocks: &str) -> ActiveStrategy {
    let routing = table_with(clocks);
    ActiveStrategy::new(Strategy { routing, audit_basis_points: 0, ..given::first_strategy() }).unwrap()
}

/// What is wrong with a table with these clocks, and the line where.
fn refusal(clocks: &str) -> String {
    let text = table_with(clocks);
    let error = RoutingTable::parse(&text).unwrap_err();
    format!("{} <{}>", error.what, text.lines().nth(error.line - 1).unwrap_or_default())
}

fn ms(at: &str) -> i64 {
    at.parse::<Timestamp>().unwrap().as_millisecond()
}

fn shown(route: &Route) -> Vec<(String, String)> {
    let at = |ms| Timestamp::from_millisecond(ms).unwrap().to_string();
    route.clocks.iter().map(|clock| (clock.name.clone(), at(clock.due))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, due)| ((*name).to_owned(), (*due).to_owned())).collect()
}

fn about(product: &str) -> Vec<Decision> {
    let mut decisions = sure();
    decisions[0] = labelled("product", "product", product);
    decisions
}

#[test]
fn a_complaint_has_several_clocks_each_with_its_reason() {
    let strategy = strategy_with(&page());
    let decisions = about("Money transfer or virtual currency");
    let received = Facts { received_at: ms("2026-12-24T12:00:00Z"), ..facts(&decisions) };
    let sent = Facts { regulator_sent_at: Some(ms("2027-01-04T09:00:00Z")), ..received };
    let three = route(&sent, &strategy);
    let expected = [
        ("summary-resolution", "2027-01-01T00:00:00Z"),
        ("ombudsman-file", "2027-01-20T00:00:00Z"),
        ("payment-services-response", "2027-01-20T00:00:00Z"),
    ];
    assert_eq!(shown(&three), pairs(&expected));
    assert_eq!(
        (three.resolve_by, three.final_response_by),
        (Some(three.clocks[0].due), Some(three.clocks[2].due))
    );
    assert_eq!(
        three.clocks[2].rule,
        "15 business days from receipt in Europe/London; by england-and-wales@1; met by summary-resolution, \
         final-response, forwarded; extended by holding-response to 35 business days"
    );
    assert_eq!(
        (three.clocks[2].calendar.as_deref(), three.clocks[1].starts),
        (Some("england-and-wales@1"), ms("2027-01-04T09:00:00Z"))
    );
    let two = route(&received, &strategy);
    assert_eq!(shown(&two), pairs(&[expected[0], expected[2]]), "no regulator sent it");
    let withdrawn = route(&Facts { withdrawn: true, ..sent }, &strategy);
    assert!(withdrawn.clocks.is_empty() && withdrawn.resolve_by.is_none());
    // What was done says the rest, from the route alone.
    let held = standing(&three.clocks[2], [(WorkKind::HoldingResponse, ms("2027-01-19T10:00:00Z"))]).unwrap();
    assert_eq!(held.due, ms("2027-02-17T00:00:00Z"));
}

#[test]
fn a_class_decides_which_rule_applies_and_when_it_is_suspended() {
    let strategy = strategy_with(&page());
    let go = |decisions: &[Decision], received: &str, attributes: &[(&str, &str)]| {
        let attributes: BTreeMap<String, String> =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let facts = Facts { received_at: ms(received), attributes: &attributes, ..facts(decisions) };
        route(&facts, &strategy)
    };
    let motor = about("Vehicle loan or lease");
    let due = |route: &Route| shown(route).into_iter().find(|(name, _)| name == "final-response").unwrap().1;
    let commission = go(&motor, "2023-12-01T12:00:00Z", &[("topic", "commission"), ("branch", "7")]);
    assert_eq!(due(&commission), "2026-06-16T23:00:00Z");
    assert_eq!(commission.clock_attributes, BTreeMap::from([("topic".to_owned(), "commission".to_owned())]));
    assert!(
        commission.clocks.iter().any(|clock| clock.rule.ends_with("; suspended 2024-01-11 to 2026-05-31"))
    );
    assert_eq!(due(&go(&motor, "2023-12-01T12:00:00Z", &[("topic", "fees")])), "2024-01-27T00:00:00Z");
    let before = go(&motor, "2023-11-16T12:00:00Z", &[("topic", "commission")]);
    assert_eq!(due(&before), "2024-01-12T00:00:00Z", "it was received before the class begins");
    // Saint Andrew's Day, and Easter Monday, which Scotland works on.
    let scots = go(&about("Mortgage"), "2026-11-27T12:00:00Z", &[("place", "scotland")]);
    assert!(shown(&scots).contains(&("summary-resolution-scotland".into(), "2026-12-04T00:00:00Z".into())));
    assert!(!shown(&scots).iter().any(|(name, _)| name == "summary-resolution"));
}

#[test]
fn where_nobody_is_sure_of_the_product_the_shorter_clock_runs() {
    let strategy = strategy_with(&page());
    let unsure = vec![given::decision("product", Outcome::Abstained, "product", Some("Mortgage"))];
    let named = |facts: &Facts<'_>| {
        let route = route(facts, &strategy);
        (route.team, route.clocks.into_iter().map(|clock| clock.name).collect::<Vec<_>>())
    };
    let (team, clocks) = named(&Facts { received_at: ms("2026-12-24T12:00:00Z"), ..facts(&unsure) });
    assert_eq!(team, "triage-desk");
    assert_eq!(clocks, ["summary-resolution", "payment-services-response"]);
    let known = Facts { known_product: Some("Mortgage"), ..facts(&unsure) };
    assert!(named(&known).1.contains(&"final-response".to_owned()), "the CRM knows it");
}

#[test]
fn an_issue_is_looked_at_on_the_level_that_the_class_names() {
    let clocks = "[clocks]\nzone = \"UTC\"\n[clocks.classes]\nfraud = { issues = { intent = [\"Fraud or scam\"] }, \
                  entities = [\"bank-uk\"] }\n[clocks.rules.fraud-answer]\nlimit = \"1 day\"\napplies_to = [\"fraud\"]\n\
                  met_by = [\"final-response\"]\n";
    let strategy = strategy_with(clocks);
    let runs = |level: &str, label: &str, entity| {
        let mut decisions = about("Money transfer or virtual currency");
        decisions[1] = labelled("issue", level, label);
        !route(&Facts { legal_entity: entity, ..facts(&decisions) }, &strategy).clocks.is_empty()
    };
    assert!(runs("intent", "Fraud or scam", Some("bank-uk")));
    assert!(!runs("intent", "Fraud or scam", Some("bank-ie")) && !runs("intent", "Fraud or scam", None));
    assert!(!runs("intent", "Struggling to pay", Some("bank-uk")));
}

#[test]
fn a_strategy_with_days_keeps_its_meaning() {
    let clocks = "[clocks]\nresolve_by_days = 15\nfinal_response_by_days = 60\n";
    let days = table_with(clocks).replace(
        "[products.Mortgage]",
        "[products.Mortgage]\nresolve_by_days = 14\nfinal_response_by_days = 42",
    );
    let strategy =
        ActiveStrategy::new(Strategy { routing: days, audit_basis_points: 0, ..given::first_strategy() })
            .unwrap();
    let day = 24 * 60 * 60 * 1000;
    for (product, resolve, last) in [("Mortgage", 14, 42), ("Student loan", 15, 60)] {
        let decisions = about(product);
        let route = route(&facts(&decisions), &strategy);
        assert_eq!(route.resolve_by, Some(1_000 + resolve * day), "to the millisecond, whatever midnight is");
        assert_eq!(route.final_response_by, Some(1_000 + last * day));
        assert!(route.clocks.is_empty() && route.clock_attributes.is_empty());
    }
    let wrong = [
        (60, 15, "resolve_by_days 60 is after final_response_by_days 15 <"),
        (0, 15, "0 days: leave it out where no clock runs <resolve_by_days = 0>"),
    ];
    for (resolve, last, expected) in wrong {
        let error =
            refusal(&format!("[clocks]\nresolve_by_days = {resolve}\nfinal_response_by_days = {last}\n"));
        assert!(error.starts_with(expected), "{error}");
    }
}

const RULE: &str = "[clocks]\nzone = \"Europe/London\"\ncalendar = \"england-and-wales@1\"\n[clocks.classes]\nmortgages = \
                    { products = [\"Mortgage\"] }\n[clocks.rules.answer]\nlimit = \"3 business days\"\nmet_by = \
                    [\"final-response\"]\n";

#[test]
fn a_wrong_rule_is_refused_at_the_line_with_the_fix() {
    let cases = [
        (
            "3 business days",
            "3 month",
            "`3 month` is no limit: write it like `3 business days`, `15 days` or `8 weeks` <",
        ),
        ("3 business days", "0 days", "`0 days` is no limit: a clock runs for 1 to 3660 days or weeks <"),
        (
            "Europe/London",
            "London",
            "there is no time zone `London`: write it like `Europe/London` <zone = \"London\">",
        ),
        (
            "zone = \"Europe/London\"\n",
            "",
            "the rule has no zone: write zone = \"Europe/London\" in [clocks]",
        ),
        (
            "calendar = \"england-and-wales@1\"\n",
            "",
            "business days of which calendar? write calendar = one of england-and-wales@1, ",
        ),
        (
            "england-and-wales@1",
            "wales@1",
            "there is no calendar `wales@1`: write one of england-and-wales@1, ",
        ),
        ("[\"final-response\"]", "[]", "met_by is empty: the clock would never be met <"),
        (
            "[\"final-response\"]",
            "[\"phone-call\"]",
            "`phone-call` is no work that a clock looks at: write one of acknowledged, ",
        ),
        (
            "[\"Mortgage\"]",
            "[\"Mortgages\"]",
            "`Mortgages` is no product of product@1: write it as in schemas/taxonomy/ <",
        ),
        ("{ products = [\"Mortgage\"] }", "{}", "the class has every complaint: name a product"),
        (
            "{ products = [\"Mortgage\"] }",
            "{ issues = { intention = [\"x\"] } }",
            "level `intention` is not in issue@1: write one of issue, group, intent <",
        ),
        (
            "{ products = [\"Mortgage\"] }",
            "{ issues = { intent = [\"x\"] } }",
            "`x` is no intent of issue@1: write it",
        ),
        ("{ products = [\"Mortgage\"] }", "{ attributes = { place = [] } }", "a list of the class is empty"),
        (
            "{ products = [\"Mortgage\"] }",
            "{ received_from = \"2026-13-01\" }",
            "`2026-13-01` is no date: write it like \"2026-05-31\" <",
        ),
        (
            "{ products = [\"Mortgage\"] }",
            "{ received_from = \"2026-02-01\", received_until = \"2026-01-01\" }",
            "received_until 2026-01-01 is before",
        ),
        ("rules.answer]", "rules.Answer]", "`Answer` is no name of a clock or a class"),
        (
            "met_by",
            "applies_to = [\"loans\"]\nmet_by",
            "class `loans` is not in [clocks.classes]: add it there <",
        ),
        (
            "met_by",
            "starts = [\"dawn\"]\nmet_by",
            "`dawn` begins no clock: write `receipt`, `sending` (by a regulator) or `notice` <",
        ),
        (
            "met_by",
            "starts = [\"receipt\", \"notice\"]\nmet_by",
            "`notice` is never reached: put it before, or leave it out <",
        ),
        (
            "met_by",
            "extended_by = { holding-response = \"2 business days\" }\nmet_by",
            "`2 business days` is no longer than `3 business days`",
        ),
        (
            "met_by",
            "extended_by = { final-response = \"9 business days\" }\nmet_by",
            "`final-response` meets the clock already",
        ),
        (
            "met_by",
            "suspended = [{ from = \"2026-02-01\", until = \"2026-01-01\" }]\nmet_by",
            "until 2026-01-01 is before from 2026-02-01 <",
        ),
        (
            "met_by",
            "suspended = [{ class = \"cars\", from = \"2026-01-01\", until = \"2026-01-02\" }]\nmet_by",
            "class `cars` is not in",
        ),
        (
            "met_by",
            "fills = \"due\"\nmet_by",
            "`due` is no field that a clock fills: write resolve_by or final_response_by <",
        ),
        ("met_by", "ends = \"never\"\nmet_by", "unknown field `ends`"),
        (
            "zone",
            "resolve_by_days = 15\nzone",
            "days stand beside [clocks.rules]: write them as a rule, or leave the rules out <resolve_by_days = 15>",
        ),
    ];
    for (from, to, expected) in cases {
        assert!(RULE.contains(from), "{from}");
        let error = refusal(&RULE.replacen(from, to, 1));
        assert!(error.starts_with(expected), "{from} -> {to}:\n{error}");
    }
    let idle =
        RULE.replace("3 business days", "3 days").replace("met_by", "calendar = \"scotland@1\"\nmet_by");
    assert!(refusal(&idle).starts_with("no limit of this rule counts business days: leave calendar out <"));
}

#[test]
fn rules_are_written_out_as_they_were_and_a_change_names_the_rule() {
    let strategy = strategy_with(&page()).record;
    let file = written(&strategy).unwrap();
    let Value::Table(routing) = &file["routing"] else { panic!("{file:?}") };
    let again = RoutingTable::parse(&toml::to_string(routing).unwrap()).unwrap();
    assert_eq!(again.clock_rules, RoutingTable::parse(&strategy.routing).unwrap().clock_rules);
    let changed = page().replace("8 weeks", "9 weeks");
    let found = differences(&strategy, &strategy_with(&changed).record);
    let [change] = &found[..] else { panic!("{found:?}") };
    assert_eq!(change.place, ["routing", "clocks", "rules", "final-response", "limit"]);
    assert_eq!((change.before.as_deref(), change.after.as_deref()), (Some("8 weeks"), Some("9 weeks")));
}

#[test]
fn a_calendars_end_is_near_sixty_days_before_the_longest_limit_passes_it() {
    let table = strategy_with(&page()).routing;
    let ends = |today: &str| table.clock_rules.calendar_ends(ms(&format!("{today}T12:00:00Z")));
    let now = ends("2026-11-29");
    let named: Vec<&str> = now.iter().map(|end| end.calendar.as_str()).collect();
    assert_eq!(named, ["england-and-wales@1", "scotland@1"]);
    // 35 business days, the holding response's, are the longest.
    assert_eq!(now[0].due_day.to_string(), "2027-01-20");
    assert!(!now[0].is_near());
    let all_days = (0..800).map(|day| jiff::civil::date(2026, 11, 1).saturating_add(jiff::ToSpan::days(day)));
    let first = |is_so: fn(&ombud_models::clock::CalendarEnd) -> bool| {
        all_days.clone().find(|day| is_so(&ends(&day.to_string())[0])).unwrap()
    };
    let (near, passed) = (first(|end| end.is_near()), first(|end| end.is_passed()));
    assert_eq!((near.to_string().as_str(), passed.to_string().as_str()), ("2028-09-14", "2028-11-09"));
    let beyond = &ends("2028-11-09")[0];
    assert!(beyond.due_day > beyond.last_day && beyond.days_left() < 0);
}
