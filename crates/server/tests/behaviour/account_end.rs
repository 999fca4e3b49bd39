//! What is left of a sign-in after a new password, and of an account after its deletion.

use care4w_protocol::rest::Verification;
use care4w_protocol::signal::{Ended, ServerMessage};
use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::store::{Database, LinkHash, SqliteStore, Store, Uniqueness};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Row, SqlitePool};

use crate::server::{Person, Server};
use crate::signalling::Socket;

/// Every value in every table of the server's database, as text: (table and column, value).
async fn everything(server: &Server) -> Vec<(String, String)> {
    let Database::Sqlite(file) = &server.config.database else { panic!("tests run on SQLite") };
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(file).read_only(true)).await.unwrap();
    let tables = sqlx::query(
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
    );
    let mut all = Vec::new();
    for column in tables.fetch_all(&pool).await.unwrap() {
        let (table, column): (String, String) = (column.get(0), column.get(1));
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT CAST(\"{column}\" AS TEXT) FROM \"{table}\" ORDER BY rowid"
        )));
        for row in rows.fetch_all(&pool).await.unwrap() {
            if let Some(value) = row.try_get_unchecked::<Option<Vec<u8>>, _>(0).unwrap() {
                all.push((format!("{table}.{column}"), String::from_utf8_lossy(&value).into_owned()));
            }
        }
    }
    pool.close().await;
    all
}

fn where_it_stands(all: &[(String, String)], text: &str) -> Vec<String> {
    let mut places: Vec<_> = all.iter().filter(|(_, value)| value.contains(text)).map(|(at, _)| at.clone()).collect();
    places.sort();
    places.dedup();
    places
}

#[tokio::test]
async fn nothing_of_a_deleted_account_is_left_in_any_table() {
    let limits = Limits::raised();
    let config = Config { limits, verification: Verification::Log, ..Config::default() };
    let server = Server::with(config).await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let chiku = server.register("chiku").await;
    // A claim here, and below a number, since one account cannot have both without a code.
    server.set_phone(&amina, "+254712345678").await.data();
    let server = server.restart_with(|config| config.verification = Verification::Off).await;
    server.set_phone(&baraka, "+254712345679").await.data();
    let mut a = Socket::of(&server, &amina, "laptop").await;
    let mut b = Socket::of(&server, &baraka, "laptop").await;
    a.invites(&baraka).await;
    assert!(matches!(b.hears().await, ServerMessage::Invite { .. }));
    for (blocker, blocked) in [(&amina, &chiku), (&chiku, &amina), (&chiku, &baraka)] {
        let path = format!("/api/users/blocks/{}", blocked.id);
        server
            .by(blocker, "PUT", &path, Some(json!({"displayName": format!("label of {}", blocked.email)})))
            .await
            .data();
    }
    let Database::Sqlite(file) = &server.config.database else { panic!("tests run on SQLite") };
    let store = SqliteStore::open(file, Uniqueness::National).await.unwrap();
    assert!(store.add_password_link(&amina.email, LinkHash::of("link"), i64::MAX).await.unwrap());
    store.close().await;
    let server = server.restart().await;

    let before = everything(&server).await;
    let column =
        |column: &'static str| before.iter().filter(move |(at, _)| at == column).map(|(_, value)| value.as_str());
    let accounts: Vec<(&str, &str)> = column("accounts.email").zip(column("accounts.id")).collect();
    let mut traces = Vec::new();
    for (person, number) in [(&amina, "+254712345678"), (&baraka, "+254712345679")] {
        let (_, id) = accounts.iter().find(|(email, _)| *email == person.email).unwrap();
        let name = person.email.split('@').next().unwrap();
        traces.extend([name, &person.email, &person.id, id, number, &number[4..]].map(ToOwned::to_owned));
    }
    for trace in &traces {
        assert!(!where_it_stands(&before, trace).is_empty(), "{trace} is looked for where it is");
    }
    for table in ["blocks.", "call_history.", "password_links.", "sign_ins.", "refresh_tokens."] {
        assert!(before.iter().any(|(at, _)| at.starts_with(table)), "there is something in {table}");
    }
    for person in [&amina, &baraka] {
        server.by(person, "DELETE", "/api/users/me", None).await.data();
    }
    let after = everything(&server).await;
    for trace in &traces {
        assert_eq!(where_it_stands(&after, trace), [""; 0], "{trace} is left");
    }
    assert_eq!(where_it_stands(&after, &chiku.id), ["accounts.care4w_id"], "others keep what is theirs");
}

#[tokio::test]
async fn in_the_calls_of_others_a_deleted_account_is_an_id_without_a_name() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut a = Socket::of(&server, &amina, "laptop").await;
    let call = a.invites(&baraka).await;
    assert_eq!(a.hears().await, ServerMessage::Ended { call, reason: Ended::Unreachable });
    let server = server.restart().await;
    server.by(&amina, "DELETE", "/api/users/me", None).await.data();
    let all = everything(&server).await;
    assert_eq!(where_it_stands(&all, &amina.id), ["call_history.other_id"]);
    assert_eq!(where_it_stands(&all, "amina"), [""; 0]);
}

#[tokio::test]
async fn deleting_an_account_closes_the_sockets_of_all_its_devices_and_ends_what_rings() {
    let server = Server::start().await;
    let (here, baraka) = (server.register("amina").await, server.register("baraka").await);
    let there = Person::of(server.login(&here.email, "password of mine").await.data());
    let mut laptop = Socket::of(&server, &here, "laptop").await;
    let mut desk = Socket::of(&server, &there, "desk").await;
    let mut b = Socket::of(&server, &baraka, "phone").await;
    let call = b.invites(&here).await;
    for socket in [&mut laptop, &mut desk] {
        assert!(matches!(socket.hears().await, ServerMessage::Invite { .. }));
    }
    server.by(&here, "DELETE", "/api/users/me", None).await.data();
    assert_eq!(laptop.closing().await, "SESSION_REVOKED");
    assert_eq!(desk.closing().await, "SESSION_REVOKED");
    assert_eq!(b.hears().await, ServerMessage::Ended { call, reason: Ended::Unreachable });
    server.get(&there, "/api/users/settings").await.fails(401, "SESSION_REVOKED");
    server.post("/api/auth/refresh", json!({"refreshToken": there.refresh})).await.fails(401, "SESSION_REVOKED");
}

#[tokio::test]
async fn a_new_password_and_signing_out_everywhere_close_sockets_and_a_new_password_spares_ones_own() {
    let server = Server::start().await;
    let here = server.register("amina").await;
    let there = Person::of(server.login(&here.email, "password of mine").await.data());
    let mut laptop = Socket::of(&server, &here, "laptop").await;
    let mut desk = Socket::of(&server, &there, "desk").await;
    let change = Some(json!({"current": "password of mine", "next": "a new password"}));
    server.by(&here, "POST", "/api/auth/password", change).await.data();
    assert_eq!(desk.closing().await, "SESSION_REVOKED");
    server.get(&here, "/api/users/settings").await.data();
    server.by(&here, "POST", "/api/auth/logout-all", None).await.data();
    assert_eq!(laptop.closing().await, "SESSION_REVOKED");
}

#[tokio::test]
async fn whoever_signs_in_with_the_old_password_while_it_is_changed_is_not_signed_in_afterwards() {
    let server = Server::start().await;
    let here = server.register("amina").await;
    for round in 0..3 {
        let (old, new) = (format!("password {round}"), format!("password {}", round + 1));
        if round == 0 {
            let first = Some(json!({"current": "password of mine", "next": old}));
            server.by(&here, "POST", "/api/auth/password", first).await.data();
        }
        let change = server.by(&here, "POST", "/api/auth/password", Some(json!({"current": old, "next": new})));
        let (changed, logins) = tokio::join!(change, join_all((0..12).map(|_| server.login(&here.email, &old))));
        changed.data();
        for login in logins {
            if login.status == 200 {
                let intruder = Person::of(login.data());
                server.get(&intruder, "/api/users/settings").await.fails(401, "SESSION_REVOKED");
            } else {
                login.fails(401, "INVALID_CREDENTIALS");
            }
        }
    }
    server.get(&here, "/api/users/settings").await.data();
}

#[tokio::test]
async fn of_two_who_change_the_password_at_once_one_does() {
    let server = Server::start().await;
    let here = server.register("amina").await;
    let there = Person::of(server.login(&here.email, "password of mine").await.data());
    let change = |person: Person, next: &'static str| {
        let server = &server;
        async move {
            let body = Some(json!({"current": "password of mine", "next": next}));
            server.by(&person, "POST", "/api/auth/password", body).await.status
        }
    };
    let (one, two) = tokio::join!(change(here.clone(), "password one"), change(there.clone(), "password two"));
    assert!(matches!((one, two), (200, 401) | (401, 200)), "{one} {two}");
    let (right, wrong, winner) =
        if one == 200 { ("password one", "password two", here) } else { ("password two", "password one", there) };
    assert_eq!(server.login(&winner.email, right).await.status, 200);
    server.login(&winner.email, wrong).await.fails(401, "INVALID_CREDENTIALS");
    server.get(&winner, "/api/users/settings").await.data();
}
