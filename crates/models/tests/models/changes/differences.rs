//! What differs between two strategies is named by its place, and nothing else is.

use ombud_contract::records::{Arm, Role, Strategy};
use ombud_models::differences;

use super::{arm, with_arms};
use crate::given;

#[test]
fn a_difference_names_its_place() {
    let before = given::first_strategy();
    assert_eq!(differences(&before, &before), []);
    let mut after = before.clone();
    after.deadline_ms = 45_000;
    after.approvals = 1;
    after.tasks[0].review_below = 0.5;
    after.routing = after.routing.replacen("team = \"student-lending\"", "team = \"home-lending\"", 1);
    after.tasks[1].arms.push(Arm { role: Role::Shadow, ..arm("shadow", 500) });
    let said: Vec<String> = differences(&before, &after)
        .into_iter()
        .map(|d| format!("{}: {:?} -> {:?}", d.place.join("/"), d.before, d.after))
        .collect();
    let model = format!("complaints@{}", after.tasks[1].arms[0].model_version);
    assert_eq!(
        said,
        [
            "approvals: Some(\"0\") -> Some(\"1\")".to_owned(),
            "deadline: Some(\"30s\") -> Some(\"45s\")".to_owned(),
            "issue/review below: Some(\"0.35\") -> Some(\"0.5\")".to_owned(),
            format!("product/shadow/model: None -> Some({model:?})"),
            "product/shadow/role: None -> Some(\"shadow\")".to_owned(),
            "product/shadow/share: None -> Some(\"5 %\")".to_owned(),
            "routing/products/Student loan/team: Some(\"student-lending\") -> Some(\"home-lending\")"
                .to_owned(),
        ]
    );
    let mut swapped =
        with_arms(vec![arm("a", 4_000), arm("champion", 6_000)]).newest().unwrap().record.clone();
    let before = swapped.clone();
    swapped.tasks[1].arms.reverse();
    let differences = differences(&before, &swapped);
    assert_eq!(differences[0].place, ["product", "order of deciding arms"]);
}

#[test]
fn a_queue_more_is_one_difference_and_queues_in_another_order_are_one() {
    let before = given::first_strategy();
    let mut table: toml::Table = before.routing.parse().unwrap();
    let queues = table["queues"].as_array_mut().unwrap();
    queues.swap(0, 1);
    let swapped = Strategy { routing: table.to_string(), ..before.clone() };
    let places = |a: &Strategy, b: &Strategy| -> Vec<String> {
        differences(a, b).into_iter().map(|difference| difference.place[..2].join("/")).collect()
    };
    assert_eq!(places(&before, &swapped), ["routing/queues"]);
    let queues = table["queues"].as_array_mut().unwrap();
    queues.remove(0);
    let fewer = Strategy { routing: table.to_string(), ..before };
    assert_eq!(places(&swapped, &fewer), ["routing/queues"]);
}
