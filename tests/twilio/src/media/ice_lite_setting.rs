//! Why ICE is the double's own: what the `ice_lite` setting of the `rtc` crates does (`lite.rs` says the rest). When this fails
//! after an update of theirs, look whether `lite.rs` can go.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use bytes::BytesMut;
use rtc::{
    crypto,
    ice::{
        agent::{Agent, agent_config::AgentConfig},
        candidate::{CandidateConfig, CandidateType, candidate_host::CandidateHostConfig},
        mdns::MulticastDnsMode,
        network_type::NetworkType,
    },
    sansio::Protocol as _,
    shared::{TransportContext, TransportMessage},
};

use super::lite::tests::{BINDING_REQUEST, BINDING_SUCCESS, ICE_CONTROLLING, PRIORITY, USE_CANDIDATE, check_of, word};

#[test]
fn the_lite_agent_of_the_rtc_crates_sends_checks_and_waits_for_their_answers() {
    let now = Instant::now();
    let config = AgentConfig {
        lite: true,
        candidate_types: vec![CandidateType::Host],
        network_types: vec![NetworkType::Udp4],
        multicast_dns_mode: MulticastDnsMode::Disabled,
        ..AgentConfig::default()
    };
    let mut agent = Agent::new(now, Arc::new(config), crypto::default_provider().unwrap()).unwrap();
    let (ours, theirs): (SocketAddr, SocketAddr) =
        ("192.0.2.1:1000".parse().unwrap(), "192.0.2.2:2000".parse().unwrap());
    let base = CandidateConfig {
        network: "udp".to_owned(),
        address: ours.ip().to_string(),
        port: ours.port(),
        component: 1,
        ..CandidateConfig::default()
    };
    let candidate = CandidateHostConfig { base_config: base, ..CandidateHostConfig::default() };
    agent.add_local_candidate(candidate.new_candidate_host().unwrap()).unwrap();
    agent.start_connectivity_checks(now, false, "them".to_owned(), "0123456789012345678901".to_owned()).unwrap();
    let own = agent.get_local_credentials().clone();
    let nomination = check_of(&own.ufrag, &own.pwd, "them", &[PRIORITY, ICE_CONTROLLING, USE_CANDIDATE]);
    let transport = TransportContext { local_addr: ours, peer_addr: theirs, ..TransportContext::default() };
    agent.handle_read(TransportMessage { now, transport, message: BytesMut::from(&nomination[..]) }).unwrap();
    let sent: Vec<_> =
        std::iter::from_fn(|| agent.poll_write()).filter_map(|packet| word(&packet.message, 0)).collect();
    assert!(sent.contains(&BINDING_REQUEST), "a lite end sends no check (RFC 8445, 2.5): {sent:x?}");
    assert!(!sent.contains(&BINDING_SUCCESS), "a lite end answers at once (RFC 8445, 7.3): {sent:x?}");
    assert!(agent.get_selected_candidate_pair().is_none(), "and takes what was nominated");
}
