//! What becomes of the letters that are selected: planned first, then done. The command and the page of health do the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use anyhow::Result;
use ombud_contract::records::{DeadLetter, RawComplaint};
use ombud_stream::{Reader, Sink, TopicPartition};
use serde::Serialize;

use super::{
    again,
    letters::{self, Refusal, SelectedLetter, Selection},
};
use crate::log::{backend::View, publish::Publisher};

/// What becomes of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LetterState {
    /// Would be sent.
    ToSend,
    /// Sent now.
    Sent,
    /// Sent by an earlier run.
    Already,
    /// Can't be sent.
    Refused,
}

/// One letter of the report.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) dead_letter_id: String,
    pub(crate) reason: Option<&'static str>,
    pub(crate) source: Option<String>,
    pub(crate) state: LetterState,
    /// Where it lies again, or why it does not.
    pub(crate) detail: Option<String>,
}

/// The letters that were selected, each with what becomes of it.
pub(crate) struct RedrivePlan {
    pub(crate) letters: Vec<SelectedLetter>,
    /// A line for each letter, in their order; then those that were named and are not there.
    pub(crate) lines: Vec<Line>,
}

impl RedrivePlan {
    /// Of the letters that `selection` matches. `with_value`: another value stands in for what was parked.
    ///
    /// # Errors
    /// The log can't be read.
    pub(crate) fn of(
        view: &View,
        reader: &mut impl Reader,
        prefix: &str,
        selection: &Selection,
        with_value: bool,
    ) -> Result<Self> {
        let mut letters = letters::select(view, reader, prefix, selection)?;
        refuse_lost_partitions(view, &mut letters)?;
        let lines = lines(selection, &letters, &again::already(reader, &letters)?, with_value);
        Ok(Self { letters, lines })
    }

    /// How many letters came or will come to `state`.
    pub(crate) fn count(&self, state: LetterState) -> usize {
        self.lines.iter().filter(|line| line.state == state).count()
    }

    /// The ids of the letters that [`Self::send`] sends.
    pub(crate) fn ids_to_send(&self) -> Vec<String> {
        let to_send = self.lines.iter().filter(|line| line.state == LetterState::ToSend);
        to_send.map(|line| line.dead_letter_id.clone()).collect()
    }

    /// Sends what is to be sent, each with the value that `replacement` gives for it where it gives one; all of it is durable
    /// when this returns.
    ///
    /// # Errors
    /// The log does not answer, or `replacement` failed: of the letters before, each may have been sent.
    pub(crate) fn send<S: Sink<()>>(
        &mut self,
        reader: &mut impl Reader,
        publisher: &mut Publisher<S>,
        replacement: &dyn Fn(&DeadLetter) -> Result<Option<RawComplaint>>,
    ) -> Result<()> {
        let planned = self.lines.iter_mut().zip(&self.letters);
        for (line, selected) in planned.filter(|(line, _)| line.state == LetterState::ToSend) {
            let letter = again::fetch(reader, selected)?;
            let replacement = replacement(&letter)?;
            publisher.send(again::record(letter, replacement.as_ref())?)?;
            line.state = LetterState::Sent;
        }
        publisher.flush()
    }
}

fn refuse_lost_partitions(view: &View, letters: &mut [SelectedLetter]) -> Result<()> {
    let ours = letters.iter().filter(|letter| letter.refusal != Some(Refusal::ForeignTopic));
    let topics: BTreeSet<Arc<str>> = ours.map(|letter| Arc::clone(&letter.source.topic)).collect();
    for topic in topics {
        let ends = view.ends(&topic)?;
        let lost = |source: &TopicPartition| {
            source.topic == topic && !ends.iter().any(|(partition, _)| partition == source)
        };
        for letter in letters.iter_mut().filter(|letter| lost(&letter.source)) {
            letter.refusal = Some(Refusal::NoPartition);
        }
    }
    Ok(())
}

fn lines(
    selection: &Selection,
    letters: &[SelectedLetter],
    already: &BTreeMap<String, (TopicPartition, i64)>,
    with_value: bool,
) -> Vec<Line> {
    let known = letters.iter().map(|letter| {
        let refusal = letter.refusal.filter(|why| !(with_value && why.is_fixed_by_a_value()));
        let (state, detail) = match (already.get(&letter.id), refusal) {
            (Some((at, offset)), _) => (LetterState::Already, Some(format!("{at}@{offset}"))),
            (None, Some(why)) => (LetterState::Refused, Some(why.why().to_owned())),
            (None, None) => (LetterState::ToSend, None),
        };
        Line {
            dead_letter_id: letter.id.clone(),
            reason: Some(letters::word(letter.reason)),
            source: Some(format!("{}@{}", letter.source, letter.source_offset)),
            state,
            detail,
        }
    });
    let missing = selection.ids.iter().filter(|id| !letters.iter().any(|letter| letter.id == **id));
    let missing = missing.map(|id| Line {
        dead_letter_id: id.clone(),
        reason: None,
        source: None,
        state: LetterState::Refused,
        detail: Some(Refusal::Unknown.why().to_owned()),
    });
    known.chain(missing).collect()
}
