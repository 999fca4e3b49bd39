//! The peer-to-peer backend holds to the contract, over real sockets on this machine's loopback.

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};

use care4w_calls::p2p::{Loopback, P2p, P2pConfig};
use care4w_calls::{BackendError, BackendEvent};
use care4w_protocol::CallId;
use care4w_protocol::signal::{Candidate, ClientMessage, Sdp, ServerMessage};
use tokio::sync::mpsc;

use crate::cable::Cable;
use crate::contract::connected;
use crate::exchange::{Exchange, Wire};
use crate::phone::{PATIENCE, Phone, ear, party};

pub fn phones() -> (Phone, Phone) {
    let (_, a, b) = phones_and_exchange();
    (a, b)
}

pub fn phones_and_exchange() -> (Arc<Exchange>, Phone, Phone) {
    phones_on(Exchange::default())
}

pub fn phones_on(exchange: Exchange) -> (Arc<Exchange>, Phone, Phone) {
    phones_with(exchange, &P2pConfig { loopback: Loopback::Always, ..P2pConfig::default() })
}

fn phones_with(exchange: Exchange, config: &P2pConfig) -> (Arc<Exchange>, Phone, Phone) {
    let exchange = Arc::new(exchange);
    let phone = |end: usize, id, name| {
        let (events, receiver) = mpsc::unbounded_channel();
        let wire = Wire { exchange: Arc::clone(&exchange), end };
        let backend = P2p::new(config.clone(), Arc::new(wire), events);
        exchange.plug(end, party(id, name), Arc::clone(&backend));
        Phone::new(party(id, name), backend, receiver)
    };
    let (a, b) = (phone(0, "care4w-AMINA11", "Amina"), phone(1, "care4w-BRIAN22", "Brian"));
    (exchange, a, b)
}

crate::contract! { phones() }

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_offers_that_cross_the_callers_stands_and_the_callees_is_made_again() {
    let (exchange, mut a, mut b) = phones_and_exchange();
    let (call, _a_ear, _b_ear) = connected(&mut a, &mut b).await;
    for held in [true, false] {
        let offers = |end| exchange.said_by(end).iter().filter(|m| matches!(m, ClientMessage::Offer { .. })).count();
        let answers = |m: &ClientMessage| matches!(m, ClientMessage::OfferAnswer { .. });
        let before_answers = exchange.said_by(0).iter().filter(|m| answers(m)).count();
        let before = [offers(0), offers(1)];
        exchange.let_offers_cross();
        a.backend.hold(call, held).await.unwrap();
        b.backend.hold(call, held).await.unwrap();
        a.until(BackendEvent::Held { call, held }).await;
        b.until(BackendEvent::Held { call, held }).await;
        // The callee is told of its being held before it offers again.
        let settled = async {
            while exchange.said_by(0).iter().filter(|m| answers(m)).count() == before_answers {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, settled).await.expect("the caller answers the callee's second offer");
        assert_eq!([offers(0) - before[0], offers(1) - before[1]], [1, 2], "offers of the caller and of the callee");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callee_says_no_address_and_sends_no_packet_before_it_accepts() {
    let (exchange, a, mut b) = phones_and_exchange();
    let spy = UdpSocket::bind("127.0.0.1:0").unwrap();
    spy.set_nonblocking(true).unwrap();
    let port = spy.local_addr().unwrap().port();
    // An offer whose candidates point at a spy, as a caller might send who wants to know where somebody is.
    let (offered, _ear) = a.dial(&b).await;
    b.expect_incoming(&a.party).await;
    let offer = exchange.said_by(0).into_iter().find_map(|said| match said {
        ClientMessage::Invite { offer, .. } => Some(offer.0),
        _ => None,
    });
    let candidate = format!("candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host");
    let offer = format!("{}a={candidate}\r\n", offer.unwrap());
    let call = CallId::random();
    let (events, mut incoming) = mpsc::unbounded_channel();
    let wire = Wire { exchange: Arc::clone(&exchange), end: 1 };
    let callee = P2p::new(P2pConfig { loopback: Loopback::Always, ..P2pConfig::default() }, Arc::new(wire), events);
    callee.handle_signal(ServerMessage::Invite { call, from: a.party.clone(), offer: Sdp(offer) });
    let trickled = Candidate { candidate, sdp_mid: None, sdp_m_line_index: Some(0) };
    callee.handle_signal(ServerMessage::Candidate { call, candidate: trickled });
    assert!(matches!(incoming.recv().await, Some(BackendEvent::Incoming { .. })));
    use care4w_calls::VoiceBackend as _;
    callee.ring(call).await.unwrap();
    callee.prepare(call, vec![]).await.unwrap();
    assert_ne!(offered, call);
    assert_eq!(exchange.said_by(1), [ClientMessage::Ringing { call }], "ringing is all that a caller learns");
    assert!(spy.recv(&mut [0; 2_000]).is_err(), "no packet before the person accepts");
    // The same candidates are used after it: the spy hears the first check.
    let (_ear, ports) = ear();
    callee.accept(call, ports).await.unwrap();
    spy.set_nonblocking(false).unwrap();
    let heard = tokio::task::spawn_blocking(move || spy.recv(&mut [0; 2_000])).await.unwrap();
    assert!(heard.unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_is_none_is_refused_and_harms_nothing() {
    let (_exchange, a, mut b) = phones_and_exchange();
    let no_opus = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n";
    for offer in ["", "nonsense", no_opus, "v=0\r\na=rtpmap:111 opus/48000/2\r\n", "a=rtpmap:111 opus/48000/2\r\n\u{0}"]
    {
        let (events, mut incoming) = mpsc::unbounded_channel();
        let callee = P2p::new(P2pConfig::default(), Arc::new(Deaf), events);
        let call = CallId::random();
        callee.handle_signal(ServerMessage::Invite { call, from: a.party.clone(), offer: Sdp(offer.to_owned()) });
        assert!(matches!(incoming.recv().await, Some(BackendEvent::Incoming { .. })));
        use care4w_calls::VoiceBackend as _;
        // Some of these the library takes for a description without sound; then the answer fails.
        if callee.prepare(call, vec![]).await.is_ok() {
            callee.accept(call, ear().1).await.ok();
        }
        for message in [
            ServerMessage::Answer { call, answer: Sdp("nonsense".to_owned()) },
            ServerMessage::Offer { call, offer: Sdp("nonsense".to_owned()) },
            ServerMessage::OfferAnswer { call, answer: Sdp(String::new()) },
            ServerMessage::Candidate {
                call,
                candidate: Candidate { candidate: "candidate:x".to_owned(), sdp_mid: None, sdp_m_line_index: None },
            },
            ServerMessage::Taken { call },
            ServerMessage::Ringing { call },
        ] {
            callee.handle_signal(message);
        }
        let refused = callee.refuse(call, care4w_protocol::signal::Refusal::Failed).await;
        assert!(refused.is_ok(), "the call is still there to be refused: {refused:?}");
    }
    // The library still works in this process.
    let (call, _ear) = a.dial(&b).await;
    assert_eq!(b.expect_incoming(&a.party).await, call);
}

/// A server that takes everything and says nothing.
struct Deaf;

impl care4w_calls::SignalSender for Deaf {
    fn send(&self, _: ClientMessage) -> Result<(), BackendError> {
        Ok(())
    }
}

/// Not a test of time: it prints what it took (`--nocapture`), for the record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_from_answer_to_the_first_packet_is_measured() {
    for round in 0..10 {
        let (mut a, mut b) = phones();
        let dialled = Instant::now();
        let (call, mut a_ear) = a.dial(&b).await;
        b.expect_incoming(&a.party).await;
        b.backend.ring(call).await.unwrap();
        a.expect(BackendEvent::Ringing { call }).await;
        let ringing = dialled.elapsed();
        b.backend.prepare(call, vec![]).await.unwrap();
        a_ear.speak(1);
        let answered = Instant::now();
        let mut b_ear = b.accept(call).await;
        b_ear.speak(2);
        a.expect(BackendEvent::Answered { call }).await;
        a.expect(BackendEvent::PathUp { call }).await;
        let path = answered.elapsed();
        b_ear.hear().await;
        let callee = answered.elapsed();
        a_ear.hear().await;
        let caller = answered.elapsed();
        let rtt = a.stats(call).await.rtt_ms;
        eprintln!(
            "{round}: dial → ringing {ringing:?}; answer → path {path:?}, callee hears {callee:?}, caller {caller:?}; rtt {rtt:?} ms"
        );
    }
    let (mut a, mut b) = phones();
    connected(&mut a, &mut b).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_descriptions_name_opus_with_forward_error_correction_and_telephone_events_and_no_address() {
    let (exchange, mut a, mut b) = phones_and_exchange();
    connected(&mut a, &mut b).await;
    let descriptions = [0, 1].map(|end| {
        let mut said = exchange.said_by(end).into_iter();
        said.find_map(|said| match said {
            ClientMessage::Invite { offer: sdp, .. } | ClientMessage::Answer { answer: sdp, .. } => Some(sdp.0),
            _ => None,
        })
    });
    for sdp in descriptions {
        let sdp = sdp.expect("each end describes itself");
        for line in
            ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:110 telephone-event/48000"]
        {
            assert!(sdp.lines().any(|found| found.trim_end() == line), "{line} is missing in {sdp}");
        }
        assert!(!sdp.contains("a=candidate"), "candidates trickle");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_that_want_silence_left_out_say_so_and_hear_each_other() {
    let config = P2pConfig { loopback: Loopback::Always, dtx: true, ..P2pConfig::default() };
    let (exchange, mut a, mut b) = phones_with(Exchange::default(), &config);
    connected(&mut a, &mut b).await;
    let described = [0, 1].map(|end| exchange.said_by(end)).concat();
    let wishes = described.iter().filter(|said| match said {
        ClientMessage::Invite { offer: sdp, .. } | ClientMessage::Answer { answer: sdp, .. } => {
            sdp.0.contains("a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1")
        }
        _ => false,
    });
    assert_eq!(wishes.count(), 2, "{described:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_dies_is_reported_lost_and_a_restart_finds_a_new_one() {
    let (exchange, mut a, mut b) = phones_on(Exchange::over(Cable::default()));
    let (call, mut a_ear, mut b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(1);
    b_ear.speak(2);
    a_ear.hear_byte(2).await;
    b_ear.hear_byte(1).await;
    exchange.cable.as_ref().unwrap().cut();
    let cut = Instant::now();
    a.until(BackendEvent::PathLost { call }).await;
    eprintln!("cut → lost {:?}", cut.elapsed());
    // Were the caller to restart before the callee noticed, the callee would have nothing to report.
    b.until(BackendEvent::PathLost { call }).await;
    let restarted = Instant::now();
    a.backend.restart_path(call).await.unwrap();
    a.until(BackendEvent::PathRestored { call }).await;
    eprintln!("restart → restored {:?}", restarted.elapsed());
    b.until(BackendEvent::PathRestored { call }).await;
    a_ear.forget();
    b_ear.forget();
    a_ear.hear_byte(2).await;
    b_ear.hear_byte(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_learns_what_the_other_one_loses() {
    let (mut a, mut b) = phones();
    let (call, mut a_ear, b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(1);
    b_ear.speak(2);
    let loss = loop {
        a_ear.hear().await;
        if let Some(loss) = a.stats(call).await.remote_loss_percent {
            break loss;
        }
    };
    assert!((0.0..50.0).contains(&loss), "{loss} % on a clean path");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_gives_way_is_over_before_the_other_one_comes() {
    use care4w_calls::{EndReason, VoiceBackend as _};
    use care4w_protocol::signal::Ended;
    let (exchange, a, mut b) = phones_and_exchange();
    let (_call, _ear) = a.dial(&b).await;
    b.expect_incoming(&a.party).await;
    let said = exchange.said_by(0).into_iter();
    let offer = said.filter_map(|said| if let ClientMessage::Invite { offer, .. } = said { Some(offer) } else { None });
    let offer = { offer }.next_back().unwrap();
    let (events, mut told) = mpsc::unbounded_channel();
    let backend = P2p::new(P2pConfig::default(), Arc::new(Deaf), events);
    for _ in 0..20 {
        let (own, theirs) = (CallId::random(), CallId::random());
        backend.dial(own, &crate::phone::callee(&a.party), vec![], ear().1).await.unwrap();
        backend.handle_signal(ServerMessage::Ended { call: own, reason: Ended::GaveWay });
        backend.handle_signal(ServerMessage::Invite { call: theirs, from: a.party.clone(), offer: offer.clone() });
        backend.handle_signal(ServerMessage::Ended { call: theirs, reason: Ended::Cancelled });
        assert_eq!(told.recv().await, Some(BackendEvent::Ended { call: own, reason: EndReason::GaveWay }));
        assert!(matches!(told.recv().await, Some(BackendEvent::Incoming { call, .. }) if call == theirs));
        assert_eq!(told.recv().await, Some(BackendEvent::Ended { call: theirs, reason: EndReason::Missed }));
    }
}
