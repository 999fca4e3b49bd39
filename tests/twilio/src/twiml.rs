//! TwiML, as far as calls between people need it: Dial with Client and Number, Reject, Hangup, Say, Play, Pause.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// A verb, in the order of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Dial(Dial),
    /// With `reason="busy"` or without.
    Reject {
        busy: bool,
    },
    HangUp,
    /// Say, Play and Pause: the call is answered, and nothing is said that a test would hear.
    Speak,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dial {
    pub caller_id: Option<String>,
    /// In seconds; Twilio's own is 30.
    pub timeout: Option<u64>,
    /// After how many seconds of talk Twilio ends it.
    pub time_limit: Option<u64>,
    pub answer_on_bridge: bool,
    /// Where it is told how the dialling ended, and asked how to go on.
    pub action: Option<String>,
    pub targets: Vec<Target>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub kind: TargetKind,
    /// The identity or the number.
    pub name: String,
    pub parameters: Vec<(String, String)>,
    pub callback: Option<String>,
    /// Which of initiated, ringing, answered and completed are told.
    pub callback_events: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetKind {
    Client,
    Number,
}

/// The most nouns of one Dial.
const MOST_TARGETS: usize = 10;

/// Reads a document; the error is what Twilio would complain of.
pub(crate) fn read(text: &str) -> Result<Vec<Verb>, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().trim_text(true);
    let mut path: Vec<String> = Vec::new();
    let mut verbs = Vec::new();
    let mut content = String::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                begin(&path, &start, &mut verbs)?;
                path.push(name_of(&start));
                content.clear();
            }
            Event::Empty(start) => {
                begin(&path, &start, &mut verbs)?;
                end(&path, &name_of(&start), "", &mut verbs);
            }
            Event::Text(text) => content.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                if let Some(letter) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
                    content.push(letter);
                } else {
                    content
                        .push_str(quick_xml::escape::resolve_predefined_entity(&reference).ok_or("an unknown entity")?);
                }
            }
            Event::End(_) => {
                let name = path.pop().ok_or("an end without a beginning")?;
                end(&path, &name, &std::mem::take(&mut content), &mut verbs);
            }
            Event::Eof if path.is_empty() => return check(verbs),
            Event::Eof => return Err("the document ends too early".to_owned()),
            _ => {}
        }
    }
}

fn check(verbs: Vec<Verb>) -> Result<Vec<Verb>, String> {
    for verb in &verbs {
        if let Verb::Dial(dial) = verb {
            if dial.targets.is_empty() || dial.targets.len() > MOST_TARGETS {
                return Err(format!("Dial with {} nouns", dial.targets.len()));
            }
            if dial.targets.iter().any(|target| target.name.is_empty()) {
                return Err("a noun names nobody".to_owned());
            }
        }
    }
    Ok(verbs)
}

fn name_of(start: &BytesStart<'_>) -> String {
    start.name().as_ref().to_owned()
}

fn begin(path: &[String], start: &BytesStart<'_>, verbs: &mut Vec<Verb>) -> Result<(), String> {
    let name = name_of(start);
    let attribute = |wanted: &str| -> Result<Option<String>, String> {
        let found = start.try_get_attribute(wanted).map_err(|error| error.to_string())?;
        found
            .map(|found| found.normalized_value(quick_xml::XmlVersion::Implicit1_0).map(|value| value.into_owned()))
            .transpose()
            .map_err(|error| error.to_string())
    };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (path.as_slice(), name.as_str()) {
        ([], "Response") => {}
        (["Response"], "Dial") => verbs.push(Verb::Dial(Dial {
            caller_id: attribute("callerId")?,
            timeout: attribute("timeout")?.and_then(|text| text.parse().ok()),
            time_limit: attribute("timeLimit")?.and_then(|text| text.parse().ok()),
            answer_on_bridge: attribute("answerOnBridge")?.as_deref() == Some("true"),
            action: attribute("action")?,
            targets: Vec::new(),
        })),
        (["Response"], "Reject") => verbs.push(Verb::Reject { busy: attribute("reason")?.as_deref() == Some("busy") }),
        (["Response"], "Hangup") => verbs.push(Verb::HangUp),
        (["Response"], "Say" | "Play" | "Pause") => verbs.push(Verb::Speak),
        (["Response", "Dial"], "Client" | "Number") => {
            let Some(Verb::Dial(dial)) = verbs.last_mut() else { return Err("no Dial".to_owned()) };
            let events = attribute("statusCallbackEvent")?.unwrap_or_else(|| "completed".to_owned());
            dial.targets.push(Target {
                kind: if name == "Client" { TargetKind::Client } else { TargetKind::Number },
                name: String::new(),
                parameters: Vec::new(),
                callback: attribute("statusCallback")?,
                callback_events: events.split_whitespace().map(str::to_owned).collect(),
            });
        }
        (["Response", "Dial", "Client"], "Identity") => {}
        (["Response", "Dial", "Client"], "Parameter") => {
            let (name, value) = (attribute("name")?, attribute("value")?);
            let (Some(name), Some(value)) = (name, value) else { return Err("Parameter without name or value".into()) };
            if let Some(Verb::Dial(Dial { targets, .. })) = verbs.last_mut()
                && let Some(target) = targets.last_mut()
            {
                target.parameters.push((name, value));
            }
        }
        (path, name) => return Err(format!("{name} in {}", path.join("/"))),
    }
    Ok(())
}

fn end(path: &[String], name: &str, content: &str, verbs: &mut [Verb]) {
    let Some(Verb::Dial(dial)) = verbs.last_mut() else { return };
    let content = content.trim();
    match (path.len(), name) {
        (2, "Client" | "Number") | (3, "Identity") if !content.is_empty() => {
            if let Some(target) = dial.targets.last_mut() {
                content.clone_into(&mut target.name);
            }
        }
        // A number as Dial's own text is the short form of Number.
        (1, "Dial") if !content.is_empty() && dial.targets.is_empty() => dial.targets.push(Target {
            kind: TargetKind::Number,
            name: content.to_owned(),
            parameters: Vec::new(),
            callback: None,
            callback_events: Vec::new(),
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dial(text: &str) -> Dial {
        match read(text).unwrap().remove(0) {
            Verb::Dial(dial) => dial,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_to_a_number_is_read() {
        let dial = dial(
            r#"<?xml version="1.0" encoding="UTF-8"?><Response><Dial answerOnBridge="true" callerId="+15550100" timeout="20"
               action="https://x.example/a?b=1&amp;c=2"><Number statusCallback="/s" statusCallbackEvent="ringing answered">
               +254712345678</Number></Dial></Response>"#,
        );
        assert!(dial.answer_on_bridge);
        assert_eq!((dial.caller_id.as_deref(), dial.timeout), (Some("+15550100"), Some(20)));
        assert_eq!(dial.action.as_deref(), Some("https://x.example/a?b=1&c=2"));
        let [target] = dial.targets.as_slice() else { panic!("one target") };
        assert_eq!((target.kind, target.name.as_str()), (TargetKind::Number, "+254712345678"));
        assert_eq!(target.callback_events, ["ringing", "answered"]);
    }

    #[test]
    fn a_call_to_a_user_is_read_with_its_parameters() {
        let dial = dial(
            "<Response><Dial><Client><Identity>bob_1</Identity><Parameter name=\"who\" value=\"A &amp; B\"/></Client>\
             <Client>eve</Client></Dial></Response>",
        );
        assert_eq!(dial.targets[0].name, "bob_1");
        assert_eq!(dial.targets[0].parameters, [("who".to_owned(), "A & B".to_owned())]);
        assert_eq!(dial.targets[1].name, "eve");
    }

    #[test]
    fn what_twilio_would_not_follow_is_refused() {
        for text in [
            "<Response><Dial/></Response>",
            "<Response><Dail>1</Dail></Response>",
            "<Response><Dial><Client/></Dial></Response>",
            "<Response>",
            "<html/>",
            "<Response><Dial><Number>&nope;</Number></Dial></Response>",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("<Response><Reject reason=\"busy\"/></Response>"), Ok(vec![Verb::Reject { busy: true }]));
        assert_eq!(read("<Response/>"), Ok(vec![]));
    }
}
