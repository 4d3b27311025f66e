//! One complaint's answers on one side, as infer gives them, and where they send it, as join does.

use ombud_contract::records::{Decision, Evidence, RawComplaint, Strategy};
use ombud_models::{ActiveStrategy, Answer, Facts, Route, Unread, answer, in_label_set_order, route};

use super::sides::Question;
use crate::evaluate::{Subject, SubjectHead};

/// What one side says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Side {
    pub(super) decisions: Vec<Decision>,
    pub(super) route: Route,
}

impl Side {
    /// Routes a complaint by `decisions`.
    pub(super) fn of(complaint: &RawComplaint, decisions: Vec<Decision>, strategy: &ActiveStrategy) -> Self {
        let facts = Facts {
            complaint_id: &complaint.complaint_id,
            language: &complaint.language,
            known_product: complaint.known_product.as_deref(),
            received_at: complaint.received_at,
            regulator_sent_at: complaint.regulator_sent_at,
            notice_at: complaint.notice_at,
            legal_entity: complaint.legal_entity.as_deref(),
            attributes: &complaint.attributes,
            decisions: &decisions,
            // Every task that is decided is answered here, even if as failed: no answer is late.
            missing_tasks: &[],
            unreadable: false,
            withdrawn: false,
        };
        let route = route(&facts, strategy);
        Self { decisions, route }
    }
}

/// What a subject makes of a narrative.
pub(super) struct HeadScore<'a> {
    /// Of the head that is asked; `None` where the text can't be scored.
    pub(super) logits: Option<&'a [f32]>,
    /// Why it cannot read it.
    pub(super) unread: Option<Unread>,
}

/// The decision of `question` by `subject`'s head.
pub(super) fn decide(
    question: &Question,
    (subject, asked): (&Subject, &SubjectHead),
    scored: &HeadScore<'_>,
    narrative: &str,
    strategy: &Strategy,
) -> Decision {
    let evidence = asked.head.evidence_in(narrative);
    let answer = match scored.unread {
        Some(_) => Answer::unread(),
        None => answered(question, asked, scored.logits, &evidence),
    };
    let evaluated = subject.evaluated();
    Decision {
        task: question.task.clone(),
        prediction_id: String::new(),
        outcome: answer.outcome,
        label: answer.label,
        level: answer.level,
        path: answer.path,
        confidence: answer.confidence,
        model_id: evaluated.model_id.clone(),
        model_version: evaluated.version.clone(),
        strategy_version: strategy.version,
        arm: String::new(),
        truncated_tokens: 0,
        explicit_evidence: evidence.iter().any(|one| one.explicit),
        unread: scored.unread.map(|unread| unread.code().to_owned()),
    }
}

fn answered(
    question: &Question,
    asked: &SubjectHead,
    logits: Option<&[f32]>,
    evidence: &[Evidence],
) -> Answer {
    let Some(logits) = logits else { return Answer::failed("classify-failed") };
    if in_label_set_order(&asked.head, asked.taxonomy, logits).is_none() {
        return Answer::failed("label-set-mismatch");
    }
    answer(&asked.head, asked.taxonomy, logits, question.review_below, evidence)
}
