//! A model asked as it is served, about a narrative and about what is left of it without some sentences.

use ombud_models::{Classifier, Logits, Prepared, Reading, Stop, Unread, score_each};
use rayon::prelude::*;

use crate::{error::Interruption, model::OpenedModel};

/// Texts in one batch, which one thread computes: the stop is asked for before each, and more at once is computed no faster.
const BATCH_TEXTS: usize = 4;

/// What a model says to one text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TextScore {
    /// `None` where it could not be scored, or was not for it is not read.
    pub(crate) logits: Option<Logits>,
    /// Why the model cannot read it.
    pub(crate) unread: Option<Unread>,
}

/// A model as it is served.
pub(crate) struct ServedModel<'a> {
    opened: &'a OpenedModel,
    /// The narratives' stated language.
    language: &'a str,
}

impl<'a> ServedModel<'a> {
    pub(crate) fn new(opened: &'a OpenedModel, language: &'a str) -> Self {
        Self { opened, language }
    }

    /// What it says to each of `narratives`, in their order; on as many threads as the process may use. `with_unread`: also scores
    /// what the model cannot read.
    pub(crate) fn scores(
        &self,
        narratives: &[String],
        with_unread: bool,
        stop: &Stop,
    ) -> Result<Vec<TextScore>, Interruption> {
        let batches = narratives.par_chunks(BATCH_TEXTS);
        let score = |replica: &mut Box<dyn Classifier>, batch: &[String]| {
            if stop.requested() {
                return Err(Interruption::Stopped);
            }
            self.batch(&mut **replica, batch, with_unread)
        };
        let scored = batches.map_init(|| self.opened.model.replica(), score);
        Ok(scored.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn batch(
        &self,
        replica: &mut dyn Classifier,
        narratives: &[String],
        with_unread: bool,
    ) -> Result<Vec<TextScore>, Interruption> {
        let reads = self.opened.artefact.manifest.reads();
        let prepare = |narrative: &String| {
            let reading = Reading::of(narrative, self.language);
            let prepared = self.opened.model.prepare(reading.text());
            let unread = reading.unread(&reads, &prepared);
            (prepared, unread)
        };
        let prepared: Vec<(Prepared, Option<Unread>)> = narratives.iter().map(prepare).collect();
        let is_scored = |unread: &Option<Unread>| with_unread || unread.is_none();
        let texts: Vec<&Prepared> =
            prepared.iter().filter(|(_, unread)| is_scored(unread)).map(|(prepared, _)| prepared).collect();
        let mut failure = None;
        let scored = score_each(replica, &texts, |error| failure = Some(error.to_string()));
        if failure.is_some() && scored.iter().all(Option::is_none) {
            // Not one text: the model cannot compute here.
            let alone = replica.classify(&texts[..1]);
            return Err(alone.map_or_else(Interruption::Failed, |_| Interruption::NotFinite));
        }
        let mut scored = scored.into_iter();
        let score = |(_, unread): &(Prepared, Option<Unread>)| TextScore {
            logits: if is_scored(unread) { scored.next().flatten() } else { None },
            unread: *unread,
        };
        Ok(prepared.iter().map(score).collect())
    }
}
