//! Which ways to others there are, found out as a call would, without calling anybody.

mod binding;

use care4w_protocol::rest::IceServer;
use tokio::sync::mpsc;

use super::P2pConfig;
use super::engine::Engine;
use super::engine_event::EngineEvent;
use crate::BackendError;
use crate::defaults::PROBE_TIME;
use binding::Answer;

/// Which ways to others there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// A STUN server answers, or showed an address of ours: most others can be reached directly.
    pub direct: bool,
    /// A TURN server gave us an address: others can be reached through it.
    pub relay: bool,
    /// The best answer of all servers, of both kinds.
    answer: Answer,
}

impl Reach {
    /// Whether UDP comes to nothing where TCP is taken: the network blocks what calls need.
    pub fn udp_is_blocked(&self) -> bool {
        self.answer == Answer::TcpOnly
    }

    /// Whether any of the servers answers over UDP.
    pub fn udp_passes(&self) -> bool {
        self.answer == Answer::Udp
    }

    fn see(&mut self, candidate: &str) {
        let kind = candidate.split_ascii_whitespace().skip_while(|word| *word != "typ").nth(1);
        self.direct |= kind == Some("srflx");
        self.relay |= kind == Some("relay");
    }
}

pub(super) async fn probe(config: &P2pConfig, ice: Vec<IceServer>) -> Result<Reach, BackendError> {
    let of = |scheme: &str| -> Vec<String> {
        ice.iter().flat_map(|server| &server.urls).filter(|url| url.starts_with(scheme)).cloned().collect()
    };
    let (stun, turn) = (of("stun:"), of("turn:"));
    let wants_relay = !turn.is_empty();
    let (direct, relays, gathered) =
        tokio::join!(binding::ask(stun, PROBE_TIME), binding::ask(turn, PROBE_TIME), gather(config, ice, wants_relay),);
    let mut reach = gathered?;
    // Where there is no address translation, a STUN server shows what we know, and the library leaves it out.
    reach.direct |= direct == Answer::Udp;
    reach.answer = if reach.relay { Answer::Udp } else { direct.max(relays) };
    Ok(reach)
}

/// Looks for candidates until a relay's is among them.
async fn gather(config: &P2pConfig, ice: Vec<IceServer>, wants_relay: bool) -> Result<Reach, BackendError> {
    let mut reach = Reach::default();
    if !wants_relay {
        return Ok(reach);
    }
    let (events, mut found) = mpsc::unbounded_channel();
    let engine = Engine::build(config, ice, events).await?;
    let looked = async {
        engine.offer().await?;
        while !reach.relay {
            match found.recv().await {
                Some(EngineEvent::Candidate(candidate)) => reach.see(&candidate),
                Some(_) => {}
                None => break,
            }
        }
        Ok::<(), BackendError>(())
    };
    let in_time = tokio::time::timeout(PROBE_TIME, looked).await;
    engine.close().await;
    // What was not found in time is not there.
    in_time.unwrap_or(Ok(())).map(|()| reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_server_is_a_way_and_one_of_this_machine_is_none() {
        let mut reach = Reach::default();
        reach.see("candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host");
        reach.see("candidate:1 1 udp 2130706431 192.0.2.1 5000 typ");
        assert_eq!(reach, Reach::default());
        reach.see("candidate:2 1 udp 1694498815 203.0.113.5 5001 typ srflx raddr 0.0.0.0 rport 0");
        assert_eq!(reach, Reach { direct: true, ..Reach::default() });
        reach.see("candidate:3 1 udp 16777215 203.0.113.9 5002 typ relay raddr 0.0.0.0 rport 0");
        assert_eq!(reach, Reach { direct: true, relay: true, ..Reach::default() });
    }
}
