//! One client's connection (`TWILIO.md`, 1 and 4): its heartbeat, its token, and its messages, handed on to their calls.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::Instant,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message as WebSocketMessage};

use crate::{
    FaultKind,
    call::{self, CallState},
    house::{Frame, House, LegEvent, Stream, ToStream},
    media::Description,
    message::{self, Message},
    outgoing, wire,
};

/// A heartbeat and its answer.
const BEAT: &str = "\n";

/// Serves a connection until it ends.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(house: Arc<House>, mut socket: WebSocketStream<S>) {
    let (to, mut told) = mpsc::unbounded_channel();
    let id = {
        let mut state = house.state();
        state.next_stream += 1;
        let id = state.next_stream;
        state.streams.insert(id, Stream { to, grant: None, registered: false, reconnect_timeout: 0 });
        id
    };
    let mut beats = tokio::time::interval(house.settings.heartbeat);
    let mut unanswered: Option<Instant> = None;
    let mut expiry = None;
    loop {
        let patience = unanswered.map(|since| since + house.settings.patience);
        tokio::select! {
            frame = socket.next() => match frame {
                Some(Ok(WebSocketMessage::Text(text))) if text.as_str() == BEAT => {
                    if unanswered.take().is_none() {
                        house.fault(id, FaultKind::UnaskedHeartbeat, "a line feed that answers nothing");
                    }
                }
                Some(Ok(WebSocketMessage::Text(text))) => {
                    if let Some(ttl) = on_text(&house, id, &text) {
                        expiry = Instant::now().checked_add(Duration::from_secs(ttl));
                    }
                }
                Some(Ok(WebSocketMessage::Binary(_))) => {
                    house.fault(id, FaultKind::NotAMessage, "a binary frame");
                    house.send(id, wire::error(31_100, None, None));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
            command = told.recv() => match command {
                Some(ToStream::Send(message)) => {
                    if socket.send(WebSocketMessage::text(message.to_string())).await.is_err() {
                        break;
                    }
                }
                Some(ToStream::Text(text)) => {
                    if socket.send(WebSocketMessage::text(text)).await.is_err() {
                        break;
                    }
                }
                Some(ToStream::Close) => {
                    socket.close(None).await.ok();
                }
                Some(ToStream::Cut) | None => break,
            },
            _ = beats.tick() => {
                if !house.look().silent {
                    if socket.send(WebSocketMessage::text(BEAT)).await.is_err() {
                        break;
                    }
                    unanswered.get_or_insert_with(Instant::now);
                }
            }
            () = until(patience) => {
                house.fault(id, FaultKind::Heartbeat, "heartbeats were not answered");
                break;
            }
            () = until(expiry) => {
                expiry = None;
                house.state().expire(id);
            }
        }
    }
    house.leave(id);
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Takes a message. Gives the life of a token that was accepted, in seconds.
fn on_text(house: &Arc<House>, id: u64, text: &str) -> Option<u64> {
    let message = match message::read(text) {
        Ok(message) => message,
        Err(unreadable) => {
            house.fault(id, unreadable.kind, unreadable.about);
            house.send(id, wire::error(31_100, None, None));
            return None;
        }
    };
    record(house, id, text);
    if let Message::Listen { token, reconnect_timeout } = &message {
        return listen(house, id, token, *reconnect_timeout);
    }
    let grant = house.look().streams.get(&id).and_then(|stream| stream.grant.clone());
    let Some(grant) = grant else {
        house.fault(id, FaultKind::TooEarly, "a message before the token was accepted");
        house.send(id, wire::error(31_204, None, None));
        return None;
    };
    match message {
        Message::Listen { .. } => {}
        Message::Register { audio: true } if !grant.incoming => {
            house.fault(id, FaultKind::NotGranted, "register without the grant to be called");
            house.send(id, wire::error(31_201, None, None));
        }
        Message::Register { audio } => {
            let mut state = house.state();
            if let Some(stream) = state.streams.get_mut(&id) {
                stream.registered = audio;
            }
            state.send(id, if audio { wire::ready() } else { wire::close() });
        }
        Message::Invite { .. } if house.look().deaf => {}
        Message::Invite { call, sdp, params } => outgoing::invite(house, id, grant, &call, &sdp, params),
        Message::Reconnect { call, sdp, token } => reconnect(house, id, &call, &sdp, &token),
        Message::Answer { call, sdp } => answer(house, id, &call, &sdp),
        Message::Reject { call } => forward(house, id, &call, LegEvent::Declined, &[CallState::Ringing]),
        Message::HangUp { call } => {
            forward(house, id, &call, LegEvent::HungUp, &[CallState::Ringing, CallState::Answered]);
        }
        Message::Reinvite { call, sdp } => reinvite(house, id, &call, &sdp),
        Message::Dtmf { call, digits } => {
            with_call(house, id, &call, &[CallState::Answered], |state, sid| {
                if let Some(leg) = state.legs.get_mut(sid) {
                    leg.digits.push_str(&digits);
                }
            });
        }
        Message::User { call, event, content, content_type, message_type } => {
            if content_type != "application/json" || message_type != "user-defined-message" {
                house.fault(id, FaultKind::Payload, "a user message of another kind");
                return None;
            }
            with_call(house, id, &call, &[CallState::Ringing, CallState::Answered], |state, sid| {
                if let Some(leg) = state.legs.get_mut(sid) {
                    leg.messages.push(content);
                }
                state.send(id, wire::ack(sid, &event));
            });
        }
    }
    None
}

fn record(house: &House, id: u64, text: &str) {
    let Ok(mut message) = serde_json::from_str::<Value>(text) else { return };
    if let Some(token) = message["payload"].get_mut("token") {
        *token = json!(token.as_str().map_or(0, str::len));
    }
    house.state().frames.push(Frame { stream: id, from_client: true, message });
}

fn listen(house: &House, id: u64, token: &str, reconnect_timeout: u64) -> Option<u64> {
    let mut state = house.state();
    let scripted = if state.refusals.is_empty() { None } else { Some(state.refusals.remove(0)) };
    let verdict = match scripted {
        Some((code, retry_after)) => Err((code, retry_after)),
        None => house.account().verify(token).map_err(|refused| (refused.0, None)),
    };
    match verdict {
        Ok(grant) => {
            let ttl = grant.ttl;
            let message = wire::connected(&grant);
            let stream = state.streams.get_mut(&id)?;
            stream.grant = Some(grant);
            stream.reconnect_timeout = reconnect_timeout;
            for leg in state.legs.values_mut().filter(|leg| leg.stream == Some(id)) {
                leg.reconnect_timeout = reconnect_timeout;
            }
            state.send(id, message);
            Some(ttl)
        }
        Err((code, retry_after)) => {
            state.send(id, wire::error(code, None, retry_after));
            // With a time to come back at the socket just ends; else the gateway is done with this client.
            if retry_after.is_none() {
                state.send(id, wire::close());
            }
            if let Some(stream) = state.streams.get(&id) {
                stream.to.send(if retry_after.is_none() { ToStream::Close } else { ToStream::Cut }).ok();
            }
            None
        }
    }
}

/// Does something with a call that is in one of these states; else it is a fault. One that just ended is neither: messages
/// cross on the wire.
fn with_call(
    house: &House,
    id: u64,
    call: &str,
    states: &[CallState],
    act: impl FnOnce(&mut crate::house::State, &str),
) {
    let mut state = house.state();
    let Some(sid) = state.find(call).filter(|sid| state.legs.get(sid).is_some_and(|leg| is_on(leg.stream, id))) else {
        drop(state);
        house.fault(id, FaultKind::UnknownCall, "a message about a call that is not this client's");
        return;
    };
    let now = state.legs.get(&sid).map(|leg| leg.state);
    match now {
        Some(now) if states.contains(&now) => act(&mut state, &sid),
        Some(CallState::Ended) | None => {}
        Some(now) => {
            drop(state);
            house.fault(id, FaultKind::OutOfTurn, format!("while the call is {now:?}"));
        }
    }
}

/// A client that came back on another stream may send what it had queued before it takes its call up again.
fn is_on(stream: Option<u64>, id: u64) -> bool {
    stream.is_none_or(|stream| stream == id)
}

fn forward(house: &House, id: u64, call: &str, event: LegEvent, states: &[CallState]) {
    with_call(house, id, call, states, |state, sid| {
        if let Some(leg) = state.legs.get(sid) {
            leg.events.send((sid.to_owned(), event)).ok();
        }
    });
}

fn answer(house: &House, id: u64, call: &str, sdp: &str) {
    let description = Description::read(sdp);
    with_call(house, id, call, &[CallState::Ringing], |state, sid| {
        let Some(leg) = state.legs.get_mut(sid) else { return };
        match &description {
            Ok(description) if leg.incoming => {
                leg.media.take_answer(description.clone());
                leg.events.send((sid.to_owned(), LegEvent::Answered)).ok();
            }
            _ => {
                leg.events.send((sid.to_owned(), LegEvent::Remote(Some(31_400)))).ok();
            }
        }
    });
    if let Err(reason) = description {
        house.fault(id, FaultKind::Description, reason);
    }
}

fn reinvite(house: &House, id: u64, call: &str, sdp: &str) {
    match Description::read(sdp) {
        Err(reason) => house.fault(id, FaultKind::Description, reason),
        Ok(description) => with_call(house, id, call, &[CallState::Answered], |state, sid| {
            let Some(leg) = state.legs.get_mut(sid) else { return };
            leg.restarts += 1;
            let answer = leg.media.answer(description);
            state.send(id, wire::answer(sid, Some(&answer), None));
        }),
    }
}

fn reconnect(house: &House, id: u64, call: &str, sdp: &str, token: &str) {
    let description = Description::read(sdp);
    let mut state = house.state();
    let grant = state.streams.get(&id).and_then(|stream| stream.grant.clone());
    let timeout = state.streams.get(&id).map_or(0, |stream| stream.reconnect_timeout);
    let known = state.legs.get_mut(call).filter(|leg| {
        leg.state == CallState::Answered
            && leg.reconnect == token
            && grant.is_some_and(|grant| grant.identity == leg.identity)
    });
    let (Some(leg), Ok(description)) = (known, &description) else {
        state.send(id, wire::hang_up(call, Some(31_107)));
        drop(state);
        if let Err(reason) = description {
            house.fault(id, FaultKind::Description, reason);
        }
        return;
    };
    leg.stream = Some(id);
    leg.reconnect_timeout = timeout;
    leg.reconnects += 1;
    leg.reconnect = call::new_reconnect_token();
    let sdp = leg.media.is_new(description).then(|| leg.media.answer(description.clone()));
    let message = wire::answer(call, sdp.as_deref(), Some(&leg.reconnect));
    state.send(id, message);
}
