//! The least of HTTP: JSON to and from a server on loopback, where a whole client would be too much to build.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// What a server answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null when it is not JSON.
    pub body: Value,
}

/// Posts `body` to `url` (`http://127.0.0.1:PORT/PATH`).
pub fn post(url: &str, body: &Value) -> Result<Answer> {
    send("POST", url, &body.to_string())
}

/// Gets `url`.
pub fn get(url: &str) -> Result<Answer> {
    send("GET", url, "")
}

/// HTTP 1.0: the answer ends with the connection and is not in chunks.
fn send(method: &str, url: &str, body: &str) -> Result<Answer> {
    let rest = url.strip_prefix("http://").with_context(|| format!("{url} is not plain HTTP"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).with_context(|| format!("nobody listens at {url}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(
        stream,
        "{method} /{path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without an end of its head")?;
    let status =
        head.split_whitespace().nth(1).and_then(|word| word.parse().ok()).context("an answer without a status")?;
    Ok(Answer { status, body: serde_json::from_str(body).unwrap_or_default() })
}
