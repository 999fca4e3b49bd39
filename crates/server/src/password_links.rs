//! One-time links to a new password: who may ask for one how often, and how it gets to them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{Semaphore, mpsc};

use crate::accounts::random_token;
use crate::config::Limits;
use crate::limits::{AddressKey, Buckets, Wait};
use crate::mail::Mailer;
use crate::store::{LinkHash, Store, UnixMs};
use crate::{clock, defaults};

/// Letters that wait to be sent. More, and some are not: whoever gets none asks again.
const QUEUE: usize = 1000;

/// Letters that are handed over at once.
const AT_ONCE: usize = 8;

/// The creation time of the oldest link that still works.
pub fn oldest(now: UnixMs) -> UnixMs {
    now.saturating_sub(UnixMs::try_from(defaults::PASSWORD_LINK.as_millis()).unwrap_or(UnixMs::MAX))
}

/// Takes wishes for links. Whether the address has an account is found out behind the queue, so that neither the answer
/// nor its time can tell.
pub struct PasswordLinks {
    queue: Option<mpsc::Sender<String>>,
    by_address: Mutex<Buckets<AddressKey>>,
    by_email: Mutex<Buckets<String>>,
}

impl PasswordLinks {
    /// Begins to send. Without a mailer every wish is taken and none fulfilled, and the log says so.
    pub fn start(store: Arc<dyn Store>, mailer: Option<Mailer>, limits: &Limits) -> Self {
        let queue = mailer.map(|mailer| {
            let (queue, wishes) = mpsc::channel(QUEUE);
            tokio::spawn(send(store, Arc::new(mailer), wishes));
            queue
        });
        Self {
            queue,
            by_address: Mutex::new(Buckets::new(limits.forgot_per_address, defaults::LIMIT_KEYS)),
            by_email: Mutex::new(Buckets::new(limits.forgot_per_email, defaults::LIMIT_KEYS)),
        }
    }

    /// Somebody wants a link for this e-mail address (in lower case).
    pub fn ask(&self, from: AddressKey, email: String) -> Result<(), Wait> {
        let now = Instant::now();
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner).take(&from, now)?;
        self.by_email.lock().unwrap_or_else(PoisonError::into_inner).take(&email, now)?;
        match &self.queue {
            None => tracing::warn!("somebody asked for a new password, but mail is not set up ([mail] in --config)"),
            Some(queue) => {
                if queue.try_send(email).is_err() {
                    tracing::error!("a link to a new password was not sent: too many wait");
                }
            }
        }
        Ok(())
    }
}

async fn send(store: Arc<dyn Store>, mailer: Arc<Mailer>, mut wishes: mpsc::Receiver<String>) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(email) = wishes.recv().await {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        let (store, mailer) = (Arc::clone(&store), Arc::clone(&mailer));
        tokio::spawn(async move {
            send_one(&*store, &mailer, &email).await;
            drop(turn);
        });
    }
}

async fn send_one(store: &dyn Store, mailer: &Mailer, email: &str) {
    let token = random_token();
    match store.add_password_link(email, LinkHash::of(&token), clock::unix_ms()).await {
        // Nobody has the address: nobody gets a letter, and nothing is said of it.
        Ok(false) => {}
        Ok(true) => match mailer.send_password_link(email, &token).await {
            Ok(()) => tracing::debug!("a link to a new password was sent"),
            Err(error) => tracing::error!(%error, "a link to a new password was not sent"),
        },
        Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the store failed"),
    }
}
