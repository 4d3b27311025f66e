//! One undo for all that one action has done: an event of work is undone, a verdict is retracted.

use axum::http::HeaderMap;
use maud::{Markup, html};
use ombud_launch::guard::Caller;

use super::{MOST_ROWS, team_path, view::View};
use crate::{
    feedback::{self, AcceptedVerdict},
    own_writes::OwnWrites,
    pages::{archived::wait_until_archived, fields::Fields, frame::Frame, parts},
    refused::Problem,
    state::RequestState,
    verdict::{Kind, Verdict},
    work::{self, AcceptedWork},
    work_report::{WorkReport, WorkReportKind},
};

/// The longest list that goes into an address.
const MOST_BYTES: usize = 8_000;

/// A record that may be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    /// An event of work.
    Work { id: String, complaint_id: String },
    /// A verdict.
    Verdict { id: String, complaint_id: String },
}

impl Deed {
    fn read(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('.')?;
        let (id, complaint_id) = rest.split_once('.')?;
        let (id, complaint_id) = (id.to_owned(), complaint_id.to_owned());
        match kind {
            "work" => Some(Self::Work { id, complaint_id }),
            "verdict" => Some(Self::Verdict { id, complaint_id }),
            _ => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Work { id, complaint_id } => format!("work.{id}.{complaint_id}"),
            Self::Verdict { id, complaint_id } => format!("verdict.{id}.{complaint_id}"),
        }
    }

    /// The record and its complaint.
    fn ids(&self) -> (&str, &str) {
        match self {
            Self::Work { id, complaint_id } | Self::Verdict { id, complaint_id } => (id, complaint_id),
        }
    }
}

/// What one action has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Undo(Vec<Deed>);

impl Undo {
    /// What an address or a form says.
    pub(super) fn of(fields: &Fields) -> Self {
        Self(fields.all("undo").filter_map(Deed::read).take(MOST_ROWS).collect())
    }

    pub(super) fn of_work(accepted: Vec<AcceptedWork>) -> Self {
        let deed = |one: AcceptedWork| Deed::Work { id: one.work_id, complaint_id: one.complaint_id };
        Self(accepted.into_iter().map(deed).collect())
    }

    pub(super) fn of_verdicts(given: Vec<AcceptedVerdict>) -> Self {
        let deed =
            |one: AcceptedVerdict| Deed::Verdict { id: one.feedback_id, complaint_id: one.complaint_id };
        Self(given.into_iter().map(deed).collect())
    }

    /// `fields` with what was `done`, to how many; and with how it is undone, where an address can have so much.
    pub(super) fn add_to(&self, fields: Fields, done: &str) -> Fields {
        let fields = fields.with("done", Some(done)).with("count", Some(&self.0.len().to_string()));
        let texts: Vec<String> = self.0.iter().map(Deed::text).collect();
        if texts.iter().map(String::len).sum::<usize>() > MOST_BYTES {
            return fields;
        }
        texts.iter().fold(fields, |fields, text| fields.with("undo", Some(text)))
    }

    /// The button that undoes it.
    pub(super) fn form(&self, frame: &Frame, team: &str, view: &View) -> Markup {
        html! {
            @if !self.0.is_empty() {
                form.row method="post" action={ (team_path(team)) "/undo" } {
                    input type="hidden" name="view" value=(view.fields().query());
                    @for deed in &self.0 { input type="hidden" name="undo" value=(deed.text()); }
                    (parts::key_button("u", "really", "yes", &frame.say_count("team-undo", self.0.len() as i64)))
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many records it undoes.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Undoes them all, or none.
    pub(super) async fn take_back(
        &self,
        state: &RequestState,
        caller: &Caller,
        own: OwnWrites,
    ) -> Result<HeaderMap, Problem> {
        let records: Vec<(&str, &str)> = self.0.iter().map(Deed::ids).collect();
        wait_until_archived(state, &records).await?;
        let (mut reports, mut verdicts) = (Vec::new(), Vec::new());
        for deed in &self.0 {
            match deed {
                Deed::Work { id, complaint_id } => reports.push(WorkReport {
                    undoes: Some(id.clone()),
                    ..WorkReport::new(complaint_id, WorkReportKind::Undone)
                }),
                Deed::Verdict { id, complaint_id } => verdicts.push(Verdict {
                    retracts: Some(id.clone()),
                    ..Verdict::new(complaint_id, Kind::Retracted, "")
                }),
            }
        }
        // One action has done one kind of thing; all of it is taken back, or none.
        if reports.is_empty() {
            return Ok(feedback::give(state, caller, own, verdicts).await?.0);
        }
        Ok(work::report(state, caller, own, reports).await?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_read_from_an_address_as_it_was_written() {
        let done = Undo(vec![
            Deed::Work { id: "aa11".into(), complaint_id: "c.1/x".into() },
            Deed::Verdict { id: "bb22".into(), complaint_id: "c-2".into() },
        ]);
        let address = done.add_to(Fields::default(), "x").query();
        assert_eq!(Undo::of(&Fields::read(address.as_bytes())), done);
        assert_eq!(Undo::of(&Fields::read(b"undo=x&undo=work.&undo=work.a&undo=gift.a.b")), Undo::default());
        let long = Deed::Work { id: "a".repeat(64), complaint_id: "c".repeat(256) };
        let done = Undo(vec![long; 50]).add_to(Fields::default(), "x");
        assert_eq!(done.query(), "done=x&count=50");
    }
}
