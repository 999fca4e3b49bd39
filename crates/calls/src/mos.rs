//! An estimate of how people would judge the sound, from the path's figures.

/// The mean opinion score, 1 to 4.5, by the E-model of ITU-T G.107, simplified: all of its parameters stand at their
/// defaults (R₀ − Is = 93.2) but the delay and the packet loss, and its narrow-band scale is used though Opus is
/// wider. It compares calls; it is not a measurement of speech.
///
/// * delay (G.107, 7.4, with the usual linear approximation): half the round trip, the wait in the jitter buffer and
///   one packet with the codec's look-ahead (26.5 ms for Opus at 20 ms);
/// * loss (G.107, 7.5): `Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl + Bpl)` with `Ie` 0 and `Bpl` 25.1, the robustness that
///   G.113 (appendix I) gives a codec with good concealment.
pub fn estimate(rtt_ms: f64, buffer_ms: f64, jitter_ms: f64, loss_percent: f64) -> f64 {
    const CODEC_MS: f64 = 26.5;
    const ROBUSTNESS: f64 = 25.1;
    let sane = |value: f64| if value.is_finite() { value.max(0.0) } else { 0.0 };
    let (rtt, buffer, jitter, loss) = (sane(rtt_ms), sane(buffer_ms), sane(jitter_ms), sane(loss_percent));
    // A buffer that is not told is taken as wide as two deviations of the jitter.
    let delay = rtt / 2.0 + buffer.max(2.0 * jitter) + CODEC_MS;
    let delay_impairment = 0.024 * delay + if delay > 177.3 { 0.11 * (delay - 177.3) } else { 0.0 };
    let loss_impairment = 95.0 * loss / (loss + ROBUSTNESS);
    let rating = (93.2 - delay_impairment - loss_impairment).clamp(0.0, 100.0);
    let score = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6;
    (score.clamp(1.0, 4.5) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::estimate;

    #[test]
    fn a_clean_short_path_scores_as_the_e_model_says() {
        assert!((4.3..=4.5).contains(&estimate(2.0, 40.0, 1.0, 0.0)));
    }

    #[test]
    fn more_delay_or_more_loss_never_scores_higher() {
        let mut last = 5.0;
        for loss in 0..=100 {
            let score = estimate(50.0, 40.0, 5.0, f64::from(loss));
            assert!(score <= last, "{loss} % scores {score} after {last}");
            last = score;
        }
        assert!(estimate(900.0, 40.0, 5.0, 0.0) < estimate(100.0, 40.0, 5.0, 0.0));
    }

    #[test]
    fn whatever_the_figures_the_score_stays_on_the_scale() {
        for bad in [f64::NAN, f64::INFINITY, -5.0, 1e12] {
            let score = estimate(bad, bad, bad, bad);
            assert!((1.0..=4.5).contains(&score), "{score}");
        }
    }
}
