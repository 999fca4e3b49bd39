//! `care4w-twilio-recorder`: stands between phones and a gateway of Twilio Voice, and writes down what they say to each other,
//! without anything of anybody's.
//!
//! It writes JSON lines: where it listens (`{"url": "ws://…"}`), and then of each connection what comes over it
//! (`{"stream": 1, "from": "client"|"gateway", "event": "open"|"heartbeat"|"message"|"close", "message"?: …}`). It reads
//! `{"cut": true}`, which cuts the newest connection as a cable is cut. It ends with its input.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use care4w_twilio_double::shape;
use clap::Parser;
use futures_util::{SinkExt as _, StreamExt as _};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, BufReader},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use url::Url;

/// Writes down what phones and a gateway of Twilio Voice say to each other, without tokens, numbers and addresses.
#[derive(Parser)]
struct Options {
    /// The gateway: ws or wss
    #[arg(long, default_value = "wss://voice-js.roaming.twilio.com/signal")]
    gateway: Url,
}

type Streams = Arc<Mutex<BTreeMap<u64, AbortHandle>>>;

/// Either kind of connection.
trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for S {}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    rustls::crypto::ring::default_provider().install_default().ok();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", json!({ "url": format!("ws://{}/signal", listener.local_addr()?) }));
    let streams = Streams::default();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut next = 0;
    loop {
        tokio::select! {
            line = lines.next_line() => {
                let Some(line) = line? else { return Ok(()) };
                let told: Value = serde_json::from_str(&line)?;
                let newest = streams.lock().unwrap_or_else(PoisonError::into_inner).pop_last();
                if let (true, Some((_, newest))) = (told["cut"] == true, newest) {
                    newest.abort();
                }
            }
            accepted = listener.accept() => {
                let (socket, _) = accepted?;
                next += 1;
                let (stream, gateway) = (next, options.gateway.clone());
                let task = tokio::spawn(async move {
                    if let Err(error) = carry(stream, socket, &gateway).await {
                        eprintln!("connection {stream}: {error}");
                    }
                });
                streams.lock().unwrap_or_else(PoisonError::into_inner).insert(stream, task.abort_handle());
            }
            ended = tokio::signal::ctrl_c() => return Ok(ended?),
        }
    }
}

async fn carry(stream: u64, socket: TcpStream, gateway: &Url) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut client = tokio_tungstenite::accept_async(socket).await?;
    let mut gateway = reach(gateway).await?;
    say(stream, "client", "open", None);
    loop {
        let (from, message) = tokio::select! {
            message = client.next() => ("client", message),
            message = gateway.next() => ("gateway", message),
        };
        let Some(Ok(message)) = message else {
            say(stream, from, "close", None);
            client.close(None).await.ok();
            gateway.close(None).await.ok();
            return Ok(());
        };
        if let Message::Text(text) = &message {
            match serde_json::from_str(text) {
                Ok(value) => say(stream, from, "message", Some(&shape(&value))),
                Err(_) if text.as_str() == "\n" => say(stream, from, "heartbeat", None),
                Err(_) => say(stream, from, "unreadable", None),
            }
        }
        match from {
            "client" => gateway.send(message).await?,
            _ => client.send(message).await?,
        }
    }
}

fn say(stream: u64, from: &str, event: &str, message: Option<&Value>) {
    println!("{}", json!({ "stream": stream, "from": from, "event": event, "message": message }));
}

async fn reach(gateway: &Url) -> Result<WebSocketStream<Box<dyn Socket>>, Box<dyn std::error::Error + Send + Sync>> {
    let host = gateway.host_str().ok_or("the gateway has no host")?.to_owned();
    let port = gateway.port_or_known_default().ok_or("the gateway has no port")?;
    let socket = TcpStream::connect((host.as_str(), port)).await?;
    let socket: Box<dyn Socket> = if gateway.scheme() == "wss" {
        let config = rustls::ClientConfig::builder().with_platform_verifier()?.with_no_client_auth();
        let name = rustls::pki_types::ServerName::try_from(host)?;
        Box::new(tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, socket).await?)
    } else {
        Box::new(socket)
    };
    Ok(tokio_tungstenite::client_async(gateway.as_str(), socket).await?.0)
}
