//! Many small questions as few queries.
//!
//! While a query is under way, the questions that come meanwhile wait and are then asked together in the next one. Under
//! little load each is asked at once and alone; under much the price of a round trip is shared. Nothing is remembered:
//! every answer was read from the database after its question had come.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::StoreError;
use crate::defaults;

type Question<K, V> = (K, oneshot::Sender<Result<Option<V>, StoreError>>);

/// Asks for values by key. Dropped, it ends its tasks.
pub struct Gather<K, V>(mpsc::Sender<Question<K, V>>);

impl<K, V> Gather<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// At most `queries` at once, each for many keys: `ask` gives the values that there are.
    pub fn start<F, R>(queries: usize, ask: F) -> Self
    where
        F: Fn(Vec<K>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<HashMap<K, V>, StoreError>> + Send + 'static,
    {
        let (send, receive) = mpsc::channel(defaults::GATHERED);
        let receive = Arc::new(Mutex::new(receive));
        for _ in 0..queries {
            tokio::spawn(serve(Arc::clone(&receive), ask.clone()));
        }
        Self(send)
    }

    /// The value of one key.
    pub async fn get(&self, key: K) -> Result<Option<V>, StoreError> {
        let (send, receive) = oneshot::channel();
        self.0.send((key, send)).await.map_err(|_| StoreError::closed())?;
        receive.await.unwrap_or_else(|_| Err(StoreError::closed()))
    }
}

async fn serve<K, V, F, R>(receive: Arc<Mutex<mpsc::Receiver<Question<K, V>>>>, ask: F)
where
    K: Clone + Eq + Hash,
    V: Clone,
    F: Fn(Vec<K>) -> R,
    R: Future<Output = Result<HashMap<K, V>, StoreError>>,
{
    let mut questions = Vec::with_capacity(defaults::GATHERED);
    while receive.lock().await.recv_many(&mut questions, defaults::GATHERED).await > 0 {
        let keys = questions.iter().map(|(key, _)| key.clone()).collect();
        let answers = ask(keys).await.map_err(Arc::new);
        for (key, answer) in questions.drain(..) {
            let found = match &answers {
                Ok(answers) => Ok(answers.get(&key).cloned()),
                Err(error) => Err(StoreError::shared(error)),
            };
            // Whoever asked may have left.
            let _ = answer.send(found);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn questions_that_come_while_one_is_answered_are_asked_together_and_each_gets_its_own_answer() {
        let (go, gate) = tokio::sync::watch::channel(false);
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let gather: Arc<Gather<String, usize>> = Arc::new(Gather::start(1, move |keys: Vec<String>| {
            let (counted, mut gate) = (Arc::clone(&counted), gate.clone());
            async move {
                counted.fetch_add(1, Ordering::Relaxed);
                gate.wait_for(|open| *open).await.unwrap();
                Ok(keys.into_iter().filter_map(|key| key.parse().ok().map(|value| (key, value))).collect())
            }
        }));
        let mut askers = tokio::task::JoinSet::new();
        for key in 0..50 {
            let gather = Arc::clone(&gather);
            askers.spawn(async move { (key, gather.get(key.to_string()).await.unwrap()) });
        }
        let nobody = gather.get("nobody".into());
        tokio::pin!(nobody);
        // All have asked once every asker waits: nothing else is left to run.
        while asked.load(Ordering::Relaxed) == 0 {
            assert!(futures_util::poll!(&mut nobody).is_pending());
            tokio::task::yield_now().await;
        }
        go.send_replace(true);
        assert_eq!(nobody.await.unwrap(), None);
        while let Some(answered) = askers.join_next().await {
            let (key, value) = answered.unwrap();
            assert_eq!(value, Some(key));
        }
        assert!(asked.load(Ordering::Relaxed) <= 3, "51 questions are a few queries");
    }

    #[tokio::test]
    async fn a_query_that_fails_fails_for_everybody_who_asked() {
        let gather: Gather<String, ()> =
            Gather::start(1, |_| async { Err(StoreError::Unavailable("it is gone".into())) });
        let (one, two) = tokio::join!(gather.get("1".into()), gather.get("2".into()));
        for failed in [one, two] {
            assert!(matches!(failed, Err(StoreError::Unavailable(_))));
        }
    }
}
