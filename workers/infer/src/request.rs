//! One complaint for one model: what its records carry, the questions, and the narrative as the model reads it.

use std::{collections::BTreeSet, sync::Arc};

use ombud_contract::records::{RawComplaint, Role};
use ombud_launch::telemetry::{Hop, HopAttribute};
use ombud_models::{BatchBudget, Prepared, Unread};
use ombud_stream::{Clock, Header, Record, SharedReceipt};

use crate::{admission::ReadAt, question::Question, served::Served};

/// What every prediction repeats about its complaint.
pub(crate) struct ComplaintContext {
    pub(crate) complaint_id: String,
    pub(crate) input_sha256: String,
    pub(crate) raw_partition: i32,
    pub(crate) raw_offset: i64,
    /// A backfilled complaint, for which no deadline runs.
    pub(crate) is_bulk: bool,
    /// For the records that follow.
    pub(crate) headers: Vec<Header>,
    pub(crate) read_at: ReadAt,
    hop: Hop,
    clock: Arc<dyn Clock>,
}

impl ComplaintContext {
    /// The context of `complaint`, which lies in `record`; its trace begins here.
    pub(crate) fn new(
        complaint: &RawComplaint,
        record: &Record,
        questions: &[Question],
        read_at: ReadAt,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let mut hop = Hop::process("infer", record, read_at.ms);
        hop.say(HopAttribute::Complaint(&complaint.complaint_id));
        if hop.is_kept() {
            let tasks: BTreeSet<&str> = questions.iter().map(|question| question.task.as_str()).collect();
            hop.say(HopAttribute::Task(&Vec::from_iter(tasks).join("+")));
        }
        Self {
            headers: hop.carried(&record.headers).into_owned(),
            read_at,
            hop,
            clock: Arc::clone(clock),
            complaint_id: complaint.complaint_id.clone(),
            input_sha256: ombud_contract::ids::input_sha256(complaint),
            raw_partition: record.source.partition,
            raw_offset: record.offset,
            is_bulk: complaint.bulk,
        }
    }
}

impl Drop for ComplaintContext {
    /// The last of its predictions is on its way.
    fn drop(&mut self) {
        std::mem::take(&mut self.hop).end_at(self.clock.now_ms());
    }
}

/// One complaint for one model: a single pass answers all its questions.
pub(crate) struct ModelRequest {
    pub(crate) complaint: Arc<ComplaintContext>,
    pub(crate) strategy_version: i64,
    pub(crate) questions: Vec<Question>,
    /// `None`: no model can be loaded for these questions.
    pub(crate) input: Option<ModelInput>,
    pub(crate) receipt: SharedReceipt,
}

/// A model, and the narrative as it reads it.
pub(crate) struct ModelInput {
    pub(crate) model: Arc<Served>,
    pub(crate) prepared: Prepared,
    /// Why the model cannot read it, and is not asked.
    pub(crate) unread: Option<Unread>,
}

impl ModelRequest {
    /// What it adds to a batch's token budget.
    pub(crate) fn cost(&self) -> usize {
        self.input.as_ref().map_or(0, |input| input.prepared.cost())
    }

    /// What its model lets a batch hold.
    pub(crate) fn budget(&self) -> BatchBudget {
        self.input.as_ref().map_or(BatchBudget::UNBOUNDED, |input| input.model.model.budget())
    }

    /// What its model is to score; `None` where nobody can, or it cannot be read.
    pub(crate) fn text(&self) -> Option<&Prepared> {
        self.input.as_ref().filter(|input| input.unread.is_none()).map(|input| &input.prepared)
    }

    /// Requests of one version go through the model together.
    pub(crate) fn version(&self) -> &str {
        self.input.as_ref().map_or("", |input| &input.model.artefact.version)
    }

    /// Why a model that decides cannot read the narrative.
    pub(crate) fn unread_by_deciding_model(&self) -> Option<Unread> {
        let decides = self.questions.iter().any(|question| question.arm.role == Role::Deciding);
        self.input.as_ref().and_then(|input| input.unread).filter(|_| decides)
    }
}
