//! A gate before a server: it lets requests through, holds them back until it is told otherwise, or answers in the
//! server's place. What lasts only a moment on a good day can so be looked at for as long as one likes.

use std::{
    collections::HashMap,
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
};

use anyhow::{Context as _, Result};
use serde_json::json;

/// What happens to requests for one path.
#[derive(Clone)]
enum Rule {
    /// They wait.
    Hold,
    /// They get this answer, and the server does not hear of them.
    Answer(String),
}

#[derive(Default)]
struct Rules {
    by_path: HashMap<String, Rule>,
    /// How many requests for a path came, were held or not.
    came: HashMap<String, usize>,
    /// How many of them have their answer.
    answered: HashMap<String, usize>,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    rules: Mutex<Rules>,
    changed: Condvar,
}

impl Shared {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().expect("no one panics with the rules locked")
    }
}

/// Listens on a port of its own; requests go on to the server, unless there is a rule for their path.
pub struct Gate {
    url: String,
    shared: Arc<Shared>,
}

impl Gate {
    /// Puts one before the server at `server` (`http://127.0.0.1:PORT`).
    pub fn before(server: &str) -> Result<Self> {
        let server = server.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::default());
        let of_listener = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if of_listener.rules().closed {
                    return;
                }
                let (server, shared) = (server.clone(), of_listener.clone());
                // A connection that breaks is what clients and servers do: both ends see it.
                thread::spawn(move || drop(pass(client, &server, &shared)));
            }
        });
        Ok(Self { url, shared })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Holds back what comes for `path` (`/api/users/phone`) from now on.
    pub fn hold(&self, path: &str) {
        self.rule(path, Some(Rule::Hold));
    }

    /// Refuses what comes for `path` with this status and code, and when to come back, in seconds.
    pub fn refuse(&self, path: &str, status: u16, code: &str, retry_after: Option<u32>) {
        let body = json!({ "success": false, "error": { "code": code, "message": "The gate refuses." } }).to_string();
        let retry = retry_after.map(|seconds| format!("Retry-After: {seconds}\r\n")).unwrap_or_default();
        let length = body.len();
        self.rule(
            path,
            Some(Rule::Answer(format!(
                "HTTP/1.1 {status} Refused\r\nContent-Type: application/json\r\n{retry}Content-Length: {length}\r\n\
                 Connection: close\r\n\r\n{body}"
            ))),
        );
    }

    /// Lets everything for `path` through, what was held back too.
    pub fn open(&self, path: &str) {
        self.rule(path, None);
    }

    /// How many requests for `path` came until now.
    pub fn came(&self, path: &str) -> usize {
        self.shared.rules().came.get(path).copied().unwrap_or_default()
    }

    /// How many of them were answered.
    pub fn answered(&self, path: &str) -> usize {
        self.shared.rules().answered.get(path).copied().unwrap_or_default()
    }

    fn rule(&self, path: &str, rule: Option<Rule>) {
        let mut rules = self.shared.rules();
        match rule {
            Some(rule) => drop(rules.by_path.insert(path.to_owned(), rule)),
            None => drop(rules.by_path.remove(path)),
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let mut rules = self.shared.rules();
        rules.closed = true;
        rules.by_path.clear();
        self.shared.changed.notify_all();
        drop(rules);
        // Wakes the listener, so that it sees that it is over.
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
    }
}

/// One connection: one request and its answer, or a socket that stays open.
fn pass(mut client: TcpStream, server: &str, shared: &Shared) -> Result<()> {
    let (head, mut body) = read_head(&mut client)?;
    let path = head.split_whitespace().nth(1).context("a request without a path")?;
    let path = path.split('?').next().unwrap_or_default().to_owned();
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
    while body.len() < length {
        let mut more = vec![0; length - body.len()];
        let read = client.read(&mut more)?;
        anyhow::ensure!(read > 0, "a body that ends early");
        body.extend_from_slice(&more[..read]);
    }

    let answer = {
        let mut rules = shared.rules();
        *rules.came.entry(path.clone()).or_default() += 1;
        loop {
            match rules.by_path.get(&path) {
                Some(Rule::Hold) => {
                    rules = shared.changed.wait(rules).expect("no one panics with the rules locked");
                }
                Some(Rule::Answer(answer)) => break Some(answer.clone()),
                None => break None,
            }
        }
    };
    if let Some(answer) = answer {
        client.write_all(answer.as_bytes())?;
    } else {
        let mut upstream = TcpStream::connect(server)?;
        if header("upgrade").is_some() {
            upstream.write_all(head.as_bytes())?;
            return join(client, upstream);
        }
        let kept = head.trim_end().lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        let head = kept.chain(["Connection: close"]).collect::<Vec<_>>().join("\r\n");
        upstream.write_all(format!("{head}\r\n\r\n").as_bytes())?;
        upstream.write_all(&body)?;
        std::io::copy(&mut upstream, &mut client)?;
    }
    client.shutdown(Shutdown::Write)?;
    *shared.rules().answered.entry(path).or_default() += 1;
    Ok(())
}

fn read_head(client: &mut TcpStream) -> Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return Ok((String::from_utf8(bytes)?, body));
        }
        let read = client.read(&mut buffer)?;
        anyhow::ensure!(read > 0, "a connection that says nothing");
        bytes.extend_from_slice(&buffer[..read]);
    }
}

/// Hands on everything in both directions until either end closes.
fn join(client: TcpStream, server: TcpStream) -> Result<()> {
    let (mut from_client, mut to_client) = (client.try_clone()?, client);
    let (mut from_server, mut to_server) = (server.try_clone()?, server);
    let up = thread::spawn(move || {
        let ended = std::io::copy(&mut from_client, &mut to_server);
        // The other direction ends with this one.
        let _ = to_server.shutdown(Shutdown::Both);
        ended
    });
    let down = std::io::copy(&mut from_server, &mut to_client);
    let _ = to_client.shutdown(Shutdown::Both);
    let _ = up.join();
    down?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::*;
    use crate::{http, wait};

    /// A server that answers every request with its path.
    fn echo() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let (head, _) = read_head(&mut client).unwrap();
                let path: Value = head.split_whitespace().nth(1).unwrap().into();
                client.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{path}").as_bytes()).unwrap();
            }
        });
        url
    }

    #[test]
    fn requests_go_through_are_held_back_and_are_refused() {
        let gate = Gate::before(&echo()).unwrap();
        let url = |path: &str| format!("{}{path}", gate.url());
        assert_eq!(http::get(&url("/a")).unwrap().body, "/a");
        gate.refuse("/a", 429, "RATE_LIMITED", Some(40));
        assert_eq!(http::get(&url("/a")).unwrap().status, 429);
        assert_eq!(http::get(&url("/b")).unwrap().body, "/b", "the rule is for one path");
        gate.hold("/b");
        let held = url("/b");
        let asking = thread::spawn(move || http::get(&held).unwrap().body);
        let came = || Ok((gate.came("/b") == 2).then_some(()));
        wait::until(Duration::from_secs(5), "the request", came).unwrap();
        assert_eq!(gate.answered("/b"), 1, "held back");
        gate.open("/b");
        assert_eq!(asking.join().unwrap(), "/b");
    }
}
