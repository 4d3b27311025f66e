//! What a challenger's author proposes: the strategy in force with the challenger in shadow, and a routing table that
//! knows its labels.

use ombud_contract::records::{ModelVersion, Role, Strategy};
use ombud_contract::taxonomy::{LabelTree, Taxonomy};
use toml::{Table, Value};

use super::ALL;
use super::change::{SHADOW, arm_of};
use super::written::written;
use crate::routing::{ISSUE, PRODUCT, RoutingError, RoutingTable};

/// The file for `ombud strategy set`: `newest`, in which `challenger` watches every task that it answers. Products that no
/// team has yet go to the triage desk, until somebody gives them one.
///
/// # Errors
/// The routing table can't be read.
pub fn proposal(newest: &Strategy, challenger: &ModelVersion) -> Result<Table, RoutingError> {
    let mut next = newest.clone();
    next.reason = format!("shadow {}@{}", challenger.model_id, challenger.version);
    for task in next.tasks.iter_mut().filter(|task| challenger.labels.contains_key(&task.task)) {
        task.arms.retain(|arm| arm.name != SHADOW || arm.role != Role::Shadow);
        task.arms.push(arm_of(SHADOW, challenger, Role::Shadow, ALL));
    }
    let routed = RoutingTable::parse(&newest.routing)?;
    let mut file = written(&next)?;
    if let Some(Value::Table(routing)) = file.get_mut("routing") {
        for (task, known) in [(PRODUCT, &routed.label_sets.product), (ISSUE, &routed.label_sets.issue)] {
            let answered = challenger.label_sets.get(task).filter(|label_set| *label_set != known);
            if let Some(tree) = answered.and_then(|label_set| Taxonomy::by_label_set(label_set)) {
                read(tree, &routed, routing);
            }
        }
    }
    Ok(file)
}

/// Makes `routing` read the labels of `tree`.
fn read(tree: &Taxonomy, routed: &RoutingTable, routing: &mut Table) {
    let task = tree.task();
    if let Some(Value::Table(sets)) = routing.get_mut("label_sets") {
        sets.insert(task.to_owned(), Value::String(tree.label_set().to_owned()));
    }
    if !tree.is_built_in() {
        let trees = routing.entry("label_trees").or_insert_with(|| Value::Array(Vec::new()));
        // Names and numbers alone, which TOML can write.
        if let (Value::Array(trees), Ok(tree)) = (trees, Value::try_from(LabelTree::from(tree)))
            && !trees.contains(&tree)
        {
            trees.push(tree);
        }
    }
    if let (PRODUCT, Some(Value::Table(products))) = (task, routing.get_mut("products")) {
        let new = tree.leaves().iter().filter(|product| !routed.products.contains_key(*product));
        for product in new {
            let team = Value::String(routed.triage_desk.clone());
            let desk = Value::Table(Table::from_iter([("team".to_owned(), team)]));
            products.insert(product.clone(), desk);
        }
        products.retain(|product, _| tree.leaves().iter().any(|leaf| leaf == product));
    }
}
