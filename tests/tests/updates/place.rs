//! The place of new versions: a web server that answers as a test says, and keys that sign as the updater's tools do.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use minisign::KeyPair;
use serde_json::{Value, json};

/// How one address answers.
#[derive(Clone)]
pub enum Answer {
    /// With this.
    Body(Vec<u8>),
    /// With this status.
    Status(u16),
    /// Leads here.
    LeadsTo(String),
    /// Spaces, for ever.
    Endless,
    /// A first byte, and then nothing.
    Stuck,
    /// Not at all.
    HangsUp,
}

/// A web server.
pub struct Place {
    url: String,
    answers: Arc<Mutex<HashMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Place {
    pub fn stand() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let place = Self { url, answers: Arc::default(), asked: Arc::default() };
        let (answers, asked) = (place.answers.clone(), place.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answers, asked) = (answers.clone(), asked.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &answers, &asked));
            }
        });
        place
    }

    /// The address of a path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn answers(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// Announces a version, with this file of this signature for a computer such as ours.
    pub fn announces(&self, version: &str, signature: &str) {
        let file = json!({ "url": self.at("/file"), "signature": signature });
        let list = json!({ "version": version, "platforms": { target(): file } });
        self.answers("/list", Answer::Body(list.to_string().into_bytes()));
    }

    /// What was asked for since this was called last.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn serve(mut stream: TcpStream, answers: &Mutex<HashMap<String, Answer>>, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(path) = lines.next().and_then(|line| Some(line.split(' ').nth(1)?.to_owned())) else { return };
    lines.find(String::is_empty);
    asked.lock().unwrap().push(path.clone());
    let answer = answers.lock().unwrap().get(&path).cloned().unwrap_or(Answer::Status(404));
    let head = |status: u16, more: &str| format!("HTTP/1.1 {status} Said\r\nConnection: close\r\n{more}\r\n");
    // Whoever goes away in the middle has heard enough.
    let _ = (|| -> std::io::Result<()> {
        match answer {
            Answer::Body(body) => {
                stream.write_all(head(200, &format!("Content-Length: {}\r\n", body.len())).as_bytes())?;
                stream.write_all(&body)
            }
            Answer::Status(status) => stream.write_all(head(status, "Content-Length: 0\r\n").as_bytes()),
            Answer::LeadsTo(url) => {
                stream.write_all(head(302, &format!("Location: {url}\r\nContent-Length: 0\r\n")).as_bytes())
            }
            Answer::Endless => {
                stream.write_all(head(200, "").as_bytes())?;
                loop {
                    stream.write_all(&[b' '; 64 * 1024])?;
                }
            }
            Answer::Stuck => {
                stream.write_all(head(200, "").as_bytes())?;
                stream.write_all(b"\x7f")?;
                // Until the other end goes.
                lines.for_each(drop);
                Ok(())
            }
            Answer::HangsUp => Ok(()),
        }
    })();
}

/// What the updater calls a computer such as ours.
pub fn target() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Somebody who signs.
pub struct Signer(KeyPair);

impl Signer {
    pub fn new() -> Self {
        Self(KeyPair::generate_unencrypted_keypair().unwrap())
    }

    /// The public key, as it is configured.
    pub fn key(&self) -> String {
        BASE64_STANDARD.encode(self.0.pk.to_box().unwrap().to_string())
    }

    /// The signature of a file, as the bundler writes it for a version; of none, as it did once.
    pub fn signs(&self, file: &[u8], version: Option<&str>) -> String {
        let version = version.map(|version| format!("\tversion:{version}")).unwrap_or_default();
        let comment = format!("timestamp:1700000000\tfile:care4w{version}");
        let signature = minisign::sign(Some(&self.0.pk), &self.0.sk, file, Some(&comment), Some("a test's")).unwrap();
        BASE64_STANDARD.encode(signature.to_string())
    }
}

/// The sentence that the window has for a code, or for a key of its messages.
pub fn sentence(key: &str) -> String {
    let messages: Value = serde_json::from_str(include_str!("../../../ui/src/messages/en.json")).unwrap();
    messages[key].as_str().unwrap_or_else(|| panic!("{key} is no message")).to_owned()
}
