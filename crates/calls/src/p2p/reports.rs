//! What the other end's receiver reports (RFC 3550, 6.4) say about our packets. The library's own statistics leave
//! it out, so it is read from the packets as they pass.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

/// How much of the newest report counts: one covers a second, 50 packets, and is coarse alone.
const NEWEST: f32 = 0.3;

/// Share of our packets that the other end lost lately, and how unevenly the others came.
#[derive(Clone, Debug)]
pub(crate) struct RemoteLoss(Arc<[AtomicU32; 2]>);

impl RemoteLoss {
    /// Nothing was reported yet.
    pub fn unknown() -> Self {
        Self(Arc::new([f32::NAN.to_bits(), f32::NAN.to_bits()].map(AtomicU32::new)))
    }

    /// In percent; `None` before the first report.
    pub fn percent(&self) -> Option<f64> {
        self.read(0)
    }

    /// How unevenly they came there, in milliseconds; `None` before the first report.
    pub fn jitter_ms(&self) -> Option<f64> {
        self.read(1)
    }

    fn read(&self, which: usize) -> Option<f64> {
        let figure = f32::from_bits(self.0[which].load(Ordering::Relaxed));
        (!figure.is_nan()).then_some(f64::from(figure))
    }

    /// Share in 256ths, jitter in ticks of the 48 kHz clock (RFC 3550, 6.4.1).
    fn take(&self, fraction: u8, jitter: u32) {
        self.0[1].store((jitter as f32 / 48.0).to_bits(), Ordering::Relaxed);
        let newest = f32::from(fraction) * 100.0 / 256.0;
        let before = f32::from_bits(self.0[0].load(Ordering::Relaxed));
        let now = if before.is_nan() { newest } else { before + NEWEST * (newest - before) };
        self.0[0].store(now.to_bits(), Ordering::Relaxed);
    }
}

/// Reads the reports about one stream and passes everything on.
pub(super) struct ReportReader {
    ssrc: u32,
    loss: RemoteLoss,
    read: VecDeque<TaggedPacket>,
    write: VecDeque<TaggedPacket>,
}

impl ReportReader {
    pub fn new(ssrc: u32, loss: RemoteLoss) -> Self {
        Self { ssrc, loss, read: VecDeque::new(), write: VecDeque::new() }
    }

    fn look_at(&self, reports: &[ReceptionReport]) {
        for report in reports.iter().filter(|report| report.ssrc == self.ssrc) {
            self.loss.take(report.fraction_lost, report.jitter);
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for ReportReader {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &message.message.packet {
            for packet in packets {
                let packet = packet.as_any();
                if let Some(report) = packet.downcast_ref::<ReceiverReport>() {
                    self.look_at(&report.reports);
                } else if let Some(report) = packet.downcast_ref::<SenderReport>() {
                    self.look_at(&report.reports);
                }
            }
        }
        self.read.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, message: TaggedPacket) -> Result<(), Error> {
        self.write.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.write.pop_front()
    }
}

impl Interceptor for ReportReader {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_is_unknown_before_the_first_report_and_follows_the_reports_smoothly() {
        let loss = RemoteLoss::unknown();
        let reader = ReportReader::new(7, loss.clone());
        let about = |ssrc, fraction_lost| ReceptionReport { ssrc, fraction_lost, ..Default::default() };
        reader.look_at(&[about(8, 255)]);
        assert_eq!(loss.percent(), None, "another stream's report is not about us");
        reader.look_at(&[about(7, 64)]);
        assert_eq!(loss.percent(), Some(25.0));
        reader.look_at(&[about(7, 0)]);
        assert!((17.0..18.0).contains(&loss.percent().unwrap()));
    }
}
