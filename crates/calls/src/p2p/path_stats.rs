//! How the path of one call does: what its engine knows, and what was counted in its flow.

use std::sync::atomic::Ordering;

use care4w_audio::Codec;

use super::engine::Engine;
use super::pump::Flow;
use crate::PathStats;

/// The figures of now; without an engine there is no path yet.
pub(crate) async fn path_stats(engine: Option<&Engine>, flow: &Flow, codec: Option<Codec>) -> PathStats {
    let counted = PathStats {
        sent: flow.sent.load(Ordering::Relaxed),
        received: flow.received.load(Ordering::Relaxed),
        codec: codec.map(Codec::name),
        ..PathStats::default()
    };
    let Some(engine) = engine else { return counted };
    PathStats {
        rtt_ms: engine.rtt_ms().await,
        path: engine.path().await,
        remote_loss_percent: engine.remote_loss.percent(),
        remote_jitter_ms: engine.remote_loss.jitter_ms(),
        ..counted
    }
}
