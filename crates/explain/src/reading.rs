//! One narrative in one model: what it answers again, and the contrasts of all tasks that are asked about.

use std::collections::BTreeMap;
use std::ops::Range;

use ombud_contract::records::Evidence;
use ombud_contract::taxonomy::Taxonomy;
use ombud_models::{Answer, Logits, Origin, Prepared, Reading, Source, Stop, Trace, Unread};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::{
    attribution::{LEAST_CONTRAST, Shares, attributed},
    bars::{Parts, evidence_odds},
    code_points::CodePoints,
    contrast::{Compared, Objective, compared},
    document::{Bar, BarKind, Contrast, Method, UnreadPart, sorted},
    error::{ExplainError, Interruption},
    head::TaskHead,
    model::OpenedModel,
    occlusion::occluded,
    own_text::OwnText,
    texts::ServedModel,
    words::Words,
};

/// From which error on a contrast is shown as approximate.
const APPROXIMATE: f64 = 0.1;
/// Where the path of every trace begins.
const BASELINE: &str =
    "a text of nothing: no n-grams, padding where the words stand, and nothing added by the model";

/// What is asked about one task.
pub(crate) struct TaskQuestion<'a> {
    pub(crate) task: TaskHead<'a>,
    /// Level and label of A; `None` where there is nothing to compare.
    pub(crate) answer: Option<(&'a str, &'a str)>,
    /// B.
    pub(crate) against: Option<&'a str>,
}

/// What came of it.
pub(crate) struct TaskFindings {
    /// The answer as it comes out now.
    pub(crate) answer: Answer,
    /// The logits of the head as they are served now; `None` where the model cannot read or score the text.
    pub(crate) logits: Option<Vec<f32>>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) contrast: Option<Contrast>,
    /// What was not read.
    pub(crate) unread: Vec<UnreadPart>,
}

/// One narrative in one model.
pub(crate) struct NarrativeReading<'a> {
    opened: &'a OpenedModel,
    narrative: &'a str,
    language: &'a str,
    /// Where the customer's own words stand.
    own: OwnText,
    points: CodePoints,
    unread: Option<Unread>,
    trace: Option<Box<dyn Trace>>,
    stop: &'a Stop,
}

impl<'a> NarrativeReading<'a> {
    /// Reads `narrative`. `follow`: its words are asked for, not its answer alone.
    pub(crate) fn of(
        opened: &'a OpenedModel,
        (narrative, language): (&'a str, &'a str),
        follow: bool,
        stop: &'a Stop,
    ) -> Result<Self, Interruption> {
        if stop.requested() {
            return Err(Interruption::Stopped);
        }
        let reading = Reading::of(narrative, language);
        let prepared: Prepared = opened.model.prepare(reading.text());
        let unread = reading.unread(&opened.artefact.manifest.reads(), &prepared);
        let trace = if follow { opened.model.trace(reading.text())? } else { None };
        let (own, points) = (OwnText::of(reading.text(), narrative), CodePoints::of(narrative));
        Ok(Self { opened, narrative, language, own, points, unread, trace, stop })
    }

    /// What is found out about each of `questions`.
    pub(crate) fn findings(&self, questions: &[TaskQuestion<'_>]) -> Result<Vec<TaskFindings>, ExplainError> {
        let served = self.served(questions.iter().any(|question| question.answer.is_some()));
        let served = served.map_err(|interruption| self.blame(interruption))?;
        let mut findings = Vec::with_capacity(questions.len());
        let mut asked: Vec<(usize, Compared)> = Vec::new();
        for (at, TaskQuestion { task, answer, against }) in questions.iter().enumerate() {
            let evidence = task.head.evidence_in(self.narrative);
            let logits = served.as_ref().and_then(|logits| logits.get(task.place)).cloned();
            if let (Some(answered), Some(logits)) = (answer, &logits)
                && logits.iter().all(|logit| logit.is_finite())
                && let Some(compared) = compared(task, *answered, *against, logits, &evidence)?
            {
                asked.push((at, compared));
            }
            let answer = match (self.unread, &served) {
                (Some(_), _) => Answer::unread(),
                (None, Some(logits)) => task.answer(logits, &evidence),
                (None, None) => Answer::failed("classify-failed"),
            };
            let unread = self.unread_parts();
            findings.push(TaskFindings { answer, logits, evidence, contrast: None, unread });
        }
        let Some(served) = served else { return Ok(findings) };
        let shares = self.shares(&asked).map_err(|interruption| self.blame(interruption))?;
        for ((at, compared), shares) in asked.into_iter().zip(shares) {
            let task = &questions[at].task;
            let contrast = match shares {
                Some(shares) => self.contrast(task, compared, &shares, &served, &findings[at].evidence),
                None => self.by_sentences(task, compared, &served),
            };
            findings[at].contrast = Some(contrast.map_err(|interruption| self.blame(interruption))?);
        }
        Ok(findings)
    }

    /// What no model is given, and what each member leaves out of the rest.
    fn unread_parts(&self) -> Vec<UnreadPart> {
        let part = |member: &str, ranges: Vec<Range<usize>>| {
            let has_word =
                |range: &Range<usize>| self.narrative[range.clone()].unicode_words().next().is_some();
            let places = joined(ranges).into_iter().filter(has_word).map(|range| self.points.place(&range));
            UnreadPart { member: member.to_owned(), places: places.collect() }
        };
        let mut parts = vec![part("", self.own.left_out().to_vec())];
        for unread in self.trace.as_ref().map_or(&[][..], |trace| &trace.traced().unread) {
            let ranges = unread.stretches.iter().flat_map(|stretch| self.own.in_narrative(*stretch));
            parts.push(part(&unread.member, ranges.collect()));
        }
        parts.retain(|part| !part.places.is_empty());
        parts
    }

    fn blame(&self, interruption: Interruption) -> ExplainError {
        interruption.of(&self.opened.artefact.manifest.model_id, &self.opened.artefact.version)
    }

    /// The logits as served; `None` where the text can't be scored, or is not read and not asked about.
    fn served(&self, is_asked: bool) -> Result<Option<Logits>, Interruption> {
        if let Some(trace) = &self.trace {
            return Ok(Some(trace.traced().served.clone()));
        }
        match self.model().scores(&[self.narrative.to_owned()], is_asked, self.stop) {
            Ok(scores) => Ok(scores.into_iter().next().and_then(|score| score.logits)),
            // It failed then as well, or there is nothing to compare.
            Err(Interruption::Failed(_)) if !is_asked => Ok(None),
            Err(interruption) => Err(interruption),
        }
    }

    fn model(&self) -> ServedModel<'a> {
        ServedModel::new(self.opened, self.language)
    }

    /// One a contrast; none where the model can't be followed.
    fn shares(&self, asked: &[(usize, Compared)]) -> Result<Vec<Option<Shares>>, Interruption> {
        let Some(trace) = &self.trace else { return Ok(asked.iter().map(|_| None).collect()) };
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let objectives: Vec<&Objective> = asked.iter().map(|(_, compared)| &compared.objective).collect();
        Ok(attributed(&**trace, &objectives, self.stop)?.into_iter().map(Some).collect())
    }

    fn contrast(
        &self,
        task: &TaskHead<'_>,
        compared: Compared,
        shares: &Shares,
        served: &Logits,
        evidence: &[Evidence],
    ) -> Result<Contrast, Interruption> {
        let Compared { answer, against, objective } = compared;
        let value = objective.served(served);
        let origins = self.trace.as_ref().map_or(&[][..], |trace| &trace.traced().origins);
        let evidence = if objective.sign == 0.0 {
            BTreeMap::new()
        } else {
            evidence_odds(task.head, evidence, objective.sign)
        };
        let answers = self.answers(origins, served);
        let parts = Parts { origins, shares, served: value, evidence, answers: &answers };
        let mut words = Words::of(self.narrative, &self.own);
        let bars = parts.bars(&mut words);
        let gap = parts.arithmetic().abs() / value.abs().max(LEAST_CONTRAST);
        let is_approximate = shares.error > APPROXIMATE || gap > APPROXIMATE;
        let sentences = if is_approximate {
            occluded(&self.model(), self.narrative, (task, &objective), value, self.stop)?
        } else {
            Vec::new()
        };
        let method = Method {
            name: if shares.is_exact { "exact" } else { "integrated-gradients" }.to_owned(),
            baseline: BASELINE.to_owned(),
            steps: shares.points,
            error: shares.error,
            is_approximate,
        };
        let (words, collisions) = (words.shares(&self.points), words.collisions(&self.points));
        Ok(Contrast { answer, against, value, bars, words, method, sentences, collisions })
    }

    /// Of a model that can't be followed: what its answer to no text is, and what the absence of each sentence changes.
    fn by_sentences(
        &self,
        task: &TaskHead<'_>,
        compared: Compared,
        served: &Logits,
    ) -> Result<Contrast, Interruption> {
        let Compared { answer, against, objective } = compared;
        let (value, model) = (objective.served(served), self.model());
        let sentences = occluded(&model, self.narrative, (task, &objective), value, self.stop)?;
        let nothing = model.scores(&[String::new()], true, self.stop)?;
        let nothing = nothing.into_iter().next().and_then(|score| score.logits);
        let baseline = nothing.map_or(0.0, |logits| objective.in_text(&logits, "", task.head));
        let changes: f64 = sentences.iter().map(|sentence| sentence.value).sum();
        let bar = |kind, name: &str, text: &str, value| Bar {
            kind,
            name: name.to_owned(),
            text: text.to_owned(),
            value,
        };
        let family = self.opened.artefact.manifest.family.name();
        let bars = sorted(vec![
            bar(BarKind::Words, family, "its sentences, by what the absence of each changes", changes),
            bar(BarKind::Baseline, "", "what the model says to a text of nothing", baseline),
            bar(BarKind::Error, "", "what the sum lacks", value - baseline - changes),
        ]);
        let method = Method {
            name: "occlusion".to_owned(),
            baseline: "the narrative without the sentence".to_owned(),
            steps: sentences.len(),
            error: (value - baseline - changes).abs() / value.abs().max(LEAST_CONTRAST),
            is_approximate: true,
        };
        Ok(Contrast {
            answer,
            against,
            value,
            bars,
            words: Vec::new(),
            method,
            sentences,
            collisions: Vec::new(),
        })
    }

    /// What each task that hints answers, at its finest level.
    fn answers(&self, origins: &[Origin], served: &Logits) -> BTreeMap<String, String> {
        let hints = origins.iter().filter_map(|origin| match &origin.source {
            Source::Hint { from } => Some(from.as_str()),
            Source::Text { .. } | Source::Special | Source::Shift => None,
        });
        let answered = |from: &str| {
            let (place, head) = self.opened.artefact.manifest.head(from)?;
            let taxonomy = Taxonomy::by_label_set(&head.label_set)?;
            let task = TaskHead { place, head, taxonomy, review_below: 0.0 };
            let (label, _) = task.likeliest(taxonomy.levels().next()?, served.get(place)?)?;
            Some((from.to_owned(), label.to_owned()))
        };
        hints.filter_map(answered).collect()
    }
}

/// Ranges that touch become one; ascending.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}
