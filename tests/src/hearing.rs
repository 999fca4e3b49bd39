//! Sound that is heard in real time, judged on a machine that has other things to do.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::{Sound, priority, score, standstill::Standstill};

/// By how much the machine may have stood still for a score to say something about the call, and not about the
/// machine: each gap that is heard costs, and this is a hundredth of a short call.
const TOLERATED: Duration = Duration::from_millis(200);

/// What is heard from its beginning on: the calling thread and whatever it starts run before ordinary programs, as far as
/// that is allowed, and it is seen when even they were kept waiting.
pub struct Hearing {
    standstill: Standstill,
}

impl Hearing {
    /// Begins. To be called before anything is started that takes part in the call: processes, networks, sound servers.
    pub fn begin() -> Self {
        priority::raise();
        Self { standstill: Standstill::watch() }
    }

    /// The same for a call with a browser, which chooses its threads' priority itself: it counts when ordinary threads were
    /// kept waiting.
    pub fn begin_with_browser() -> Self {
        let standstill = Standstill::watch();
        priority::raise();
        Self { standstill }
    }

    /// The call begins: how busy the machine was before does not matter.
    pub fn call_begins(&self) {
        self.standstill.forget();
    }

    /// The call is over: to score it keeps a machine busy too.
    pub fn call_ends(&self) {
        self.standstill.end();
    }

    /// Whether the machine stood still for so long until now that what was heard says nothing of the call; said on stdout.
    pub fn is_spoilt(&self, who: &str) -> bool {
        let stood_still = self.standstill.so_far();
        let spoilt = stood_still > TOLERATED;
        if spoilt {
            println!("{who}: the machine stood still for {} ms: not judged", stood_still.as_millis());
        }
        spoilt
    }

    /// Checks that `heard` is the speech `said` with a PESQ of more than `least`.
    ///
    /// Something must be heard in any case. How well it was heard says nothing of a call on a machine that stood still
    /// meanwhile: that is printed instead, and what else the test asserts must hold all the same.
    pub fn judge(&self, who: &str, said: &Sound, heard: &Sound, least: f64) -> Result<()> {
        if heard.dbfs() < score::SILENCE_DBFS {
            bail!("{who}: silence was heard ({:.0} dBFS)", heard.dbfs());
        }
        if self.is_spoilt(who) {
            return Ok(());
        }
        score::same_speech(said, heard).map_err(|error| error.context(who.to_owned()))?;
        if let Some(pesq) = score::pesq(said, heard)? {
            println!("{who}: PESQ {pesq:.2}");
            if pesq <= least {
                bail!("{who}: PESQ {pesq:.2}, and it must be above {least}");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Sound {
        Sound::chirp(16_000, Duration::from_secs(1), 300.0, 3_000.0)
    }

    #[test]
    fn silence_is_never_what_was_said_however_busy_the_machine_is() {
        let hearing = Hearing { standstill: Standstill::watch() };
        let silence = Sound::silence(16_000, Duration::from_secs(1));
        assert!(hearing.judge("nobody", &said(), &silence, 0.0).is_err());
    }
}
