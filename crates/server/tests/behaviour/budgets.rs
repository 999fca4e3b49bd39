use std::time::Duration;

use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::limits::Allowance;
use serde_json::json;

use crate::server::{Answer, Server};

const LONG: Duration = Duration::from_secs(3600);

async fn server(limits: impl FnOnce(&mut Limits)) -> Server {
    let mut raised = Limits::raised();
    limits(&mut raised);
    Server::with(Config { limits: raised, ..Config::default() }).await
}

#[track_caller]
fn limited(answer: &Answer) {
    answer.fails(429, "RATE_LIMITED");
    let seconds: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn an_address_registers_only_so_many() {
    let server = server(|limits| limits.register_per_address = Allowance::new(2, LONG)).await;
    for wrong in ["", "x"] {
        let body = json!({"email": wrong, "password": "password of mine", "displayName": "x"});
        server.post("/api/auth/register", body).await.fails(400, "VALIDATION_ERROR");
    }
    server.register("one").await;
    server.register("two").await;
    let body = json!({"email": "three@example.org", "password": "password of mine", "displayName": "x"});
    limited(&server.post("/api/auth/register", body).await);
}

#[tokio::test]
async fn after_ten_wrong_passwords_the_right_one_waits_too() {
    let server = server(|limits| limits.login_failures = Allowance::new(3, LONG)).await;
    let amina = server.register("amina").await;
    for _ in 0..2 {
        server.login(&amina.email, "wrong").await.fails(401, "INVALID_CREDENTIALS");
    }
    assert_eq!(server.login(&amina.email, "password of mine").await.status, 200, "a right one forgives");
    for email in [amina.email.as_str(), "nobody@example.org"] {
        for _ in 0..3 {
            server.login(email, "wrong").await.fails(401, "INVALID_CREDENTIALS");
        }
        limited(&server.login(email, "password of mine").await);
    }
}

#[tokio::test]
async fn an_address_signs_in_only_so_often() {
    let server = server(|limits| limits.login_per_address = Allowance::new(2, LONG)).await;
    let amina = server.register("amina").await;
    for _ in 0..2 {
        assert_eq!(server.login(&amina.email, "password of mine").await.status, 200);
    }
    limited(&server.login(&amina.email, "password of mine").await);
}

#[tokio::test]
async fn check_lookups_and_taken_answers_share_one_budget() {
    let server = server(|limits| {
        limits.oracle_per_account = Allowance::new(100, LONG);
        limits.oracle_first_day = 4;
    })
    .await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.set_phone(&baraka, "+254712345678").await.data();
    let check = async |number: &str| {
        server.by(&amina, "POST", "/api/users/phone/check", Some(json!({"phoneNumber": number}))).await
    };
    check("+254712345000").await.data();
    check("+254712345000").await.data();
    check("nonsense").await.fails(400, "INVALID_PHONE");
    server.lookup(&amina, "+254712345000", None).await.data();
    server.lookup(&amina, "+254712345001", None).await.data();
    server.get(&amina, "/api/users/lookup?care4wId=care4w-AAAA").await.data();
    server.get(&amina, "/api/users/lookup?care4wId=CARE4W-aaaa").await.data();
    server.set_phone(&amina, "+254712345678").await.fails(409, "PHONE_ALREADY_EXISTS");
    // Four different questions were asked.
    limited(&check("+254712345002").await);
    limited(&server.lookup(&amina, "+254712345003", None).await);
    limited(&server.get(&amina, "/api/users/lookup?care4wId=care4w-BBBB").await);
    limited(&server.set_phone(&amina, "+254712345004").await);
    check("+254712345000").await.data();
    server.get(&amina, &format!("/api/users/lookup?care4wId={}", amina.id)).await.data();
    server.lookup(&baraka, "+254712345003", None).await.data();
}

#[tokio::test]
async fn the_accounts_of_one_address_share_its_budget() {
    let server = server(|limits| limits.oracle_per_address = Allowance::new(2, LONG)).await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.lookup(&amina, "+254712345001", None).await.data();
    server.lookup(&baraka, "+254712345002", None).await.data();
    limited(&server.lookup(&amina, "+254712345003", None).await);
}

#[tokio::test]
async fn a_number_is_changed_five_times_a_day_at_most() {
    let server = server(|limits| limits.number_changes_a_day = 5).await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.set_phone(&baraka, "+254712345999").await.data();
    for number in 0..5 {
        server.set_phone(&amina, "+254712345999").await.fails(409, "PHONE_ALREADY_EXISTS");
        server.set_phone(&amina, &format!("+25471234500{number}")).await.data();
    }
    server.set_phone(&amina, "+254712345004").await.data();
    limited(&server.set_phone(&amina, "+254712345006").await);
}
