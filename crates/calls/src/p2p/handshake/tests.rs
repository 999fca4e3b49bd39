//! Handshakes of the library's own DTLS over simulated networks, in simulated time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rtc::dtls::config::{ClientAuthType, ConfigBuilder, HandshakeConfig};
use rtc::dtls::crypto::Certificate;
use rtc::dtls::endpoint::{Endpoint, EndpointEvent};
use rtc::shared::TransportProtocol;

use super::*;

/// How long a call has to connect.
const LONGEST: Duration = crate::defaults::CONNECT_TIME;

/// Of a network, and of its two ends.
#[derive(Clone, Copy)]
struct Setting {
    loss: f64,
    /// Each way.
    delay: Duration,
    /// The end that called (the server), and the one that answered.
    ends: [Build; 2],
}

/// What an end is made of.
#[derive(Clone, Copy, PartialEq)]
enum Build {
    /// The library over [`Handshake`].
    Ours,
    /// The library alone.
    Library,
    /// An end as RFC 6347 wants it: sends again by itself, with new numbers, and is not put off by what comes twice.
    Other,
}

impl Build {
    /// After how long the library sends again by itself.
    fn patience(self) -> Duration {
        if self == Self::Other { Duration::from_millis(400) } else { Duration::from_secs(1) }
    }
}

const DELAY: Duration = Duration::from_millis(20);
const CLEAN: Setting = Setting { loss: 0.0, delay: DELAY, ends: [Build::Ours; 2] };
const LOSSY: Setting = Setting { loss: 0.3, ..CLEAN };
const ALONE: [Build; 2] = [Build::Library; 2];

/// How many datagrams a handshake has where nothing is lost: two hellos, a cookie, two long flights and a last one.
const DATAGRAMS: u64 = 6;

struct End {
    build: Build,
    endpoint: Endpoint,
    handshake: Handshake<()>,
    done: Option<Duration>,
}

/// When a datagram arrives, its number, to whom it goes, and what it is.
type Travelling = (Duration, u64, usize, Vec<u8>);

/// The two ends of a handshake, and what is on its way between them.
struct Simulation {
    setting: Setting,
    began: Instant,
    now: Duration,
    dice: StdRng,
    ends: [End; 2],
    travelling: BinaryHeap<Reverse<Travelling>>,
    datagrams: u64,
    /// Which ones do not arrive, by who sent them and their number; the dice decide over the others.
    swallowed: Box<dyn Fn(usize, u64) -> bool>,
}

fn peer() -> SocketAddr {
    ([192, 0, 2, 1], 4_444).into()
}

fn config(client: bool, patience: Duration) -> Arc<HandshakeConfig> {
    let provider = rtc::crypto::default_provider().unwrap();
    let certificate = Certificate::generate_self_signed(vec!["care4w".to_owned()], provider.crypto()).unwrap();
    let builder = ConfigBuilder::default()
        .with_crypto_provider(provider)
        .with_certificates(vec![certificate])
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        .with_insecure_skip_verify(true)
        .with_flight_interval(patience);
    Arc::new(builder.build(client, None).unwrap())
}

impl Simulation {
    fn new(setting: Setting, seed: u64) -> Self {
        let end = |build: Build, config| End {
            build,
            endpoint: Endpoint::new(peer(), TransportProtocol::UDP, config),
            handshake: Handshake::default(),
            done: None,
        };
        let [server, client] = setting.ends;
        Self {
            setting,
            began: Instant::now(),
            now: Duration::ZERO,
            dice: StdRng::seed_from_u64(seed),
            ends: [end(server, Some(config(false, server.patience()))), end(client, None)],
            travelling: BinaryHeap::new(),
            datagrams: 0,
            swallowed: Box::new(|_, _| false),
        }
    }

    fn instant(&self) -> Instant {
        self.began + self.now
    }

    fn send(&mut self, from: usize, datagram: Vec<u8>) {
        self.datagrams += 1;
        let lost = self.dice.random_bool(self.setting.loss) || (self.swallowed)(from, self.datagrams);
        if std::env::var("TRACE").is_ok() {
            println!("{:?} from {from} {:?} seq {:?} lost {lost}", self.now, kind_of(&datagram), &datagram[3..11]);
        }
        if !lost {
            self.travelling.push(Reverse((self.now + self.setting.delay, self.datagrams, 1 - from, datagram)));
        }
    }

    /// Everything that an end has to say now.
    fn flush(&mut self, index: usize) {
        let now = self.instant();
        let end = &mut self.ends[index];
        let mut out = Vec::new();
        while let Some(transmit) = end.endpoint.poll_transmit() {
            end.handshake.sent(now, &(), &transmit.message);
            out.push(transmit.message.to_vec());
        }
        if end.build == Build::Ours {
            out.extend(end.handshake.repeats(now).into_iter().map(|((), datagram)| datagram.to_vec()));
        }
        for datagram in out {
            self.send(index, datagram);
        }
    }

    fn next(&self) -> Option<Duration> {
        let since = |at: Instant| at.saturating_duration_since(self.began);
        let arrives = self.travelling.peek().map(|Reverse((at, ..))| *at);
        let timers = self.ends.iter().flat_map(|end| {
            let repeats = end.handshake.due().filter(|_| end.build == Build::Ours);
            [end.endpoint.poll_timeout(&peer()), repeats]
        });
        timers.flatten().map(since).chain(arrives).min()
    }

    /// Runs until both ends are done, with their times; `None` when the call's time is over.
    fn run(&mut self) -> Option<Duration> {
        let client = config(true, self.setting.ends[1].patience());
        self.ends[1].endpoint.connect(self.began, peer(), client, None).unwrap();
        self.flush(1);
        while let Some(next) = self.next().filter(|next| *next <= LONGEST) {
            self.now = self.now.max(next);
            let now = self.instant();
            while let Some(Reverse((at, _, to, datagram))) = self.travelling.pop() {
                if at > self.now {
                    self.travelling.push(Reverse((at, 0, to, datagram)));
                    break;
                }
                self.arrive(to, &datagram);
            }
            for index in 0..2 {
                // Out of attempts: the library takes the connection down.
                self.ends[index].endpoint.handle_timeout(peer(), now).ok();
                self.flush(index);
            }
            if let [Some(one), Some(other)] = self.ends.each_ref().map(|end| end.done) {
                return Some(one.max(other));
            }
        }
        None
    }

    fn arrive(&mut self, to: usize, datagram: &[u8]) {
        let now = self.instant();
        let end = &mut self.ends[to];
        let fate = end.handshake.received(datagram);
        let kept = match end.build {
            Build::Ours => fate == Fate::Pass,
            Build::Library => true,
            // A hello without a cookie is answered whenever it comes.
            Build::Other => fate == Fate::Pass || (to == 0 && end.handshake.answered == Some(Step::Message(0))),
        };
        if !kept {
            return;
        }
        let events = end.endpoint.read(now, peer(), None, BytesMut::from(datagram)).unwrap_or_default();
        if events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete)) {
            end.done = Some(self.now);
        }
        self.flush(to);
    }
}

/// How long each of so many handshakes takes; those that come to nothing are left out.
fn times(setting: Setting, handshakes: u64) -> Vec<Duration> {
    let mut times: Vec<_> = (0..handshakes).filter_map(|seed| Simulation::new(setting, seed).run()).collect();
    times.sort_unstable();
    times
}

fn losing(setting: Setting, lost: u64) -> Option<Duration> {
    let mut simulation = Simulation::new(setting, 1);
    simulation.swallowed = Box::new(move |_, number| number == lost);
    simulation.run()
}

#[test]
fn left_alone_the_library_never_ends_a_handshake_that_lost_a_long_flight() {
    for long in [4, 5] {
        let alone = losing(Setting { ends: ALONE, ..CLEAN }, long);
        assert_eq!(alone, None, "the library has been mended: is `Handshake` needed still?");
    }
}

#[test]
fn any_lost_datagram_costs_no_more_than_the_first_pause() {
    for lost in 1..=DATAGRAMS {
        assert_eq!(losing(CLEAN, lost), Some(6 * DELAY + HANDSHAKE_REPEAT), "datagram {lost} was lost");
    }
}

#[test]
fn where_nothing_is_lost_and_answers_come_soon_nothing_is_sent_twice() {
    let mut simulation = Simulation::new(CLEAN, 1);
    assert_eq!(simulation.run(), Some(6 * DELAY));
    assert_eq!(simulation.datagrams, DATAGRAMS);
    let [server, client] = &simulation.ends;
    assert_eq!(client.handshake.due(), None, "who was sent the last flight has nothing more to send");
    assert!(server.handshake.due().is_some(), "who sent it does not know yet that it came");
}

#[test]
fn where_answers_take_long_little_is_sent_twice() {
    // In a round trip of 300 ms: after 50 and 150 ms.
    let slow = Setting { delay: Duration::from_millis(150), ..CLEAN };
    let mut simulation = Simulation::new(slow, 1);
    assert_eq!(simulation.run(), Some(6 * slow.delay));
    assert!(simulation.datagrams <= 3 * DATAGRAMS, "{} datagrams", simulation.datagrams);
}

#[test]
fn calls_connect_over_a_network_that_loses_a_third() {
    let ours = times(LOSSY, 300);
    assert_eq!(ours.len(), 300, "all of them");
    let (median, worst) = (ours[150], ours[299]);
    assert!(median < Duration::from_millis(400) && worst < Duration::from_secs(4), "{median:?}, at worst {worst:?}");
    let alone = times(Setting { ends: ALONE, ..LOSSY }, 100);
    assert!(alone.len() < 80, "left alone the library does as well: {} of 100", alone.len());
}

#[test]
fn calls_connect_with_ends_that_send_again_by_themselves() {
    for ends in [[Build::Ours, Build::Other], [Build::Other, Build::Ours]] {
        for delay in [DELAY, Duration::from_millis(150), Duration::from_millis(300)] {
            let times = times(Setting { loss: 0.2, delay, ends }, 100);
            assert_eq!(times.len(), 100, "over {delay:?}");
        }
    }
}

#[test]
fn an_end_that_is_never_heard_is_sent_little() {
    let mut simulation = Simulation::new(CLEAN, 1);
    simulation.swallowed = Box::new(|_, _| true);
    assert_eq!(simulation.run(), None);
    assert!(simulation.datagrams <= 60, "{} datagrams in 20 s", simulation.datagrams);
}

/// The first datagram of a client's handshake.
fn hello(now: Instant) -> BytesMut {
    let mut client = Endpoint::new(peer(), TransportProtocol::UDP, None);
    client.connect(now, peer(), config(true, Build::Ours.patience()), None).unwrap();
    client.poll_transmit().unwrap().message
}

#[test]
fn what_nobody_answers_is_given_up() {
    let now = Instant::now();
    let mut handshake = Handshake::default();
    handshake.sent(now, &(), &hello(now));
    let due = std::iter::from_fn(|| {
        let due = handshake.due()?;
        assert_eq!(handshake.repeats(due).len(), 1, "it goes out when it is due");
        Some(due)
    });
    assert_eq!(due.take(100).count(), HANDSHAKE_REPEATS as usize);
}

#[test]
fn sound_ends_it_and_so_does_an_alert() {
    let now = Instant::now();
    let hello = hello(now);
    let mut handshake = Handshake::default();
    handshake.sent(now, &(), &hello);
    assert_eq!(handshake.due(), Some(now + HANDSHAKE_REPEAT));
    assert_eq!(handshake.received(&[0x80, 111, 0, 1]), Fate::Pass);
    assert_eq!(handshake.due(), None, "who sends sound has all that it needs");
    handshake.sent(now, &(), &hello);
    handshake.sent(now, &(), &[21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2, 40]);
    assert_eq!(handshake.due(), None, "an alert is the end of it");
}
