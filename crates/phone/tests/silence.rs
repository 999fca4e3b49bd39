//! No number reaches a log, at any level (architecture invariant 6): the library beneath writes digits at TRACE, and
//! the manifest of this crate compiles those lines out.

use std::sync::Mutex;

use care4w_phone::{Destination, NumberReport, Region};

struct Recorder(Mutex<Vec<String>>);

static RECORDER: Recorder = Recorder(Mutex::new(Vec::new()));

impl log::Log for Recorder {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().expect("no test panics while it records").push(record.args().to_string());
    }

    fn flush(&self) {}
}

#[test]
fn reading_numbers_writes_nothing_that_has_digits_to_the_log() {
    log::set_logger(&RECORDER).expect("this process has no other logger");
    log::set_max_level(log::LevelFilter::Trace);
    log::info!("the recorder records");

    for text in ["0712345678", "+254712345678", "254712345678", "+254 71", "tel:071;phone-context=x1", "71", "hello 7"]
    {
        for region in [None, Some(Region::KENYA)] {
            let _ = NumberReport::of(text, region);
            let _ = Destination::parse(text, region);
        }
    }

    let records = RECORDER.0.lock().expect("no test panics while it records");
    assert!(!records.is_empty(), "a recorder that records nothing shows nothing");
    for record in records.iter() {
        assert!(!record.contains(|c: char| c.is_ascii_digit()), "a log line has digits: {record}");
    }
}
