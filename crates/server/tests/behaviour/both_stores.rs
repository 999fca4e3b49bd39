//! What must not depend on which database keeps it.

use futures_util::future::join_all;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::server::{Person, Server};

macro_rules! on_both_stores {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(crate::server::Server::start().await).await;
            })*
        }

        #[cfg(unix)]
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(crate::server::Server::on_postgres().await).await;
            })*
        }
    };
}

on_both_stores!(
    whoever_signs_in_while_the_account_is_deleted_has_no_account_or_a_sign_in_that_ended,
    what_a_signed_in_device_asks_while_the_account_is_deleted_is_never_a_fault_of_the_server,
    text_that_no_database_can_keep_is_refused_in_every_field,
);

/// Sign-ins check passwords, which takes its time; the deletion comes in the middle of them.
async fn whoever_signs_in_while_the_account_is_deleted_has_no_account_or_a_sign_in_that_ended(server: Server) {
    for round in 0..12 {
        let amina = server.register(&format!("amina{round}")).await;
        // One is on its way before the others, so that some come before the deletion and some after.
        let logins = join_all((0..4).map(|_| server.login(&amina.email, "password of mine")));
        let refreshed = server.post("/api/auth/refresh", json!({"refreshToken": amina.refresh}));
        let there = Person::of(server.login(&amina.email, "password of mine").await.data());
        let deleted = server.by(&there, "DELETE", "/api/users/me", None);
        let (logins, refreshed, deleted) = tokio::join!(logins, refreshed, deleted);
        deleted.data();
        for login in logins {
            if login.status == 200 {
                let intruder = Person::of(login.data());
                server.get(&intruder, "/api/users/settings").await.fails(401, "SESSION_REVOKED");
            } else {
                login.fails(401, "INVALID_CREDENTIALS");
            }
        }
        if refreshed.status != 200 {
            refreshed.fails(401, "SESSION_REVOKED");
        }
    }
}

async fn what_a_signed_in_device_asks_while_the_account_is_deleted_is_never_a_fault_of_the_server(server: Server) {
    for round in 0..12 {
        let amina = server.register(&format!("amina{round}")).await;
        let ask = |method, path, body| server.by(&amina, method, path, body);
        let number = format!("+25471234{round:04}");
        let requests = [
            ("PATCH", "/api/users/settings", Some(json!({"displayName": "Amina W"}))),
            ("PATCH", "/api/users/phone", Some(json!({"phoneNumber": number}))),
            ("PUT", "/api/users/blocks/care4w-ABC1234", Some(json!({"displayName": "A pest"}))),
            ("DELETE", "/api/users/phone", None),
            ("DELETE", "/api/users/me", None),
            ("PUT", "/api/users/blocks/care4w-ABC1235", Some(json!({}))),
            ("DELETE", "/api/users/blocks/care4w-ABC1234", None),
            ("GET", "/api/calls", None),
            ("DELETE", "/api/users/me", None),
        ];
        let answers =
            join_all(requests.map(|(method, path, body)| async move { (path, ask(method, path, body).await) }));
        for (path, answer) in answers.await {
            // Asked by whoever is gone by now: the sign-in, or the account with it.
            assert!(answer.status < 500, "{path}: {} {}", answer.status, answer.body);
        }
        server.by(&amina, "DELETE", "/api/users/me", None).await.fails(401, "SESSION_REVOKED");
        let again = server.register(&format!("next{round}")).await;
        server.set_phone(&again, &number).await.data();
    }
}

/// PostgreSQL keeps no U+0000 in a text, and no UTF-8 has half a surrogate pair.
async fn text_that_no_database_can_keep_is_refused_in_every_field(server: Server) {
    let amina = server.register("amina").await;
    let good = [
        (
            "POST",
            "/api/auth/register",
            json!({"email": "b@example.org", "password": "password of mine", "displayName": "B"}),
        ),
        ("POST", "/api/auth/login", json!({"email": "amina@example.org", "password": "password of mine"})),
        ("POST", "/api/auth/refresh", json!({"refreshToken": "x"})),
        ("POST", "/api/auth/password", json!({"current": "password of mine", "next": "another password"})),
        ("POST", "/api/auth/forgot", json!({"email": "amina@example.org"})),
        ("POST", "/api/auth/reset", json!({"token": "x", "password": "another password"})),
        ("PATCH", "/api/users/settings", json!({"displayName": "Amina", "discoverableByPhone": "everyone"})),
        ("PUT", "/api/users/blocks/care4w-ABC1234", json!({"displayName": "A pest"})),
        ("POST", "/api/users/phone/check", json!({"phoneNumber": "0712345678", "countryCode": "KE"})),
        ("PATCH", "/api/users/phone", json!({"phoneNumber": "0712345678", "countryCode": "KE"})),
        ("POST", "/api/users/phone/verify", json!({"code": "123456"})),
    ];
    let send = async |request: RequestBuilder| server.send(request.bearer_auth(&amina.token)).await;
    for (method, path, body) in good {
        for field in body.as_object().unwrap().keys() {
            let mut body = body.clone();
            let text = body[field].as_str().unwrap().to_owned();
            for (at, odd) in [(0, "\0"), (1, "\0"), (text.len(), "\0")] {
                let mut with = text.clone();
                with.insert_str(at, odd);
                body[field] = Value::String(with);
                let answer = send(server.request(method, path).json(&body)).await;
                // A password is kept as its hash, which may be of any text; whoever is asked for is unknown.
                let wanted: &[u16] = match (path, field.as_str()) {
                    ("/api/auth/register", "password") => &[201, 409],
                    ("/api/auth/login" | "/api/auth/refresh", _) | ("/api/auth/password", "current") => &[401],
                    ("/api/auth/password", "next") => &[200, 401],
                    ("/api/auth/forgot", _) => &[200, 400, 503],
                    ("/api/users/phone/verify", _) | ("/api/auth/reset", _) => &[400, 409, 410, 501, 503],
                    _ => &[400],
                };
                assert!(wanted.contains(&answer.status), "{path} {field} {at}: {} {}", answer.status, answer.body);
            }
            for raw in [&b"\\ud800"[..], b"\\udc00\\ud800", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\0"] {
                let mut bytes = Vec::new();
                let marked = {
                    body[field] = "@@@".into();
                    body.to_string()
                };
                let (before, after) = marked.split_once("@@@").unwrap();
                for part in [before.as_bytes(), raw, after.as_bytes()] {
                    bytes.extend_from_slice(part);
                }
                let request = server.request(method, path).header("content-type", "application/json").body(bytes);
                send(request).await.fails(400, "VALIDATION_ERROR");
            }
        }
    }
    for path in [
        "/api/users/lookup?care4wId=care4w-ABC%00123",
        "/api/users/lookup?care4wId=care4w-ABC%ED%A0%80",
        "/api/users/lookup/phone?phoneNumber=07123%0045678",
        "/api/users/lookup/phone?phoneNumber=0712345678&countryCode=K%00",
        "/api/calls?since=%00",
        "/api/calls?before=1_%00",
        "/api/calls?before=%00",
    ] {
        assert_eq!(send(server.request("GET", path)).await.status, 400, "{path}");
    }
    for path in ["/api/users/blocks/care4w-ABC%00123", "/api/users/blocks/care4w-ABC%FF"] {
        let answer = send(server.request("PUT", path).json(&json!({}))).await;
        assert_eq!(answer.status, 400, "{path}");
    }
    assert_eq!(server.get(&amina, "/api/users/settings").await.data()["settings"]["displayName"], "amina");
}

/// One record of many is refused by its line and field, and the others of its batch come over.
fn imports_all_but_what_no_database_can_keep(database: &str) {
    let folder = tempfile::tempdir().unwrap();
    let user = |index: u32, field: &str, value: &str| {
        let mut user = json!({
            "_id": {"$oid": format!("65c1f2a0b1c2d3e4{index:08x}")}, "email": format!("user{index}@example.org"),
            "displayName": format!("User {index}"), "care4wId": format!("care4w-{}", 1_000_000 + index),
            "personalPhoneNumber": {"full": format!("+2547{index:08}"), "national": format!("7{index:08}"), "countryCode": "254"},
        });
        match field {
            "" => {}
            "$oid" => user["_id"][field] = value.into(),
            "full" | "national" | "countryCode" => user["personalPhoneNumber"][field] = value.into(),
            field => user[field] = value.into(),
        }
        user.to_string()
    };
    let lines = [
        user(0, "", ""),
        user(1, "displayName", "A\x00mina"),
        user(2, "email", "a\x00mina@example.org"),
        user(3, "email", "amina@example.org\x00"),
        user(4, "care4wId", "care4w-ABC\x001234"),
        user(5, "$oid", "65c1f2a0b1c2d3e4\x000000005"),
        user(6, "full", "+254700\x00000006"),
        user(7, "national", "700\x00000007"),
        user(8, "countryCode", "25\x004"),
        user(9, "displayName", "@@@").replace("@@@", "\\ud800"),
        user(10, "displayName", "@@@").replace("@@@", "\u{1}"),
        user(11, "firebaseUid", "what is passed over \x00 may hold it"),
        user(12, "", ""),
    ];
    let file = folder.path().join("users.json");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let output = crate::binary::command().args(["--database", database, "import"]).arg(&file).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let report = std::fs::read_to_string(format!("{}.refused.jsonl", file.display())).unwrap();
    let refused: Vec<(u64, String)> = report
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|refusal| (refusal["line"].as_u64().unwrap(), refusal["field"].as_str().unwrap().to_owned()))
        .collect();
    let wanted = [
        (2, "displayName"),
        (3, "email"),
        (4, "email"),
        (5, "care4wId"),
        (6, "_id"),
        (7, "personalPhoneNumber.full"),
        (8, "personalPhoneNumber.national"),
        (9, "personalPhoneNumber.countryCode"),
        (10, "(document)"),
        (11, "(document)"),
    ];
    assert_eq!(refused, wanted.map(|(line, field)| (line, field.to_owned())), "{report}");
    assert_eq!((&summary["read"], &summary["imported"], &summary["refused"]), (&json!(13), &json!(3), &json!(10)));
}

#[test]
fn an_import_refuses_by_line_and_field_what_no_database_can_keep() {
    let folder = tempfile::tempdir().unwrap();
    imports_all_but_what_no_database_can_keep(&crate::binary::database(folder.path()));
}

#[cfg(unix)]
#[test]
fn an_import_into_postgresql_refuses_by_line_and_field_what_it_cannot_keep() {
    let database = care4w_tests::Postgres::shared().unwrap().database().unwrap();
    imports_all_but_what_no_database_can_keep(&database);
}
