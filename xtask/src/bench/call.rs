//! How quickly a call rings and is heard: two phones without a window and a server, on loopback.

use std::time::Duration;

use anyhow::{Context as _, Result};
use care4w_tests::json_lines::Line;

use super::{Figure, Figures, phones::Phones};

const CALLS: usize = 11;

pub fn measure() -> Result<Figures> {
    // Sound from the first moment: a file microphone begins when the call connects.
    let mut phones = Phones::start(Duration::from_secs(5))?;
    let (mut ringing_here, mut ringing_there) = (Vec::new(), Vec::new());
    let (mut connected, mut heard_by_caller, mut heard_by_callee) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..CALLS {
        let mut calling = phones.call(&["--seconds", "1"])?;
        let dialing = calling.wait_for_call("dialing")?;
        let ringing = calling.wait_for_call("ringing")?;
        let rings = |line: &Line| line.is_call("incoming") || line.is_call("ringing");
        let rung = phones.callee.wait("the callee to ring", rings)?;
        ringing_here.push(since_start(&ringing)? - since_start(&dialing)?);
        ringing_there.push(rung.at.saturating_duration_since(dialing.at).as_secs_f64() * 1_000.0);
        // Two events whose order is not fixed: each is awaited among all lines.
        let mut both = Vec::new();
        while both.len() < 2 {
            let line = calling.wait("sound at the caller", |line| line.is_call("connected") || line.is("media"))?;
            both.push(line);
        }
        for line in &both {
            if line.is("media") {
                heard_by_caller.push(first_audio(line)?);
            } else {
                connected.push(since_start(line)? - since_start(&ringing)?);
            }
        }
        heard_by_callee.push(first_audio(&phones.callee.wait("sound at the callee", |line| line.is("media"))?)?);
        phones.callee.wait_for_call("ended")?;
        calling.wait_for_end()?;
    }
    Ok(vec![
        Figure::ms("dial to ringing, at the callee", ringing_there),
        Figure::ms("dial to ringing, at the caller", ringing_here),
        Figure::ms("ringing to connected, at the caller", connected),
        Figure::ms("answer to first audio, at the callee's speaker", heard_by_callee),
        Figure::ms("answer to first audio, at the caller's speaker", heard_by_caller),
    ])
}

fn since_start(line: &Line) -> Result<f64> {
    line.json["sinceStartMs"].as_f64().context("a call's event says sinceStartMs")
}

fn first_audio(line: &Line) -> Result<f64> {
    line.json["firstAudioMs"].as_f64().context("a media event says firstAudioMs")
}
