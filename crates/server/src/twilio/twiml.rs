//! What Twilio is told to do with a call: TwiML (TWILIO.md §9), written by `quick-xml`, which escapes.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// Events of a called end that this server wants to hear of.
const EVENTS: &str = "initiated ringing answered completed";

/// One answer to Twilio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Twiml {
    /// The call is not taken: nothing is billed.
    Reject,
    /// It is over.
    HangUp,
    /// Somebody is called.
    Dial(Dial),
}

/// `<Dial>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Dial {
    /// What the called end sees: a number, or `client:IDENTITY`; the caller's own where it is missing.
    pub caller_id: Option<String>,
    /// Seconds that it rings.
    pub timeout: u64,
    /// Seconds after which Twilio ends the call.
    pub time_limit: Option<u64>,
    /// Where Twilio asks how to go on once it is over.
    pub action: String,
    /// Where Twilio tells how the called end is.
    pub status_callback: String,
    /// Whom.
    pub callee: Callee,
}

impl std::fmt::Debug for Dial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dial").field("time_limit", &self.time_limit).finish_non_exhaustive()
    }
}

/// Whom a `<Dial>` calls.
#[derive(Clone, PartialEq, Eq)]
pub enum Callee {
    /// A number (E.164).
    Number(String),
    /// A user, with what their devices are told.
    Client {
        /// Whom Twilio knows them as.
        identity: String,
        /// Names and values, which arrive as `Params`.
        parameters: Vec<(&'static str, String)>,
    },
}

impl Twiml {
    /// As Twilio reads it.
    pub fn xml(&self) -> String {
        let mut writer = Writer::new(Vec::new());
        self.write(&mut writer).expect("a vector takes all that is written");
        String::from_utf8(writer.into_inner()).expect("what is written is text")
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        writer.create_element("Response").write_inner_content(|writer| match self {
            Self::Reject => writer.create_element("Reject").write_empty().map(drop),
            Self::HangUp => writer.create_element("Hangup").write_empty().map(drop),
            Self::Dial(dial) => dial.write(writer),
        })?;
        Ok(())
    }
}

impl Dial {
    fn write<W: Write>(&self, writer: &mut Writer<W>) -> io::Result<()> {
        let mut element = writer.create_element("Dial").with_attribute(("action", self.action.as_str()));
        element = element.with_attribute(("answerOnBridge", "true"));
        if let Some(caller_id) = &self.caller_id {
            element = element.with_attribute(("callerId", caller_id.as_str()));
        }
        if let Some(limit) = self.time_limit {
            element = element.with_attribute(("timeLimit", limit.to_string().as_str()));
        }
        element.with_attribute(("timeout", self.timeout.to_string().as_str())).write_inner_content(|writer| {
            let name = match &self.callee {
                Callee::Number(_) => "Number",
                Callee::Client { .. } => "Client",
            };
            let callee = writer
                .create_element(name)
                .with_attribute(("statusCallback", self.status_callback.as_str()))
                .with_attribute(("statusCallbackEvent", EVENTS));
            match &self.callee {
                Callee::Number(number) => callee.write_text_content(BytesText::new(number))?,
                Callee::Client { identity, parameters } => callee.write_inner_content(|writer| {
                    writer.create_element("Identity").write_text_content(BytesText::new(identity))?;
                    for (name, value) in parameters {
                        let parameter = writer.create_element("Parameter").with_attribute(("name", *name));
                        parameter.with_attribute(("value", value.as_str())).write_empty()?;
                    }
                    Ok(())
                })?,
            };
            Ok(())
        })?;
        Ok(())
    }
}
