//! A worker's threads as one chain: stages joined by bounded channels, read from top to bottom.
//!
//! ```text
//! arrivals.then("prepare", ..).choose("choose", ..).each("classify", replicas).sink("publish", ..)
//! ```
//!
//! A stage answers each item with a [`Verdict`]. A stage that meets an [`Outage`], or panics, ends, its channels close, and
//! the whole flow ends with that outage: what was in flight is unsettled and is read again.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::Scope,
};

use crossbeam_channel::{Receiver, Select, Sender, bounded};

use crate::{
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

    /// Keeps up to `most` items in order of arrival, and whenever the next stage is free, gives it what `next` takes out of
    /// them: what came last is among what is chosen from. `next` is never given none, and must take at least one.
    pub fn choose<U: Send + 'scope>(
        self,
        name: &str,
        most: usize,
        mut next: impl FnMut(&mut Vec<T>) -> U + Send + 'scope,
    ) -> Stage<'scope, 'env, U> {
        // No room between the two: what is chosen early can't be overtaken any more.
        let (send, output) = bounded(0);
        let input = self.output;
        self.flow.thread(name, move || {
            let mut waiting = Vec::new();
            let mut is_closed = false;
            while !is_closed || !waiting.is_empty() {
                let mut select = Select::new();
                let giving = (!waiting.is_empty()).then(|| select.send(&send));
                let taking = (!is_closed && waiting.len() < most).then(|| select.recv(&input));
                let ready = select.select();
                if Some(ready.index()) == giving {
                    // Whatever came while the next stage was busy is looked at first.
                    let room = most.saturating_sub(waiting.len());
                    waiting.extend(input.try_iter().take(room));
                    if ready.send(&send, next(&mut waiting)).is_err() {
                        return Ok(());
                    }
                } else if Some(ready.index()) == taking {
                    match ready.recv(&input) {
                        Ok(item) => waiting.push(item),
                        Err(_) => is_closed = true,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(number: usize) -> Outgoing {
        let topic = "t".into();
        Outgoing {
            topic,
            partition: None,
            key: None,
            value: Some(vec![number as u8].into()),
            headers: Vec::new(),
        }
    }

    /// Hands on the numbers of what it is given.
    struct Seen(Sender<usize>);

    impl Sink<SharedReceipt> for Seen {
        fn send(&mut self, record: Outgoing, _: SharedReceipt) -> Result<(), crate::Refused<SharedReceipt>> {
            let number = record.value.map_or(0, |value| usize::from(value[0]));
            self.0.send(number).unwrap_or(());
            Ok(())
        }
    }

    #[test]
    fn what_came_last_is_among_what_is_chosen_from_and_nothing_is_lost_at_the_end() {
        let receipt = Receipt { source: crate::TopicPartition::new("t", 0), offset: 0, generation: 1 };
        let (seen, order) = bounded(16);
        let (open, gate) = bounded::<()>(0);
        let (began, first) = bounded::<()>(1);
        let (settle, _settled) = bounded(1);
        let (report, _outages) = bounded(1);
        let order: Vec<usize> = std::thread::scope(|scope| {
            let flow = Flow::new(scope, 16, settle, report);
            let (entry, arrivals) = flow.arrivals::<usize>();
            // The greatest first; the first that is chosen waits at the gate.
            let greatest = |waiting: &mut Vec<usize>| {
                waiting.sort_unstable();
                waiting.pop().unwrap_or_default()
            };
            let step = move |number: usize| {
                began.try_send(()).unwrap_or(());
                gate.recv().unwrap_or(());
                Ok(vec![Verdict::Next((outgoing(number), Arc::new(receipt.clone())))])
            };
            arrivals.choose("choose", 16, greatest).each("work", [step]).sink("publish", Seen(seen));
            drop(flow);
            entry.send(3).unwrap();
            first.recv().unwrap();
            for number in [1, 9, 4] {
                entry.send(number).unwrap();
            }
            drop(entry);
            drop(open);
            order.iter().collect()
        });
        assert_eq!(order, [3, 9, 4, 1]);
    }
}
