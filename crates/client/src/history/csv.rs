//! The history as a table that spreadsheets open (RFC 4180), with nothing in it that they would run.

use super::HistoryCall;

const HEAD: &str = "started (UTC),kind,name,number or id,Care4W ID,seconds,reason\r\n";

/// All of these calls as a table. It begins with the mark by which spreadsheets know UTF-8.
pub fn table(calls: &[HistoryCall]) -> String {
    let mut table = format!("\u{feff}{HEAD}");
    for call in calls {
        let seconds = call.duration_ms.map(|ms| (ms / 1000).to_string()).unwrap_or_default();
        let cells = [
            call.started_at.as_str(),
            call.kind.words(),
            call.name.as_deref().unwrap_or_default(),
            &call.detail,
            call.care4w_id.as_deref().unwrap_or_default(),
            &seconds,
            call.reason.as_deref().unwrap_or_default(),
        ];
        table.push_str(&cells.map(cell).join(","));
        table.push_str("\r\n");
    }
    table
}

/// A name is chosen by whoever calls: one that begins like a formula is made a text, as OWASP has it ("CSV Injection"),
/// also behind spaces, which spreadsheets cut off. A number's plus sign is such a beginning too.
fn cell(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let formula = plain.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let mark = if formula { "'" } else { "" };
    format!("\"{mark}{}\"", plain.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::HistoryKind;

    fn called(name: &str) -> HistoryCall {
        HistoryCall {
            id: "a".into(),
            kind: HistoryKind::Missed,
            name: Some(name.into()),
            detail: "+254 712 345678".into(),
            care4w_id: Some("care4w-ABC1234".into()),
            started_at: "2026-11-23T12:00:00Z".into(),
            duration_ms: Some(61_999),
            reason: Some("MISSED".into()),
            is_new: true,
        }
    }

    #[test]
    fn a_call_is_one_line() {
        let table = table(&[called("Amina \"the boss\", Nairobi")]);
        let line = table.lines().nth(1).unwrap();
        assert_eq!(
            line,
            "\"2026-11-23T12:00:00Z\",\"missed\",\"Amina \"\"the boss\"\", Nairobi\",\"'+254 712 345678\",\
             \"care4w-ABC1234\",\"61\",\"MISSED\""
        );
    }

    #[test]
    fn a_name_that_is_a_formula_is_a_text() {
        for name in ["=1+1", "=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1", "＝1"] {
            let table = table(&[called(name)]);
            let cell = table.lines().nth(1).unwrap().split("\",\"").nth(2).unwrap().to_owned();
            assert!(cell.starts_with('\''), "{name:?} became {cell:?}");
        }
    }

    proptest! {
        #[test]
        fn no_name_breaks_out_of_its_cell(name in ".{0,40}") {
            let table = table(&[called(&name)]);
            prop_assert_eq!(table.matches("\r\n").count(), 2);
            let line = table.split("\r\n").nth(1).unwrap();
            prop_assert!(!line.contains(['\r', '\n']));
            // Outside of quotes stand commas alone.
            let outside: String = line.split('"').step_by(2).collect();
            prop_assert!(outside.chars().all(|c| c == ','), "{}", outside);
        }
    }
}
