//! `care4w-twilio-double`: the double by itself, to try the phone without an account.

use std::{net::SocketAddr, time::Duration};

use care4w_twilio_double::{Double, Settings, Telephone};
use clap::Parser;

/// A double of Twilio Voice's gateway. Any number answers and sends back what is said.
#[derive(Parser)]
struct Options {
    /// Where it listens, for ws and wss alike
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The server's voice webhook as Twilio would know it; without one, calls follow the client's own parameter To
    #[arg(long)]
    voice_url: Option<String>,
    /// Where requests to that host really go
    #[arg(long)]
    voice_origin: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let telephone = Telephone { rings: Some(Duration::from_secs(2)), ..Telephone::default() };
    let settings = Settings {
        listen: options.listen,
        voice_url: options.voice_url,
        voice_origin: options.voice_origin,
        telephone,
        ..Settings::default()
    };
    let double = Double::start(settings).await?;
    let account = double.account();
    // One JSON line for whoever starts it; the secrets are the double's own and open nothing else.
    println!(
        "{}",
        serde_json::json!({
            "url": double.url(),
            "secureUrl": double.secure_url(),
            "accountSid": account.account_sid,
            "apiKey": account.api_key,
            "apiSecret": account.api_secret,
            "authToken": account.auth_token,
            "applicationSid": account.application_sid,
        })
    );
    let mut told = 0;
    loop {
        tokio::select! {
            ended = tokio::signal::ctrl_c() => return Ok(ended?),
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                let faults = double.faults();
                for fault in faults.iter().skip(told) {
                    eprintln!("against the protocol: {fault:?}");
                }
                told = faults.len();
            }
        }
    }
}
