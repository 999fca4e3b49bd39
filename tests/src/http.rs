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
    send("POST", url, &JSON, body.to_string().as_bytes())
}

/// Gets `url`.
pub fn get(url: &str) -> Result<Answer> {
    send("GET", url, &JSON, b"")
}

/// The header that says that a body is JSON.
pub const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];

/// Sends `body` as it is with these headers and no others than `Host` and `Content-Length`: for what no well-behaved
/// client would send, too. HTTP 1.0: the answer ends with the connection and is not in chunks.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
    let rest = url.strip_prefix("http://").with_context(|| format!("{url} is not plain HTTP"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).with_context(|| format!("nobody listens at {url}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut request = format!("{method} /{path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    let mut request = request.into_bytes();
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(body);
    // A server that refuses a large body answers before it has read it: the answer counts, not the broken pipe.
    let sent = stream.write_all(&request);
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer)
        && answer.is_empty()
    {
        sent?;
        return Err(error).context("no answer");
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without an end of its head")?;
    let status =
        head.split_whitespace().nth(1).and_then(|word| word.parse().ok()).context("an answer without a status")?;
    Ok(Answer { status, body: serde_json::from_str(body).unwrap_or_default() })
}
