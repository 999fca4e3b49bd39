//! Whether STUN and TURN servers answer at all: a Binding request (RFC 8489, 3), which both kinds answer without credentials,
//! and where nothing comes back, a TCP connection to the same place, to tell a network that blocks UDP from a server that
//! is away.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::task::JoinSet;
use tokio::time;

use crate::defaults::BINDING_RETRY;

/// The port of both STUN and TURN (RFC 8489, 18.6; RFC 8656, 3.1).
const PORT: u16 = 3478;

const MAGIC_COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();

/// Which way a server answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// There was none to ask.
    #[default]
    NotAsked,
    /// None.
    Nothing,
    /// It takes TCP connections, and what is sent over UDP comes to nothing.
    TcpOnly,
    /// Over UDP, as calls need it.
    Udp,
}

/// Asks each of these `stun:` and `turn:` addresses, for so long at most; the best answer.
pub(super) async fn ask(urls: Vec<String>, patience: Duration) -> Answer {
    let mut asked = JoinSet::new();
    for place in urls.iter().filter_map(|url| place_of(url)) {
        asked.spawn(async move { ask_one(place, patience).await });
    }
    let mut best = Answer::NotAsked;
    while let Some(answer) = asked.join_next().await {
        best = best.max(answer.unwrap_or_default());
        if best == Answer::Udp {
            break;
        }
    }
    best
}

async fn ask_one((host, port): (String, u16), patience: Duration) -> Answer {
    let answer = time::timeout(patience, async {
        let Ok(places) = lookup_host((host, port)).await else { return Answer::Nothing };
        let places: Vec<SocketAddr> = places.collect();
        let tcp = tokio::spawn(takes_tcp(places.clone()));
        let answers = time::timeout(patience.mul_f32(0.9), answers_udp(&places)).await.unwrap_or(false);
        if answers {
            tcp.abort();
            return Answer::Udp;
        }
        // It had as long as UDP.
        let taken = tcp.is_finished();
        tcp.abort();
        if taken && tcp.await.unwrap_or(false) { Answer::TcpOnly } else { Answer::Nothing }
    });
    answer.await.unwrap_or(Answer::Nothing)
}

async fn takes_tcp(places: Vec<SocketAddr>) -> bool {
    TcpStream::connect(&places[..]).await.is_ok()
}

/// Whether a Binding request is answered from any of the places of one name. Goes on until it is.
async fn answers_udp(places: &[SocketAddr]) -> bool {
    let mut asked = JoinSet::new();
    for &place in places {
        asked.spawn(binding(place));
    }
    while let Some(answered) = asked.join_next().await {
        if matches!(answered, Ok(Ok(()))) {
            return true;
        }
    }
    // None can even be sent to.
    false
}

async fn binding(place: SocketAddr) -> std::io::Result<()> {
    let any: SocketAddr =
        if place.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(place).await?;
    let request = request(rand::random());
    let mut buffer = [0; 1_500];
    let mut wait = BINDING_RETRY;
    loop {
        // One that cannot be sent, or that is refused, may be answered the next time.
        socket.send(&request).await.ok();
        let heard = async {
            loop {
                match socket.recv(&mut buffer).await {
                    Ok(length) if is_answer(&buffer[..length], &request) => return,
                    Ok(_) => {}
                    Err(_) => std::future::pending().await,
                }
            }
        };
        if time::timeout(wait, heard).await.is_ok() {
            return Ok(());
        }
        wait *= 2;
    }
}

/// A Binding request without attributes (RFC 8489, 5).
fn request(transaction: [u8; 12]) -> [u8; 20] {
    let mut request = [0; 20];
    request[1] = 0x01;
    request[4..8].copy_from_slice(&MAGIC_COOKIE);
    request[8..].copy_from_slice(&transaction);
    request
}

/// Whether this is a response to it, a success or an error: either shows that UDP passes.
fn is_answer(packet: &[u8], request: &[u8; 20]) -> bool {
    let is_response = matches!(packet, [0x01, 0x01 | 0x11, ..]);
    is_response && packet.get(4..20) == Some(&request[4..])
}

/// Host and port of `stun:host[:port]` or `turn:host[:port][?transport=…]` (RFC 7064 and RFC 7065).
fn place_of(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once(':')?;
    if !matches!(scheme, "stun" | "turn") {
        return None;
    }
    let rest = rest.split('?').next()?;
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':'))
        }
        None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(PORT), |port| port.parse().ok())?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_server_is_read_in_every_form() {
        for (url, place) in [
            ("stun:stun.example.org", Some(("stun.example.org", 3478))),
            ("turn:192.0.2.7:5000?transport=udp", Some(("192.0.2.7", 5000))),
            ("turn:[2001:db8::1]:5000", Some(("2001:db8::1", 5000))),
            ("stun:[2001:db8::1]", Some(("2001:db8::1", 3478))),
            ("turns:relay.example.org", None),
            ("stun:", None),
            ("stun:host:port", None),
            ("stun:[2001:db8::1", None),
            ("nonsense", None),
        ] {
            assert_eq!(place_of(url), place.map(|(host, port)| (host.to_owned(), port)), "{url}");
        }
    }

    #[tokio::test]
    async fn only_the_answer_to_our_own_question_counts() {
        let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("stun:{}", server.local_addr().unwrap());
        let asking = tokio::spawn(ask(vec![url], Duration::from_secs(60)));
        let mut buffer = [0; 100];
        let (length, from) = server.recv_from(&mut buffer).await.unwrap();
        assert_eq!(length, 20, "a question without attributes");
        let mut strange = buffer;
        strange[0] = 0x01;
        strange[8] ^= 0xff;
        server.send_to(&strange[..20], from).await.unwrap();
        server.send_to(&buffer[..20], from).await.unwrap();
        // Asked again: neither was an answer.
        let (_, from) = server.recv_from(&mut buffer).await.unwrap();
        buffer[0] = 0x01;
        server.send_to(&buffer[..20], from).await.unwrap();
        assert_eq!(asking.await.unwrap(), Answer::Udp);
    }

    #[tokio::test]
    async fn a_server_that_takes_tcp_alone_is_told_from_one_that_is_away() {
        let server = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let there = format!("turn:{}", server.local_addr().unwrap());
        let patience = Duration::from_secs(2);
        assert_eq!(ask(vec![there.clone()], patience).await, Answer::TcpOnly);
        drop(server);
        assert_eq!(ask(vec![there], patience).await, Answer::Nothing);
        assert_eq!(ask(vec!["turns:relay.example.org".to_owned()], patience).await, Answer::NotAsked);
    }
}
