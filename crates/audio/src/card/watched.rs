//! A thread that is watched for whatever may make it wait: system calls but the waking of another thread, and events for a
//! log. Allocations are told by the tests' allocator.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::thread;

use tracing::span;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// What a watched thread did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// System calls that were not allowed; none of them was carried out.
    pub calls: usize,
    /// Events and spans for a log.
    pub events: usize,
}

/// Counts whatever is told to a log.
struct Listener(Arc<AtomicUsize>);

impl tracing::Subscriber for Listener {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        self.0.fetch_add(1, Ordering::Relaxed);
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Runs on a thread of its own that may make no system call but to wake another thread, and these.
pub fn watched(allowed: &[libc::c_long], run: impl FnOnce() + Send) -> Seen {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        // SAFETY: the handler touches only a constant-initialised thread local.
        let before = unsafe { libc::signal(libc::SIGSYS, note as *const () as libc::sighandler_t) };
        assert_ne!(before, libc::SIG_ERR);
    });
    let events = Arc::<AtomicUsize>::default();
    let listener = Listener(events.clone());
    let calls = thread::scope(|scope| {
        let thread = scope.spawn(|| {
            tracing::subscriber::with_default(listener, || {
                restrict(allowed);
                run();
                CALLS.get()
            })
        });
        thread.join().unwrap()
    });
    Seen { calls, events: events.load(Ordering::Relaxed) }
}

/// Keeps the calling thread, and those that it starts, on one processor.
pub fn stay_on_this_processor() {
    // SAFETY: a set of processors is plain bits; both calls concern this thread alone.
    unsafe {
        let mut one: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(libc::sched_getcpu() as usize, &mut one);
        assert_eq!(libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const one), 0);
    }
}

extern "C" fn note(_: libc::c_int) {
    CALLS.set(CALLS.get() + 1);
}

/// From here on this thread's other system calls are not carried out, and counted (seccomp).
fn restrict(allowed: &[libc::c_long]) {
    // What the end of a thread needs.
    let end = [
        libc::SYS_exit,
        libc::SYS_munmap,
        libc::SYS_madvise,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
    ];
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let unless = |k: u32, skip: u8| libc::sock_filter {
        code: (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
        jt: 0,
        jf: skip,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let answer = |verdict: u32| statement(libc::BPF_RET | libc::BPF_K, verdict);
    // The call's number.
    let mut program = vec![statement(load, 0)];
    for &call in allowed.iter().chain(&end) {
        program.extend([unless(call as u32, 1), answer(libc::SECCOMP_RET_ALLOW)]);
    }
    program.extend([
        unless(libc::SYS_futex as u32, 4),
        // The second argument's lower half: to wake, privately or not.
        statement(load, 24),
        statement(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, 0x7f),
        unless(libc::FUTEX_WAKE as u32, 1),
        answer(libc::SECCOMP_RET_ALLOW),
        answer(libc::SECCOMP_RET_TRAP),
    ]);
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the program lives until the kernel has copied it; both calls concern this thread alone.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter), 0);
    }
    // Its memory is given back when the thread is watched no more.
    std::mem::forget(program);
}

#[test]
fn the_watch_tells_of_waiting_and_of_logging() {
    assert_eq!(watched(&[], || ()), Seen { calls: 0, events: 0 });
    assert!(watched(&[], || thread::park_timeout(std::time::Duration::from_millis(1))).calls > 0);
    assert!(watched(&[], || drop(std::fs::File::open("/dev/null"))).calls > 0);
    assert_eq!(watched(&[], || tracing::trace!("heard")).events, 1);
    let here = thread::current();
    assert_eq!(watched(&[], || here.unpark()), Seen { calls: 0, events: 0 }, "to wake another is allowed");
}
