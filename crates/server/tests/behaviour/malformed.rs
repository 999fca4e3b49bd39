use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test]
async fn a_body_that_is_not_what_belongs_there_is_a_400() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"x\"",
        b"{\"phoneNumber\":5}",
        b"{\"phoneNumber\":null}",
        b"\xff\xfe",
        b"{\"phoneNumber\":\"\\ud800\"}",
    ];
    for (method, path) in [
        ("POST", "/api/auth/register"),
        ("POST", "/api/auth/login"),
        ("POST", "/api/auth/refresh"),
        ("POST", "/api/auth/password"),
        ("POST", "/api/users/phone/check"),
        ("PATCH", "/api/users/phone"),
        ("POST", "/api/users/phone/verify"),
    ] {
        for body in bodies {
            let request = server.request(method, path).bearer_auth(&amina.token);
            let answer = server.send(request.header("content-type", "application/json").body(body.to_vec())).await;
            answer.fails(400, "VALIDATION_ERROR");
        }
        let deep = "[".repeat(50_000);
        let request = server.request(method, path).bearer_auth(&amina.token).header("content-type", "application/json");
        server.send(request.body(deep)).await.fails(400, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn an_array_of_the_right_values_is_no_object() {
    let server = Server::start().await;
    let answer = server.post("/api/auth/register", json!(["a@example.org", "password of mine", "A"])).await;
    answer.fails(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_a_413_and_one_that_is_not_json_a_415() {
    let server = Server::start().await;
    let large = json!({"email": "x".repeat(70_000), "password": "", "displayName": ""});
    server.post("/api/auth/register", large).await.fails(413, "TOO_LARGE");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let request = server.request("POST", "/api/auth/login").header("content-type", kind);
        server.send(request.body("{}")).await.fails(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let request = server.request("POST", "/api/auth/login").header("content-type", "application/json; charset=utf-8");
    server.send(request.body("{\"email\":\"a\",\"password\":\"b\"}")).await.fails(401, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn an_unknown_path_is_a_404_and_a_wrong_method_a_405_with_allow() {
    let server = Server::start().await;
    for path in ["/", "/api", "/api/nothing", "/api/users/phone/", "/api/%00", "/api/config/../x", "/metrics/x"] {
        server.send(server.request("GET", path)).await.fails(404, "NOT_FOUND");
    }
    for (method, path, allow) in [
        ("PUT", "/api/users/phone", vec!["DELETE", "GET", "HEAD", "PATCH"]),
        ("GET", "/api/auth/login", vec!["POST"]),
        ("TRACE", "/healthz", vec!["GET", "HEAD"]),
        ("OPTIONS", "/api/config", vec!["GET", "HEAD"]),
    ] {
        let answer = server.send(server.request(method, path)).await;
        answer.fails(405, "METHOD_NOT_ALLOWED");
        let mut allowed: Vec<&str> = answer.headers["allow"].to_str().unwrap().split(',').map(str::trim).collect();
        allowed.sort();
        assert_eq!(allowed, allow, "{method} {path}");
    }
}

#[tokio::test]
async fn without_a_token_or_with_a_wrong_one_nothing_is_told() {
    let server = Server::start().await;
    for (method, path) in [
        ("GET", "/api/users/settings"),
        ("PATCH", "/api/users/settings"),
        ("POST", "/api/users/phone/check"),
        ("GET", "/api/users/phone"),
        ("PATCH", "/api/users/phone"),
        ("DELETE", "/api/users/phone"),
        ("GET", "/api/users/lookup/phone?phoneNumber=1"),
        ("GET", "/api/users/lookup?care4wId=x"),
        ("GET", "/api/ice"),
        ("GET", "/api/token"),
        ("GET", "/api/calls"),
        ("POST", "/api/auth/logout"),
        ("POST", "/api/auth/password"),
        ("DELETE", "/api/users/me"),
        ("POST", "/api/users/phone/verify"),
        ("POST", "/api/users/phone/verify/send"),
    ] {
        server.send(server.request(method, path)).await.fails(401, "UNAUTHORIZED");
        for header in ["Bearer", "Bearer x", "Basic eDp5", "Bearer a.b.c", "bearer \u{e9}"] {
            let answer = server.send(server.request(method, path).header("authorization", header)).await;
            answer.fails(401, "UNAUTHORIZED");
        }
    }
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_a_400() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    for path in [
        "/api/users/lookup",
        "/api/users/lookup/phone",
        "/api/users/lookup/phone?phonenumber=0712345678",
        "/api/users/lookup/phone?phoneNumber=0712345678&phoneNumber=0712345679",
        "/api/users/lookup/phone?phoneNumber=0712345678&countryCode=%FF",
        "/api/calls?since=yesterday",
        "/api/calls?before=x",
        "/api/calls?before=1_2",
        "/api/calls?limit=0",
        "/api/calls?limit=100000",
        "/api/calls?limit=many",
    ] {
        server.get(&amina, path).await.fails(400, "VALIDATION_ERROR");
    }
    let calls = server.get(&amina, "/api/calls?since=2026-01-01T00:00:00%2B03:00&unknown=1").await;
    assert_eq!(*calls.data(), json!({"calls": [], "next": null}));
}

#[tokio::test]
async fn an_error_never_echoes_the_input() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let mark = "Zq9xMark";
    let answers = [
        server.post("/api/auth/login", json!({"email": mark, "password": mark})).await,
        server.post("/api/auth/register", json!({"email": mark, "password": mark, "displayName": mark})).await,
        server.set_phone(&amina, mark).await,
        server.lookup(&amina, mark, Some(mark)).await,
        server.get(&amina, &format!("/api/calls?since={mark}")).await,
        server.send(server.request("GET", &format!("/{mark}"))).await,
        server.by(&amina, "PATCH", "/api/users/settings", Some(json!({"discoverableByPhone": mark}))).await,
        server.by(&amina, "PATCH", "/api/users/settings", Some(Value::String(mark.into()))).await,
    ];
    for answer in answers {
        assert!(answer.status >= 400 && answer.status < 500);
        assert!(!answer.body.to_string().contains(mark), "{}", answer.body);
    }
}

#[tokio::test]
async fn names_in_any_script_are_kept_and_tricks_are_refused() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let rename = |name: String| server.by(&amina, "PATCH", "/api/users/settings", Some(json!({ "displayName": name })));
    for name in ["محمد", "नमस्ते", "Ọlá 👩🏾‍⚕️", "'; DROP TABLE accounts; --", "<b>x</b>", &"ж".repeat(80)]
    {
        assert_eq!(rename(name.into()).await.data()["settings"]["displayName"], name);
    }
    for name in ["\0", "a\u{202e}b", "\n\n", "\u{200b}", &"x".repeat(81)] {
        rename(name.into()).await.fails(400, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn the_openapi_document_is_served() {
    let server = Server::start().await;
    let answer = server.send(server.request("GET", "/api/openapi.json")).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(answer.body["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[tokio::test]
async fn health_is_told_and_figures_only_to_this_machine() {
    let server = Server::start().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(server.send(server.request("GET", path)).await.status, 200);
    }
    let proxied = server.request("GET", "/metrics").header("x-forwarded-for", "203.0.113.5");
    server.send(proxied).await.fails(403, "FORBIDDEN");
}
