//! What a replay found, as it is kept: plain data, whose content gives the evaluation's id.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare::{ChangeCounts, ChangedComplaint, TEAM, VULNERABILITY};
use crate::interval::{Interval, wilson};

/// What this is, among evaluations.
const KIND: &str = "replay";

/// What a replay found. Its JSON is the same, byte for byte, wherever the same models answer the same complaints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// `replay`.
    pub kind: &'static str,
    /// The candidate, `MODEL@VERSION`.
    pub candidate: String,
    /// By task that the candidate was asked, who decides it now, `MODEL@VERSION`.
    pub champions: BTreeMap<String, String>,
    /// Whose thresholds and routing table both sides have.
    pub strategy_version: i64,
    /// Which complaints.
    pub data: Span,
    /// Complaints that were asked about on both sides.
    pub rows: usize,
    /// Complaints of that time that were not.
    pub left_out: LeftOut,
    /// Every figure by name: `complaints`, `changed`, `changed.team`, `share.team`, ...
    pub figures: BTreeMap<String, f64>,
    /// What was compared, and how it moves.
    pub aspects: Vec<Aspect>,
    /// Every complaint that would be decided otherwise, by id.
    pub changed: Vec<ChangedComplaint>,
}

/// A span of time, RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Decided from here on.
    pub since: String,
    /// And before that, and as they stood then.
    pub until: String,
}

/// Complaints that nobody was asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The customer had taken them back.
    pub withdrawn: usize,
    /// Their text is gone or unfit.
    pub unreadable: usize,
}

/// One thing that is compared: the team, a task's answer, the treatment as vulnerable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Aspect {
    /// `team`, `vulnerability`, or the task.
    pub name: String,
    /// Complaints for which it changes.
    pub changed: usize,
    /// Their share of all, 0 to 1; absent of none.
    pub share: Option<f64>,
    /// Its 95 % interval (Wilson's).
    pub interval: Option<Interval>,
    /// Most frequent first.
    pub moves: Vec<Move>,
    /// By answer, the complaints that keep it.
    pub stay: BTreeMap<String, usize>,
}

/// Complaints that change in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// By who decides now.
    pub from: String,
    /// With the candidate.
    pub to: String,
    /// How many.
    pub complaints: usize,
}

impl Document {
    /// Of what was counted; `tally` names its complaints in any order.
    pub(super) fn of(
        candidate: String,
        champions: BTreeMap<String, String>,
        strategy_version: i64,
        (data, left_out): (Span, LeftOut),
        tally: ChangeCounts,
    ) -> Self {
        let rows = tally.complaints;
        let mut aspects: Vec<Aspect> =
            tally.moves.iter().map(|(name, moves)| Aspect::of(name, moves, rows)).collect();
        // Where it goes first, how its customer is treated last.
        aspects.sort_by_key(|aspect| (aspect.name != TEAM, aspect.name == VULNERABILITY));
        let mut changed = tally.changed;
        changed.sort_by(|a, b| a.complaint_id.cmp(&b.complaint_id));
        let count = |value: usize| value as f64;
        let share = |value: usize| if rows == 0 { 0.0 } else { value as f64 / rows as f64 };
        let mut figures = BTreeMap::from([
            ("complaints".to_owned(), count(rows)),
            ("changed".to_owned(), count(changed.len())),
            ("share".to_owned(), share(changed.len())),
            ("needs_human.champion".to_owned(), share(tally.needs_human.0)),
            ("needs_human.candidate".to_owned(), share(tally.needs_human.1)),
        ]);
        for aspect in &aspects {
            figures.insert(format!("changed.{}", aspect.name), count(aspect.changed));
            figures.insert(format!("share.{}", aspect.name), share(aspect.changed));
        }
        Self {
            kind: KIND,
            candidate,
            champions,
            strategy_version,
            data,
            rows,
            left_out,
            figures,
            aspects,
            changed,
        }
    }
}

impl Aspect {
    fn of(name: &str, counted: &super::compare::Moves, rows: usize) -> Self {
        let (stay, moves): (Vec<_>, Vec<_>) = counted.iter().partition(|((from, to), _)| from == to);
        let mut moves: Vec<Move> = moves
            .into_iter()
            .map(|((from, to), complaints)| Move {
                from: from.clone(),
                to: to.clone(),
                complaints: *complaints,
            })
            .collect();
        // Stable: of equally frequent ones the first by name.
        moves.sort_by_key(|one| std::cmp::Reverse(one.complaints));
        let changed = moves.iter().map(|one| one.complaints).sum();
        Self {
            name: name.to_owned(),
            changed,
            share: (rows > 0).then(|| changed as f64 / rows as f64),
            interval: wilson(changed, rows),
            moves,
            stay: stay.into_iter().map(|((from, _), complaints)| (from.clone(), *complaints)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::compare::Moves;

    fn document(moves: &[(&str, &str, usize)]) -> Document {
        let counted: Moves =
            moves.iter().map(|(from, to, of)| (((*from).to_owned(), (*to).to_owned()), *of)).collect();
        let complaints = counted.values().sum();
        let tally = ChangeCounts {
            complaints,
            moves: [("team".to_owned(), counted)].into(),
            ..ChangeCounts::default()
        };
        let data = Span { since: "a".into(), until: "b".into() };
        Document::of("m@v".into(), BTreeMap::new(), 3, (data, LeftOut::default()), tally)
    }

    #[test]
    fn moves_come_by_how_many_and_who_stays_is_counted_apart() {
        let document = document(&[("a", "a", 6), ("a", "b", 1), ("b", "a", 3)]);
        let team = &document.aspects[0];
        let moves: Vec<_> =
            team.moves.iter().map(|m| (m.from.as_str(), m.to.as_str(), m.complaints)).collect();
        assert_eq!(moves, [("b", "a", 3), ("a", "b", 1)]);
        assert_eq!((team.changed, team.share, &team.stay), (4, Some(0.4), &[("a".to_owned(), 6)].into()));
        assert_eq!((document.figures["changed.team"], document.figures["share.team"]), (4.0, 0.4));
    }
}
