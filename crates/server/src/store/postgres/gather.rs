//! Many small questions as few queries.
//!
//! While a query is under way, the questions that come meanwhile wait and are then asked together in the next one. Under
//! little load each is asked at once and alone; under much the price of a round trip is shared. A query that is late holds
//! nobody up: the next begins beside it. Nothing is remembered: every answer was read from the database after its question
//! had come.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::defaults;
use crate::store::StoreError;

type Question<K, V> = (K, oneshot::Sender<Result<Option<V>, StoreError>>);

/// Asks for values by key. Dropped, it ends its tasks.
pub struct Gather<K, V>(mpsc::Sender<Question<K, V>>);

/// A query's way to the database, which it hands back: the next query goes the same way if it comes soon. `Default` is none
/// yet.
type Answered<L, V> = (L, Result<Vec<Option<V>>, StoreError>);

impl<K, V> Gather<K, V>
where
    K: Send + 'static,
    V: Send + 'static,
{
    /// `ask` gives a value, or that there is none, for each of many keys in their order.
    pub fn start<L, F, R>(ask: F) -> Self
    where
        L: Default + Send + 'static,
        F: Fn(L, Vec<K>) -> R + Send + 'static,
        R: Future<Output = Answered<L, V>> + Send + 'static,
    {
        Self::with_way_kept(defaults::WAY_KEPT, ask)
    }

    fn with_way_kept<L, F, R>(kept: Duration, ask: F) -> Self
    where
        L: Default + Send + 'static,
        F: Fn(L, Vec<K>) -> R + Send + 'static,
        R: Future<Output = Answered<L, V>> + Send + 'static,
    {
        let (send, receive) = mpsc::channel(defaults::GATHERED);
        tokio::spawn(serve(receive, kept, ask));
        Self(send)
    }

    /// The value of one key.
    pub async fn get(&self, key: K) -> Result<Option<V>, StoreError> {
        let (send, receive) = oneshot::channel();
        self.0.send((key, send)).await.map_err(|_| StoreError::closed())?;
        receive.await.unwrap_or_else(|_| Err(StoreError::closed()))
    }
}

async fn serve<K, V, L, F, R>(mut receive: mpsc::Receiver<Question<K, V>>, kept: Duration, ask: F)
where
    V: Send + 'static,
    L: Default + Send + 'static,
    F: Fn(L, Vec<K>) -> R,
    R: Future<Output = Answered<L, V>> + Send + 'static,
{
    let beside = Arc::new(Semaphore::new(defaults::LATE_QUERIES));
    let mut questions = Vec::with_capacity(defaults::GATHERED);
    let mut way = L::default();
    loop {
        let soon = tokio::time::timeout(kept, receive.recv_many(&mut questions, defaults::GATHERED));
        let came = match soon.await {
            Ok(came) => came,
            Err(_) => {
                way = L::default();
                receive.recv_many(&mut questions, defaults::GATHERED).await
            }
        };
        if came == 0 {
            return;
        }
        let (keys, askers) = questions.drain(..).unzip();
        let asking = ask(std::mem::take(&mut way), keys);
        let mut answering = Box::pin(async move { answer(asking.await, askers) });
        match tokio::time::timeout(defaults::QUERY_LATE, &mut answering).await {
            Ok(back) => way = back,
            Err(_) => match Arc::clone(&beside).try_acquire_owned() {
                Ok(place) => {
                    tokio::spawn(async move {
                        answering.await;
                        drop(place);
                    });
                }
                Err(_) => way = answering.await,
            },
        }
    }
}

type Asker<V> = oneshot::Sender<Result<Option<V>, StoreError>>;

fn answer<V, L>((way, answers): Answered<L, V>, askers: Vec<Asker<V>>) -> L {
    // Whoever asked may have left.
    match answers {
        Ok(answers) => {
            debug_assert_eq!(askers.len(), answers.len());
            for (asker, answer) in askers.into_iter().zip(answers) {
                let _ = asker.send(Ok(answer));
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for asker in askers {
                let _ = asker.send(Err(StoreError::shared(&error)));
            }
        }
    }
    way
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
        let gather: Arc<Gather<String, usize>> = Arc::new(Gather::start(move |(), keys: Vec<String>| {
            let (counted, mut gate) = (Arc::clone(&counted), gate.clone());
            async move {
                counted.fetch_add(1, Ordering::Relaxed);
                gate.wait_for(|open| *open).await.unwrap();
                ((), Ok(keys.into_iter().map(|key| key.parse().ok()).collect()))
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
            Gather::start(|(), _| async { ((), Err(StoreError::Unavailable("it is gone".into()))) });
        let (one, two) = tokio::join!(gather.get("1".into()), gather.get("2".into()));
        for failed in [one, two] {
            assert!(matches!(failed, Err(StoreError::Unavailable(_))));
        }
    }

    #[tokio::test]
    async fn a_query_that_is_late_holds_up_nobody_who_asks_after_it() {
        let (go, gate) = tokio::sync::watch::channel(false);
        let gather: Gather<bool, bool> = Gather::start(move |(), keys: Vec<bool>| {
            let mut gate = gate.clone();
            async move {
                if keys.contains(&true) {
                    gate.wait_for(|open| *open).await.unwrap();
                }
                ((), Ok(keys.into_iter().map(Some).collect()))
            }
        });
        let late = gather.get(true);
        tokio::pin!(late);
        assert!(futures_util::poll!(&mut late).is_pending());
        tokio::task::yield_now().await;
        assert_eq!(gather.get(false).await.unwrap(), Some(false), "it is answered while the first still waits");
        assert!(futures_util::poll!(&mut late).is_pending());
        go.send_replace(true);
        assert_eq!(late.await.unwrap(), Some(true));
    }

    /// Counts the queries that went its way, and says when it is given back.
    #[derive(Default)]
    struct Way(usize, Option<tokio::sync::mpsc::UnboundedSender<()>>);

    impl Drop for Way {
        fn drop(&mut self) {
            if let Some(gone) = &self.1 {
                gone.send(()).unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_way_is_taken_again_by_who_comes_soon_and_given_back_when_nobody_does() {
        let (gone, mut given_back) = tokio::sync::mpsc::unbounded_channel();
        let gather = |kept| {
            let gone = gone.clone();
            Gather::with_way_kept(kept, move |mut way: Way, keys: Vec<()>| {
                (way.0, way.1) = (way.0 + 1, Some(gone.clone()));
                async move { (Way(way.0, way.1.take()), Ok(vec![Some(way.0); keys.len()])) }
            })
        };
        let patient = gather(Duration::from_secs(3600));
        for nth in 1..4 {
            assert_eq!(patient.get(()).await.unwrap(), Some(nth));
        }
        let hasty = gather(Duration::from_millis(1));
        assert_eq!(hasty.get(()).await.unwrap(), Some(1));
        given_back.recv().await.unwrap();
        assert_eq!(hasty.get(()).await.unwrap(), Some(1), "a fresh one");
        drop(patient);
    }
}
