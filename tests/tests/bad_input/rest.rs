//! REST bodies that no client of ours sends. `cargo xtask test` lets schemathesis try the rest.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use care4w_tests::http::{self, JSON};
use serde_json::{Value, json};

use crate::Town;

fn register(town: &Town) -> String {
    let body = json!({ "email": "odd@example.org", "password": "long enough", "displayName": "Odd" });
    let answer = http::post(&format!("{}/api/auth/register", town.server.url()), &body).unwrap();
    format!("Bearer {}", answer.body["data"]["accessToken"].as_str().unwrap())
}

/// Method, path, headers, body; status and code that must come.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [u8], u16, &'a str);

#[test]
fn a_body_that_does_not_belong_is_an_error_with_a_code_and_nothing_else() {
    let town = Town::new();
    let bearer = register(&town);
    let signed_in = [JSON[0], ("Authorization", bearer.as_str())];
    let bad_token = [JSON[0], ("Authorization", "Bearer eyJ.eyJ.x")];
    let form = [("Content-Type", "application/x-www-form-urlencoded"), signed_in[1]];
    let deep = [b"[".repeat(30_000), b"]".repeat(30_000)].concat();
    let deep_field = [b"{\"phoneNumber\":".repeat(3_000), b"1".to_vec()].concat();
    let large = [b"{\"phoneNumber\":\"".to_vec(), b"7".repeat(1 << 20), b"\"}".to_vec()].concat();
    let long = json!({ "phoneNumber": "7".repeat(40_000) }).to_string();
    let cases: &[Case<'_>] = &[
        ("PATCH", "users/phone", &signed_in, b"", 400, "VALIDATION_ERROR"),
        ("PATCH", "users/phone", &signed_in, b"\xff\xfe", 400, "VALIDATION_ERROR"),
        ("PATCH", "users/phone", &signed_in, b"{\"phoneNumber\":712345678}", 400, "VALIDATION_ERROR"),
        ("PATCH", "users/phone", &signed_in, b"{\"phoneNumber\":null}", 400, "VALIDATION_ERROR"),
        ("PATCH", "users/phone", &signed_in, b"{\"phoneNumber\":[\"+254712345678\"]}", 400, "VALIDATION_ERROR"),
        ("PATCH", "users/phone", &signed_in, b"{\"phoneNumber\":\"+254712\\u00005678\"}", 400, "INVALID_PHONE"),
        ("PATCH", "users/phone", &signed_in, b"{\"phoneNumber\":\"\\ud800\"}", 400, "VALIDATION_ERROR"),
        ("PATCH", "users/phone", &signed_in, long.as_bytes(), 400, "INVALID_PHONE"),
        ("PATCH", "users/phone", &signed_in, &deep, 400, "VALIDATION_ERROR"),
        ("PATCH", "users/phone", &signed_in, &deep_field, 400, "VALIDATION_ERROR"),
        ("PATCH", "users/phone", &signed_in, &large, 413, "TOO_LARGE"),
        ("PATCH", "users/phone", &form, b"phoneNumber=%2B254712345678", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            "PATCH",
            "users/phone",
            &signed_in[1..],
            b"{\"phoneNumber\":\"+254712345678\"}",
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        ("PATCH", "users/phone", &JSON, b"{\"phoneNumber\":\"+254712345678\"}", 401, "UNAUTHORIZED"),
        ("PATCH", "users/phone", &bad_token, b"{\"phoneNumber\":\"+254712345678\"}", 401, "UNAUTHORIZED"),
        ("PUT", "users/phone", &signed_in, b"{}", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "users/lookup/phone", &signed_in, b"", 400, "VALIDATION_ERROR"),
        ("GET", "users/lookup/phone?phoneNumber=%00", &signed_in, b"", 400, "INVALID_PHONE"),
        ("GET", "users/lookup/phone?phoneNumber=%ff%fe", &signed_in, b"", 400, "INVALID_PHONE"),
        ("GET", "users/lookup?care4wId=';--", &signed_in, b"", 400, "VALIDATION_ERROR"),
        ("GET", "calls?since=yesterday", &signed_in, b"", 400, "VALIDATION_ERROR"),
        ("GET", "calls?limit=99999999999999999999", &signed_in, b"", 400, "VALIDATION_ERROR"),
        ("GET", "no/such/thing", &signed_in, b"", 404, "NOT_FOUND"),
        ("GET", "signal", &signed_in, b"", 400, "VALIDATION_ERROR"),
        (
            "POST",
            "auth/register",
            &JSON,
            b"{\"email\":\"a\\u0000@example.org\",\"password\":\"long enough\",\"displayName\":\"A\"}",
            400,
            "VALIDATION_ERROR",
        ),
        (
            "POST",
            "auth/register",
            &JSON,
            b"{\"email\":\"a@example.org\",\"password\":\"long enough\",\"displayName\":\"\\u0000\"}",
            400,
            "VALIDATION_ERROR",
        ),
        (
            "POST",
            "auth/register",
            &JSON,
            b"{\"email\":{},\"password\":true,\"displayName\":7}",
            400,
            "VALIDATION_ERROR",
        ),
        ("POST", "auth/login", &JSON, b"[]", 400, "VALIDATION_ERROR"),
        ("POST", "auth/refresh", &JSON, b"{\"refreshToken\":\"\"}", 401, "SESSION_REVOKED"),
        ("POST", "auth/refresh", &JSON, b"{\"refreshToken\":\"\\u0000\"}", 401, "SESSION_REVOKED"),
        ("PATCH", "users/settings", &signed_in, b"{\"discoverableByPhone\":\"friends\"}", 400, "VALIDATION_ERROR"),
    ];
    let mut wrong = Vec::new();
    for (method, path, headers, body, status, code) in cases {
        let answer = http::send(method, &format!("{}/api/{path}", town.server.url()), headers, body).unwrap();
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        if (answer.status, answer.body["error"]["code"].as_str()) != (*status, Some(code)) {
            wrong.push(format!("{method} {path} {shown}: {answer:?}, not {status} {code}"));
            continue;
        }
        let names: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
        assert_eq!(names, ["error", "success"], "{answer:?}");
        let names: Vec<&String> = answer.body["error"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["code", "message"], "{answer:?}");
        assert_eq!(answer.body["success"], false);
        assert!(!answer.body.to_string().contains("712345678"), "an error echoes no input: {answer:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let phone = http::send("GET", &format!("{}/api/users/phone", town.server.url()), &signed_in, b"").unwrap();
    assert_eq!(phone.body["data"]["personalPhoneNumber"], Value::Null, "none of it was kept");
    town.assert_no_panic();
}

#[test]
fn a_connection_that_speaks_no_http_harms_nobody() {
    let town = Town::new();
    let huge_header = [b"GET /healthz HTTP/1.1\r\nX: ".to_vec(), b"x".repeat(1 << 20), b"\r\n\r\n".to_vec()].concat();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\x00\x00\x00\x00",
        b"GET\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
        &huge_header,
    ] {
        let mut stream = TcpStream::connect(town.server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        // Whether it answers, closes or waits is its own affair.
        let _ = stream.write_all(bytes).and_then(|()| stream.read(&mut [0; 512]));
    }
    // One that began a request and never ends it holds up nobody.
    let mut half = TcpStream::connect(town.server.address()).unwrap();
    half.write_all(b"POST /api/auth/login HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
        .unwrap();
    assert_eq!(http::get(&format!("{}/healthz", town.server.url())).unwrap().status, 200);
    town.assert_no_panic();
}
