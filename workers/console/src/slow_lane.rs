//! Calls that take seconds to minutes: few at once, off the threads that answer everybody else, and none for ever.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::refused::Problem;

/// Calls at once, those included that wait for whoever explains: one is answered there, and four wait. One more is on its way.
const AT_ONCE: usize = 6;
/// How long an answer is waited for. `explain.timeout_s` ends a call long before; this is for one that does not keep to it.
const MOST_WAIT: Duration = Duration::from_secs(660);

/// The lane.
pub(crate) struct SlowLane {
    seats: Arc<Semaphore>,
}

impl Default for SlowLane {
    fn default() -> Self {
        Self { seats: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl SlowLane {
    /// What `call` answers, on a thread where it may block. A call whose client has gone keeps its seat to its end.
    ///
    /// # Errors
    /// What `call` says; too many are under way; or it does not end.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(seat) = Arc::clone(&self.seats).try_acquire_owned() else { return Err(busy()) };
        let running = spawn_blocking(move || {
            let answer = call();
            drop(seat);
            answer
        });
        match timeout(MOST_WAIT, running).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Problem::later("unavailable", "it failed: ask again in a moment")),
            Err(_) => Err(Problem::later("unavailable", "no answer came in time: ask again in a moment")),
        }
    }
}

/// As many are explained or written together as may be.
pub(crate) fn busy() -> Problem {
    let error =
        "compute it now: as many questions wait as may, and each takes some seconds; ask again in a moment";
    Problem::later("explain-busy", error)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_more_than_may_be_is_told_at_once_and_a_seat_is_free_again_at_the_end_of_its_call() {
        let lane = SlowLane::default();
        let mut calls = Vec::new();
        let mut ends = Vec::new();
        for _ in 0..AT_ONCE {
            let (end, ended) = sync_channel::<()>(0);
            ends.push(end);
            calls.push(Box::pin(lane.run(move || {
                let _ = ended.recv();
                Ok(())
            })));
        }
        for call in &mut calls {
            // The first look at each hands it over.
            assert!(futures_util::poll!(call).is_pending());
        }
        let refused = lane.run(|| Ok(())).await.unwrap_err();
        assert_eq!(refused.body().code.as_deref(), Some("explain-busy"));
        drop(ends);
        for call in calls {
            call.await.unwrap();
        }
        lane.run(|| Ok(())).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_call_that_panics_gives_its_seat_up() {
        let lane = SlowLane::default();
        for _ in 0..=AT_ONCE {
            let refused = lane.run::<()>(|| panic!("for this test")).await.unwrap_err();
            assert_eq!(refused.body().code.as_deref(), Some("unavailable"));
        }
    }
}
