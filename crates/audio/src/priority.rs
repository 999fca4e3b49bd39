//! The sound thread before others, where the system lets it.

/// Asks for the calling thread to run before ordinary ones. A system that refuses (an ordinary user on most Linux
/// systems without rtkit) leaves it as it is: the jitter buffer and the rings take up what that costs.
pub fn raise() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: plain values; on Linux "process 0" is the calling thread.
        let refused = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, crate::defaults::THREAD_NICENESS) } != 0;
        if refused {
            tracing::debug!("the sound thread keeps its ordinary priority");
        }
    }
}
