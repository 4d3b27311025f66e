//! A worker's threads as one chain: stages joined by bounded channels, read from top to bottom.
//!
//! ```text
//! arrivals.then("prepare", ..).gather("gather", ..).each("classify", replicas).sink("publish", ..)
//! ```
//!
//! A stage answers each item with a [`Verdict`]. A stage that meets an [`Outage`], or panics, ends, its channels close, and
//! the whole flow ends with that outage: what was in flight is unsettled and is read again.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::Scope,
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{
    batch::{self, Batch, Limit},
    record::{Outgoing, Receipt},
    seam::{Outage, Sink},
};

/// A stage's answer on one item.
#[derive(Debug)]
pub enum Verdict<T> {
    /// Goes on to the next stage.
    Next(T),
    /// Nothing follows from it: its record is finished.
    Settle(Receipt),
}

/// A receipt that several records stand on: it settles when the last of them is delivered.
pub type SharedReceipt = Arc<Receipt>;

/// A record on its way out, with what it settles.
pub type Product = (Outgoing, SharedReceipt);

/// Where the stages of one flow are made.
#[derive(Clone)]
pub struct Flow<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    /// Items between two stages. More only adds latency: a batch computes while the next is made ready.
    capacity: usize,
    settled: Sender<Receipt>,
    outages: Sender<Outage>,
}

/// What comes out of a stage.
pub struct Stage<'scope, 'env, T> {
    flow: Flow<'scope, 'env>,
    output: Receiver<T>,
}

impl<'scope, 'env> Flow<'scope, 'env> {
    /// A flow whose stages run in `scope` and settle on `settled`; the first outage arrives on `outages`.
    pub fn new(
        scope: &'scope Scope<'scope, 'env>,
        capacity: usize,
        settled: Sender<Receipt>,
        outages: Sender<Outage>,
    ) -> Self {
        Self { scope, capacity, settled, outages }
    }

    /// The chain's beginning: what the driver lets in.
    pub fn arrivals<T: Send + 'scope>(&self) -> (Sender<T>, Stage<'scope, 'env, T>) {
        let (send, output) = bounded(self.capacity);
        (send, Stage { flow: self.clone(), output })
    }

    /// The name shows in debuggers and panics.
    fn thread(&self, name: &str, run: impl FnOnce() -> Result<(), Outage> + Send + 'scope) {
        let (outages, stage) = (self.outages.clone(), name.to_owned());
        let body = move || {
            // A thread that died alone would leave its items unsettled for ever, and everybody else waiting. What the stage
            // owned ends with it, so nobody sees it half-changed.
            let ran = catch_unwind(AssertUnwindSafe(run))
                .unwrap_or_else(|_| Err(Outage::fatal(format!("run stage {stage}"), "it panicked")));
            if let Err(outage) = ran {
                // Full: an earlier outage is already ending the flow.
                let _ = outages.try_send(outage);
            }
        };
        if let Err(cause) = std::thread::Builder::new().name(name.to_owned()).spawn_scoped(self.scope, body) {
            let _ = self.outages.try_send(Outage::fatal(format!("start thread {name}"), cause));
        }
    }
}

impl<'scope, 'env, T: Send + 'scope> Stage<'scope, 'env, T> {
    /// `threads` threads that share one `step`; items may overtake each other.
    pub fn then<U: Send + 'scope>(
        self,
        name: &str,
        threads: usize,
        step: impl Fn(T) -> Result<Verdict<U>, Outage> + Clone + Send + 'scope,
    ) -> Stage<'scope, 'env, U> {
        let steps = (0..threads.max(1)).map(|_| step.clone());
        self.each(name, steps.map(|step| move |item| step(item).map(|verdict| vec![verdict])))
    }

    /// One thread for each of `steps`, which own what they need; an item may give several.
    pub fn each<U: Send + 'scope, F>(
        self,
        name: &str,
        steps: impl IntoIterator<Item = F>,
    ) -> Stage<'scope, 'env, U>
    where
        F: FnMut(T) -> Result<Vec<Verdict<U>>, Outage> + Send + 'scope,
    {
        let (send, output) = bounded(self.flow.capacity);
        for (n, mut step) in steps.into_iter().enumerate() {
            let (input, send, settled) = (self.output.clone(), send.clone(), self.flow.settled.clone());
            self.flow.thread(&format!("{name}-{n}"), move || {
                for item in input {
                    for verdict in step(item)? {
                        let open = match verdict {
                            Verdict::Next(item) => send.send(item).is_ok(),
                            Verdict::Settle(receipt) => settled.send(receipt).is_ok(),
                        };
                        // The next stage ended: so does this one, and the flow says why.
                        if !open {
                            return Ok(());
                        }
                    }
                }
                Ok(())
            });
        }
        Stage { flow: self.flow, output }
    }

    /// Gathers what is there, without waiting for more, and lets `cut` make batches of it.
    pub fn gather<U: Send + 'scope>(
        self,
        name: &str,
        window: usize,
        mut cut: impl FnMut(Vec<T>) -> Vec<Batch<U>> + Send + 'scope,
    ) -> Stage<'scope, 'env, Batch<U>> {
        // Bounded at 1: one batch computes while the next is made ready; more only adds latency.
        let (send, output) = bounded(1);
        let input = self.output;
        self.flow.thread(name, move || {
            let limit = Limit { rows: window, cost: usize::MAX };
            while let Some(gathered) = batch::collect(&input, |_| 0, limit, Duration::ZERO) {
                for batch in cut(gathered.items) {
                    if send.send(batch).is_err() {
                        return Ok(());
                    }
                }
            }
            Ok(())
        });
        Stage { flow: self.flow, output }
    }
}

impl<'scope> Stage<'scope, '_, Product> {
    /// The chain's end: one thread appends everything to `sink`; deliveries settle.
    pub fn sink(self, name: &str, mut sink: impl Sink<SharedReceipt> + 'scope) {
        let input = self.output;
        self.flow.thread(name, move || {
            for (mut record, mut token) in input {
                while let Err(refused) = sink.send(record, token) {
                    match refused.outage {
                        Some(outage) => return Err(outage),
                        // Full: the sink has waited a moment; its deliveries are taken by the driver.
                        None => (record, token) = (refused.record, refused.token),
                    }
                }
            }
            Ok(())
        });
    }
}
