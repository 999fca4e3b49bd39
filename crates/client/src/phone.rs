//! The phone: the one face that the window and the command line use.

mod abroad;
mod account;
mod blocking;
mod calling;
mod do_not_disturb;
mod events;
mod history;
mod links;
mod number;
mod ring;
mod settings;
mod sound;
mod sound_test;
mod twilio;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::{SystemTime, UNIX_EPOCH};

use care4w_calls::p2p::{P2p, P2pConfig};
use care4w_calls::twilio::{Twilio, TwilioConfig};
use care4w_calls::{BackendError, CallEvent, Line, LineSetup, SignalSender, SoundFactory, SoundSettings};
use care4w_phone::{Care4wId, Region};
use care4w_protocol::rest::{IceAnswer, IceServer, ServerConfig};
use care4w_protocol::signal::ClientMessage;
use reqwest::Method;
use serde_json::Value;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

use crate::api::Api;
use crate::app_state::{
    AppState, ConnectionState, HistoryState, PhoneState, ServerState, SessionState, SessionStatus, VerificationMode,
};
use crate::connection::Connection;
use crate::credentials::CredentialStore;
use crate::defaults::{CLOSE_TIMEOUT, MISSED_CALLS_KEPT};
use crate::history::{Begun, History};
use crate::ice::IceServers;
use crate::lookup::LookupCache;
use crate::phone_prompt::{self, PhonePrompt, UnixTime};
use crate::session::{Session, WhenNotKept};
use crate::store::Store;
use crate::{Problem, ServerUrl};

/// What a phone is made of.
pub struct PhoneOptions {
    /// Name of the profile, for the window to show.
    pub profile: String,
    /// The server.
    pub server: ServerUrl,
    /// Small settings.
    pub store: Arc<dyn Store>,
    /// Where the session is kept.
    pub credentials: Arc<dyn CredentialStore>,
    /// The file in which the calls are kept; `None`: they are not.
    pub history: Option<PathBuf>,
    /// Guards refreshing between processes that share the profile.
    pub lock_file: Option<PathBuf>,
    /// What to do when the session cannot be kept.
    pub when_not_kept: WhenNotKept,
    /// Opens sound: [`care4w_calls::NativeSound`] in the product.
    pub sound: Arc<dyn SoundFactory>,
    /// Devices and processing.
    pub sound_settings: SoundSettings,
    /// The region of the system's locale, if it names one.
    pub locale_region: Option<Region>,
    /// Whether to connect for calls as soon as somebody is signed in.
    pub connect: bool,
    /// Whether it rings here for everybody. If not, only who is being called gets through: both may call at once.
    pub takes_calls: bool,
}

/// A running phone. Clones share it.
#[derive(Clone)]
pub struct Phone {
    inner: Arc<Inner>,
}

struct Inner {
    session: Arc<Session>,
    connection: Connection,
    line: Line,
    p2p: Arc<P2p>,
    twilio: Arc<Twilio>,
    /// Whether this phone connects for calls.
    connects: AtomicBool,
    /// Whether the server has said what it can.
    knows_server: AtomicBool,
    ice: Arc<IceServers>,
    store: Arc<dyn Store>,
    history: Option<Arc<History>>,
    /// Who tells of calls that were just missed.
    missed: broadcast::Sender<Begun>,
    connect: bool,
    takes_calls: bool,
    /// Who is being called.
    calling: StdMutex<Option<Care4wId>>,
    locale_region: Option<Region>,
    state: watch::Sender<AppState>,
    prompt: StdMutex<PhonePrompt>,
    lookups: StdMutex<LookupCache>,
    ring: StdMutex<ring::Ring>,
    /// The user ends this sign-in, and need not be told that it ended.
    leaving: AtomicBool,
    /// Held while the settings are asked for.
    asking: tokio::sync::Mutex<()>,
    tasks: StdMutex<Vec<JoinHandle<()>>>,
    /// Ends by itself when the line has ended, once the last call is written down.
    recorder: StdMutex<Option<JoinHandle<()>>>,
    sound: Arc<dyn SoundFactory>,
    sound_test: StdMutex<Option<sound_test::Running>>,
}

/// The store's key of the region in which the dialler reads.
const COUNTRY: &str = "country";

impl Phone {
    /// Starts a phone on the tokio runtime of the caller: reads the kept session, and connects if somebody is signed
    /// in. Returns at once; [`Phone::state`] tells how it goes.
    pub fn start(options: PhoneOptions) -> Self {
        let api = Api::new(options.server.clone());
        let session = Arc::new(Session::new(api, options.credentials, options.lock_file, options.when_not_kept));
        let (connection_events, connection_rx) = mpsc::unbounded_channel();
        let connection = Connection::spawn(session.clone(), connection_events);
        let (backend_events, backend_rx) = mpsc::unbounded_channel();
        let kept = sound::kept(&*options.store);
        let settings = sound::settings(options.sound_settings, &kept);
        let paths = P2pConfig { dtx: settings.dtx, ..P2pConfig::default() };
        let p2p = P2p::new(paths, Arc::new(Signals(connection.clone())), backend_events.clone());
        let over_twilio = TwilioConfig {
            paths: P2pConfig::default(),
            tls: crate::api::shared_tls(),
            takes_calls: options.takes_calls,
        };
        let twilio = Twilio::new(over_twilio, Arc::new(twilio::Tokens(session.clone())), backend_events);
        let ice = Arc::new(IceServers::new(session.clone()));
        let line = Line::start(LineSetup {
            backends: vec![p2p.clone(), twilio.clone()],
            backend_events: backend_rx,
            sound: options.sound.clone(),
            ice: ice.clone(),
            settings,
        });
        let country = stored_region(&*options.store).or(options.locale_region).unwrap_or(Region::KENYA);
        let state = watch::Sender::new(AppState {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: options.profile,
            connection: ConnectionState::Connecting,
            server: ServerState {
                url: options.server.as_str().to_owned(),
                default_region: Region::KENYA.code(),
                verification: VerificationMode::Off,
                twilio_active: false,
                echo_line: None,
            },
            session: SessionState { status: SessionStatus::Unknown, user: None, notice: None },
            phone: PhoneState::default(),
            call: None,
            ring: None,
            country: country.code(),
            destination: None,
            call_links_at_once: links::call_at_once(&*options.store),
            do_not_disturb: do_not_disturb::kept(&*options.store, do_not_disturb::now()),
            free_calls: twilio::free_calls(&*options.store),
            blocked_revision: 0,
            sound: kept,
            history: HistoryState { revision: 0, missed: 0, was_damaged: false },
        });
        let inner = Arc::new(Inner {
            session,
            connection,
            line,
            p2p,
            twilio,
            connects: AtomicBool::new(options.connect),
            knows_server: AtomicBool::new(false),
            ice,
            store: options.store,
            history: options.history.map(|file| Arc::new(History::at(file))),
            missed: broadcast::Sender::new(MISSED_CALLS_KEPT),
            connect: options.connect,
            takes_calls: options.takes_calls,
            calling: StdMutex::default(),
            locale_region: options.locale_region,
            state,
            prompt: StdMutex::default(),
            lookups: StdMutex::default(),
            ring: StdMutex::default(),
            leaving: AtomicBool::new(false),
            asking: tokio::sync::Mutex::default(),
            tasks: StdMutex::default(),
            recorder: StdMutex::default(),
            sound: options.sound,
            sound_test: StdMutex::default(),
        });
        let running = [
            tokio::spawn(events::run(inner.clone(), connection_rx)),
            tokio::spawn(do_not_disturb::follow(inner.clone())),
        ];
        inner.tasks.lock().expect("no one panics with the tasks locked").extend(running);
        *inner.recorder.lock().expect("no one panics with the recorder locked") = events::record_calls(&inner);
        Self { inner }
    }

    /// The picture, now and whenever it changes.
    pub fn state(&self) -> watch::Receiver<AppState> {
        self.inner.state.subscribe()
    }

    /// What happens on the line from now on.
    pub fn call_events(&self) -> broadcast::Receiver<CallEvent> {
        self.inner.line.events()
    }

    /// Calls that are missed from now on: here, or elsewhere while this phone was away.
    pub fn missed_calls(&self) -> broadcast::Receiver<Begun> {
        self.inner.missed.subscribe()
    }

    /// Chooses the region in which the dialler reads national numbers, and remembers it.
    ///
    /// # Errors
    /// `INVALID_COUNTRY`; `STORE_NOT_WRITTEN` when it holds for this run alone.
    pub fn set_country(&self, code: &str) -> Result<(), Problem> {
        let region = read_region(code)?;
        self.inner.state.send_modify(|state| state.country = region.code());
        self.inner
            .store
            .set(COUNTRY, Value::from(region.code()))
            .map_err(|error| Problem::new(error.code(), error.to_string()))
    }

    /// What the server says of itself.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn server_config(&self) -> Result<ServerConfig, Problem> {
        Ok(self.inner.ask_config().await?)
    }

    /// The STUN and TURN servers of a call that would begin now.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn ice_servers(&self) -> Result<Vec<IceServer>, Problem> {
        let answer: IceAnswer = self.inner.session.call(Method::GET, "ice", &[], None::<&()>).await?;
        Ok(answer.ice_servers)
    }

    /// Connects for calls: for a phone that was started without.
    pub fn connect(&self) {
        self.inner.connects.store(true, Ordering::SeqCst);
        self.inner.follow_twilio();
        self.inner.connection.start();
    }

    /// The server could not be reached at the last try, or was not asked: asks at once instead of waiting.
    pub fn reconnect(&self) {
        self.inner.connection.wake();
        self.inner.twilio.wake();
    }

    /// Ends a running call, leaves the server and stops. The session stays in the keychain.
    pub async fn shut_down(&self) {
        self.sound_test_stop();
        if let Err(error) = self.inner.line.shut_down().await {
            tracing::debug!(code = error.code(), "the line was down already");
        }
        let recorder = self.inner.recorder.lock().expect("no one panics with the recorder locked").take();
        if let (Some(mut recorder), Some(history)) = (recorder, &self.inner.history) {
            if tokio::time::timeout(CLOSE_TIMEOUT, &mut recorder).await.is_err() {
                recorder.abort();
            }
            history.close().await;
        }
        self.inner.twilio.finish().await;
        self.inner.connection.finish().await;
        for task in self.inner.tasks.lock().expect("no one panics with the tasks locked").drain(..) {
            task.abort();
        }
    }
}

impl Inner {
    async fn ask_config(&self) -> Result<ServerConfig, crate::api::RequestError> {
        let config: ServerConfig = self.session.api().call(Method::GET, "config", &[], None::<&()>, None).await?;
        self.knows_server.store(true, Ordering::SeqCst);
        let region_is_known = stored_region(&*self.store).or(self.locale_region).is_some();
        self.state.send_modify(|state| {
            state.server.default_region.clone_from(&config.default_region);
            state.server.verification = config.verification.into();
            state.server.twilio_active = config.twilio_active;
            state.server.echo_line = config.echo_line.as_ref().map(ToString::to_string);
            if !region_is_known && let Ok(region) = Region::parse(&config.default_region) {
                state.country = region.code();
            }
        });
        self.follow_twilio();
        Ok(config)
    }

    fn prompt(&self, input: phone_prompt::Input) {
        let mut prompt = self.prompt.lock().expect("no one panics with the prompt locked");
        prompt.handle(input, wall_clock());
        while let Some(output) = prompt.poll() {
            match output {
                phone_prompt::Output::Open => self.state.send_modify(|state| state.phone.prompt_open = true),
                phone_prompt::Output::Close => self.state.send_modify(|state| state.phone.prompt_open = false),
                phone_prompt::Output::Remember(dismissal) => {
                    let Some(account) = self.session.user().borrow().as_ref().map(|user| user.id.clone()) else {
                        continue;
                    };
                    let value = serde_json::to_value(dismissal).expect("a dismissal can always be written as JSON");
                    if let Err(error) = self.store.set(&events::dismissal_key(&account), value) {
                        tracing::warn!(code = error.code(), "the dismissal holds for this run alone");
                    }
                }
            }
        }
    }
}

/// Hands the backend's messages to the connection.
struct Signals(Connection);

impl SignalSender for Signals {
    fn send(&self, message: ClientMessage) -> Result<(), BackendError> {
        self.0.send(message);
        Ok(())
    }
}

fn stored_region(store: &dyn Store) -> Option<Region> {
    Region::parse(store.get(COUNTRY)?.as_str()?).ok()
}

fn read_region(code: &str) -> Result<Region, Problem> {
    Region::parse_hint(code).map_err(|error| Problem::new("INVALID_COUNTRY", error.to_string()))
}

fn wall_clock() -> UnixTime {
    UnixTime(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}
