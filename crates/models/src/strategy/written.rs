//! A strategy as a file that `ombud strategy set` takes: what is in force, to be changed by hand.

use jiff::SignedDuration;
use ombud_contract::records::{Role, Strategy, TaskStrategy};
use toml::{Table, Value};

use crate::routing::RoutingError;

/// The file of `strategy`, whose arms name registered versions.
///
/// # Errors
/// Its routing table is no TOML.
pub fn written(strategy: &Strategy) -> Result<Table, RoutingError> {
    let routing: Table = toml::from_str(&strategy.routing)
        .map_err(|error| RoutingError { line: 1, what: error.message().to_owned() })?;
    let tasks = strategy.tasks.iter().map(|of| (of.task.clone(), Value::Table(task(of)))).collect();
    let length = |ms| Value::String(format!("{:#}", SignedDuration::from_millis(ms)));
    Ok(Table::from_iter([
        ("deadline".to_owned(), length(strategy.deadline_ms)),
        ("amend_window".to_owned(), length(strategy.amend_window_ms)),
        ("audit_basis_points".to_owned(), Value::Integer(strategy.audit_basis_points.into())),
        ("approvals".to_owned(), Value::Integer(strategy.approvals.into())),
        ("reason".to_owned(), Value::String(strategy.reason.clone())),
        ("tasks".to_owned(), Value::Table(tasks)),
        ("routing".to_owned(), Value::Table(routing)),
    ]))
}

fn task(of: &TaskStrategy) -> Table {
    let arms = of.arms.iter().map(|arm| {
        let role = if arm.role == Role::Shadow { "shadow" } else { "deciding" };
        Value::Table(Table::from_iter([
            ("name".to_owned(), Value::String(arm.name.clone())),
            ("model".to_owned(), Value::String(format!("{}@{}", arm.model_id, arm.model_version))),
            ("role".to_owned(), Value::String(role.to_owned())),
            ("basis_points".to_owned(), Value::Integer(arm.basis_points.into())),
        ]))
    });
    // As people write it: of 0.35 the single-precision number has no more digits.
    let review_below = of.review_below.to_string().parse().unwrap_or_else(|_| f64::from(of.review_below));
    Table::from_iter([
        ("required".to_owned(), Value::Boolean(of.required)),
        ("salt".to_owned(), Value::String(of.salt.clone())),
        ("review_below".to_owned(), Value::Float(review_below)),
        ("arms".to_owned(), Value::Array(arms.collect())),
    ])
}
