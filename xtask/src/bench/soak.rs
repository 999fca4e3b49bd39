//! Whether a phone that is never switched off grows: many calls one after another, then one long one.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use care4w_tests::resources;

use super::{Figure, Figures, phones::Phones};

/// Calls after which a phone has allocated what it keeps.
const WARM: usize = 20;

/// How often the long call is looked at.
const LOOK: Duration = Duration::from_secs(60);

/// What a process holds.
#[derive(Clone, Copy)]
struct Held {
    mebibytes: f64,
    handles: f64,
    threads: f64,
}

impl Held {
    fn by(process: u32) -> Result<Self> {
        Ok(Self {
            mebibytes: resources::memory(process)? as f64 / 1_048_576.0,
            handles: resources::handles(process)? as f64,
            threads: resources::threads(process)? as f64,
        })
    }
}

pub fn measure(calls: usize, minutes: u64) -> Result<Figures> {
    ensure!(calls > WARM, "soak takes more than {WARM} calls");
    let mut phones = Phones::start(Duration::from_secs(60))?;
    let (phone, exchange) = (phones.callee.process().id(), phones.server.process().id());
    let (mut at_phone, mut at_server) = (Vec::new(), Vec::new());
    for call in 1..=calls {
        let mut calling = phones.call(&["--seconds", "0.3"])?;
        calling.wait("sound at the caller", |line| line.is("media")).with_context(|| format!("call {call}"))?;
        phones.callee.wait_for_call("ended")?;
        calling.wait_for_end()?;
        // Between two calls, ten times in all and when warm.
        if call == WARM || call % (calls / 10).max(1) == 0 && call > WARM {
            at_phone.push(Held::by(phone)?);
            at_server.push(Held::by(exchange)?);
        }
    }
    let mut figures = held(&format!("answering phone, call {WARM} to {calls}"), &at_phone);
    figures.extend(held(&format!("server, call {WARM} to {calls}"), &at_server));

    let mut calling = phones.call(&[])?;
    calling.wait_for_call("connected")?;
    let (begun, mut long) = (Instant::now(), Vec::new());
    while begun.elapsed() < Duration::from_secs(60 * minutes) {
        std::thread::sleep(LOOK);
        long.push(Held::by(phone)?);
        ensure!(calling.process().ended()?.is_none(), "the long call ended by itself: {}", calling.log()?);
    }
    calling.end()?;
    figures.extend(held(&format!("phone in one call of {minutes} minutes"), &long));
    Ok(figures)
}

/// What is told of a process: its name, its unit, and how much of it there is.
type Row = (&'static str, &'static str, fn(&Held) -> f64);

/// The first and the last look, and the most that was seen.
fn held(what: &str, looks: &[Held]) -> Figures {
    let rows: [Row; 3] = [
        ("memory (PSS)", "MiB", |held| held.mebibytes),
        ("handles", "", |held| held.handles),
        ("threads", "", |held| held.threads),
    ];
    let (Some(first), Some(last)) = (looks.first(), looks.last()) else { return Vec::new() };
    let mut figures = Vec::new();
    for (row, unit, of) in rows {
        let most = looks.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        for (when, value) in [("first", of(first)), ("last", of(last)), ("most", most)] {
            figures.push(Figure::one(format!("{what}: {row}, {when}"), unit, value));
        }
    }
    figures
}
