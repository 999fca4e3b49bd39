//! `care4w-twilio-double`: the double by itself, to try the phone without an account.
//!
//! It writes one JSON line with where it listens and whose gateway it plays. It reads JSON lines: where the server is, if there
//! is one (`{"voiceUrl": "https://…", "voiceOrigin": "http://…"}`, the latter optional), and what shall happen outside
//! (`{"from": "+254…", "to": "+1202…"}`: that telephone calls that number of the account). It ends with its input.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use care4w_twilio_double::{Double, Says, Settings, Telephone};
use clap::Parser;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// A double of Twilio Voice's gateway and REST interfaces. Any number answers and sends back what is said.
#[derive(Parser)]
struct Options {
    /// Where it listens, for ws and wss alike
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// What it is told.
#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    /// Which server is asked what to do with calls.
    #[serde(rename_all = "camelCase")]
    Voice { voice_url: String, voice_origin: Option<String> },
    /// Somebody outside calls.
    Call { from: String, to: String },
}

/// How long any number rings before it answers.
const RINGING: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let telephone = Telephone { rings: Some(RINGING), ..Telephone::default() };
    let settings = Settings { listen: options.listen, telephone, ..Settings::default() };
    let double = Double::start(settings).await?;
    let account = double.account();
    // The secrets are the double's own and open nothing else.
    println!(
        "{}",
        serde_json::json!({
            "url": double.url(),
            "secureUrl": double.secure_url(),
            "account": account.account_sid,
            "key": account.api_key,
            "secret": account.api_secret,
            "authToken": account.auth_token,
            "application": account.application_sid,
            "restUrl": double.rest_url(),
            "verifyService": account.verify_service,
        })
    );
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let (mut told, mut codes) = (0, HashMap::new());
    loop {
        tokio::select! {
            line = lines.next_line() => {
                let Some(line) = line? else { return Ok(()) };
                match serde_json::from_str(&line)? {
                    Told::Voice { voice_url, voice_origin } => double.set_voice_url(&voice_url, voice_origin.as_deref()),
                    Told::Call { from, to } => double.call_number(&from, &to, Says::Echo),
                }
            }
            ended = tokio::signal::ctrl_c() => return Ok(ended?),
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                let faults = double.faults();
                for fault in faults.iter().skip(told) {
                    eprintln!("against the protocol: {fault:?}");
                }
                told = faults.len();
                for (number, code) in double.verify().codes() {
                    if codes.insert(number.clone(), code.clone()).as_ref() != Some(&code) {
                        eprintln!("{number} reads: {code} is your verification code");
                    }
                }
            }
        }
    }
}
