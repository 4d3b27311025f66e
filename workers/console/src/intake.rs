//! Verdicts that are sent together: each completed from its case, and checked against the known teams.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ombud_contract::{
    ids::written_id,
    records::{Feedback, TimestampMs},
};
use ombud_measure::case::CaseWithVerdicts;
use ombud_stream::Outage;

use crate::{
    completion::{Source, complete},
    refused::RefusedVerdict,
    verdict::Verdict,
};

/// Known teams that are named beside an unknown one.
const NEAREST: usize = 3;

/// The teams of the strategy in force and of the strategy of a version; `None` where no strategy is published. May block.
pub type KnownTeams = Arc<dyn Fn(i64) -> Result<Option<BTreeSet<String>>, Outage> + Send + Sync>;

/// What verdicts are checked against.
pub struct VerdictIntake<'a> {
    /// The case of a complaint. May block.
    pub case: &'a mut dyn FnMut(&str) -> Result<CaseWithVerdicts, Outage>,
    /// The teams.
    pub teams: &'a KnownTeams,
    /// Where all of them come from.
    pub source: Source<'a>,
    /// The time.
    pub now: TimestampMs,
}

/// A verdict that may be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct CompleteVerdict {
    /// The verdict.
    pub feedback: Feedback,
    /// It is of the audit sample, and with all of these taken no verdict says whether the customer is vulnerable.
    pub vulnerability_missing: bool,
}

impl VerdictIntake<'_> {
    /// The result of each of `verdicts`, in their order. Each is checked with those before it taken.
    ///
    /// # Errors
    /// The cases or the teams can't be read.
    pub fn take(
        &mut self,
        verdicts: impl IntoIterator<Item = Result<Verdict, RefusedVerdict>>,
    ) -> Result<Vec<Result<CompleteVerdict, RefusedVerdict>>, Outage> {
        let mut cases: BTreeMap<String, CaseWithVerdicts> = BTreeMap::new();
        let mut outcomes = Vec::new();
        for verdict in verdicts {
            outcomes.push(match verdict {
                Err(refused) => Err(refused),
                Ok(mut verdict) => self.take_one(&mut verdict, &mut cases)?,
            });
        }
        let completed = |feedback: Feedback| {
            let case = cases.get(&feedback.complaint_id);
            let vulnerability_missing = case.is_some_and(CaseWithVerdicts::lacks_vulnerability);
            CompleteVerdict { feedback, vulnerability_missing }
        };
        Ok(outcomes.into_iter().map(|outcome| outcome.map(completed)).collect())
    }

    fn take_one(
        &mut self,
        verdict: &mut Verdict,
        cases: &mut BTreeMap<String, CaseWithVerdicts>,
    ) -> Result<Result<Feedback, RefusedVerdict>, Outage> {
        self.find_case(verdict, cases)?;
        let case = cases.entry(verdict.complaint_id.clone()).or_default();
        let feedback = match complete(&*verdict, case, self.source, self.now) {
            Ok(feedback) => feedback,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Some(refused) = self.unknown_team(&feedback, case)? {
            return Ok(Err(refused));
        }
        case.verdicts.push(feedback.clone());
        Ok(Ok(feedback))
    }

    /// Puts the case that `verdict` is about among `cases`: by the id as it is written there, else as files and HTTP write it,
    /// which `verdict` then has.
    fn find_case(
        &mut self,
        verdict: &mut Verdict,
        cases: &mut BTreeMap<String, CaseWithVerdicts>,
    ) -> Result<(), Outage> {
        if cases.contains_key(&verdict.complaint_id) {
            return Ok(());
        }
        let case = (self.case)(&verdict.complaint_id)?;
        let written = written_id(&verdict.complaint_id).into_owned();
        if !case.routes.is_empty() || written == verdict.complaint_id {
            cases.insert(verdict.complaint_id.clone(), case);
            return Ok(());
        }
        if !cases.contains_key(&written) {
            cases.insert(written.clone(), (self.case)(&written)?);
        }
        verdict.complaint_id = written;
        Ok(())
    }

    /// Why the team that gets the complaint is none.
    fn unknown_team(
        &self,
        feedback: &Feedback,
        case: &CaseWithVerdicts,
    ) -> Result<Option<RefusedVerdict>, Outage> {
        let Some(team) = feedback.to_team.as_deref() else { return Ok(None) };
        let Some(route) = case.routes.iter().find(|route| route.revision == feedback.revision) else {
            return Ok(None);
        };
        if team == route.team || route.previous_team.as_deref() == Some(team) {
            return Ok(None);
        }
        let Some(teams) = (self.teams)(route.strategy_version)? else { return Ok(None) };
        if teams.contains(team) {
            return Ok(None);
        }
        let nearest = nearest(team, &teams).join(", ");
        let fix = format!(
            "name a team of the strategy in force, or of the one that routed the complaint; the nearest are {nearest}"
        );
        Ok(Some(RefusedVerdict::new("to_team", "team-unknown", fix)))
    }
}

/// Those that are spelt most like `name`.
fn nearest<'a>(name: &str, known: &'a BTreeSet<String>) -> Vec<&'a str> {
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&name, &known.to_lowercase());
    let mut nearest: Vec<&str> = known.iter().map(String::as_str).collect();
    nearest.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    nearest.truncate(NEAREST);
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_teams_that_are_spelt_most_alike_come_first() {
        let teams = ["card-services", "home-lending", "triage-desk", "vehicle-lending"];
        let teams: BTreeSet<String> = teams.map(str::to_owned).into();
        assert_eq!(nearest("Card-Servces", &teams)[0], "card-services");
        assert_eq!(nearest("lending", &teams).len(), NEAREST);
    }
}
