//! A mail server that keeps what it gets (RFC 5321, as much as a sender needs).

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

/// A letter as it was handed over.
pub struct Letter {
    /// `MAIL FROM`.
    pub from: String,
    /// `RCPT TO`.
    pub to: String,
    /// Head and text.
    pub text: String,
}

impl Letter {
    /// The link's token.
    pub fn token(&self, base: &str) -> String {
        let link = format!("{base}/reset#");
        self.text.lines().find_map(|line| line.strip_prefix(&link)).expect("a line with the link").to_owned()
    }
}

/// It listens for as long as the test runs.
pub struct Catcher {
    pub url: String,
    letters: mpsc::Receiver<Letter>,
}

impl Catcher {
    /// Takes every letter.
    pub fn start() -> Self {
        Self::answering("250 kept")
    }

    /// Answers so to every recipient.
    pub fn answering(recipient: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (kept, letters) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = kept.clone();
                std::thread::spawn(move || converse(stream.unwrap(), recipient, &kept));
            }
        });
        Self { url, letters }
    }

    /// The next letter.
    pub fn next(&self) -> Letter {
        self.letters.recv_timeout(Duration::from_secs(30)).expect("a letter comes")
    }

    /// Whether there was no other letter until now.
    pub fn is_empty(&self) -> bool {
        self.letters.try_recv().is_err()
    }
}

fn converse(mut stream: TcpStream, recipient: &str, kept: &mpsc::Sender<Letter>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
    let address = |line: &str| line.split(['<', '>']).nth(1).unwrap().to_owned();
    let (mut from, mut to) = (String::new(), String::new());
    say("220 catcher");
    while let Some(Ok(line)) = lines.next() {
        match line.split([' ', ':']).next().unwrap().to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => say("250 catcher"),
            "MAIL" => {
                from = address(&line);
                say("250 go on");
            }
            "RCPT" => {
                to = address(&line);
                say(&recipient.replace("ADDRESS", &to));
            }
            "DATA" => {
                say("354 go on");
                let text: Vec<String> = lines.by_ref().map(Result::unwrap).take_while(|line| line != ".").collect();
                kept.send(Letter { from: from.clone(), to: to.clone(), text: text.join("\n") }).unwrap_or_default();
                say("250 kept");
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 whatever"),
        }
    }
}
