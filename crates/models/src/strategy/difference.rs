//! What one strategy says otherwise than another: tasks, arms, shares, thresholds, times, lines of the routing table.

use std::collections::BTreeMap;
use std::time::Duration;

use ombud_contract::records::{Role, Strategy, TaskStrategy};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Where, coarse to fine: `product`, `canary`, `share`.
    pub place: Vec<String>,
    /// `None`: it is new.
    pub before: Option<String>,
    /// `None`: it is gone.
    pub after: Option<String>,
}

/// What a strategy says, by its place.
type ValuesByPlace = BTreeMap<Vec<String>, String>;

/// What differs from `before` to `after`, by place; who changed when and why is no difference.
pub fn differences(before: &Strategy, after: &Strategy) -> Vec<Difference> {
    let (was, is) = (values(before), values(after));
    let mut places: Vec<&Vec<String>> = was.keys().chain(is.keys()).collect();
    places.sort();
    places.dedup();
    let differ = places.into_iter().filter(|place| was.get(*place) != is.get(*place));
    let difference = |place: &Vec<String>| Difference {
        place: place.clone(),
        before: was.get(place).cloned(),
        after: is.get(place).cloned(),
    };
    differ.map(difference).chain(orders(before, after)).collect()
}

fn values(strategy: &Strategy) -> ValuesByPlace {
    let mut values = ValuesByPlace::new();
    let mut say = |place: &[&str], what: String| {
        values.insert(place.iter().map(|&part| part.to_owned()).collect(), what);
    };
    let time = |ms: i64| format!("{:?}", Duration::from_millis(ms.unsigned_abs()));
    say(&["deadline"], time(strategy.deadline_ms));
    say(&["amend window"], time(strategy.amend_window_ms));
    say(&["audit sample"], percent(strategy.audit_basis_points));
    say(&["approvals"], strategy.approvals.to_string());
    for task in &strategy.tasks {
        let name = task.task.as_str();
        say(&[name, "required"], if task.required { "yes" } else { "no" }.to_owned());
        say(&[name, "salt"], task.salt.clone());
        say(&[name, "review below"], task.review_below.to_string());
        for arm in &task.arms {
            say(&[name, &arm.name, "model"], format!("{}@{}", arm.model_id, arm.model_version));
            say(&[name, &arm.name, "role"], format!("{:?}", arm.role).to_lowercase());
            say(&[name, &arm.name, "share"], percent(arm.basis_points));
        }
    }
    let routing: Table = strategy.routing.parse().unwrap_or_default();
    flatten(&mut vec!["routing".to_owned()], &Value::Table(routing), &mut values);
    values
}

fn percent(basis_points: i32) -> String {
    format!("{} %", f64::from(basis_points) / 100.0)
}

/// Tables by their keys; lists of tables, the queues, by what they say, so that one more moves no other.
fn flatten(place: &mut Vec<String>, value: &Value, values: &mut ValuesByPlace) {
    let mut at = |part: String, value: &Value| {
        place.push(part);
        flatten(place, value, values);
        place.pop();
    };
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| at(key.clone(), value)),
        Value::Array(items) if items.iter().any(Value::is_table) => {
            for (i, item) in items.iter().enumerate() {
                let twin = items[..i].iter().filter(|earlier| *earlier == item).count();
                let again = if twin == 0 { String::new() } else { format!(" ({})", twin + 1) };
                at(format!("{item}{again}"), &Value::Boolean(true));
            }
        }
        Value::String(text) => _ = values.insert(place.clone(), text.clone()),
        other => _ = values.insert(place.clone(), other.to_string()),
    }
}

/// Whose order changed among what both have: the arms that decide, where it moves complaints; the queues, where the
/// first one gets them.
fn orders(before: &Strategy, after: &Strategy) -> Vec<Difference> {
    let task = |strategy: &Strategy, name: &str| strategy.tasks.iter().find(|t| t.task == name).map(deciding);
    let arms = after.tasks.iter().filter_map(|now| {
        let place = vec![now.task.clone(), "order of deciding arms".to_owned()];
        order(place, task(before, &now.task)?, deciding(now))
    });
    let routing = order(
        vec!["routing".to_owned(), "queues".to_owned(), "order".to_owned()],
        queues(before),
        queues(after),
    );
    arms.chain(routing).collect()
}

fn order(place: Vec<String>, mut was: Vec<String>, mut is: Vec<String>) -> Option<Difference> {
    let both: Vec<String> = was.iter().filter(|name| is.contains(name)).cloned().collect();
    was.retain(|name| both.contains(name));
    is.retain(|name| both.contains(name));
    (was != is).then(|| Difference { place, before: Some(was.join(", ")), after: Some(is.join(", ")) })
}

fn deciding(task: &TaskStrategy) -> Vec<String> {
    task.arms.iter().filter(|arm| arm.role == Role::Deciding).map(|arm| arm.name.clone()).collect()
}

fn queues(strategy: &Strategy) -> Vec<String> {
    let table: Table = strategy.routing.parse().unwrap_or_default();
    let queues = table.get("queues").and_then(Value::as_array);
    queues.into_iter().flatten().map(Value::to_string).collect()
}
