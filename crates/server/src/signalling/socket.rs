//! One WebSocket: its first frame, its heartbeat, its limits.

use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use care4w_protocol::limits::MAX_FRAME_BYTES;
use care4w_protocol::signal::{ClientFrame, ClientMessage, Numbered, ServerFrame, VERSION};
use care4w_protocol::{ApiError, ErrorCode};

use super::{Callee, Input, SocketId};
use crate::app::App;
use crate::clock;
use crate::defaults::{HEARTBEAT, HELLO_WITHIN, SIGN_IN_RECHECK};
use crate::error::Problem;
use crate::extract::Caller;
use crate::limits::{AddressKey, Asked, Buckets};

/// A frame larger than this is not even read to its end; one between the limit and this is answered.
const HARD_LIMIT: usize = 2 * MAX_FRAME_BYTES;

/// How long a frame may take to leave.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// Opens the socket.
pub(crate) fn open(upgrade: WebSocketUpgrade, app: App, from: AddressKey) -> Response {
    upgrade.max_message_size(HARD_LIMIT).max_frame_size(HARD_LIMIT).on_upgrade(move |socket| async move {
        let _open = app.exchange.count_socket();
        live(socket, &app, from).await;
    })
}

/// How a socket came to its end.
enum End {
    /// The device said that it leaves (close code 1000).
    Left,
    /// It went away without a word, or was silent for too long.
    Lost,
    /// It is sent away.
    Closing(ApiError),
}

impl std::convert::From<Problem> for End {
    fn from(problem: Problem) -> Self {
        End::Closing(problem.into_error())
    }
}

fn closing(code: ErrorCode, message: &'static str) -> End {
    End::Closing(ApiError::new(code, message))
}

async fn live(mut socket: WebSocket, app: &App, from: AddressKey) {
    let end = match tokio::time::timeout(HELLO_WITHIN, hello(&mut socket, app)).await {
        Ok(Ok(greeted)) => converse(&mut socket, app, from, greeted).await,
        Ok(Err(end)) => end,
        Err(_) => closing(ErrorCode::Unauthorized, "The first frame did not come in time."),
    };
    if let End::Closing(error) = end {
        let code = if error.code == ErrorCode::Unavailable { close_code::AWAY } else { close_code::POLICY };
        if send(&mut socket, &ServerFrame::Closing { error }).await.is_ok() {
            close(&mut socket, code).await;
        }
    }
}

struct Greeted {
    caller: Caller,
    device: String,
    received: u64,
}

async fn hello(socket: &mut WebSocket, app: &App) -> Result<Greeted, End> {
    let ClientFrame::Hello { version, token, device, received } = next_frame(socket).await? else {
        return Err(closing(ErrorCode::Unauthorized, "The first frame says hello."));
    };
    if version != VERSION {
        return Err(closing(ErrorCode::NotAvailable, "This version of signalling is not spoken here."));
    }
    if !(1..=64).contains(&device.len()) || !device.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(closing(ErrorCode::Validation, "A device is named by 1 to 64 letters, digits or signs."));
    }
    let caller = Caller::of_token(app, &token.0).await?;
    Ok(Greeted { caller, device, received })
}

async fn converse(socket: &mut WebSocket, app: &App, from: AddressKey, greeted: Greeted) -> End {
    let Greeted { caller, device, received } = greeted;
    let (id, mut frames) = app.exchange.connect(|socket| Input::Connected {
        socket,
        account: caller.account.id,
        party: caller.account.party(),
        sign_in: caller.sign_in,
        device,
        received,
    });
    let calls = app.exchange.untold(caller.account.id).await;
    let calls = calls.into_iter().map(|call| (call.call, call.from, clock::rfc3339(call.started_at))).collect();
    app.exchange.handle(Input::Untold { socket: id, calls });
    let mut allowed = Buckets::new(app.config.limits.frames_per_socket, 1);
    let mut recheck = tokio::time::interval_at(tokio::time::Instant::now() + SIGN_IN_RECHECK, SIGN_IN_RECHECK);
    let silence = tokio::time::sleep(2 * HEARTBEAT);
    tokio::pin!(silence);
    let end = loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => {
                    if send(socket, &frame).await.is_err() {
                        break End::Lost;
                    }
                }
                None => {
                    close(socket, close_code::AWAY).await;
                    break End::Lost;
                }
            },
            frame = next_frame(socket) => {
                silence.as_mut().reset(tokio::time::Instant::now() + 2 * HEARTBEAT);
                let frame = match frame {
                    Ok(frame) => frame,
                    Err(end) => break end,
                };
                if allowed.take(&(), Instant::now()).is_err() {
                    break closing(ErrorCode::RateLimited, "Too many frames.");
                }
                if let Err(end) = heard(socket, app, &caller, from, id, frame).await {
                    break end;
                }
            },
            () = &mut silence => break End::Lost,
            _ = recheck.tick() => match app.store.signed_in(caller.sign_in).await {
                Ok(Some(_)) => {}
                Ok(None) => app.exchange.sign_in_ended(caller.sign_in),
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "a sign-in was not rechecked"),
            },
        }
    };
    let input = if matches!(end, End::Left) { Input::Left { socket: id } } else { Input::Lost { socket: id } };
    app.exchange.disconnect(id, input);
    end
}

async fn heard(
    socket: &mut WebSocket,
    app: &App,
    caller: &Caller,
    from: AddressKey,
    id: SocketId,
    frame: ClientFrame,
) -> Result<(), End> {
    match frame {
        ClientFrame::Ping => send(socket, &ServerFrame::Pong).await.map_err(|_| End::Lost)?,
        ClientFrame::Ack { received } => app.exchange.handle(Input::Acknowledged { socket: id, received }),
        ClientFrame::Send(message) => {
            let callee = callee(app, caller, from, &message).await;
            app.exchange.handle(Input::Message { socket: id, message, callee });
        }
        ClientFrame::Hello { .. } => return Err(closing(ErrorCode::Validation, "Hello is said once.")),
    }
    Ok(())
}

/// Whom an invite reaches. That it reaches somebody tells as much as that it reaches nobody: both are paid for like a lookup,
/// which has paid for the call that follows it.
async fn callee(app: &App, caller: &Caller, from: AddressKey, message: &Numbered<ClientMessage>) -> Option<Callee> {
    let ClientMessage::Invite { to, .. } = &message.message else { return None };
    if *to != caller.account.care4w_id
        && let Err(problem) = app.ask(&caller.account, from, Asked::Id(to.as_str()))
    {
        return Some(Callee::Withheld(problem.into_error()));
    }
    Some(match app.store.reached_by_id(to, &caller.account.care4w_id).await {
        Ok(Some(account)) => Callee::User(account.id, account.party()),
        Ok(None) => Callee::Nobody,
        Err(error) => Callee::Withheld(Problem::from(error).into_error()),
    })
}

/// The next frame that a client sent; pings and pongs of WebSocket itself are answered below us.
async fn next_frame(socket: &mut WebSocket) -> Result<ClientFrame, End> {
    loop {
        let text = match socket.recv().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Binary(_))) => return Err(closing(ErrorCode::Validation, "Frames are text.")),
            Some(Ok(Message::Close(Some(CloseFrame { code: close_code::NORMAL, .. })))) => return Err(End::Left),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Lost),
        };
        if text.len() > MAX_FRAME_BYTES {
            return Err(closing(ErrorCode::TooLarge, "The frame is too large."));
        }
        let frame = serde_json::from_str(text.as_str())
            .map_err(|_| closing(ErrorCode::Validation, "The frame is none that is known here."))?;
        tracing::trace!(?frame, "received");
        return Ok(frame);
    }
}

async fn send(socket: &mut WebSocket, frame: &ServerFrame) -> Result<(), ()> {
    tracing::trace!(?frame, "sent");
    let text = serde_json::to_string(frame).expect("a frame holds only what JSON can say");
    match tokio::time::timeout(SEND_WITHIN, socket.send(Message::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}

async fn close(socket: &mut WebSocket, code: u16) {
    let frame = CloseFrame { code, reason: "".into() };
    // The other end may be gone already.
    if !matches!(tokio::time::timeout(SEND_WITHIN, socket.send(Message::Close(Some(frame)))).await, Ok(Ok(()))) {
        tracing::debug!("a socket was gone before it was closed");
    }
}
