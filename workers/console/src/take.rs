//! Verdicts that come together: each completed from its case, and held against the teams that there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ombud_contract::{
    ids::written_id,
    records::{Feedback, TimestampMs},
};
use ombud_stream::Outage;

use crate::{
    complete::{KnownCase, Source, complete},
    refused::Refused,
    verdict::Verdict,
};

/// Known teams that are named beside an unknown one.
const NEAREST: usize = 3;

/// The teams of the strategy in force and of the strategy of a version; `None` where no strategy is published. May block.
pub type KnownTeams = Arc<dyn Fn(i64) -> Result<Option<BTreeSet<String>>, Outage> + Send + Sync>;

/// What verdicts are held against.
pub struct Taking<'a> {
    /// The case of a complaint. May block.
    pub case: &'a mut dyn FnMut(&str) -> Result<KnownCase, Outage>,
    /// The teams.
    pub teams: &'a KnownTeams,
    /// Where all of them come from.
    pub source: Source<'a>,
    /// The time.
    pub now: TimestampMs,
}

/// A verdict that may be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Takeable {
    /// The verdict.
    pub feedback: Feedback,
    /// It is of the audit sample, and with all of these taken nobody has said whether the customer is vulnerable.
    pub vulnerability_missing: bool,
}

impl Taking<'_> {
    /// What becomes of each of `said`, in their order. Those before it are known to each.
    ///
    /// # Errors
    /// The cases or the teams can't be read.
    pub fn take(
        &mut self,
        said: impl IntoIterator<Item = Result<Verdict, Refused>>,
    ) -> Result<Vec<Result<Takeable, Refused>>, Outage> {
        let mut cases: BTreeMap<String, KnownCase> = BTreeMap::new();
        let mut outcomes = Vec::new();
        for said in said {
            outcomes.push(match said {
                Err(refused) => Err(refused),
                Ok(mut said) => self.take_one(&mut said, &mut cases)?,
            });
        }
        let takeable = |feedback: Feedback| {
            let case = cases.get(&feedback.complaint_id);
            let vulnerability_missing = case.is_some_and(KnownCase::lacks_vulnerability);
            Takeable { feedback, vulnerability_missing }
        };
        Ok(outcomes.into_iter().map(|outcome| outcome.map(takeable)).collect())
    }

    fn take_one(
        &mut self,
        said: &mut Verdict,
        cases: &mut BTreeMap<String, KnownCase>,
    ) -> Result<Result<Feedback, Refused>, Outage> {
        self.find_case(said, cases)?;
        let case = cases.entry(said.complaint_id.clone()).or_default();
        let feedback = match complete(&*said, case, self.source, self.now) {
            Ok(feedback) => feedback,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Some(refused) = self.unknown_team(&feedback, case)? {
            return Ok(Err(refused));
        }
        case.verdicts.push(feedback.clone());
        Ok(Ok(feedback))
    }

    /// Puts the case that `said` is about among `cases`: of the id as it stands there, and else as files and HTTP write it,
    /// which `said` then names.
    fn find_case(
        &mut self,
        said: &mut Verdict,
        cases: &mut BTreeMap<String, KnownCase>,
    ) -> Result<(), Outage> {
        if cases.contains_key(&said.complaint_id) {
            return Ok(());
        }
        let case = (self.case)(&said.complaint_id)?;
        let written = written_id(&said.complaint_id).into_owned();
        if !case.routes.is_empty() || written == said.complaint_id {
            cases.insert(said.complaint_id.clone(), case);
            return Ok(());
        }
        if !cases.contains_key(&written) {
            cases.insert(written.clone(), (self.case)(&written)?);
        }
        said.complaint_id = written;
        Ok(())
    }

    /// Why the team that gets the complaint is none.
    fn unknown_team(&self, feedback: &Feedback, case: &KnownCase) -> Result<Option<Refused>, Outage> {
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
        let mend = format!(
            "name a team of the strategy in force, or of the one that routed the complaint; the nearest are {nearest}"
        );
        Ok(Some(Refused::new("to_team", "team-unknown", mend)))
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
