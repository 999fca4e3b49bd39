/// Counts over the whole call.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct JitterStats {
    /// RFC 3550 interarrival jitter in milliseconds.
    pub jitter_ms: f64,
    /// Packets that came, duplicates not counted.
    pub received: u64,
    /// Packets expected and not (yet) here.
    pub lost: u64,
    /// Lost of expected over the last five seconds, in percent.
    pub recent_loss_percent: f64,
    /// Samples handed out since the first packet was played.
    pub played: u64,
    /// Of these, made up.
    pub concealed: u64,
    /// Of these, recovered by forward error correction.
    pub recovered: u64,
    /// Of these, rebuilt from deep redundancy.
    pub rebuilt: u64,
    /// Samples put in where sound was stretched.
    pub inserted: u64,
    /// Samples taken out where sound was shortened.
    pub removed: u64,
    /// Packets that came too late to be played.
    pub late: u64,
    /// Packets dropped to shed a backlog.
    pub shed: u64,
    /// The present delay from a fast packet's arrival to the speaker, in samples.
    pub delay: i64,
    /// What it should be, in samples.
    pub target: i64,
}
