//! How many threads libtorch computes on: one a replica on a machine that it shares, all where a process explains.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::LazyLock;
use std::thread::available_parallelism;

thread_local! {
    /// What this thread has set; 0 before it has.
    static THREADS: Cell<i32> = const { Cell::new(0) };
}

/// What this process may use at its start: its share of the container and of the cores, which libtorch does not ask for. Fixed
/// from then on, because sums depend on how they are cut.
static ALL: LazyLock<i32> =
    LazyLock::new(|| available_parallelism().map_or(1, |cores: NonZero<usize>| cores.get() as i32));

/// Keeps libtorch's operations on the calling thread. One replica a core on one thread each computes more than
/// one replica on all cores, and libtorch would count the host's cores, not the container's share.
pub(crate) fn one_thread() {
    set(1);
}

/// Spreads libtorch's operations over the cores that this process may use.
pub(crate) fn all_threads() {
    set(*ALL);
}

fn set(threads: i32) {
    // The setting is the thread's own, so each thread makes it, and only when it changes.
    if THREADS.replace(threads) != threads {
        tch::set_num_threads(threads);
    }
}
