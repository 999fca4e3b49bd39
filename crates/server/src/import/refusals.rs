use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::documents::Broken;
use crate::store::TakenField;

/// One reason why a document was refused. It repeats nothing of what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The field, as the file calls it.
    pub field: &'static str,
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub reason: String,
}

impl From<Broken> for Reason {
    fn from(broken: Broken) -> Self {
        let (code, reason) = match broken {
            Broken::TooLarge => ("TOO_LARGE", "This is too large to be a user."),
            Broken::CutOff => ("CUT_OFF", "The file ends before its array does."),
            Broken::BehindTheArray => ("BEHIND_THE_ARRAY", "Something follows the end of the array."),
        };
        Self { field: "(document)", code, reason: reason.into() }
    }
}

impl From<TakenField> for Reason {
    fn from(taken: TakenField) -> Self {
        let (field, code, reason) = match taken {
            TakenField::Email => {
                ("email", "EMAIL_ALREADY_EXISTS", "Another account has this e-mail address, in whatever case.")
            }
            TakenField::Care4wId => ("care4wId", "CARE4W_ID_ALREADY_EXISTS", "Another account has this Care4W id."),
            TakenField::Phone => {
                ("personalPhoneNumber", "PHONE_ALREADY_EXISTS", "This phone number belongs to another account.")
            }
        };
        Self { field, code, reason: reason.into() }
    }
}

/// One line of the report.
#[derive(Serialize)]
struct Line<'a> {
    line: u64,
    document: u64,
    field: &'a str,
    code: &'a str,
    reason: &'a str,
}

/// Where refusals go: a file with one JSON object a line and reason. It is made anew by each import.
pub struct Refusals {
    report: BufWriter<File>,
}

impl Refusals {
    /// Makes the file.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { report: BufWriter::new(File::create(path)?) })
    }

    /// Writes one reason.
    pub fn write(&mut self, line: u64, document: u64, reason: &Reason) -> io::Result<()> {
        let Reason { field, code, reason } = reason;
        serde_json::to_writer(&mut self.report, &Line { line, document, field, code, reason })?;
        self.report.write_all(b"\n")
    }

    /// Writes out what is left.
    pub fn finish(mut self) -> io::Result<()> {
        self.report.flush()
    }
}
