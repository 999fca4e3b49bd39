//! What each command does.

mod account;
mod answer;
mod blocking;
mod call;
mod devices;
mod doctor;
mod hidden;
mod history;
mod lookup;
mod number;
mod password;
mod personal_number;
mod ring;
mod shutdown;
mod sound_files;

use std::time::Duration;

use care4w_client::Phone;
use care4w_client::app_state::{ConnectionState, SessionStatus};
use care4w_client::numbers::Region;

use crate::arguments::{AccountCommand, Arguments, Command};
use crate::failure::Failure;
use crate::output::Output;
use crate::profile::Profile;

/// How long a command waits for the server before it says that it can't be reached.
const ONLINE_TIMEOUT: Duration = Duration::from_secs(15);

/// How long Twilio's gateway may take to be ready.
const TWILIO_TIMEOUT: Duration = Duration::from_secs(10);

/// Carries out one command.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { global, command } = arguments;
    let output = Output::new(global.json);
    if let Some(country) = command.country() {
        Region::parse_hint(country).map_err(|error| Failure::usage("INVALID_COUNTRY", error.to_string()))?;
    }
    // What needs no profile must not need a folder or a keychain either.
    match &command {
        Command::Number { country } => return number::run(country.as_deref(), output),
        Command::Devices => return devices::run(output),
        _ => {}
    }
    let profile = Profile::open(&global)?;
    if let Some(typed) = command.typed() {
        hidden::tell(typed);
    }
    let server = profile.server().as_str().to_owned();
    let done = match command {
        Command::Register { email, name, .. } => account::register(&profile, &email, &name, output).await,
        Command::Login { email, .. } => account::login(&profile, &email, output).await,
        Command::Logout { everywhere } => account::logout(&profile, everywhere, output).await,
        Command::Whoami => account::whoami(&profile, output).await,
        Command::Password(command) => password::run(&profile, command, output).await,
        Command::Account(AccountCommand::Delete { yes }) => account::delete(&profile, yes, output).await,
        Command::Block { id, name } => blocking::block(&profile, &id, name, output).await,
        Command::Unblock { id } => blocking::unblock(&profile, &id, output).await,
        Command::Blocked => blocking::list(&profile, output).await,
        Command::Phone(command) => personal_number::run(&profile, command, output).await,
        Command::Lookup { destination, country, free } => {
            lookup::run(&profile, &destination, country.as_deref(), free, output).await
        }
        Command::Call(call) if call.ring_my_phone => ring::run(&profile, &call, output).await,
        Command::Call(call) => call::run(&profile, call, output).await,
        Command::Answer(answer) => answer::run(&profile, answer, output).await,
        Command::History(history) => history::run(&profile, history, output).await,
        Command::Doctor => doctor::run(&profile, output).await,
        Command::Number { .. } | Command::Devices => Ok(()),
    };
    done.map_err(|failure| failure.at(&server))
}

/// Waits for the keychain's answer; fails unless somebody is signed in.
async fn signed_in(phone: &Phone) -> Result<(), Failure> {
    let mut state = phone.state();
    let session = state
        .wait_for(|state| state.session.status != SessionStatus::Unknown)
        .await
        .map(|state| state.session.clone())
        .map_err(|_| Failure::new("INTERNAL", "The phone stopped."))?;
    match (session.status, session.notice) {
        (SessionStatus::SignedIn, _) => Ok(()),
        (_, Some(problem)) => Err(problem.into()),
        (_, None) => Err(Failure::new("SIGNED_OUT", "Nobody is signed in. Use login or register first.")),
    }
}

/// Returns once nobody is signed in any more: signed out by another command, on another device, or by the server.
async fn signed_out(phone: &Phone) -> Failure {
    // Nobody sends any more when the phone has stopped, and that is no sign-out.
    if phone.state().wait_for(|state| state.session.status == SessionStatus::SignedOut).await.is_err() {
        std::future::pending::<()>().await;
    }
    Failure::new("SIGNED_OUT", "You're signed out. Sign in again.")
}

/// Connects, and waits until the server can reach this phone, and Twilio where calls go over it.
async fn online(phone: &Phone) -> Result<(), Failure> {
    reachable(phone).await?;
    // Without Twilio calls still go and come peer to peer: what needs it says so itself.
    if let Err(problem) = phone.twilio_ready(TWILIO_TIMEOUT).await {
        eprintln!("care4w-cli: {}", problem.message);
    }
    Ok(())
}

/// Connects, and waits until the server can reach this phone.
async fn reachable(phone: &Phone) -> Result<(), Failure> {
    signed_in(phone).await?;
    // A server that is away is told at once, not after the time that a slow one gets.
    phone.server_config().await?;
    phone.connect();
    let mut state = phone.state();
    let waiting = state.wait_for(|state| {
        state.connection == ConnectionState::Online || state.session.status == SessionStatus::SignedOut
    });
    let ready = tokio::time::timeout(ONLINE_TIMEOUT, waiting).await;
    match ready {
        Ok(Ok(state)) if state.session.status == SessionStatus::SignedIn => {}
        Ok(_) => return Err(Failure::new("SIGNED_OUT", "You're signed out. Sign in again.")),
        Err(_) => {
            let sentence = "The server can't be reached. Check your connection and try again.";
            return Err(Failure::new("OFFLINE", sentence));
        }
    }
    Ok(())
}
