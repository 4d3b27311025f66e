//! complaints -> chunks -> one thread a replica: prepare, pack by length, classify, decide and route both sides -> tally

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crossbeam_channel::bounded;
use indicatif::ProgressBar;
use ombud_contract::records::{Decision, RawComplaint};
use ombud_models::{ActiveStrategy, Classifier, Logits, Prepared, Reading, Unread};
use ombud_stream::{Limit, Outage, pack_by_length};

use super::{
    compare::{Both, Tally},
    decide::{Scored, Side, decide},
    document::{Document, LeftOut, Span},
    sides::{Question, Seat, Sides},
};

/// Complaints that a thread takes at once: enough to find company of like length.
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
pub struct Replayed(Tally);

/// What one model says of each complaint: its logits, and why it can't read it.
type Said = (Vec<Option<Logits>>, Vec<Option<Unread>>);

impl Replay<'_> {
    /// Asks both sides about each of `complaints`, in bounded memory but for those that change. `progress` counts them.
    ///
    /// # Errors
    /// The first that `complaints` gives.
    pub fn run(
        &self,
        complaints: impl IntoIterator<Item = Result<RawComplaint, Outage>>,
        progress: &ProgressBar,
    ) -> Result<Replayed, Outage> {
        let threads = self.threads.max(1);
        // Bounds the narratives in memory: a chunk waits for each thread, and one is being read.
        let (sender, receiver) = bounded::<Vec<RawComplaint>>(threads);
        let failed = AtomicBool::new(false);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    let (chunks, failed) = (receiver.clone(), &failed);
                    scope.spawn(move || {
                        let mut replicas: Vec<Box<dyn Classifier>> =
                            self.sides.subjects.iter().map(|subject| subject.model().replica()).collect();
                        let mut tally = Tally::default();
                        // What failed to be read ends the replay: nobody needs the rest.
                        for chunk in chunks.into_iter().take_while(|_| !failed.load(Ordering::Relaxed)) {
                            self.ask(&chunk, &mut replicas, &mut tally);
                            progress.inc(chunk.len() as u64);
                        }
                        tally
                    })
                })
                .collect();
            drop(receiver);
            let mut read = Ok(());
            let mut chunk = Vec::new();
            for complaint in complaints {
                match complaint {
                    Ok(complaint) => chunk.push(complaint),
                    Err(outage) => {
                        failed.store(true, Ordering::Relaxed);
                        read = Err(outage);
                        break;
                    }
                }
                if chunk.len() == CHUNK && sender.send(std::mem::take(&mut chunk)).is_err() {
                    // Every thread has panicked, and says so below.
                    break;
                }
            }
            // Refused only where every thread has panicked.
            let _ = sender.send(chunk);
            drop(sender);
            let mut whole = Tally::default();
            for worker in workers {
                match worker.join() {
                    Ok(tally) => whole.join(tally),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            read.map(|()| Replayed(whole))
        })
    }

    fn ask(&self, complaints: &[RawComplaint], replicas: &mut [Box<dyn Classifier>], tally: &mut Tally) {
        let limit = Limit { rows: ROWS, cost: self.token_budget };
        let readings: Vec<Reading<'_>> =
            complaints.iter().map(|one| Reading::of(&one.narrative, &one.language)).collect();
        let answers: Vec<Said> = self
            .sides
            .subjects
            .iter()
            .zip(replicas)
            .map(|(subject, replica)| {
                let prepared: Vec<Prepared> =
                    readings.iter().map(|reading| subject.model().prepare(reading.text())).collect();
                let of_each = readings.iter().zip(&prepared);
                let unread = of_each.map(|(reading, text)| reading.unread(&subject.reads, text)).collect();
                (scored(replica.as_mut(), &prepared, limit), unread)
            })
            .collect();
        let tasks: Vec<&str> = self.sides.questions.iter().map(|question| question.task.as_str()).collect();
        for (at, complaint) in complaints.iter().enumerate() {
            let answer = |question: &Question, seat: Seat| {
                let subject = &self.sides.subjects[seat.subject];
                let asked = &subject.heads()[seat.head];
                let (logits, unread) = &answers[seat.subject];
                let logits = logits[at].as_ref().and_then(|all| all.get(asked.place));
                let scored = Scored { logits: logits.map(Vec::as_slice), unread: unread[at] };
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

/// Logits of each of `prepared`, in order; `None` where that text can't be scored.
fn scored(replica: &mut dyn Classifier, prepared: &[Prepared], limit: Limit) -> Vec<Option<Logits>> {
    let mut all: Vec<Option<Logits>> = vec![None; prepared.len()];
    let places = (0..prepared.len()).collect();
    for batch in pack_by_length(places, |&at: &usize| prepared[at].cost(), limit) {
        let texts: Vec<&Prepared> = batch.items.iter().map(|&at| &prepared[at]).collect();
        match replica.classify(&texts) {
            Ok(logits) if logits.len() == texts.len() => {
                batch.items.iter().zip(logits).for_each(|(&at, logits)| all[at] = Some(logits));
            }
            // One text must not take its neighbours along.
            _ => {
                for (&at, text) in batch.items.iter().zip(&texts) {
                    all[at] = replica.classify(&[text]).ok().and_then(|mut logits| logits.pop());
                }
            }
        }
    }
    all
}

impl Replayed {
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
