use serde_json::json;

use crate::server::{Person, Server};

#[tokio::test]
async fn who_registers_is_signed_in_and_has_an_id() {
    let server = Server::start().await;
    let body =
        json!({"email": "Amina@Example.org", "password": "password of mine", "displayName": " Amina ", "more": 1});
    let answer = server.post("/api/auth/register", body).await;
    assert_eq!(answer.status, 201);
    let data = answer.data();
    assert_eq!(data["user"]["email"], "amina@example.org");
    assert_eq!(data["user"]["displayName"], "Amina");
    assert_eq!(data["expiresIn"], 900);
    let id = data["user"]["care4wId"].as_str().unwrap();
    assert_eq!(id.len(), "care4w-".len() + 7);
    let person = Person::of(data);
    let settings = server.get(&person, "/api/users/settings").await;
    assert_eq!(
        settings.data()["settings"],
        json!({"personalPhoneNumber": null, "phoneVerified": false, "care4wId": id, "displayName": "Amina",
            "discoverableByPhone": "everyone"})
    );
}

#[tokio::test]
async fn an_address_has_one_account_in_any_case() {
    let server = Server::start().await;
    server.register("amina").await;
    let body = json!({"email": "AMINA@example.org", "password": "another one", "displayName": "A"});
    server.post("/api/auth/register", body).await.fails(409, "EMAIL_ALREADY_EXISTS");
}

#[tokio::test]
async fn two_who_register_one_address_at_once_do_not_both_get_it() {
    let server = Server::start().await;
    let body = json!({"email": "a@example.org", "password": "password of mine", "displayName": "A"});
    let (one, two) =
        tokio::join!(server.post("/api/auth/register", body.clone()), server.post("/api/auth/register", body.clone()));
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let wrong = server.login(&amina.email, "wrong password").await;
    let unknown = server.login("nobody@example.org", "wrong password").await;
    let nonsense = server.login("\0 not an address", "").await;
    wrong.fails(401, "INVALID_CREDENTIALS");
    assert_eq!(wrong.body, unknown.body);
    assert_eq!(wrong.body, nonsense.body);
    assert_eq!(server.login("AMINA@example.org ", "password of mine").await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_that_is_used_again_ends_its_sign_in() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let next = server.post("/api/auth/refresh", json!({"refreshToken": amina.refresh})).await;
    assert_eq!(next.data()["expiresIn"], 900);
    let token = next.data()["accessToken"].as_str().unwrap().to_owned();
    let renewed = Person { token, ..amina.clone() };
    assert_eq!(server.get(&renewed, "/api/users/settings").await.status, 200);
    server.post("/api/auth/refresh", json!({"refreshToken": amina.refresh})).await.fails(401, "SESSION_REVOKED");
    server.get(&renewed, "/api/users/settings").await.fails(401, "SESSION_REVOKED");
    let last = next.data()["refreshToken"].clone();
    server.post("/api/auth/refresh", json!({"refreshToken": last})).await.fails(401, "SESSION_REVOKED");
    server.post("/api/auth/refresh", json!({"refreshToken": "made up"})).await.fails(401, "SESSION_REVOKED");
}

#[tokio::test]
async fn who_signs_out_is_out_on_that_device_alone() {
    let server = Server::start().await;
    let here = server.register("amina").await;
    let there = Person::of(server.login(&here.email, "password of mine").await.data());
    assert_eq!(server.by(&here, "POST", "/api/auth/logout", None).await.status, 200);
    server.get(&here, "/api/users/settings").await.fails(401, "SESSION_REVOKED");
    server.post("/api/auth/refresh", json!({"refreshToken": here.refresh})).await.fails(401, "SESSION_REVOKED");
    assert_eq!(server.get(&there, "/api/users/settings").await.status, 200);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sign_ins() {
    let server = Server::start().await;
    let here = server.register("amina").await;
    let there = Person::of(server.login(&here.email, "password of mine").await.data());
    let change = |current: &str, next: &str| Some(json!({"current": current, "next": next}));
    let path = "/api/auth/password";
    server.by(&here, "POST", path, change("wrong", "a new password")).await.fails(401, "INVALID_CREDENTIALS");
    server.by(&here, "POST", path, change("password of mine", "short")).await.fails(400, "VALIDATION_ERROR");
    assert_eq!(server.by(&here, "POST", path, change("password of mine", "a new password")).await.status, 200);
    assert_eq!(server.get(&here, "/api/users/settings").await.status, 200);
    server.get(&there, "/api/users/settings").await.fails(401, "SESSION_REVOKED");
    server.login(&here.email, "password of mine").await.fails(401, "INVALID_CREDENTIALS");
    assert_eq!(server.login(&here.email, "a new password").await.status, 200);
}

#[tokio::test]
async fn a_deleted_account_frees_its_address_and_its_number() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let baraka = server.register("baraka").await;
    server.set_phone(&amina, "+254712345678").await.data();
    assert_eq!(server.by(&amina, "DELETE", "/api/users/me", None).await.status, 200);
    server.get(&amina, "/api/users/settings").await.fails(401, "SESSION_REVOKED");
    server.login("amina@example.org", "password of mine").await.fails(401, "INVALID_CREDENTIALS");
    server.set_phone(&baraka, "+254712345678").await.data();
    let path = format!("/api/users/lookup?care4wId={}", amina.id);
    assert_eq!(server.get(&baraka, &path).await.data()["exists"], false);
    server.register("amina").await;
}

#[tokio::test]
async fn settings_change_where_they_are_named_and_stay_elsewhere() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let change = |body| server.by(&amina, "PATCH", "/api/users/settings", Some(body));
    let answer = change(json!({"displayName": " Amina W ", "unknown": true})).await;
    assert_eq!(answer.data()["settings"]["displayName"], "Amina W");
    let answer = change(json!({"discoverableByPhone": "nobody"})).await;
    assert_eq!(answer.data()["settings"]["displayName"], "Amina W");
    assert_eq!(answer.data()["settings"]["discoverableByPhone"], "nobody");
    for wrong in
        [json!({"displayName": 5}), json!({"displayName": "  "}), json!({"discoverableByPhone": "friends"}), json!([])]
    {
        change(wrong).await.fails(400, "VALIDATION_ERROR");
    }
    let settings = server.get(&amina, "/api/users/settings").await;
    assert_eq!(settings.data()["settings"]["displayName"], "Amina W");
}

#[tokio::test]
async fn accounts_and_tokens_outlive_a_restart() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let server = server.restart().await;
    assert_eq!(server.get(&amina, "/api/users/settings").await.status, 200, "the key is kept in the database");
    assert_eq!(server.post("/api/auth/refresh", json!({"refreshToken": amina.refresh})).await.status, 200);
}
