//! ICE servers of the next call, asked for ahead of time and kept while they are good.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use care4w_calls::IceSource;
use care4w_protocol::rest::{IceAnswer, IceServer};
use reqwest::Method;
use tokio::sync::Mutex;

use crate::defaults::ICE_TIMEOUT;
use crate::session::Session;

/// The server's answer to `GET /ice`, as long as its credentials have half of their time left.
pub struct IceServers {
    session: Arc<Session>,
    kept: Mutex<Option<(Instant, Vec<IceServer>)>>,
}

impl IceServers {
    /// Nothing is asked yet.
    pub fn new(session: Arc<Session>) -> Self {
        Self { session, kept: Mutex::new(None) }
    }

    /// Asks ahead, so that a call does not wait.
    pub async fn prepare(&self) {
        self.ice_servers().await;
    }
}

#[async_trait]
impl IceSource for IceServers {
    async fn ice_servers(&self) -> Vec<IceServer> {
        let mut kept = self.kept.lock().await;
        if let Some((until, servers)) = kept.as_ref()
            && Instant::now() < *until
        {
            return servers.clone();
        }
        let asking = self.session.call::<IceAnswer>(Method::GET, "ice", &[], None::<&()>);
        match tokio::time::timeout(ICE_TIMEOUT, asking).await {
            Ok(Ok(answer)) => {
                let until = Instant::now() + Duration::from_secs(answer.ttl / 2);
                *kept = Some((until, answer.ice_servers.clone()));
                answer.ice_servers
            }
            // A call on one network works without them.
            Ok(Err(_)) | Err(_) => Vec::new(),
        }
    }
}
