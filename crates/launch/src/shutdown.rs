//! When to stop: asked by a signal or by a worker, heard by threads and by async tasks.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
    iterator::{Handle, Signals},
    low_level,
};
use tokio::sync::watch;

use crate::Error;

/// Exit code of a process that was asked to stop twice, or did not stop in time: its work is not finished.
const FAILED: i32 = 1;
/// The exit code that shells give a command which Ctrl-C ended.
pub const INTERRUPTED: u8 = 130;

/// Asks everything that holds a clone to stop; never taken back.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<State>);

#[derive(Debug)]
struct State {
    requested: AtomicBool,
    /// Dropped by the request, which wakes every thread that waits on `dropped`.
    waker: Mutex<Option<Sender<Infallible>>>,
    dropped: Receiver<Infallible>,
    asked: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        let (waker, dropped) = bounded(0);
        Self(Arc::new(State {
            requested: AtomicBool::new(false),
            waker: Mutex::new(Some(waker)),
            dropped,
            asked: watch::Sender::new(false),
        }))
    }
}

impl Shutdown {
    /// Asks to stop; asking again changes nothing.
    pub fn request(&self) {
        self.0.requested.store(true, Ordering::SeqCst);
        *self.0.waker.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.asked.send_replace(true);
    }

    /// Whether somebody asked; cheap enough for every turn of a loop.
    pub fn requested(&self) -> bool {
        self.0.requested.load(Ordering::SeqCst)
    }

    /// Blocks until somebody asks, for at most `wait`; whether somebody asked.
    pub fn wait(&self, wait: Duration) -> bool {
        match self.0.dropped.recv_timeout(wait) {
            Err(RecvTimeoutError::Disconnected) => true,
            Err(RecvTimeoutError::Timeout) => self.requested(),
            Ok(never) => match never {},
        }
    }

    /// Disconnected by the request and never sent to: for `crossbeam_channel::select!` beside other channels.
    pub fn channel(&self) -> &Receiver<Infallible> {
        &self.0.dropped
    }

    /// Resolves when somebody asks.
    pub async fn asked(&self) {
        // An error would mean that the sender is gone, and `self` holds it.
        let _ = self.0.asked.subscribe().wait_for(|asked| *asked).await;
    }
}

/// Ends the process as it is, with exit code 0 where it is `done` and else 1: for one that was asked to stop and has a thread
/// which does not hear it. No destructor and no handler runs, for those may wait for that very thread.
pub fn end_now(done: bool) -> ! {
    low_level::exit(if done { 0 } else { FAILED })
}

/// Ends the process with exit code 130 at the first SIGINT, once `explain` has said how to resume: for work that saves what
/// is worth keeping as it goes, and has nothing to finish.
///
/// # Errors
/// The system refused a handler or the thread.
pub fn end_on_interrupt(explain: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let mut signals = Signals::new([SIGINT]).map_err(Error::Signals)?;
    let waiting = move || {
        if signals.forever().next().is_some() {
            explain();
            low_level::exit(INTERRUPTED.into());
        }
    };
    thread::Builder::new().name("interrupt".into()).spawn(waiting).map(drop).map_err(Error::Signals)
}

/// Turns SIGTERM and SIGINT into requests while it lives; a second signal exits at once.
#[derive(Debug)]
pub struct SignalWatch {
    handle: Handle,
    thread: Option<thread::JoinHandle<()>>,
}

impl SignalWatch {
    /// Watches on behalf of `shutdown`.
    ///
    /// # Errors
    /// The system refused a handler or the thread.
    pub fn start(shutdown: Shutdown) -> Result<Self, Error> {
        Self::install(shutdown).map_err(Error::Signals)
    }

    fn install(shutdown: Shutdown) -> io::Result<Self> {
        let before = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT] {
            // In this order: the first signal finds the flag unset and sets it, the second finds it set. Both happen in
            // the handler itself, so that a process whose threads all hang can still be ended.
            flag::register_conditional_shutdown(signal, FAILED, before.clone())?;
            flag::register(signal, before.clone())?;
        }
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        let handle = signals.handle();
        let thread = thread::Builder::new()
            .name("signals".into())
            .spawn(move || signals.forever().for_each(|_| shutdown.request()))?;
        Ok(Self { handle, thread: Some(thread) })
    }
}

impl Drop for SignalWatch {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // It only forwards requests: were it to panic, there would be nothing to undo.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT_WAIT: Duration = Duration::from_millis(1);
    const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

    #[test]
    fn a_request_wakes_a_waiting_thread() {
        let shutdown = Shutdown::default();
        let waiting = shutdown.clone();
        let thread = thread::spawn(move || waiting.wait(WAIT_TIMEOUT));
        shutdown.request();
        assert!(thread.join().unwrap());
        assert!(shutdown.requested());
    }

    #[test]
    fn a_wait_without_a_request_ends_in_time() {
        let shutdown = Shutdown::default();
        assert!(!shutdown.wait(SHORT_WAIT));
        assert!(!shutdown.requested());
    }

    #[test]
    fn the_channel_disconnects_on_request() {
        let shutdown = Shutdown::default();
        shutdown.request();
        assert!(shutdown.channel().recv().is_err());
    }

    #[tokio::test]
    async fn a_request_is_heard_by_tasks_before_and_after_they_listen() {
        let shutdown = Shutdown::default();
        let asked = shutdown.clone();
        let (_, ()) = tokio::join!(async { shutdown.request() }, async move { asked.asked().await });
        shutdown.asked().await;
    }
}
