//! A test's own threads and processes before others, so that sound is heard in real time on a machine that is busy.

use std::process::{Command, Stdio};

/// Above ordinary programs, below the kernel's own threads (`sched(7)`).
const PRIORITY: &str = "5";

/// Lets the calling thread run before every ordinary program, and with it all threads and processes that it starts from
/// now on. `false` where that is not allowed: it takes root, or `CAP_SYS_NICE`.
///
/// Niceness would not do: with `sched_autogroup` it counts within one session only.
pub fn raise() -> bool {
    let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
    Command::new("chrt")
        .args(["--rr", "--pid", PRIORITY, &thread])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
