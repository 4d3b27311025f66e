//! Memory of models that are gone, given back to the system.

/// Gives back what the allocator holds free. glibc keeps freed blocks as large as a model's weights (up to 32 MB) for the
/// next one: a process that had six bags of 22 MB loaded at a time went on at 600 MB when four of them were dropped,
/// which had been 250 MB.
#[cfg(target_env = "gnu")]
#[allow(unsafe_code, reason = "a call without arguments that point anywhere; nobody wraps it")]
pub(crate) fn give_back() {
    // SAFETY: it may be called at any time by any thread, and takes no pointer.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Other allocators give back by themselves.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn give_back() {}
