//! The one place that builds and asks the `webrtc` library.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use care4w_protocol::rest::IceServer;
use care4w_protocol::signal::HangUp;
use rtc::interceptor::{Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::interceptor_registry::configure_rtcp_reports;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MIME_TYPE_PCMU, MIME_TYPE_TELEPHONE_EVENT};
use rtc::peer_connection::transport::RTCDtlsRole;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use tokio::sync::{mpsc, watch};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceCandidateInit, RTCIceCandidateType, RTCIceServer, RTCIceTransportPolicy, RTCPeerConnectionIceEvent,
    RTCPeerConnectionState, RTCSessionDescription, SettingEngine, SettingEngineBuilder, StatsSelector,
};
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RtpSender};

use super::description::Wishes;
use super::engine_event::EngineEvent;
use super::goodbye::{self, GoodbyeListener};
use super::reports::{RemoteLoss, ReportReader};
use super::sockets::CallRuntime;
use super::{P2pConfig, addresses};
use crate::defaults::{
    GOODBYE_COPIES, GOODBYE_TIME, ICE_CHECK_INTERVAL, ICE_CHECKS_PER_PAIR, ICE_DISCONNECTED_TIME, ICE_FAILED_TIME,
    ICE_KEEPALIVE_INTERVAL, NARROW_TELEPHONE_EVENT_PAYLOAD_TYPE, OPUS_PAYLOAD_TYPE, PCMU_PAYLOAD_TYPE,
    RELAY_ACCEPTANCE_WAIT, TELEPHONE_EVENT_PAYLOAD_TYPE,
};
use crate::{BackendError, PathKind};

/// Behind the library's own places for what reads reports.
const AFTER_REPORTS: usize = 14_000;

/// Behind that, for what hears goodbyes.
const AFTER_READER: usize = 15_000;

/// One peer connection with its one outgoing track. Nothing is sent by any socket before
/// [`Engine::offer`] or [`Engine::answer`].
pub(crate) struct Engine {
    connection: Arc<dyn PeerConnection>,
    sender: Arc<dyn RtpSender>,
    /// Where packets go out.
    pub track: Arc<TrackLocalStaticRTP>,
    /// The stream of those packets.
    pub ssrc: u32,
    /// What the other end says that it loses of it.
    pub remote_loss: RemoteLoss,
    /// How many goodbyes have been sent.
    goodbyes: watch::Receiver<u32>,
    /// Whether there is a TURN server, so that packets may go through a relay.
    pub may_relay: bool,
}

struct Observer(mpsc::UnboundedSender<EngineEvent>);

// A closed channel means that the call is over: what the library still tells then is of no interest.
#[async_trait]
impl PeerConnectionEventHandler for Observer {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        if let Ok(init) = event.candidate.to_json() {
            self.0.send(EngineEvent::Candidate(init.candidate)).ok();
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.0.send(EngineEvent::State(state)).ok();
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.0.send(EngineEvent::Track(track)).ok();
    }
}

impl Engine {
    /// Binds the sockets and makes the keys of a call.
    pub async fn build(
        config: &P2pConfig,
        ice: Vec<IceServer>,
        events: mpsc::UnboundedSender<EngineEvent>,
    ) -> Result<Self, BackendError> {
        let mut media = MediaEngine::default();
        for codec in codecs(config) {
            media
                .register_codec(codec, RtpCodecKind::Audio)
                .map_err(|_| BackendError::Engine("a codec was not registered"))?;
        }
        let ssrc: u32 = rand::random();
        let remote_loss = RemoteLoss::unknown();
        let (said, goodbyes) = watch::channel(0);
        let interceptors = configure_rtcp_reports(Registry::new())
            .with(Slot::from(AFTER_REPORTS), ReportReader::new(ssrc, remote_loss.clone()))
            .with(Slot::from(AFTER_READER), GoodbyeListener::new(events.clone(), said));
        let ice = usable(ice);
        let may_relay = ice.iter().flat_map(|server| &server.urls).any(|url| url.starts_with("turn:"));
        let policy = if config.relay_only { RTCIceTransportPolicy::Relay } else { RTCIceTransportPolicy::All };
        let connection = PeerConnectionBuilder::new()
            .with_configuration(
                RTCConfigurationBuilder::new().with_ice_servers(ice).with_ice_transport_policy(policy).build(),
            )
            .with_media_engine(media)
            .with_interceptor_registry(interceptors)
            .with_setting_engine(settings())
            .with_handler(Arc::new(Observer(events)))
            .with_runtime(Arc::new(CallRuntime::new()))
            .with_udp_addrs(addresses::to_bind(config.loopback))
            .build()
            .await
            .map_err(|_| BackendError::Engine("no socket could be opened"))?;
        let connection: Arc<dyn PeerConnection> = Arc::new(connection);
        let track = Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
            "care4w".to_owned(),
            "care4w-audio".to_owned(),
            "microphone".to_owned(),
            RtpCodecKind::Audio,
            vec![RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
                codec: opus(config.dtx),
                ..Default::default()
            }],
        )));
        let sender = connection
            .add_track(Arc::clone(&track) as Arc<dyn TrackLocal>)
            .await
            .map_err(|_| BackendError::Engine("the track was not added"))?;
        // Left alone, the description would name the track's own codec only, and no digits could be sent.
        for transceiver in connection.get_transceivers().await {
            transceiver
                .set_codec_preferences(codecs(config))
                .await
                .map_err(|_| BackendError::Engine("the codecs were not taken"))?;
        }
        Ok(Self { connection, sender, track, ssrc, remote_loss, goodbyes, may_relay })
    }

    /// Makes and applies an offer; candidates are looked for from here on.
    pub async fn offer(&self) -> Result<String, BackendError> {
        const FAILED: BackendError = BackendError::Engine("the offer could not be made");
        let offer = self.connection.create_offer(None).await.map_err(|_| FAILED)?;
        let sdp = offer.sdp.clone();
        self.connection.set_local_description(offer).await.map_err(|_| FAILED)?;
        Ok(sdp)
    }

    /// The same with new credentials and new sockets (RFC 8445, 9).
    pub async fn restart_offer(&self) -> Result<String, BackendError> {
        self.connection.restart_ice().await.map_err(|_| BackendError::Engine("the path could not be restarted"))?;
        self.offer().await
    }

    /// Applies the other end's offer; the answer to it will want to receive only if `receives`. Sends nothing.
    pub async fn take_offer(&self, sdp: String, receives: bool) -> Result<(), BackendError> {
        let wishes = Wishes::read(&sdp);
        let offer = RTCSessionDescription::offer(sdp).map_err(|_| BackendError::BadDescription)?;
        self.connection.set_remote_description(offer).await.map_err(|_| BackendError::BadDescription)?;
        // The library answers with what the transceiver says, whatever was offered; a browser refuses an answer that
        // wants what it did not offer (RFC 3264, 6.1).
        self.set_wishes(Wishes { sends: wishes.receives, receives: wishes.sends && receives }).await
    }

    /// What the next offer or answer says of the way that sound flows.
    pub async fn set_wishes(&self, wishes: Wishes) -> Result<(), BackendError> {
        let direction = match (wishes.sends, wishes.receives) {
            (true, true) => RTCRtpTransceiverDirection::Sendrecv,
            (true, false) => RTCRtpTransceiverDirection::Sendonly,
            (false, true) => RTCRtpTransceiverDirection::Recvonly,
            (false, false) => RTCRtpTransceiverDirection::Inactive,
        };
        for transceiver in self.connection.get_transceivers().await {
            if transceiver.direction().await.is_ok_and(|now| now != direction) {
                transceiver.set_direction(direction).await.map_err(|_| BackendError::BadDescription)?;
            }
        }
        Ok(())
    }

    /// Takes back an offer that was not answered (RFC 9429, 4.1.8.2).
    pub async fn take_back_offer(&self) -> Result<(), BackendError> {
        const FAILED: BackendError = BackendError::Engine("the offer could not be taken back");
        let rollback = RTCSessionDescription::rollback(None).map_err(|_| FAILED)?;
        self.connection.set_local_description(rollback).await.map_err(|_| FAILED)
    }

    /// Makes and applies the answer; candidates are looked for from here on.
    pub async fn answer(&self) -> Result<String, BackendError> {
        const FAILED: BackendError = BackendError::Engine("the answer could not be made");
        let answer = self.connection.create_answer(None).await.map_err(|_| FAILED)?;
        let sdp = answer.sdp.clone();
        self.connection.set_local_description(answer).await.map_err(|_| FAILED)?;
        Ok(sdp)
    }

    /// Applies the other end's answer.
    pub async fn take_answer(&self, sdp: String) -> Result<(), BackendError> {
        let answer = RTCSessionDescription::answer(sdp).map_err(|_| BackendError::BadDescription)?;
        self.connection.set_remote_description(answer).await.map_err(|_| BackendError::BadDescription)
    }

    /// Adds a candidate of the other end. One that cannot be read is left out.
    pub async fn add_candidate(&self, candidate: String) {
        let init = RTCIceCandidateInit { candidate, sdp_mline_index: Some(0), ..Default::default() };
        if self.connection.add_ice_candidate(init).await.is_err() {
            tracing::debug!("a candidate of the other end could not be read");
        }
    }

    /// Round trip of the chosen pair, in milliseconds.
    pub async fn rtt_ms(&self) -> Option<f64> {
        let report = self.connection.get_stats(Instant::now(), StatsSelector::None).await;
        report
            .candidate_pairs()
            .filter(|pair| pair.nominated && pair.responses_received > 0)
            .max_by_key(|pair| pair.responses_received)
            .map(|pair| pair.current_round_trip_time * 1_000.0)
            .filter(|rtt| rtt.is_finite() && *rtt >= 0.0)
    }

    /// Kind of the local candidate of the chosen pair; a relay when either end's is one.
    pub async fn path(&self) -> Option<PathKind> {
        let transport = self.sender.transport().await.ok()??;
        let pair = transport.ice_transport().get_selected_candidate_pair().await.ok()??;
        if pair.remote().typ == RTCIceCandidateType::Relay {
            return Some(PathKind::Relay);
        }
        match pair.local().typ {
            RTCIceCandidateType::Host => Some(PathKind::Host),
            RTCIceCandidateType::Srflx => Some(PathKind::Srflx),
            RTCIceCandidateType::Prflx => Some(PathKind::Prflx),
            RTCIceCandidateType::Relay => Some(PathKind::Relay),
            _ => None,
        }
    }

    /// Tells the other end on the media path that this one leaves. For a path that has been up; done when it is sent,
    /// or cannot be.
    pub async fn say_goodbye(&self, reason: HangUp) {
        let mut goodbyes = self.goodbyes.clone();
        let said = async {
            for _ in 0..GOODBYE_COPIES {
                if self.track.write_rtcp(goodbye::packets(self.ssrc, reason)).await.is_err() {
                    return false;
                }
            }
            // To close would overtake what waits in the library's queue. One copy passes on in each of its rounds,
            // so that when the last one does, the first has gone through a relay's queue as well.
            goodbyes.wait_for(|said| *said >= GOODBYE_COPIES).await.is_ok()
        };
        if !tokio::time::timeout(GOODBYE_TIME, said).await.unwrap_or(false) {
            tracing::debug!("the other end was not told on the media path that this one leaves");
        }
    }

    /// Closes the sockets. A TURN server is told, which takes at most a tenth of a second.
    pub async fn close(&self) {
        if self.connection.close().await.is_err() {
            tracing::debug!("the peer connection did not close cleanly");
        }
    }
}

fn settings() -> SettingEngine {
    SettingEngineBuilder::new()
        .with_ice_connection_attempts(Some(ICE_CHECK_INTERVAL), Some(ICE_CHECKS_PER_PAIR))
        .with_ice_timeouts(Some(ICE_DISCONNECTED_TIME), Some(ICE_FAILED_TIME), Some(ICE_KEEPALIVE_INTERVAL))
        .with_host_acceptance_min_wait(Some(Duration::ZERO))
        .with_srflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_relay_acceptance_min_wait(Some(RELAY_ACCEPTANCE_WAIT))
        // Which addresses there are is decided by what is bound.
        .with_include_loopback_candidate(true)
        // As Twilio's client does; the library's own choice is another where the other end is ICE-lite.
        .with_answering_dtls_role(RTCDtlsRole::Client)
        // Otherwise it binds port 5353 and asks the network for names.
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        // A restart is for a network that changed: old sockets may be dead.
        .with_discard_local_candidates_during_ice_restart(true)
        .build()
}

fn opus(dtx: bool) -> RTCRtpCodec {
    let dtx = if dtx { ";usedtx=1" } else { "" };
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: format!("minptime=10;useinbandfec=1{dtx}"),
        rtcp_feedback: vec![],
    }
}

/// In the order in which they are liked. Digits have the clock of the sound that they are part of, and the library tells
/// those of one clock from those of another by nothing: there is one kind of them. Gateways to telephones take those of 8 kHz.
fn codecs(config: &P2pConfig) -> Vec<RTCRtpCodecParameters> {
    let codec = |mime_type: &str, clock_rate, payload_type| RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec { mime_type: mime_type.to_owned(), clock_rate, ..RTCRtpCodec::default() },
        payload_type,
    };
    let opus = RTCRtpCodecParameters { rtp_codec: opus(config.dtx), payload_type: OPUS_PAYLOAD_TYPE };
    if config.narrow {
        let pcmu = codec(MIME_TYPE_PCMU, 8_000, PCMU_PAYLOAD_TYPE);
        vec![opus, pcmu, codec(MIME_TYPE_TELEPHONE_EVENT, 8_000, NARROW_TELEPHONE_EVENT_PAYLOAD_TYPE)]
    } else {
        vec![opus, codec(MIME_TYPE_TELEPHONE_EVENT, 48_000, TELEPHONE_EVENT_PAYLOAD_TYPE)]
    }
}

/// The servers that the library can use: STUN and TURN over UDP (webrtc-rs issue #848). One that it cannot use must
/// not cost the call.
fn usable(servers: Vec<IceServer>) -> Vec<RTCIceServer> {
    servers
        .into_iter()
        .filter_map(|server| {
            let credentials = server.username.is_some() && server.credential.is_some();
            let urls: Vec<String> = server
                .urls
                .into_iter()
                .filter(|url| {
                    let turn = url.starts_with("turn:") && credentials && !url.contains("transport=tcp");
                    url.starts_with("stun:") || turn
                })
                .collect();
            (!urls.is_empty()).then(|| RTCIceServer {
                urls,
                username: server.username.unwrap_or_default(),
                credential: server.credential.unwrap_or_default(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_the_library_cannot_use_are_left_out() {
        let server = |url: &str, credential: Option<&str>| IceServer {
            urls: vec![url.to_owned()],
            username: credential.map(str::to_owned),
            credential: credential.map(str::to_owned),
        };
        let servers = usable(vec![
            server("stun:turn.example:3478", None),
            server("turn:turn.example:3478?transport=udp", Some("x")),
            server("turn:turn.example:3478?transport=tcp", Some("x")),
            server("turns:turn.example:5349", Some("x")),
            server("turn:turn.example:3478", None),
        ]);
        let urls: Vec<_> = servers.iter().flat_map(|server| &server.urls).map(String::as_str).collect();
        assert_eq!(urls, ["stun:turn.example:3478", "turn:turn.example:3478?transport=udp"]);
    }
}
