//! Lines of JSON that a process prints, awaited with deadlines.

use std::{
    io::{BufRead as _, BufReader, Read},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// One line, and when it was read.
#[derive(Clone, Debug)]
pub struct Line {
    /// When it came.
    pub at: Instant,
    /// What it says.
    pub json: Value,
}

impl Line {
    /// The text of the field `name`; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_default()
    }

    /// Whether it is the event `event`.
    pub fn is(&self, event: &str) -> bool {
        self.text("event") == event
    }

    /// Whether it says that a call came into `state`.
    pub fn is_call(&self, state: &str) -> bool {
        self.is("call") && self.text("state") == state
    }
}

/// Reads lines on a thread of its own; keeps every one that was seen.
pub struct JsonLines {
    receiver: Receiver<std::result::Result<Line, String>>,
    seen: Vec<Line>,
    next: usize,
}

impl JsonLines {
    /// Reads from `source` until it ends.
    pub fn read(source: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(source).lines() {
                let Ok(line) = line else { break };
                let line = serde_json::from_str(&line).map(|json| Line { at: Instant::now(), json }).map_err(|_| line);
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { receiver, seen: Vec::new(), next: 0 }
    }

    /// The next line that is `wanted`, passing over others; each line is given once.
    ///
    /// Fails when the deadline passes, the source ends, or a line is not JSON; the error shows the last lines.
    pub fn wait(&mut self, deadline: Duration, what: &str, wanted: impl Fn(&Line) -> bool) -> Result<Line> {
        let end = Instant::now() + deadline;
        loop {
            while let Some(line) = self.seen.get(self.next) {
                self.next += 1;
                if wanted(line) {
                    return Ok(line.clone());
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.receiver.recv_timeout(left) {
                Ok(Ok(line)) => self.seen.push(line),
                Ok(Err(text)) => bail!("a line that is not JSON: {text}"),
                Err(RecvTimeoutError::Timeout) => {
                    bail!("waited {:.1} s for {what}; came: {}", deadline.as_secs_f32(), self.last_lines())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("the output ended before {what}; came: {}", self.last_lines())
                }
            }
        }
    }

    /// Everything that came so far.
    pub fn all(&mut self) -> Result<&[Line]> {
        while let Ok(line) = self.receiver.try_recv() {
            self.seen.push(line.map_err(anyhow::Error::msg).context("a line that is not JSON")?);
        }
        Ok(&self.seen)
    }

    fn last_lines(&self) -> String {
        let from = self.seen.len().saturating_sub(8);
        self.seen[from..].iter().map(|line| line.json.to_string()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_among_others_and_given_once() {
        let text = "{\"event\":\"ready\"}\n{\"event\":\"call\",\"state\":\"ringing\"}\n{\"event\":\"call\",\"state\":\"ended\"}\n";
        let mut lines = JsonLines::read(std::io::Cursor::new(text));
        let second = Duration::from_secs(1);
        assert_eq!(lines.wait(second, "a call", |line| line.is("call")).unwrap().text("state"), "ringing");
        assert!(lines.wait(second, "the end", |line| line.is_call("ended")).is_ok());
        let error = lines.wait(second, "more", |_| true).unwrap_err().to_string();
        assert!(error.contains("ended before more"), "{error}");
    }

    #[test]
    fn a_line_that_is_not_json_is_an_error_that_shows_it() {
        let mut lines = JsonLines::read(std::io::Cursor::new("hello\n"));
        let error = lines.wait(Duration::from_secs(1), "anything", |_| true).unwrap_err();
        assert!(error.to_string().contains("hello"), "{error}");
    }
}
