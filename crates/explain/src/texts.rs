//! A model asked as it is served, about a narrative and about what is left of it without some sentences.

use ombud_models::{Classifier, Logits, Prepared, Reading, Stop, Unread, score_each};

use crate::{error::Interruption, model::OpenedModel};

/// Texts in one batch: the stop is asked for between batches, and more at once is computed no faster.
const BATCH_TEXTS: usize = 8;

/// What a model says to one text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TextScore {
    /// `None` where it could not be scored, or was not for it is not read.
    pub(crate) logits: Option<Logits>,
    /// Why the model cannot read it.
    pub(crate) unread: Option<Unread>,
}

/// One replica of a model.
pub(crate) struct ServedModel<'a> {
    opened: &'a OpenedModel,
    replica: Box<dyn Classifier>,
    /// The narratives' stated language.
    language: &'a str,
}

impl<'a> ServedModel<'a> {
    pub(crate) fn new(opened: &'a OpenedModel, language: &'a str) -> Self {
        Self { opened, replica: opened.model.replica(), language }
    }

    /// What it says to each of `narratives`, in their order. `with_unread`: also scores what the model cannot read.
    pub(crate) fn scores(
        &mut self,
        narratives: &[String],
        with_unread: bool,
        stop: &Stop,
    ) -> Result<Vec<TextScore>, Interruption> {
        let reads = self.opened.artefact.manifest.reads();
        let mut scores = Vec::with_capacity(narratives.len());
        for batch in narratives.chunks(BATCH_TEXTS) {
            if stop.requested() {
                return Err(Interruption::Stopped);
            }
            let prepared: Vec<(Prepared, Option<Unread>)> = batch
                .iter()
                .map(|narrative| {
                    let reading = Reading::of(narrative, self.language);
                    let prepared = self.opened.model.prepare(reading.text());
                    let unread = reading.unread(&reads, &prepared);
                    (prepared, unread)
                })
                .collect();
            let is_scored = |unread: &Option<Unread>| with_unread || unread.is_none();
            let texts: Vec<&Prepared> = prepared
                .iter()
                .filter(|(_, unread)| is_scored(unread))
                .map(|(prepared, _)| prepared)
                .collect();
            let mut failure = None;
            let scored = score_each(&mut *self.replica, &texts, |error| failure = Some(error.to_string()));
            if failure.is_some() && scored.iter().all(Option::is_none) {
                // Not one text: the model cannot compute here.
                let alone = self.replica.classify(&texts[..1]);
                return Err(alone.map_or_else(Interruption::Failed, |_| Interruption::NotFinite));
            }
            let mut scored = scored.into_iter();
            scores.extend(prepared.iter().map(|(_, unread)| TextScore {
                logits: if is_scored(unread) { scored.next().flatten() } else { None },
                unread: *unread,
            }));
        }
        Ok(scores)
    }
}
