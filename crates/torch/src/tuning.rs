//! libtorch on a machine that it shares: one thread a replica.

use std::cell::Cell;

thread_local! {
    static ONE_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Keeps libtorch's operations on the calling thread. One replica a core on one thread each computes more than
/// one replica on all cores, and libtorch would count the host's cores, not the container's share.
pub(crate) fn one_thread() {
    // The setting is the thread's own, so each model thread makes it once.
    if !ONE_THREAD.replace(true) {
        tch::set_num_threads(1);
    }
}
