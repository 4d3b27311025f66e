//! Returns the memory of dropped models to the system.

/// Returns what the allocator holds free. glibc keeps freed blocks as large as a model's weights (up to 32 MB) for reuse:
/// a process that had six bags of 22 MB loaded at once stayed at 600 MB after four of them were dropped, where 250 MB
/// would do.
#[cfg(target_env = "gnu")]
#[allow(unsafe_code, reason = "a call without arguments that point anywhere; nobody wraps it")]
pub(crate) fn give_back() {
    // SAFETY: it may be called at any time by any thread, and takes no pointer.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Other allocators return it by themselves.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn give_back() {}
