use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use super::Summary;

/// Shows on stderr how far an import is: a line that is written over on a terminal, else a line every few seconds.
pub struct Progress {
    terminal: bool,
    size: u64,
    begun: Instant,
    next: Instant,
    /// Whether the terminal's line holds something that must be wiped first.
    shown: bool,
}

impl Progress {
    /// Of a file of `size` bytes.
    pub fn new(size: u64) -> Self {
        let now = Instant::now();
        Self { terminal: io::stderr().is_terminal(), size, begun: now, next: now, shown: false }
    }

    /// Says how far it is, if it is time to.
    pub fn at(&mut self, bytes: u64, summary: &Summary) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        let every = if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(2) };
        self.next = now + every;
        let percent = (bytes.min(self.size) * 100).checked_div(self.size).unwrap_or(100);
        let Summary { read, imported, already_there, refused, .. } = summary;
        let text = format!(
            "{percent:3} %  {read} read, {imported} imported, {already_there} there already, {refused} refused, {} s",
            (now - self.begun).as_secs()
        );
        self.shown = self.terminal;
        self.put(if self.terminal { format!("\r\x1b[2K{text}") } else { format!("{text}\n") });
    }

    /// Says something that stays.
    pub fn say(&mut self, text: &str) {
        self.clear();
        self.put(format!("{text}\n"));
    }

    /// Leaves the terminal's line empty.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            self.put("\r\x1b[2K".to_owned());
        }
    }

    fn put(&self, text: String) {
        // Progress that nobody can read is not worth failing for.
        io::stderr().write_all(text.as_bytes()).unwrap_or_default();
    }
}
