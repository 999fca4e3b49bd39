//! Bad input at every face: a clear error with a stable code, nothing lost, nothing panics.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod files;
mod flags;
mod rest;
mod signalling;
mod sound;
mod surroundings;

use care4w_tests::{Account, Cli, Environment, Server};
use tempfile::TempDir;

/// A server and a folder for the profiles of its people.
struct Town {
    server: Server,
    folder: TempDir,
}

impl Town {
    fn new() -> Self {
        Self { server: Server::start().unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    /// Somebody who is not signed in.
    fn stranger(&self, name: &str) -> Cli {
        Cli::new(self.server.url(), &self.folder.path().join(name)).with_environment(plain_locale())
    }

    fn person(&self, name: &str) -> Cli {
        let person = self.stranger(name);
        person.register(&Account::named(name)).unwrap();
        person
    }

    /// Whoever was given nonsense serves others as before.
    fn still_connects(&self, caller: &Cli, callee: &Cli) {
        let mut waiting = callee.answer(&["--mic", "none", "--speaker", "none", "--calls", "1"]).unwrap();
        let id = callee.care4w_id().unwrap();
        let mut call = caller.call(&id, &["--mic", "none", "--speaker", "none", "--seconds", "0.5"]).unwrap();
        waiting.wait_for_call("connected").unwrap();
        assert_eq!(call.wait_for_end().unwrap(), Some(0));
    }

    fn assert_no_panic(&self) {
        let log = self.server.log().unwrap();
        assert!(!log.contains("panicked") && !log.contains("\"status\":500"), "{log}");
    }
}

fn plain_locale() -> Environment {
    ["LC_ALL", "LANG"].map(|name| (name.to_owned(), "C.UTF-8".to_owned())).into()
}
