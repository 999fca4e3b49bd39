//! Twilio's own library for Node, asked for its opinion.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Its answers to these questions (`oracle.mjs`), in their order.
pub fn ask(questions: &Value) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/behaviour/twilio/oracle.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node is there: the UI is built with it");
    node.stdin.take().unwrap().write_all(questions.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the packages of package-lock.json are there (npm ci)");
    serde_json::from_slice(&output.stdout).unwrap()
}
