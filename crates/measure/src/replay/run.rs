//! complaints -> chunks -> one thread a replica: prepare, pack by length, classify, decide and route both sides -> tally

use std::{collections::BTreeMap, convert::Infallible};

use indicatif::ProgressBar;
use ombud_contract::records::{Decision, RawComplaint};
use ombud_models::{
    ActiveStrategy, BatchBudget, Classifier, Logits, Prepared, Reading, Unread, pack, score_each,
};
use ombud_stream::Outage;

use super::{
    compare::{Both, ChangeCounts},
    decide::{HeadScore, Side, decide},
    document::{Document, LeftOut, Span},
    sides::{HeadPlace, Question, Sides},
};
use crate::replicas::{Feed, share_out};

/// Complaints that a thread takes at once: enough to batch texts of similar length.
const CHUNK: usize = 256;
/// Texts in a batch at most.
const ROWS: usize = 64;

/// Both sides, and how they are asked.
pub struct Replay<'a> {
    /// Who answers.
    pub sides: &'a Sides,
    /// Whose routing table both sides have.
    pub strategy: &'a ActiveStrategy,
    /// Threads, each with its own replica of every model; at least 1.
    pub threads: usize,
    /// Padded tokens in a batch.
    pub token_budget: usize,
}

/// What was counted so far.
pub struct ReplayResult(ChangeCounts);

/// What one model answers to each complaint: its logits, and why it can't read it.
type ModelAnswers = (Vec<Option<Logits>>, Vec<Option<Unread>>);

impl Replay<'_> {
    /// Asks both sides about each of `complaints`, in bounded memory but for those that change. `progress` counts them.
    ///
    /// # Errors
    /// The first that `complaints` gives.
    pub fn run(
        &self,
        complaints: impl IntoIterator<Item = Result<RawComplaint, Outage>>,
        progress: &ProgressBar,
    ) -> Result<ReplayResult, Outage> {
        let (read, tallies) = match share_out(
            self.threads,
            |chunks| feed(complaints, chunks),
            |chunks| {
                let mut replicas: Vec<Box<dyn Classifier>> =
                    self.sides.subjects.iter().map(|subject| subject.model().replica()).collect();
                let mut tally = ChangeCounts::default();
                for chunk in chunks {
                    self.ask(&chunk, &mut replicas, &mut tally);
                    progress.inc(chunk.len() as u64);
                }
                Ok::<_, Infallible>(tally)
            },
        ) {
            Ok(done) => done,
            Err(never) => match never {},
        };
        read?;
        let mut whole = ChangeCounts::default();
        tallies.into_iter().for_each(|tally| whole.join(tally));
        Ok(ReplayResult(whole))
    }

    fn ask(
        &self,
        complaints: &[RawComplaint],
        replicas: &mut [Box<dyn Classifier>],
        tally: &mut ChangeCounts,
    ) {
        let limit = BatchBudget { texts: ROWS, tokens: self.token_budget };
        let readings: Vec<Reading<'_>> =
            complaints.iter().map(|one| Reading::of(&one.narrative, &one.language)).collect();
        let answers: Vec<ModelAnswers> = self
            .sides
            .subjects
            .iter()
            .zip(replicas)
            .map(|(subject, replica)| {
                let prepared: Vec<Prepared> =
                    readings.iter().map(|reading| subject.model().prepare(reading.text())).collect();
                let of_each = readings.iter().zip(&prepared);
                let unread = of_each.map(|(reading, text)| reading.unread(&subject.reads, text)).collect();
                (scored(replica.as_mut(), &prepared, limit.within(subject.model().budget())), unread)
            })
            .collect();
        let tasks: Vec<&str> = self.sides.questions.iter().map(|question| question.task.as_str()).collect();
        for (at, complaint) in complaints.iter().enumerate() {
            let answer = |question: &Question, seat: HeadPlace| {
                let subject = &self.sides.subjects[seat.subject];
                let asked = &subject.heads()[seat.head];
                let (logits, unread) = &answers[seat.subject];
                let logits = logits[at].as_ref().and_then(|all| all.get(asked.place));
                let scored = HeadScore { logits: logits.map(Vec::as_slice), unread: unread[at] };
                decide(question, (subject, asked), &scored, &complaint.narrative, &self.strategy.record)
            };
            let champion: Vec<Decision> =
                self.sides.questions.iter().map(|question| answer(question, question.champion)).collect();
            let candidate = self.sides.questions.iter().zip(&champion).map(|(question, said)| {
                match question.candidate == question.champion {
                    // The same head says the same.
                    true => said.clone(),
                    false => answer(question, question.candidate),
                }
            });
            let candidate = candidate.collect();
            let champion = Side::of(complaint, champion, self.strategy);
            let candidate = Side::of(complaint, candidate, self.strategy);
            tally.add(&complaint.complaint_id, Both { champion: &champion, candidate: &candidate }, &tasks);
        }
    }
}

/// Sends all complaints in chunks, and ends the replay where one can't be read: the rest is not needed.
fn feed(
    complaints: impl IntoIterator<Item = Result<RawComplaint, Outage>>,
    chunks: &Feed<'_, Vec<RawComplaint>>,
) -> Result<(), Outage> {
    let mut chunk = Vec::new();
    for complaint in complaints {
        chunk.push(complaint.inspect_err(|_| chunks.stop())?);
        if chunk.len() == CHUNK && !chunks.send(std::mem::take(&mut chunk)) {
            return Ok(());
        }
    }
    chunks.send(chunk);
    Ok(())
}

/// Logits of each of `prepared`, in order; `None` where that text can't be scored.
fn scored(replica: &mut dyn Classifier, prepared: &[Prepared], budget: BatchBudget) -> Vec<Option<Logits>> {
    let mut all: Vec<Option<Logits>> = vec![None; prepared.len()];
    let places = (0..prepared.len()).collect();
    for batch in pack(places, |&at: &usize| prepared[at].cost(), budget) {
        let texts: Vec<&Prepared> = batch.iter().map(|&at| &prepared[at]).collect();
        for (at, logits) in batch.into_iter().zip(score_each(replica, &texts, |_| {})) {
            all[at] = logits;
        }
    }
    all
}

impl ReplayResult {
    /// What was found, to be kept.
    pub fn document(self, replay: &Replay<'_>, data: Span, left_out: LeftOut) -> Document {
        let name = |subject: &crate::evaluate::Subject| {
            format!("{}@{}", subject.evaluated().model_id, subject.evaluated().version)
        };
        let sides = replay.sides;
        let candidate = name(sides.candidate());
        let asked = sides
            .questions
            .iter()
            .filter(|question| name(&sides.subjects[question.candidate.subject]) == candidate);
        let champions: BTreeMap<String, String> = asked
            .map(|question| (question.task.clone(), name(&sides.subjects[question.champion.subject])))
            .collect();
        Document::of(candidate, champions, replay.strategy.record.version, (data, left_out), self.0)
    }
}
