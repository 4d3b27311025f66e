//! The dossier itself: what the statement says about its subjects. Plain data, and the page is made of nothing else.

use ombud_contract::records::TimestampMs;
use serde::Serialize;

use crate::case::Case;
use crate::part::{
    AnswersPart, DecisionPart, InputPart, ModelPart, OutcomePart, PeoplePart, ProofPart, StrategyPart,
    WordsPart,
};

/// The number of this form.
const FORMAT: u32 = 1;

#[derive(Serialize)]
pub(crate) struct Dossier {
    pub(crate) format: u32,
    pub(crate) complaint_id: String,
    pub(crate) as_of: Option<TimestampMs>,
    pub(crate) exported_at: TimestampMs,
    pub(crate) exported_by: ExporterLine,
    pub(crate) decision: DecisionPart,
    pub(crate) answers: AnswersPart,
    pub(crate) words: WordsPart,
    pub(crate) input: InputPart,
    pub(crate) model: ModelPart,
    pub(crate) strategy: StrategyPart,
    pub(crate) people: PeoplePart,
    pub(crate) outcome: OutcomePart,
    pub(crate) proof: ProofPart,
}

#[derive(Serialize)]
pub(crate) struct ExporterLine {
    pub(crate) actor: String,
    pub(crate) roles: Vec<String>,
    pub(crate) source: String,
    pub(crate) sees_evidence: bool,
}

impl Dossier {
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let (sources, exporter) = (case.sources, &case.sources.exporter);
        Self {
            format: FORMAT,
            complaint_id: sources.complaint_id.clone(),
            as_of: sources.as_of,
            exported_at: sources.exported_at,
            exported_by: ExporterLine {
                actor: exporter.actor.clone(),
                roles: exporter.roles.clone(),
                source: exporter.source.clone(),
                sees_evidence: sources.sees_evidence,
            },
            decision: DecisionPart::of(case),
            answers: AnswersPart::of(case),
            words: WordsPart::of(case),
            input: InputPart::of(case),
            model: ModelPart::of(case),
            strategy: StrategyPart::of(case),
            people: PeoplePart::of(case),
            outcome: OutcomePart::of(case),
            proof: ProofPart::of(case),
        }
    }
}
