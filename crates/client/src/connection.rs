//! The signalling socket: drives [`Signalling`] with real time and a real WebSocket.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use care4w_protocol::limits::MAX_FRAME_BYTES;
use care4w_protocol::signal::{ClientFrame, ClientMessage, ServerFrame, ServerMessage, Token, VERSION};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use uuid::Uuid;

use crate::api::{RequestError, shared_tls};
use crate::defaults::{CLOSE_TIMEOUT, CONNECT_TIMEOUT, SLEEP_GAP};
use crate::session::Session;
use crate::signalling::{Input, Output, Signalling};

/// What the connection tells the core.
#[derive(Clone, Debug, PartialEq)]
pub enum ConnectionEvent {
    /// The server can call us from here.
    Online,
    /// It cannot.
    Offline,
    /// The server forgot calls that were being set up.
    SessionLost,
    /// The sign-in was ended elsewhere.
    SignedOut,
    /// A message.
    Message(ServerMessage),
}

/// What the core tells the connection.
#[derive(Debug)]
enum Order {
    Start,
    Stop,
    Send(ClientMessage),
    Wake,
    Finish(oneshot::Sender<()>),
}

/// The way to the server. Cloning gives another handle to the same connection.
#[derive(Clone)]
pub struct Connection {
    orders: mpsc::UnboundedSender<Order>,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Connection {
    /// Begins a connection that waits for [`Connection::start`]. Its events go to `events`.
    pub fn spawn(session: Arc<Session>, events: mpsc::UnboundedSender<ConnectionEvent>) -> Self {
        let (orders, receiver) = mpsc::unbounded_channel();
        let now = Instant::now();
        let driver = Driver {
            session,
            device: Uuid::new_v4().to_string(),
            machine: Signalling::new(Uuid::new_v4().as_u64_pair().0, now),
            socket: None,
            opening: None,
            events,
        };
        tokio::spawn(driver.run(receiver));
        Self { orders }
    }

    /// Connects, and stays connected.
    pub fn start(&self) {
        self.order(Order::Start);
    }

    /// Disconnects.
    pub fn stop(&self) {
        self.order(Order::Stop);
    }

    /// Sends a message; it is kept over drops of the socket.
    pub fn send(&self, message: ClientMessage) {
        self.order(Order::Send(message));
    }

    /// Does not wait any longer for the next try.
    pub fn wake(&self) {
        self.order(Order::Wake);
    }

    /// Sends what is left, disconnects and ends the task.
    pub async fn finish(&self) {
        let (done, finished) = oneshot::channel();
        self.order(Order::Finish(done));
        if finished.await.is_err() {
            tracing::debug!("the connection had ended already");
        }
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::debug!("the connection has ended");
        }
    }
}

struct Driver {
    session: Arc<Session>,
    device: String,
    machine: Signalling,
    socket: Option<Socket>,
    opening: Option<tokio::task::JoinHandle<Option<Socket>>>,
    events: mpsc::UnboundedSender<ConnectionEvent>,
}

impl Driver {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut gap = tokio::time::interval(Duration::from_secs(1));
        gap.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut looked = (Instant::now(), SystemTime::now());
        loop {
            let wake_at = self.machine.wake_at();
            let input = tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Start) => Input::Start,
                    Some(Order::Stop) => Input::Stop,
                    Some(Order::Send(message)) => Input::Send(message),
                    Some(Order::Wake) if self.socket.is_some() => continue,
                    Some(Order::Wake) => Input::Woke,
                    Some(Order::Finish(done)) => {
                        self.finish().await;
                        // Nobody waiting any more is fine.
                        let _ = done.send(());
                        return;
                    }
                    None => {
                        self.finish().await;
                        return;
                    }
                },
                frame = next_frame(&mut self.socket) => frame,
                opened = opened(&mut self.opening) => match opened {
                    Some(socket) => {
                        self.socket = Some(socket);
                        Input::Opened
                    }
                    None => Input::Closed,
                },
                () = sleep_until(wake_at) => Input::Tick,
                _ = gap.tick() => {
                    // The monotonic clock stands still in sleep, the wall clock does not.
                    let (then, wall) = std::mem::replace(&mut looked, (Instant::now(), SystemTime::now()));
                    let slept = looked.1.duration_since(wall).unwrap_or_default().saturating_sub(looked.0 - then);
                    if slept < SLEEP_GAP { continue; }
                    tracing::info!("the machine slept; connecting again");
                    Input::Woke
                },
            };
            self.machine.handle(input, Instant::now());
            self.carry_out().await;
        }
    }

    async fn finish(&mut self) {
        // Frames that were just sent, a hang-up among them, are read before the close is answered. A socket that is
        // dropped with anything unread is reset instead, and the server may lose what it had not read yet.
        if let Some(socket) = &mut self.socket {
            let leaving = CloseFrame { code: CloseCode::Normal, reason: "".into() };
            let closing = tokio::time::timeout(CLOSE_TIMEOUT, async {
                if socket.close(Some(leaving)).await.is_ok() {
                    while let Some(Ok(_)) = socket.next().await {}
                }
            });
            let in_time = closing.await.is_ok();
            tracing::debug!(in_time, "signalling socket closed");
        }
        self.socket = None;
    }

    async fn carry_out(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Open => self.open(),
                Output::Hello { received, renew_token } => self.hello(received, renew_token).await,
                Output::Transmit(frame) => self.transmit(&frame).await,
                Output::Close => {
                    if let Some(opening) = self.opening.take() {
                        opening.abort();
                    }
                    if let Some(mut socket) = self.socket.take() {
                        // In the background: a dead socket must not hold up the next one.
                        tokio::spawn(async move { tokio::time::timeout(CLOSE_TIMEOUT, socket.close(None)).await });
                    }
                }
                Output::Deliver(message) => self.tell(ConnectionEvent::Message(message)),
                Output::Online => self.tell(ConnectionEvent::Online),
                Output::Offline => self.tell(ConnectionEvent::Offline),
                Output::SessionLost => self.tell(ConnectionEvent::SessionLost),
                Output::SignedOut => self.tell(ConnectionEvent::SignedOut),
            }
        }
    }

    fn tell(&self, event: ConnectionEvent) {
        if self.events.send(event).is_err() {
            tracing::debug!("nobody listens to the connection any more");
        }
    }

    fn open(&mut self) {
        let url = self.session.api().server().signal();
        self.opening = Some(tokio::spawn(async move {
            let config = WebSocketConfig::default()
                .max_message_size(Some(MAX_FRAME_BYTES))
                .max_frame_size(Some(MAX_FRAME_BYTES));
            let connector = if url.scheme() == "wss" { Connector::Rustls(shared_tls()) } else { Connector::Plain };
            let connecting = connect_async_tls_with_config(url.as_str(), Some(config), true, Some(connector));
            match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
                Ok(Ok((socket, _))) => Some(socket),
                // Its text holds the address.
                Ok(Err(_)) | Err(_) => None,
            }
        }));
    }

    async fn hello(&mut self, received: u64, renew_token: bool) {
        let token = if renew_token { self.session.renewed_token().await } else { self.session.access_token().await };
        match token {
            Ok(token) => {
                let frame =
                    ClientFrame::Hello { version: VERSION, token: Token(token), device: self.device.clone(), received };
                self.transmit(&frame).await;
            }
            Err(RequestError::SignedOut) => {
                self.tell(ConnectionEvent::SignedOut);
                self.machine.handle(Input::Stop, Instant::now());
            }
            Err(_) => {
                self.socket = None;
                self.machine.handle(Input::Closed, Instant::now());
            }
        }
    }

    async fn transmit(&mut self, frame: &ClientFrame) {
        let Some(socket) = &mut self.socket else { return };
        tracing::trace!(?frame, "sent");
        let text = serde_json::to_string(frame).expect("a frame can always be written as JSON");
        let sending = socket.send(Message::text(text));
        if !matches!(tokio::time::timeout(CONNECT_TIMEOUT, sending).await, Ok(Ok(()))) {
            self.socket = None;
            self.machine.handle(Input::Closed, Instant::now());
        }
    }
}

async fn next_frame(socket: &mut Option<Socket>) -> Input {
    let Some(open) = socket else { return std::future::pending().await };
    loop {
        match open.next().await {
            Some(Ok(Message::Text(text))) => match serde_json::from_str::<ServerFrame>(&text) {
                Ok(frame) => {
                    tracing::trace!(?frame, "received");
                    return Input::Frame(frame);
                }
                Err(_) => tracing::debug!("a frame that this version does not know was skipped"),
            },
            Some(Ok(Message::Close(_)) | Err(_)) | None => {
                *socket = None;
                return Input::Closed;
            }
            Some(Ok(_)) => {}
        }
    }
}

async fn opened(opening: &mut Option<tokio::task::JoinHandle<Option<Socket>>>) -> Option<Socket> {
    let Some(task) = opening else { return std::future::pending().await };
    let socket = task.await.ok().flatten();
    *opening = None;
    socket
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
