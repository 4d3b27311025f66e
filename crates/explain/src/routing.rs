//! Where a complaint went, by which rule, and what would have changed that.

use ombud_contract::records::{Outcome, Prediction};
use ombud_models::{ActiveStrategy, Stop, team_rule};

use crate::{
    document::{Counterfactual, RoutingReason},
    error::ExplainError,
    head::TaskHead,
    job::ExplainJob,
    model::OpenedModels,
    rerouting::{Decider, Rerouting, none},
    rule::{clocks, facts, rule_sentence},
    texts::ServedModel,
};

/// `None` where the complaint is not routed.
pub(crate) fn routing_reason(
    job: &ExplainJob,
    opened: &OpenedModels,
    stop: &Stop,
) -> Result<Option<RoutingReason>, ExplainError> {
    let Some(route) = &job.route else { return Ok(None) };
    let strategy = ActiveStrategy::new(job.strategy.clone())
        .map_err(|error| ExplainError::Strategy { version: job.strategy.version, what: error.to_string() })?;
    let facts = facts(&job.raw, route, &route.decisions);
    let rule = rule_sentence(&facts, route, team_rule(&facts, &strategy));
    let counterfactual = counterfactual(job, opened, &strategy, stop)?;
    Ok(Some(RoutingReason { team: route.team.clone(), rule, clocks: clocks(route), counterfactual }))
}

fn counterfactual(
    job: &ExplainJob,
    opened: &OpenedModels,
    strategy: &ActiveStrategy,
    stop: &Stop,
) -> Result<Counterfactual, ExplainError> {
    let Some(route) = &job.route else { return Ok(none("It is not routed.".to_owned(), 0)) };
    let mut names: Vec<(&str, &str)> = Vec::new();
    let (mut deciders, mut models) = (Vec::new(), Vec::new());
    for prediction in &job.predictions {
        let Prediction { model_id, model_version, .. } = prediction;
        if prediction.outcome == Outcome::Failed {
            deciders.push(Decider { prediction, model: None });
            continue;
        }
        let head = match TaskHead::of(prediction, &job.strategy, opened) {
            Ok(head) => head,
            Err(error) => {
                let (task, code) = (&prediction.task, error.code());
                let why = format!("Not tried: the model that answered {task} can't be asked again ({code}).");
                return Ok(none(why, 0));
            }
        };
        let known = names.iter().position(|name| *name == (model_id, model_version));
        let at = match known {
            Some(at) => at,
            None => {
                names.push((model_id, model_version));
                models.push(ServedModel::new(opened.get(model_id, model_version)?, &job.raw.language));
                names.len() - 1
            }
        };
        deciders.push(Decider { prediction, model: Some((at, head)) });
    }
    let rerouting = Rerouting { raw: &job.raw, route, strategy, deciders, models, stop };
    rerouting.counterfactual().map_err(|(at, interruption)| interruption.of(names[at].0, names[at].1))
}
