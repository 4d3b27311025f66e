//! Chunks of rows shared out to threads, each of which works with replicas of its own.

use std::{
    panic::resume_unwind,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crossbeam_channel::{Sender, bounded};

/// Where chunks are sent to be worked on.
pub struct Feed<'a, C> {
    sender: Sender<C>,
    stopped: &'a AtomicBool,
}

impl<C> Feed<'_, C> {
    /// Gives `chunk` to the next thread that is free. `false` where no thread takes any more: one has failed.
    pub fn send(&self, chunk: C) -> bool {
        // Refused only where every thread has ended, and each says why.
        !self.stopped.load(Ordering::Relaxed) && self.sender.send(chunk).is_ok()
    }

    /// Ends every thread after the chunk that it is working on: the result is no longer needed.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on so many threads, at least one, over the chunks that `feed` sends: what `feed` returns, and what each
/// thread does. `feed` runs on the caller's thread. The chunks are taken in the order in which they are sent, by
/// whichever thread is free.
///
/// # Errors
/// `work` fails on a thread; the other threads end after the chunk that they are working on.
pub fn share_out<C: Send, W: Send, E: Send, F>(
    threads: usize,
    feed: impl FnOnce(&Feed<'_, C>) -> F,
    work: impl Fn(&mut dyn Iterator<Item = C>) -> Result<W, E> + Sync,
) -> Result<(F, Vec<W>), E> {
    let threads = threads.max(1);
    // Bounds the rows in memory: one chunk waits for each thread, and one is being read.
    let (sender, receiver) = bounded(threads);
    let stopped = AtomicBool::new(false);
    let (work, stopped) = (&work, &stopped);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let chunks = receiver.clone();
                scope.spawn(move || {
                    let mut chunks = chunks.into_iter().take_while(|_| !stopped.load(Ordering::Relaxed));
                    let done = work(&mut chunks);
                    stopped.fetch_or(done.is_err(), Ordering::Relaxed);
                    done
                })
            })
            .collect();
        // Else sending would wait for ever once every thread has ended.
        drop(receiver);
        let fed = feed(&Feed { sender, stopped });
        let mut done = Vec::with_capacity(threads);
        for worker in workers {
            match worker.join() {
                Ok(of_thread) => done.push(of_thread?),
                Err(panic) => resume_unwind(panic),
            }
        }
        Ok((fed, done))
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn every_chunk_is_worked_on_once_by_whichever_thread() {
        for threads in [0, 1, 4] {
            let feed = |feed: &Feed<'_, usize>| (0..100).filter(|chunk| feed.send(*chunk)).count();
            let sum = |chunks: &mut dyn Iterator<Item = usize>| Ok::<_, Infallible>(chunks.sum::<usize>());
            let (sent, sums) = share_out(threads, feed, sum).unwrap();
            assert_eq!((sent, sums.len(), sums.iter().sum()), (100, threads.max(1), 4_950));
        }
    }

    #[test]
    fn a_thread_that_fails_ends_the_run_and_nobody_waits_for_it() {
        let feed = |feed: &Feed<'_, usize>| (0..1_000).take_while(|chunk| feed.send(*chunk)).count();
        let failed = share_out(1, feed, |chunks| match chunks.next() {
            Some(chunk) => Err::<(), _>(chunk),
            None => Ok(()),
        });
        assert_eq!(failed.unwrap_err(), 0);
    }

    #[test]
    fn whoever_feeds_may_stop_the_run() {
        let stopping = |feed: &Feed<'_, usize>| {
            feed.stop();
            feed.send(1)
        };
        let count = |chunks: &mut dyn Iterator<Item = usize>| Ok::<_, Infallible>(chunks.count());
        assert_eq!(share_out(2, stopping, count).unwrap(), (false, vec![0, 0]));
    }
}
