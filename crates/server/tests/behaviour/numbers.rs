use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::store::Uniqueness;
use serde_json::json;

use crate::server::Server;

#[tokio::test]
async fn phone_number_saves_correctly_to_database() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let answer = server.by(&amina, "PATCH", "/api/users/phone", Some(json!({"phoneNumber": "0712 345678"}))).await;
    assert_eq!(
        *answer.data(),
        json!({"personalPhoneNumber": "+254712345678", "phoneVerified": true, "message": "Phone number updated successfully"})
    );
    let server = server.restart().await;
    assert_eq!(server.get(&amina, "/api/users/phone").await.data()["personalPhoneNumber"], "+254712345678");
    let settings = server.get(&amina, "/api/users/settings").await;
    assert_eq!(settings.data()["settings"]["personalPhoneNumber"], "+254712345678");
}

#[tokio::test]
async fn phone_number_validation_works_correctly() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    for wrong in [
        "",
        "abc",
        "12",
        "+",
        "+999123456789",
        "+2547123456789012345",
        "0712\u{0}345678",
        "<script>",
        "+1 555 0100",
        "911",
        &"7".repeat(5000),
    ] {
        for (method, path) in [("POST", "/api/users/phone/check"), ("PATCH", "/api/users/phone")] {
            let answer = server.by(&amina, method, path, Some(json!({"phoneNumber": wrong}))).await;
            answer.fails(400, "INVALID_PHONE");
        }
        server.lookup(&amina, wrong, None).await.fails(400, "INVALID_PHONE");
    }
    assert_eq!(server.get(&amina, "/api/users/phone").await.data()["personalPhoneNumber"], json!(null));
}

#[tokio::test]
async fn uniqueness_check_prevents_duplicates() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let check = async |number: &str| {
        let answer = server.by(&baraka, "POST", "/api/users/phone/check", Some(json!({"phoneNumber": number}))).await;
        answer.data()["available"].as_bool().unwrap()
    };
    assert!(check("+254712345678").await);
    server.set_phone(&amina, "+254712345678").await.data();
    assert!(!check("+254712345678").await);
    assert!(!check("+255712345678").await, "the national number counts, whatever the country");
    server.set_phone(&baraka, "+254712345678").await.fails(409, "PHONE_ALREADY_EXISTS");
    server.set_phone(&baraka, "+255712345678").await.fails(409, "PHONE_ALREADY_EXISTS");
    server.set_phone(&baraka, "+254712345679").await.data();
    assert!(check("+254712345679").await, "one's own number is available");
}

#[tokio::test]
async fn two_who_claim_a_number_in_the_same_instant_do_not_both_get_it() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    for number in 0..10 {
        let number = format!("+25471234560{number}");
        let (one, two) = tokio::join!(server.set_phone(&amina, &number), server.set_phone(&baraka, &number));
        let (winner, loser) = if one.status == 200 { (one, two) } else { (two, one) };
        assert_eq!(winner.status, 200);
        loser.fails(409, "PHONE_ALREADY_EXISTS");
    }
}

#[tokio::test]
async fn country_code_handling_works_correctly() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    for (number, country, full) in [
        ("0712345678", None, "+254712345678"),
        ("0712345678", Some("TZ"), "+255712345678"),
        ("0712345678", Some("255"), "+255712345678"),
        ("712345678", Some("+254"), "+254712345678"),
        ("(415) 555-2671", Some("US"), "+14155552671"),
        ("+254 712-345-678", Some("US"), "+254712345678"),
        ("02 3661 8300", Some("IT"), "+390236618300"),
    ] {
        let body = json!({"phoneNumber": number, "countryCode": country});
        let answer = server.by(&amina, "PATCH", "/api/users/phone", Some(body)).await;
        assert_eq!(answer.data()["personalPhoneNumber"], full, "{number} in {country:?}");
    }
    let body = json!({"phoneNumber": "0712345678", "countryCode": "Narnia"});
    server.by(&amina, "PATCH", "/api/users/phone", Some(body)).await.fails(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn a_removed_number_is_free_at_once() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.set_phone(&amina, "+254712345678").await.data();
    let removed = server.by(&amina, "DELETE", "/api/users/phone", None).await;
    assert_eq!(removed.data()["personalPhoneNumber"], json!(null));
    assert_eq!(removed.data()["phoneVerified"], false);
    server.set_phone(&baraka, "+254712345678").await.data();
}

#[tokio::test]
async fn with_full_uniqueness_the_same_national_number_may_be_held_in_two_countries() {
    let config = Config { uniqueness: Uniqueness::Full, limits: Limits::raised(), ..Config::default() };
    let server = Server::with(config).await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.set_phone(&amina, "+254712345678").await.data();
    server.set_phone(&baraka, "+255712345678").await.data();
    server.set_phone(&baraka, "+254712345678").await.fails(409, "PHONE_ALREADY_EXISTS");
}

#[tokio::test]
async fn verification_is_not_available_and_says_so() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let code = Some(json!({"code": "123456"}));
    server.by(&amina, "POST", "/api/users/phone/verify", code).await.fails(501, "NOT_AVAILABLE");
    server.by(&amina, "POST", "/api/users/phone/verify/send", None).await.fails(501, "NOT_AVAILABLE");
}
