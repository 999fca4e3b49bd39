//! How a call sounds and what it costs, beside the floor and beside what others make of the same sound on the same
//! machine in the same run: Chromium's WebRTC, and baresip.

mod matrix;
mod mouth_to_ear;
mod peers;
mod relay;

use anyhow::Result;

use super::{Figure, Figures};
use crate::python::{self, Needs};

/// Everything; `quick` for fewer and shorter runs, and one round.
pub fn measure(quick: bool, rounds: u64) -> Result<Figures> {
    python::ensure(Needs::Scorer)?;
    python::ensure(Needs::ConcealmentScorer)?;
    let mut figures = mouth_to_ear::measure(quick)?;
    figures.extend(relay::measure(quick)?);
    figures.extend(matrix::measure(quick, if quick { 1 } else { rounds })?);
    Ok(figures)
}

/// Loud words from one who measures and could not: a peer that fails must not take the others' figures along.
fn or_said<T>(what: &str, result: Result<T>) -> Option<T> {
    result.inspect_err(|error| crate::say::said!("  {what}: not measured: {error:#}")).ok()
}
