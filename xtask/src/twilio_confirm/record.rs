//! What was said in a session, step by step.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// One line of the recorder.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The connection, in the order in which they were opened.
    pub stream: u64,
    /// Whether the phone said it, not the gateway.
    pub by_phone: bool,
    /// open, heartbeat, message, close, unreadable.
    pub event: String,
    /// Of a message: its shape.
    pub message: Value,
    /// Milliseconds since the step began.
    pub at: u64,
}

impl Said {
    /// The message's type, or the event.
    pub fn kind(&self) -> &str {
        self.message["type"].as_str().unwrap_or(&self.event)
    }
}

/// A step of the session.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub name: String,
    pub said: Vec<Said>,
}

/// A whole session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(pub Vec<Step>);

impl Record {
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        Self::of(&serde_json::from_str(&text)?).with_context(|| format!("{} is no record", file.display()))
    }

    pub fn write(&self, file: &Path) -> Result<()> {
        // A line for each thing that was said, so that one reads how a record changed.
        let text = self.json().to_string().replace("{\"at\":", "\n{\"at\":");
        Ok(std::fs::write(file, text + "\n")?)
    }

    fn json(&self) -> Value {
        let said = |said: &Said| {
            let by = if said.by_phone { "phone" } else { "gateway" };
            json!({"stream": said.stream, "by": by, "event": said.event, "message": said.message, "at": said.at})
        };
        let step = |step: &Step| json!({"step": step.name, "said": step.said.iter().map(said).collect::<Vec<_>>()});
        self.0.iter().map(step).collect()
    }

    fn of(json: &Value) -> Option<Self> {
        let said = |said: &Value| {
            Some(Said {
                stream: said["stream"].as_u64()?,
                by_phone: said["by"] == "phone",
                event: said["event"].as_str()?.to_owned(),
                message: said["message"].clone(),
                at: said["at"].as_u64()?,
            })
        };
        let step = |step: &Value| {
            let all: Option<Vec<Said>> = step["said"].as_array()?.iter().map(said).collect();
            Some(Step { name: step["step"].as_str()?.to_owned(), said: all? })
        };
        json.as_array()?.iter().map(step).collect::<Option<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let said = Said {
            stream: 1,
            by_phone: true,
            event: "message".into(),
            message: json!({"type": "listen", "payload": {"token": "<token>"}}),
            at: 12,
        };
        let record = Record(vec![Step { name: "registration".into(), said: vec![said] }]);
        assert_eq!(Record::of(&record.json()), Some(record));
        assert_eq!(Record::of(&json!([{ "step": 1 }])), None);
    }
}
