//! Load on an HTTP server of this machine: keep-alive connections, one thread each, that know just enough HTTP.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// The n-th request of a run: its path, whose it is (a token, empty for none), and what its answer must contain.
pub struct Request {
    pub path: String,
    pub token: String,
    pub expected: &'static str,
}

/// What a run found.
pub struct Run {
    /// Answers a second.
    pub rate: f64,
    /// How long each answer took, sorted; in an open run from the time at which its request was due.
    pub took: Vec<Duration>,
}

impl Run {
    /// The latency under which that share of answers stayed, in milliseconds.
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.took.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = (last as f64 * share).round() as usize;
        self.took.get(index).map_or(f64::NAN, |took| took.as_secs_f64() * 1_000.0)
    }
}

/// How requests come.
#[derive(Clone, Copy)]
pub enum Pace {
    /// Each connection asks again as soon as it was answered: what the server can do at most.
    Saturating,
    /// So many a second whatever the server does. One that finds all connections busy waits, and its wait counts: a
    /// server that stalls does not get fewer requests for it (no coordinated omission).
    Fixed(f64),
}

/// Asks at `address` (`127.0.0.1:PORT`) over `connections` for `length`.
pub fn run(
    address: &str,
    connections: usize,
    pace: Pace,
    length: Duration,
    request: &(impl Fn(u64) -> Request + Sync),
) -> Result<Run> {
    let next = AtomicU64::new(0);
    let mut sockets = Vec::new();
    for _ in 0..connections {
        sockets.push(Connection::open(address)?);
    }
    let begun = Instant::now();
    let next = &next;
    let took = std::thread::scope(|scope| {
        let threads: Vec<_> = sockets
            .into_iter()
            .map(|connection| scope.spawn(move || ask(connection, next, pace, begun, length, request)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread of the load panicked")))
            .collect::<Result<Vec<_>>>()
    })?;
    let mut took = took.concat();
    took.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let rate = took.len() as f64 / begun.elapsed().as_secs_f64();
    Ok(Run { rate, took })
}

fn ask(
    mut connection: Connection,
    next: &AtomicU64,
    pace: Pace,
    begun: Instant,
    length: Duration,
    request: &impl Fn(u64) -> Request,
) -> Result<Vec<Duration>> {
    let mut took = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let request = request(index);
        let due = match pace {
            Pace::Saturating => Instant::now(),
            #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
            Pace::Fixed(rate) => begun + Duration::from_secs_f64(index as f64 / rate),
        };
        if due.saturating_duration_since(begun) >= length {
            return Ok(took);
        }
        if let Some(wait) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(wait);
        }
        connection.ask(&request)?;
        took.push(due.elapsed());
    }
}

struct Connection {
    socket: TcpStream,
    host: String,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Result<Self> {
        let socket = TcpStream::connect(address).context("nobody listens")?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { socket, host: address.to_owned(), buffer: vec![0; 16 * 1024] })
    }

    /// Asks, and reads the whole answer, which must be the expected one.
    fn ask(&mut self, request: &Request) -> Result<()> {
        let Self { socket, host, buffer } = self;
        let authorization = match request.token.as_str() {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        socket.write_all(format!("GET {} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\n", request.path).as_bytes())?;
        let mut filled = 0;
        let (head, whole) = loop {
            let read = socket.read(&mut buffer[filled..]).context("no answer")?;
            if read == 0 {
                bail!("the server closed the connection");
            }
            filled += read;
            let text = std::str::from_utf8(&buffer[..filled]).context("an answer that is no text")?;
            if let Some(head) = text.find("\r\n\r\n") {
                break (head, head + 4 + content_length(&text[..head])?);
            }
        };
        while filled < whole {
            let read = socket.read(&mut buffer[filled..]).context("half an answer")?;
            if read == 0 {
                bail!("the server closed the connection");
            }
            filled += read;
        }
        let text = std::str::from_utf8(&buffer[..filled]).context("an answer that is no text")?;
        if !text.starts_with("HTTP/1.1 200") || !text[head..].contains(request.expected) {
            bail!("not {} but {}", request.expected, text.replace('\n', " "));
        }
        Ok(())
    }
}

fn content_length(head: &str) -> Result<usize> {
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    length.context("an answer without a length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_waits_for_a_stalled_server_counts_its_wait() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut buffer = [0; 1024];
            let mut stalled = false;
            while socket.read(&mut buffer).is_ok_and(|read| read > 0) {
                if !std::mem::replace(&mut stalled, true) {
                    std::thread::sleep(Duration::from_millis(200));
                }
                socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
            }
        });
        let request = |_| Request { path: "/".into(), token: String::new(), expected: "ok" };
        let found = run(&address, 1, Pace::Fixed(100.0), Duration::from_millis(300), &request).unwrap();
        assert_eq!(found.took.len(), 30, "a stall does not spare the server the requests that were due meanwhile");
        // The stall of 200 ms is felt by all that were due in it, not by the one that met it alone.
        assert!(found.took.iter().filter(|took| **took >= Duration::from_millis(50)).count() >= 10);
        server.join().unwrap();
    }
}
