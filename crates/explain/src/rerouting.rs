//! The fewest sentences found without which another team would have got the complaint.
//!
//! all models of the case -> every sentence left out alone -> [another team] or the sentences by how much each holds the complaint
//! where it is -> the shortest beginning of that list -> [another team] -> whichever of them need not go comes back

use std::ops::Range;

use ombud_contract::records::{Decision, Evidence, Outcome, Prediction, RawComplaint, RoutedComplaint, Why};
use ombud_models::{ActiveStrategy, Answer, Kind, Stop, TeamRule, route, team_rule};

use crate::{
    code_points::CodePoints,
    document::{Counterfactual, Place},
    error::Interruption,
    head::TaskHead,
    rule::{deciding_task, facts},
    sentences::{sentences, without},
    texts::{ServedModel, TextScore},
};

/// Neighbouring sentences are merged until there are so many.
pub(crate) const MOST_PIECES: usize = 24;
/// Texts that the models are asked about: each costs as much as answering a complaint.
pub(crate) const MOST_TEXTS: usize = 48;
/// What an explicit phrase adds to what holds a complaint with the vulnerable desk: more than any score, for it is enough by
/// itself.
const EXPLICIT_PHRASE: f64 = 100.0;

/// Who answers one task again.
pub(crate) struct Decider<'a> {
    pub(crate) prediction: &'a Prediction,
    /// Its head, and the number of its model; `None` where it failed then, which stays so.
    pub(crate) model: Option<(usize, TaskHead<'a>)>,
}

/// One routed complaint, whose models can be asked again.
pub(crate) struct Rerouting<'a> {
    pub(crate) raw: &'a RawComplaint,
    pub(crate) route: &'a RoutedComplaint,
    pub(crate) strategy: &'a ActiveStrategy,
    pub(crate) deciders: Vec<Decider<'a>>,
    pub(crate) models: Vec<ServedModel<'a>>,
    pub(crate) stop: &'a Stop,
}

/// What becomes of one text.
struct Outcomes {
    team: String,
    /// How firmly the answers hold the complaint where it is; infinite where they say nothing.
    hold: f64,
    /// The models read no less of it than of the whole.
    is_read: bool,
}

impl Rerouting<'_> {
    pub(crate) fn counterfactual(&self) -> Result<Counterfactual, (usize, Interruption)> {
        if let Some(why) = self.whatever_it_says() {
            return Ok(none(why, 0));
        }
        let pieces = sentences(&self.raw.narrative, MOST_PIECES);
        if pieces.len() < 2 {
            return Ok(none(
                "The narrative has no two sentences, so there is none to leave out.".to_owned(),
                0,
            ));
        }
        let all: Vec<usize> = (0..pieces.len()).collect();
        let mut removals: Vec<Vec<usize>> = vec![Vec::new()];
        removals.extend(all.iter().map(|piece| vec![*piece]));
        let mut outcomes = self.outcomes(&pieces, &removals)?;
        let mut tried = removals.len();
        let whole = outcomes.remove(0);
        if whole.team != self.route.team {
            let why = format!(
                "Asked again about the whole narrative, the models send it to {} and not to {}, so nothing is said about what would have changed that.",
                whole.team, self.route.team
            );
            return Ok(none(why, tried));
        }
        // The sort keeps the narrative's order among equals.
        let mut ranked = all;
        ranked.sort_by(|one, other| outcomes[*one].hold.total_cmp(&outcomes[*other].hold));
        let moves = |outcome: &Outcomes| outcome.is_read && outcome.team != whole.team;
        if let Some(one) = ranked.iter().find(|piece| moves(&outcomes[**piece])) {
            return Ok(self.found(&pieces, &[*one], &outcomes[*one].team, tried));
        }
        let mut found: Option<(Vec<usize>, String)> = None;
        let (mut kept, mut gone) = (1, ranked.len());
        // How many must go: it grows with what is left out, near enough for a search by halves.
        while kept + 1 < gone && tried < MOST_TEXTS {
            let middle = usize::midpoint(kept, gone);
            let removal = ranked[..middle].to_vec();
            let outcome = self.outcome(&pieces, &removal)?;
            tried += 1;
            if moves(&outcome) {
                found = Some((removal, outcome.team));
                gone = middle;
            } else if outcome.is_read {
                kept = middle;
            } else {
                gone = middle;
            }
        }
        let Some((mut removal, mut team)) = found else {
            let why = format!(
                "No sentences were found without which another team would have got it: {} stays as long as the models can read what is left.",
                self.route.team
            );
            return Ok(none(why, tried));
        };
        // The one that says the least first.
        let mut at = removal.len();
        while at > 0 && removal.len() > 1 && tried < MOST_TEXTS {
            at -= 1;
            let mut fewer = removal.clone();
            fewer.remove(at);
            let outcome = self.outcome(&pieces, &fewer)?;
            tried += 1;
            if moves(&outcome) {
                (removal, team) = (fewer, outcome.team);
            }
        }
        Ok(self.found(&pieces, &removal, &team, tried))
    }

    /// Why no text could change the team, where that is so.
    fn whatever_it_says(&self) -> Option<String> {
        match self.route.why {
            Why::Withdrawn => return Some("The customer took it back: no text changes its team.".to_owned()),
            Why::Unreadable => {
                return Some("The submission could not be read, so no text decided its team.".to_owned());
            }
            _ => {}
        }
        let table = &self.strategy.routing;
        if !table.reads(&self.raw.language) && self.route.team == table.triage_desk {
            return Some(
                "It goes to triage whatever it says: nobody but people is to read its language.".to_owned(),
            );
        }
        if self.deciders.iter().all(|decider| decider.model.is_none()) {
            return Some("No model decided anything, so no text changes the team.".to_owned());
        }
        None
    }

    fn found(&self, pieces: &[Range<usize>], removal: &[usize], team: &str, tried: usize) -> Counterfactual {
        let points = CodePoints::of(&self.raw.narrative);
        let mut places: Vec<Place> = removal.iter().map(|piece| points.place(&pieces[*piece])).collect();
        places.sort();
        let (count, all) = (places.len(), pieces.len());
        let those = if count == 1 { "this sentence".to_owned() } else { format!("these {count} sentences") };
        let text =
            format!("Without {those} of {all} it would have gone to {team} and not to {}.", self.route.team);
        Counterfactual { sentences: places, team: Some(team.to_owned()), text, texts_tried: tried }
    }

    fn outcome(&self, pieces: &[Range<usize>], removal: &[usize]) -> Result<Outcomes, (usize, Interruption)> {
        let mut outcomes = self.outcomes(pieces, &[removal.to_vec()])?;
        match outcomes.pop() {
            Some(outcome) => Ok(outcome),
            None => unreachable!("there is one outcome a text"),
        }
    }

    /// What becomes of the narrative without each of `removals`; an error is that of the model of that number.
    fn outcomes(
        &self,
        pieces: &[Range<usize>],
        removals: &[Vec<usize>],
    ) -> Result<Vec<Outcomes>, (usize, Interruption)> {
        let texts: Vec<String> = removals
            .iter()
            .map(|removal| {
                let mut sorted = removal.clone();
                sorted.sort_unstable();
                without(&self.raw.narrative, sorted.iter().map(|piece| &pieces[*piece]))
            })
            .collect();
        let mut scores: Vec<Vec<TextScore>> = Vec::with_capacity(self.models.len());
        for (at, model) in self.models.iter().enumerate() {
            scores.push(model.scores(&texts, false, self.stop).map_err(|interruption| (at, interruption))?);
        }
        let outcome = |(at, text): (usize, &String)| {
            let of_text: Vec<&TextScore> = scores.iter().map(|scores| &scores[at]).collect();
            self.decided(text, &of_text)
        };
        Ok(texts.iter().enumerate().map(outcome).collect())
    }

    /// What is decided of one text, as infer decides and join routes.
    fn decided(&self, text: &str, scores: &[&TextScore]) -> Outcomes {
        let mut decisions: Vec<Decision> = self.route.decisions.clone();
        let mut is_read = true;
        let rule = team_rule(&facts(self.raw, self.route, &self.route.decisions), self.strategy);
        let mut hold = f64::INFINITY;
        for decider in &self.deciders {
            let Some((model, task)) = &decider.model else { continue };
            let (score, evidence) = (scores[*model], task.head.evidence_in(text));
            is_read &= score.unread.is_none() || decider.prediction.unread.is_some();
            let answer = match (&score.logits, score.unread) {
                (_, Some(_)) => Answer::unread(),
                (Some(logits), None) => task.answer(logits, &evidence),
                (None, None) => Answer::failed("classify-failed"),
            };
            if decider.prediction.task == deciding_task(rule) {
                hold = self.hold(decider.prediction, task, score, &evidence, rule);
            }
            let decision = Decision {
                outcome: answer.outcome,
                label: answer.label,
                level: answer.level,
                path: answer.path,
                confidence: answer.confidence,
                explicit_evidence: evidence.iter().any(|one| one.explicit),
                unread: score.unread.map(|unread| unread.code().to_owned()),
                ..Decision::from(decider.prediction)
            };
            match decisions.iter_mut().find(|known| known.task == decision.task) {
                Some(known) => *known = decision,
                None => decisions.push(decision),
            }
        }
        let team = route(&facts(self.raw, self.route, &decisions), self.strategy).team;
        Outcomes { team, hold, is_read }
    }

    /// How firmly the deciding answer stands in one text, in log-odds.
    fn hold(
        &self,
        prediction: &Prediction,
        task: &TaskHead<'_>,
        score: &TextScore,
        evidence: &[Evidence],
        rule: TeamRule<'_>,
    ) -> f64 {
        let Some(logits) = score.logits.as_ref().and_then(|logits| logits.get(task.place)) else {
            return f64::INFINITY;
        };
        let odds = |p: f64| p.max(f64::MIN_POSITIVE).ln() - (1.0 - p).max(f64::MIN_POSITIVE).ln();
        if task.head.kind == Kind::Flag {
            let explicit = evidence.iter().filter(|one| one.explicit).count() as f64;
            return task.score(logits, evidence).map_or(f64::INFINITY, odds) + EXPLICIT_PHRASE * explicit;
        }
        let unsure = prediction.outcome == Outcome::Abstained || rule == TeamRule::Triage;
        if unsure {
            // What keeps it with people is that nothing is likely enough.
            let coarsest = task.taxonomy.levels().next_back();
            let best = coarsest.and_then(|level| task.likeliest(level, logits));
            return best.map_or(f64::INFINITY, |(_, p)| -odds(p));
        }
        let label = prediction.label.as_deref().unwrap_or_default();
        let labels = task.level(&prediction.level, logits).map(|(labels, _)| labels).unwrap_or_default();
        labels.iter().find(|(other, _)| *other == label).map_or(f64::INFINITY, |(_, p)| odds(*p))
    }
}

pub(crate) fn none(text: String, texts_tried: usize) -> Counterfactual {
    Counterfactual { sentences: Vec::new(), team: None, text, texts_tried }
}

#[cfg(test)]
mod tests;
