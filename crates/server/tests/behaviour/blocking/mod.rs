//! Blocking somebody: they no longer reach or find the blocker, and cannot tell.

mod calls;
mod worlds;

use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::limits::Allowance;
use care4w_server::store::{Database, SqliteStore, Store, Uniqueness};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::server::{Answer, Person, Server};

/// All of an answer that a client can see, but for the time of day.
type Seen = (u16, HeaderMap, Vec<u8>);

async fn seen(server: &Server, person: &Person, path: &str, query: &[(&str, &str)]) -> Seen {
    let response = server.request("GET", path).bearer_auth(&person.token).query(query).send().await.unwrap();
    let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
    headers.remove("date");
    (status, headers, response.bytes().await.unwrap().to_vec())
}

async fn by_id(server: &Server, person: &Person, id: &str) -> Seen {
    seen(server, person, "/api/users/lookup", &[("care4wId", id)]).await
}

async fn by_number(server: &Server, person: &Person, number: &str) -> Seen {
    seen(server, person, "/api/users/lookup/phone", &[("phoneNumber", number)]).await
}

async fn block(server: &Server, blocker: &Person, blocked: &Person) {
    put(server, blocker, &blocked.id, json!({})).await.data();
}

async fn put(server: &Server, blocker: &Person, id: &str, body: Value) -> Answer {
    server.by(blocker, "PUT", &format!("/api/users/blocks/{id}"), Some(body)).await
}

async fn unblock(server: &Server, blocker: &Person, blocked: &Person) {
    server.by(blocker, "DELETE", &format!("/api/users/blocks/{}", blocked.id), None).await.data();
}

#[tokio::test]
async fn who_is_blocked_gets_the_very_answers_that_are_given_about_nobody() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.set_phone(&amina, "+254712345678").await.data();
    block(&server, &amina, &baraka).await;
    assert_eq!(by_id(&server, &baraka, &amina.id).await, by_id(&server, &baraka, "care4w-NOBODY").await);
    for (amina, nobody) in
        [("+254712345678", "+254799999999"), ("0712345678", "0799999999"), ("712345678", "799999999")]
    {
        assert_eq!(by_number(&server, &baraka, amina).await, by_number(&server, &baraka, nobody).await, "{amina}");
    }
    let abroad = [("phoneNumber", "0712345678"), ("countryCode", "TZ")];
    let nobody = [("phoneNumber", "0799999999"), ("countryCode", "TZ")];
    let path = "/api/users/lookup/phone";
    assert_eq!(seen(&server, &baraka, path, &abroad).await, seen(&server, &baraka, path, &nobody).await);
    unblock(&server, &amina, &baraka).await;
    assert_eq!(server.lookup(&baraka, "0712345678", None).await.data()["exists"], true);
}

#[tokio::test]
async fn the_blocker_still_finds_whom_they_blocked_and_others_find_the_blocker() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let chiku = server.register("chiku").await;
    for (person, number) in [(&amina, "+254712345678"), (&baraka, "+254712345679")] {
        server.set_phone(person, number).await.data();
    }
    block(&server, &amina, &baraka).await;
    assert_eq!(server.lookup(&amina, "+254712345679", None).await.data()["care4wId"], json!(baraka.id));
    assert_eq!(server.lookup(&chiku, "+254712345678", None).await.data()["care4wId"], json!(amina.id));
    assert_eq!(server.lookup(&amina, "+254712345678", None).await.data()["isSelf"], true);
}

#[tokio::test]
async fn a_number_is_taken_by_whoever_blocks_the_asker_too() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.set_phone(&amina, "+254712345678").await.data();
    block(&server, &amina, &baraka).await;
    server.set_phone(&baraka, "+254712345678").await.fails(409, "PHONE_ALREADY_EXISTS");
}

#[tokio::test]
async fn a_block_outlives_a_restart() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    block(&server, &amina, &baraka).await;
    let server = server.restart().await;
    assert_eq!(by_id(&server, &baraka, &amina.id).await, by_id(&server, &baraka, "care4w-NOBODY").await);
}

#[tokio::test]
async fn the_list_has_the_blockers_own_words_newest_first_and_is_the_same_when_asked_again() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let shown = |answer: &Answer| -> Vec<(Value, Value)> {
        let list = answer.data()["blocked"].as_array().unwrap().clone();
        list.iter().map(|one| (one["care4wId"].clone(), one["displayName"].clone())).collect()
    };
    assert!(shown(&server.get(&amina, "/api/users/blocks").await).is_empty());
    put(&server, &amina, &baraka.id, json!({"displayName": " The one who shouts "})).await.data();
    let first = server.get(&amina, "/api/users/blocks").await.data()["blocked"][0].clone();
    assert_eq!(first.as_object().unwrap().keys().collect::<Vec<_>>(), ["blockedAt", "care4wId", "displayName"]);
    let list = put(&server, &amina, "CARE4W-nobody", json!({})).await;
    let wanted = [(json!("care4w-NOBODY"), Value::Null), (json!(baraka.id), json!("The one who shouts"))];
    assert_eq!(shown(&list), wanted, "of an id that nobody has no more is said than of one that somebody has");
    let again = put(&server, &amina, &baraka.id.to_lowercase(), json!({})).await;
    assert_eq!(shown(&again), wanted, "the name stays, and the place");
    assert_eq!(again.data()["blocked"][1], first, "and the time");
    assert_eq!(server.get(&amina, "/api/users/blocks").await.body, again.body);
    assert!(shown(&server.get(&baraka, "/api/users/blocks").await).is_empty(), "the blocked see nothing");
    let path = "/api/users/blocks/care4w-nobody";
    for _ in 0..2 {
        assert_eq!(shown(&server.by(&amina, "DELETE", path, None).await), wanted[1..]);
    }
}

#[tokio::test]
async fn what_cannot_be_blocked_is_refused() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    put(&server, &amina, &amina.id, json!({})).await.fails(400, "VALIDATION_ERROR");
    for id in ["care4w-1", "amina", "%00", "%FF", "care4w-NOBODY%2F", "+254712345678"] {
        put(&server, &amina, id, json!({})).await.fails(400, "VALIDATION_ERROR");
        let path = format!("/api/users/blocks/{id}");
        server.by(&amina, "DELETE", &path, None).await.fails(400, "VALIDATION_ERROR");
    }
    for body in [json!([]), json!({"displayName": 5}), json!({"displayName": "x".repeat(81)})] {
        put(&server, &amina, "care4w-NOBODY", body).await.fails(400, "VALIDATION_ERROR");
    }
    assert_eq!(server.get(&amina, "/api/users/blocks").await.data()["blocked"], json!([]));
}

#[tokio::test]
async fn a_thousand_are_blocked_and_no_more() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let Database::Sqlite(file) = &server.config.database else { panic!("tests run on SQLite") };
    let store = SqliteStore::open(file, Uniqueness::National).await.unwrap();
    let account = store.account_by_care4w_id(&amina.id.parse().unwrap()).await.unwrap().unwrap().id;
    for index in 0..1_000 {
        let id = format!("care4w-X{index:04}").parse().unwrap();
        assert!(store.block(account, &id, None, index, usize::MAX).await.unwrap());
    }
    put(&server, &amina, "care4w-NOBODY", json!({})).await.fails(400, "VALIDATION_ERROR");
    let list = put(&server, &amina, "care4w-X0007", json!({"displayName": "seven"})).await;
    assert_eq!(list.data()["blocked"].as_array().unwrap().len(), 1_000, "one that is there is no new one");
}

#[tokio::test]
async fn asking_for_a_blocker_costs_what_asking_for_nobody_costs() {
    let limits = Limits {
        oracle_per_account: Allowance::new(2, std::time::Duration::from_secs(3600)),
        oracle_first_day: 2,
        ..Limits::raised()
    };
    let server = Server::with(Config { limits, ..Config::default() }).await;
    let (amina, nobody) = (server.register("amina").await, "care4w-NOBODY");
    let (mut statuses, mut others) = (Vec::new(), Vec::new());
    for (name, id, answers) in [("baraka", amina.id.as_str(), &mut statuses), ("chiku", nobody, &mut others)] {
        let asker = server.register(name).await;
        block(&server, &amina, &asker).await;
        for asked in [id, id, "care4w-XXXX", "care4w-YYYY", id] {
            answers.push(by_id(&server, &asker, asked).await.0);
        }
    }
    assert_eq!(statuses, [200, 200, 200, 429, 200], "one each, and nothing for the same again");
    assert_eq!(statuses, others);
}
