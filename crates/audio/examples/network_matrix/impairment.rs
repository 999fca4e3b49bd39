//! What networks do, seeded.

/// How packets get lost.
#[derive(Debug, Clone, Copy)]
pub enum Loss {
    /// Each for itself, in percent.
    Random(f64),
    /// Runs of just so many, in percent of all.
    Runs(f64, u32),
    /// Two states (Gilbert 1960): percent of all, in bursts of so many on average.
    Gilbert(f64, f64),
}

/// One cell of the matrix.
#[derive(Debug, Clone)]
pub struct Impairment {
    pub name: &'static str,
    pub loss: Loss,
    /// Each packet is late by 0 to so many milliseconds, for itself; they overtake each other unless [`Self::in_order`].
    pub jitter_ms: u64,
    /// Nobody overtakes nobody: who comes late holds up those behind (as routers do, and the bridge of `xtask bench sound`).
    pub in_order: bool,
    /// Once a second a packet is late by so many milliseconds more, as where a computer on the way is busy.
    pub stall_ms: u64,
    /// So many percent come 45 ms late.
    pub overtaken_percent: u64,
    /// So many percent come 50 ms behind the newest packet: two or three overtake them (as on the bridge of `xtask bench sound`).
    pub held_percent: u64,
    /// From the fifth second, ten seconds of 200 ms more delay and 60 ms of jitter.
    pub spike: bool,
    /// What Chromium made of it, where that was measured (medians of three).
    pub chromium: Option<f64>,
}

const CLEAN: Impairment = Impairment {
    name: "clean",
    loss: Loss::Random(0.0),
    jitter_ms: 0,
    in_order: false,
    stall_ms: 0,
    overtaken_percent: 0,
    held_percent: 0,
    spike: false,
    chromium: Some(3.60),
};

pub fn matrix() -> Vec<Impairment> {
    let lossy = |name, loss, chromium| Impairment { name, loss, chromium, ..CLEAN };
    let late = |name, jitter_ms, chromium| Impairment { name, jitter_ms, chromium, ..CLEAN };
    vec![
        CLEAN,
        lossy("loss 1 %", Loss::Random(1.0), None),
        lossy("loss 5 %", Loss::Random(5.0), Some(3.60)),
        lossy("loss 10 %", Loss::Random(10.0), None),
        lossy("loss 20 %", Loss::Random(20.0), Some(2.04)),
        lossy("loss 30 %", Loss::Random(30.0), Some(1.60)),
        lossy("loss 10 % in threes", Loss::Runs(10.0, 3), Some(2.03)),
        lossy("loss 20 % in threes", Loss::Runs(20.0, 3), None),
        lossy("Gilbert 10 %, bursts of 2", Loss::Gilbert(10.0, 2.0), None),
        lossy("Gilbert 10 %, bursts of 3", Loss::Gilbert(10.0, 3.0), None),
        lossy("Gilbert 10 %, bursts of 4", Loss::Gilbert(10.0, 4.0), None),
        late("jitter 20 ms", 20, None),
        late("jitter 40 ms", 40, None),
        late("jitter 80 ms", 80, Some(3.89)),
        Impairment { in_order: true, ..late("jitter 20 ms, in order", 20, None) },
        Impairment { in_order: true, ..late("jitter 40 ms, in order", 40, None) },
        Impairment { in_order: true, ..late("jitter 80 ms, in order", 80, None) },
        Impairment { in_order: true, stall_ms: 30, ..late("clean, stalls of 30 ms", 0, None) },
        Impairment { in_order: true, stall_ms: 30, ..late("jitter 40 ms, stalls of 30 ms", 40, None) },
        Impairment { jitter_ms: 40, ..lossy("loss 10 %, jitter 40 ms", Loss::Random(10.0), Some(2.33)) },
        Impairment { jitter_ms: 40, ..lossy("loss 20 %, jitter 40 ms", Loss::Random(20.0), None) },
        Impairment {
            jitter_ms: 40,
            in_order: true,
            ..lossy("loss 10 %, jitter 40 ms, in order", Loss::Random(10.0), None)
        },
        Impairment { name: "10 % overtaken", overtaken_percent: 10, chromium: None, ..CLEAN },
        Impairment { name: "5 % overtaken, by 50 ms", held_percent: 5, in_order: true, chromium: None, ..CLEAN },
        Impairment { name: "spike of 10 s", spike: true, chromium: None, ..CLEAN },
    ]
}

/// One run of a network.
pub struct Network<'a> {
    impairment: &'a Impairment,
    state: u64,
    losing: u32,
    /// When the last packet came, in microseconds.
    last: u64,
}

impl<'a> Network<'a> {
    pub fn new(impairment: &'a Impairment, seed: u64) -> Self {
        let mut network = Self { impairment, state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), losing: 0, last: 0 };
        network.random();
        network
    }

    /// How late a packet sent at a time (in milliseconds) comes, in microseconds; `None` if it does not.
    pub fn carry(&mut self, sent_ms: u64) -> Option<u64> {
        let (lost, jitter, overtaken) = (self.loses(), self.random(), self.random());
        let in_spike = self.impairment.spike && (5_000..15_000).contains(&sent_ms);
        let jitter_ms = self.impairment.jitter_ms + if in_spike { 60 } else { 0 };
        let mut late = 20_000.0 + jitter * 1_000.0 * jitter_ms as f64;
        if in_spike {
            late += 200_000.0;
        }
        if sent_ms % 1_000 / 20 == sent_ms / 1_000 * 7 % 50 {
            late += 1_000.0 * self.impairment.stall_ms as f64;
        }
        if overtaken * 100.0 < self.impairment.overtaken_percent as f64 {
            late += 45_000.0;
        }
        if overtaken * 100.0 < self.impairment.held_percent as f64 {
            return Some(self.last.max(1_000 * sent_ms + late as u64) + 50_000 - 1_000 * sent_ms);
        }
        if lost {
            return None;
        }
        let mut late = late as u64;
        if self.impairment.in_order {
            self.last = self.last.max(1_000 * sent_ms + late);
            late = self.last - 1_000 * sent_ms;
        }
        Some(late)
    }

    fn loses(&mut self) -> bool {
        let draw = self.random() * 100.0;
        match self.impairment.loss {
            Loss::Random(percent) => draw < percent,
            Loss::Runs(percent, run) => {
                if self.losing == 0 && draw < percent / f64::from(run) / (1.0 - percent / 100.0) {
                    self.losing = run;
                }
                let lost = self.losing > 0;
                self.losing = self.losing.saturating_sub(1);
                lost
            }
            Loss::Gilbert(percent, burst) => {
                let share = percent / 100.0;
                let lost = if self.losing > 0 {
                    draw >= 100.0 / burst
                } else {
                    draw < 100.0 * share / (burst * (1.0 - share))
                };
                self.losing = u32::from(lost);
                lost
            }
        }
    }

    /// 0 to 1 (xorshift64*).
    fn random(&mut self) -> f64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }
}
