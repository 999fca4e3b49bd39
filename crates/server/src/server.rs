//! A server from its first connection to its last.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::RngCore;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::accounts::{AccessTokens, PasswordError, Passwords};
use crate::app::App;
use crate::config::Config;
use crate::connections;
use crate::mail::{MailSettingsError, Mailer};
use crate::metrics::Metrics;
use crate::password_links::{self, PasswordLinks};
use crate::routes;
use crate::signalling::Exchange;
use crate::store::{Store, StoreError, UnixMs};
use crate::twilio::TwilioVoice;
use crate::verification::{self, TwilioError};
use crate::{clock, defaults};

/// Why a server did not start or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// As configured.
        address: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The database cannot be used.
    #[error("cannot use the database: {0}")]
    Store(#[from] StoreError),
    /// Password hashing does not work.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// Mail cannot be sent as told.
    #[error(transparent)]
    Mail(#[from] MailSettingsError),
    /// Numbers cannot be verified as configured.
    #[error("cannot verify numbers: {0}")]
    Verification(#[from] TwilioError),
    /// Calls over Twilio cannot be had as configured.
    #[error("cannot call over Twilio: {0}")]
    Twilio(#[from] crate::twilio::http::TlsError),
    /// The socket failed.
    #[error("the server stopped: {0}")]
    Serve(#[source] std::io::Error),
}

/// A server that runs. Dropping it leaves it running: call [`Running::stop`].
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://…` of it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Drains and stops, within 5 s.
    pub async fn stop(self) -> Result<(), RunError> {
        self.stop.send_replace(true);
        self.task.await.map_err(|error| RunError::Serve(std::io::Error::other(error)))
    }

    /// Waits until `until` and then stops, or until the server fails.
    pub async fn stop_after(mut self, until: impl Future<Output = ()>) -> Result<(), RunError> {
        tokio::select! {
            () = until => self.stop().await,
            ended = &mut self.task => ended.map_err(|error| RunError::Serve(std::io::Error::other(error))),
        }
    }
}

/// Listens as configured and serves.
pub async fn run(config: Config) -> Result<Running, RunError> {
    let listener = listen(&config.listen).await?;
    serve(listener, config).await
}

async fn listen(address: &str) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|error| RunError::Listen { address: address.to_owned(), error })
}

/// Opens the database and serves on a listener.
pub async fn serve(listener: TcpListener, config: Config) -> Result<Running, RunError> {
    let address = listener.local_addr().map_err(RunError::Serve)?;
    let verifier = verification::configured(&config)?;
    let metrics_listener = match &config.metrics_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let serving = config.database.serve_alone()?;
    let store = config.database.open(config.uniqueness).await?;
    store.finish_interrupted_calls().await?;
    let mut key = vec![0u8; 64];
    rand::rng().fill_bytes(&mut key);
    let tokens = AccessTokens::new(&store.secret("access-tokens", key).await?);
    let passwords = Passwords::new()?;
    let metrics = Arc::new(Metrics::default());
    let exchange = Exchange::start(Arc::clone(&store), Arc::clone(&metrics));
    let own_url = format!("http://{address}");
    let twilio = config.voice.clone().map(|voice| TwilioVoice::new(voice, own_url.clone())).transpose()?;
    let mailer = config.mail.clone().map(|settings| Mailer::new(settings, own_url)).transpose()?;
    let links = PasswordLinks::start(Arc::clone(&store), mailer, &config.limits);
    let app = App::new(config, Arc::clone(&store), verifier, passwords, tokens, exchange, links, twilio, metrics);

    let within = Duration::from_secs(app.config.limits.request_seconds);
    let (stop, stopping) = watch::channel(false);
    let tidy = tokio::spawn(forget_old_sign_ins(Arc::clone(&store)));
    if let Some(listener) = metrics_listener {
        let router = routes::metrics_router(app.clone());
        tokio::spawn(connections::serve(listener, router, within, stopped(stopping.clone())));
    }
    let task = tokio::spawn(async move {
        serve_until(listener, app.clone(), within, stopping).await;
        tidy.abort();
        app.exchange.finish().await;
        store.close().await;
        drop(serving);
    });
    Ok(Running { address, stop, task })
}

async fn serve_until(listener: TcpListener, app: App, within: Duration, stopping: watch::Receiver<bool>) {
    let server = connections::serve(listener, routes::router(app.clone()), within, stopped(stopping.clone()));
    let last_call = async {
        stopped(stopping).await;
        tracing::info!("draining");
        app.drain();
        app.exchange.close_all();
        tokio::time::sleep(defaults::DRAIN).await;
    };
    tokio::select! {
        () = server => {}
        () = last_call => {}
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that the handle was dropped: nobody will ask to stop.
    if stopping.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn forget_old_sign_ins(store: Arc<dyn Store>) {
    const EVERY: Duration = Duration::from_secs(6 * 3600);
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        let oldest = crate::accounts::oldest_refresh(clock::unix_ms());
        if let Err(error) = store.forget_sign_ins(oldest).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "old sign-ins could not be forgotten");
        }
        let kept = defaults::TWILIO_CALLS_KEPT.as_millis();
        let oldest = clock::unix_ms().saturating_sub(UnixMs::try_from(kept).unwrap_or(UnixMs::MAX));
        if let Err(error) = store.forget_twilio_calls(oldest).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "old calls over Twilio could not be forgotten");
        }
        if let Err(error) = store.forget_password_links(password_links::oldest(clock::unix_ms())).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "old links could not be forgotten");
        }
    }
}
