//! A new password by a one-time link, from the wish over the letter to the sign-in.

use std::path::Path;
use std::time::Duration;

use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::limits::Allowance;
use serde_json::{Value, json};

use crate::binary::{Process, command, database, reqwest_client};
use crate::server::{Person, Server};
use crate::smtp::Catcher;

const PUBLIC: &str = "https://care4w.example.org";

/// A server process with or without mail.
struct House {
    process: Process,
    client: reqwest::Client,
}

impl House {
    fn start(folder: &Path, smtp: Option<&Catcher>) -> Self {
        let mut server = command();
        server.args(["--listen", "127.0.0.1:0", "--database", &database(folder)]).env("CARE4W_LOG", "trace");
        if let Some(smtp) = smtp {
            server.env("CARE4W_SMTP_URL", &smtp.url).env("CARE4W_MAIL_FROM", "Care4W <care4w@example.org>");
            server.env("CARE4W_PUBLIC_URL", PUBLIC);
        }
        Self { process: Process::start(server), client: reqwest_client() }
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/api/auth/{path}", self.process.url);
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn forgot(&self, email: &str) -> (u16, Value) {
        self.post("forgot", json!({"email": email})).await
    }

    async fn reset(&self, token: &str, password: &str) -> (u16, Value) {
        self.post("reset", json!({"token": token, "password": password})).await
    }

    async fn login(&self, email: &str, password: &str) -> (u16, Value) {
        self.post("login", json!({"email": email, "password": password})).await
    }

    /// What it logged; none of it is private.
    #[cfg(unix)]
    fn stop(self, private: &[&str]) -> String {
        let output = self.process.stop("-TERM");
        assert_eq!(output.status.code(), Some(0));
        let log = String::from_utf8(output.stderr).unwrap();
        for private in private {
            assert!(!log.contains(private), "{private} is in the log: {log}");
        }
        log
    }
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap_or("(none)"))
}

fn bring_over(folder: &Path, users: &[Value]) {
    let file = folder.join("users.json");
    std::fs::write(&file, Value::from(users).to_string()).unwrap();
    assert!(command().args(["--database", &database(folder), "import"]).arg(file).output().unwrap().status.success());
}

fn user(index: u32, active: bool) -> Value {
    json!({"_id": {"$oid": format!("65c1f2a0b1c2d3e4{index:08x}")}, "email": format!("user{index}@example.org"),
        "displayName": format!("User {index}"), "isActive": active, "care4wId": format!("care4w-{}", 1_000_000 + index)})
}

#[cfg(unix)]
#[tokio::test]
async fn whoever_came_over_gets_a_letter_and_a_password_by_a_link_that_works_once() {
    let (folder, smtp) = (tempfile::tempdir().unwrap(), Catcher::start());
    bring_over(folder.path(), &[user(1, true)]);
    let house = House::start(folder.path(), Some(&smtp));
    assert_eq!(house.forgot(" USER1@example.org").await.0, 200);
    let letter = smtp.next();
    assert_eq!((letter.from.as_str(), letter.to.as_str()), ("care4w@example.org", "user1@example.org"));
    assert!(!letter.text.contains("User 1"), "it names nobody");
    let token = letter.token(PUBLIC);
    assert_eq!(token.len(), 43, "256 bits");

    assert_eq!(code(&house.reset(&token, "short").await), (400, "VALIDATION_ERROR"));
    assert_eq!(code(&house.reset(&token.to_lowercase(), "a good password").await), (410, "CODE_EXPIRED"));
    assert_eq!(house.reset(&token, "a good password").await.0, 200);
    assert_eq!(code(&house.reset(&token, "another password").await), (410, "CODE_EXPIRED"));
    let signed_in = house.login("user1@example.org", "a good password").await;
    assert_eq!(signed_in.0, 200);
    assert_eq!(signed_in.1["data"]["user"]["care4wId"], "care4w-1000001");

    // Forgotten again: the devices are signed out, and the older of two links no longer works.
    for _ in 0..2 {
        assert_eq!(house.forgot("user1@example.org").await.0, 200);
    }
    let (one, two) = (smtp.next().token(PUBLIC), smtp.next().token(PUBLIC));
    assert_eq!(house.reset(&two, "a third password").await.0, 200);
    assert_eq!(code(&house.reset(&one, "a fourth password").await), (410, "CODE_EXPIRED"));
    let refresh = json!({"refreshToken": signed_in.1["data"]["refreshToken"]});
    assert_eq!(code(&house.post("refresh", refresh).await), (401, "SESSION_REVOKED"));
    assert_eq!(code(&house.login("user1@example.org", "a good password").await), (401, "INVALID_CREDENTIALS"));
    assert_eq!(house.login("user1@example.org", "a third password").await.0, 200);
    house.stop(&[&token, &one, &two, "user1", "example.org", "good password", "third", "127.0.0.1"]);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_can_tell_by_the_answer_who_has_an_account_and_only_they_get_letters() {
    let (folder, smtp) = (tempfile::tempdir().unwrap(), Catcher::start());
    bring_over(folder.path(), &[user(1, true), user(2, false)]);
    let house = House::start(folder.path(), Some(&smtp));
    let unknown = house.forgot("nobody@example.org").await;
    assert_eq!(unknown.0, 200);
    assert_eq!(house.forgot("user2@example.org").await, unknown, "an inactive one is as good as unknown");
    assert_eq!(house.forgot("user1@example.org").await, unknown);
    assert_eq!(smtp.next().to, "user1@example.org");
    assert_eq!(code(&house.forgot("nonsense").await), (400, "VALIDATION_ERROR"));
    house.stop(&["nobody", "user1", "user2", "nonsense"]);
    assert!(smtp.is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn without_mail_the_answer_is_the_same_and_the_log_says_why_nothing_comes() {
    let folder = tempfile::tempdir().unwrap();
    bring_over(folder.path(), &[user(1, true)]);
    let house = House::start(folder.path(), None);
    let answer = house.forgot("user1@example.org").await;
    assert_eq!(answer, house.forgot("nobody@example.org").await);
    assert_eq!(answer.0, 200);
    let log = house.stop(&["user1", "nobody"]);
    assert!(log.contains("mail is not set up"), "{log}");
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_mail_server_says_of_an_address_is_not_logged() {
    let folder = tempfile::tempdir().unwrap();
    bring_over(folder.path(), &[user(1, true)]);
    let refusing = Catcher::answering("550 no such user ADDRESS");
    let house = House::start(folder.path(), Some(&refusing));
    assert_eq!(house.forgot("user1@example.org").await.0, 200);
    // Stopping waits for nothing: the log is read when the refusal stands in it.
    let log = house.process.stop_when_logged("was not sent");
    assert!(log.contains("the mail server refused the letter"), "{log}");
    assert!(!log.contains("user1") && !log.contains("no such user"), "{log}");
}

#[test]
fn a_mail_server_that_would_be_spoken_to_in_the_clear_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = command();
    server.args(["--database", &database(folder.path()), "--mail-from", "a@b.c"]);
    let output = server.env("CARE4W_SMTP_URL", "smtp://user:hush@mail.example.org").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("TLS") && !stderr.contains("hush"), "{stderr}");
}

#[tokio::test]
async fn links_are_asked_for_only_so_often_by_one_address_and_for_one() {
    const LONG: Duration = Duration::from_secs(3600);
    let limits = Limits {
        forgot_per_address: Allowance::new(4, LONG),
        forgot_per_email: Allowance::new(2, LONG),
        ..Limits::raised()
    };
    let server = Server::with(Config { limits, ..Config::default() }).await;
    server.register("amina").await;
    let forgot = async |email: &str| server.post("/api/auth/forgot", json!({"email": email})).await;
    for email in ["amina@example.org", "nobody@example.org"] {
        forgot(email).await.data();
    }
    forgot("AMINA@example.org").await.data();
    forgot("amina@example.org").await.fails(429, "RATE_LIMITED");
    forgot("nobody@example.org").await.fails(429, "RATE_LIMITED");
    forgot("nonsense").await.fails(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn made_up_tokens_are_tried_only_so_often() {
    let limits = Limits { login_per_address: Allowance::new(2, Duration::from_secs(3600)), ..Limits::raised() };
    let server = Server::with(Config { limits, ..Config::default() }).await;
    let reset = async |token: &str| {
        server.post("/api/auth/reset", json!({"token": token, "password": "a good password"})).await
    };
    for token in ["", "\0' OR 1=1"] {
        reset(token).await.fails(410, "CODE_EXPIRED");
    }
    reset("x").await.fails(429, "RATE_LIMITED");
}

#[tokio::test]
async fn the_page_that_a_link_leads_to_is_the_servers_own_and_runs_nothing_else() {
    let server = Server::start().await;
    let response = server.request("GET", "/reset").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    let header = |name: &str| headers[name].to_str().unwrap();
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert_eq!((header("referrer-policy"), header("x-content-type-options")), ("no-referrer", "nosniff"));
    assert_eq!((header("content-type"), header("cache-control")), ("text/html; charset=utf-8", "no-store"));
    assert!(response.text().await.unwrap().contains("New password"));
}

#[tokio::test]
async fn who_signs_out_everywhere_is_out_on_every_device_and_may_come_back() {
    let server = Server::start().await;
    let (here, other) = (server.register("amina").await, server.register("baraka").await);
    let there = Person::of(server.login(&here.email, "password of mine").await.data());
    assert_eq!(server.by(&here, "POST", "/api/auth/logout-all", None).await.status, 200);
    for device in [&here, &there] {
        server.get(device, "/api/users/settings").await.fails(401, "SESSION_REVOKED");
        server.post("/api/auth/refresh", json!({"refreshToken": device.refresh})).await.fails(401, "SESSION_REVOKED");
    }
    server.by(&here, "POST", "/api/auth/logout-all", None).await.fails(401, "SESSION_REVOKED");
    assert_eq!(server.get(&other, "/api/users/settings").await.status, 200, "others stay");
    assert_eq!(server.login(&here.email, "password of mine").await.status, 200);
}
