//! What schemas/access.toml says, operators read in docs/access.md.

#![expect(clippy::unwrap_used, reason = "the table is read as the tests themselves read")]

use std::{fs, path::Path};

use ombud_contract::{
    access::{BrokerRole, Operation, Resource},
    catalogue::Topic,
};

const ORDER: [Operation; 7] = [
    Operation::Read,
    Operation::Write,
    Operation::Create,
    Operation::Alter,
    Operation::AlterConfigs,
    Operation::DescribeConfigs,
    Operation::Describe,
];

/// What `role` may do by `operation`, in the words of the table; `None` where it is nothing.
fn cell(role: &BrokerRole, operation: Operation) -> Option<String> {
    let granted = || role.grants.iter().filter(move |grant| grant.operations.contains(&operation));
    let topic = |resource: &Resource| match resource {
        Resource::Topic(topic) => Some(topic.base_name().to_owned()),
        Resource::Group(_) | Resource::Groups(_) => None,
    };
    let group = |resource: &Resource| match resource {
        Resource::Topic(_) => None,
        Resource::Group(name) => Some(format!("group `{name}`")),
        Resource::Groups(prefix) => Some(format!("groups `{prefix}*`")),
    };
    let mut things: Vec<String> = granted().filter_map(|grant| topic(&grant.resource)).collect();
    if things.len() == Topic::ALL.len() {
        things = vec!["all topics".to_owned()];
    }
    things.extend(granted().filter_map(|grant| group(&grant.resource)));
    (!things.is_empty()).then(|| format!("{operation}: {}", things.join(", ")))
}

fn row(role: &BrokerRole) -> String {
    let cells: Vec<String> = ORDER.into_iter().filter_map(|operation| cell(role, operation)).collect();
    format!("| `{}` | {} | {} | {} |", role.name, role.who, cells.join("; "), role.besides)
}

/// The rows below `head` in docs/access.md.
fn table(head: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/access.md");
    let text = fs::read_to_string(page).unwrap();
    let lines = text.lines().skip_while(|line| *line != head).skip(2);
    lines.take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

#[test]
fn operators_read_who_may_what_as_it_is_granted() {
    let rows: Vec<String> = BrokerRole::all().iter().map(row).collect();
    assert_eq!(table("| role | who | on the brokers | besides |"), rows);
}
