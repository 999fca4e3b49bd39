use super::*;
use crate::history::table;

const ME: &str = "account-1";

fn begun(id: &str, direction: CallDirection, at: UnixMs) -> Begun {
    Begun {
        id: id.into(),
        direction,
        name: Some("Amina Wanjiru".into()),
        detail: "+254 712 345678".into(),
        care4w_id: Some("care4w-ABC1234".into()),
        at,
    }
}

fn missed(id: &str, at: UnixMs) -> Begun {
    Begun {
        id: id.into(),
        name: Some("Baraka".into()),
        detail: "care4w-BRK2345".into(),
        care4w_id: Some("care4w-BRK2345".into()),
        direction: CallDirection::Incoming,
        at,
    }
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("deep/history.sqlite")
    }

    fn history(&self) -> History {
        History::at(self.file())
    }
}

async fn all(history: &History) -> Vec<HistoryCall> {
    history.page(ME, "", None, 100).await.unwrap()
}

#[tokio::test]
async fn a_call_is_there_with_its_end_when_the_app_dies_in_it() {
    let place = Place::new();
    let history = place.history();
    history.begin(ME, &begun("a", CallDirection::Outgoing, 1_000)).await.unwrap();
    history.alive(ME, "a", 3_000, Some(2_000)).await.unwrap();
    history.alive(ME, "a", 9_000, Some(2_000)).await.unwrap();
    history.begin(ME, &begun("b", CallDirection::Incoming, 10_000)).await.unwrap();
    assert!(all(&history).await.is_empty(), "a call that runs stands on its own screen");
    // Somebody who only looks does not end a call in which another process lives.
    assert!(all(&place.history()).await.is_empty());
    // Nothing is closed: so it is when a process is killed.
    drop(history);
    let after = place.history();
    let calls = all(&after).await;
    assert_eq!(calls.len(), 2);
    assert_eq!((calls[0].kind, calls[0].duration_ms, calls[0].is_new), (HistoryKind::Missed, None, true));
    assert_eq!((calls[1].kind, calls[1].duration_ms, calls[1].is_new), (HistoryKind::Outgoing, Some(7_000), false));
    assert_eq!(calls[1].reason.as_deref(), Some("INTERRUPTED"));
    assert_eq!(calls[1].started_at, "1970-01-01T00:00:01Z");
}

#[tokio::test]
async fn missed_calls_are_new_until_somebody_looks() {
    let place = Place::new();
    let history = place.history();
    for (id, reason) in [("a", "MISSED"), ("b", "DECLINED_HERE"), ("c", "ANSWERED_ELSEWHERE")] {
        history.begin(ME, &begun(id, CallDirection::Incoming, 1_000)).await.unwrap();
        history.end(ME, id, 2_000, None, reason).await.unwrap();
    }
    assert_eq!(history.unseen(ME).await.unwrap(), 1);
    assert_eq!(history.unseen("somebody else").await.unwrap(), 0);
    assert!(history.see(ME).await.unwrap());
    assert!(!history.see(ME).await.unwrap());
    assert_eq!(history.unseen(ME).await.unwrap(), 0);
}

#[tokio::test]
async fn what_was_missed_elsewhere_joins_once_and_what_is_known_here_stays() {
    let place = Place::new();
    let history = place.history();
    history.begin(ME, &begun("a", CallDirection::Incoming, 1_000)).await.unwrap();
    history.end(ME, "a", 2_000, None, "DECLINED_HERE").await.unwrap();
    for _ in 0..2 {
        history.take_missed(ME, &[missed("a", 1_000), missed("b", 5_000)], true).await.unwrap();
    }
    let calls = all(&history).await;
    assert_eq!(calls.iter().map(|call| call.kind).collect::<Vec<_>>(), [HistoryKind::Missed, HistoryKind::Declined]);
    assert_eq!(history.unseen(ME).await.unwrap(), 1);
}

#[tokio::test]
async fn what_was_cleared_does_not_come_back_from_the_server_or_out_of_the_file() {
    let place = Place::new();
    let history = place.history();
    history.take_missed(ME, &[missed("old", 50_000)], true).await.unwrap();
    history.begin(ME, &begun("runs", CallDirection::Outgoing, 60_000)).await.unwrap();
    // The server's clock is ahead of this one.
    history.clear(ME, 20_000).await.unwrap();
    history.take_missed(ME, &[missed("old", 50_000), missed("new", 70_000)], true).await.unwrap();
    history.end(ME, "runs", 80_000, None, "NO_ANSWER").await.unwrap();
    let ids: Vec<String> = all(&history).await.into_iter().map(|call| call.id).collect();
    assert_eq!(ids, ["new", "runs"]);
}

#[tokio::test]
async fn every_account_has_its_own_list() {
    let place = Place::new();
    let history = place.history();
    history.take_missed(ME, &[missed("a", 1_000)], true).await.unwrap();
    history.take_missed("other", &[missed("a", 1_000)], true).await.unwrap();
    history.clear("other", 9_000).await.unwrap();
    assert_eq!(all(&history).await.len(), 1);
    assert!(history.suggest("other", "baraka").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_list_is_searched_and_paged() {
    let place = Place::new();
    let history = place.history();
    for at in 0..7 {
        history.begin(ME, &begun(&format!("a{at}"), CallDirection::Outgoing, 1_000)).await.unwrap();
        history.end(ME, &format!("a{at}"), 2_000, Some(500), "HUNG_UP").await.unwrap();
    }
    history.take_missed(ME, &[missed("b", 3_000)], true).await.unwrap();
    for (search, found) in
        [("", 8), ("AMINA", 7), ("wanj", 7), ("0712 345", 7), ("brk", 1), ("%", 0), ("_", 0), ("'", 0)]
    {
        assert_eq!(history.page(ME, search, None, 100).await.unwrap().len(), found, "{search:?}");
    }
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        let page = history.page(ME, "", before.as_ref(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(HistoryCursor { started_at: last.started_at.clone(), id: last.id.clone() });
        pages.push(page.into_iter().map(|call| call.id).collect::<Vec<_>>());
    }
    assert_eq!(pages.concat().len(), 8, "calls of one moment are on one page each: {pages:?}");
    let wrong = HistoryCursor { started_at: "yesterday".into(), id: "a".into() };
    assert_eq!(history.page(ME, "", Some(&wrong), 3).await.unwrap_err().code(), "VALIDATION_ERROR");
}

#[tokio::test]
async fn who_was_last_in_a_call_is_offered_first_and_once() {
    let place = Place::new();
    let history = place.history();
    for (id, at) in [("a", 1_000), ("b", 2_000)] {
        history.begin(ME, &begun(id, CallDirection::Outgoing, at)).await.unwrap();
    }
    history.take_missed(ME, &[missed("c", 3_000)], true).await.unwrap();
    let details = async |typed: &str| -> Vec<String> {
        history.suggest(ME, typed).await.unwrap().into_iter().map(|peer| peer.detail).collect()
    };
    assert_eq!(details("0712").await, ["+254 712 345678"]);
    assert_eq!(details("a").await, [""; 0], "one letter is not enough");
    assert_eq!(details("brk").await, ["care4w-BRK2345"]);
    assert_eq!(details("care4w-").await, ["care4w-BRK2345", "+254 712 345678"]);
}

#[tokio::test]
async fn a_file_that_is_no_history_is_set_aside_and_nobody_else_may_read_the_new_one() {
    let place = Place::new();
    std::fs::create_dir_all(place.file().parent().unwrap()).unwrap();
    std::fs::write(place.file(), "not a database, and long enough to be taken for one ".repeat(50)).unwrap();
    let history = place.history();
    history.take_missed(ME, &[missed("a", 1_000)], true).await.unwrap();
    assert_eq!(all(&history).await.len(), 1);
    assert!(place.file().with_extension("sqlite.damaged").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for entry in std::fs::read_dir(place.file().parent().unwrap()).unwrap().map(Result::unwrap) {
            if !entry.path().ends_with("history.sqlite.damaged") {
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
            }
        }
    }
    assert!(table(&all(&history).await).contains("Baraka"));
}

#[tokio::test]
async fn a_disk_that_refuses_is_told_and_does_not_panic() {
    let place = Place::new();
    std::fs::create_dir_all(place.file()).unwrap();
    let error = place.history().unseen(ME).await.unwrap_err();
    assert_eq!(error.code(), "HISTORY_FAILED");
}
