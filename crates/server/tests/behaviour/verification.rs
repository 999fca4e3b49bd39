//! Claims over HTTP: Twilio Verify's double sends the codes, so that the tests know them.

use std::time::Duration;

use care4w_protocol::rest::Verification;
use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::verification::Twilio;
use care4w_twilio_double::{self as double, Verify};
use serde_json::{Value, json};

use crate::server::{Answer, Person, Server};

const NUMBER: &str = "+254712345678";

struct Town {
    server: Server,
    double: Verify,
}

impl Town {
    async fn new() -> Self {
        Self::with(Config { limits: Limits::raised(), ..Config::default() }).await
    }

    async fn with(config: Config) -> Self {
        let double = Verify::start(&double::Account::default()).await.unwrap();
        let server =
            Server::with(Config { verification: Verification::Twilio, twilio: twilio(&double), ..config }).await;
        Self { server, double }
    }

    async fn verify(&self, person: &Person, code: &str) -> Answer {
        self.server.by(person, "POST", "/api/users/phone/verify", Some(json!({"code": code}))).await
    }

    async fn resend(&self, person: &Person) -> Answer {
        self.server.by(person, "POST", "/api/users/phone/verify/send", None).await
    }

    async fn own(&self, person: &Person, number: &str) {
        self.server.set_phone(person, number).await.data();
        self.verify(person, &self.double.code_for(number).unwrap()).await.data();
    }

    async fn settings(&self, person: &Person) -> Value {
        self.server.get(person, "/api/users/settings").await.data()["settings"].clone()
    }

    async fn found(&self, person: &Person, number: &str) -> bool {
        self.server.lookup(person, number, None).await.data()["exists"] == true
    }
}

fn twilio(double: &Verify) -> Twilio {
    let account = double::Account::default();
    Twilio {
        key: Some(account.api_key),
        secret: Some(account.api_secret.into()),
        verify_service: Some(account.verify_service),
        verify_url: Some(double.url.clone()),
        ..Twilio::default()
    }
}

#[tokio::test]
async fn a_saved_number_is_a_claim_until_its_code_was_entered() {
    let town = Town::new().await;
    let (amina, baraka) = (town.server.register("amina").await, town.server.register("baraka").await);
    let claimed = town.server.set_phone(&amina, NUMBER).await;
    assert_eq!((claimed.status, &claimed.data()["phoneVerified"]), (200, &json!(false)));
    assert_eq!(claimed.data()["personalPhoneNumber"], NUMBER);
    let settings = town.settings(&amina).await;
    assert_eq!((&settings["phoneVerified"], &settings["pendingPhoneNumber"]), (&json!(false), &json!(NUMBER)));
    for typed in [NUMBER, "0712345678", "712345678"] {
        assert!(!town.found(&baraka, typed).await, "{typed} is not proved");
    }
    town.verify(&amina, "000000").await.fails(400, "INVALID_CODE");
    for nonsense in ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"] {
        town.verify(&amina, nonsense).await.fails(400, "INVALID_CODE");
    }
    let code = town.double.code_for(NUMBER).unwrap();
    let verified = town.verify(&amina, &format!(" {code}\n")).await;
    assert_eq!(
        (&verified.data()["personalPhoneNumber"], &verified.data()["phoneVerified"]),
        (&json!(NUMBER), &json!(true))
    );
    assert!(town.found(&baraka, NUMBER).await && town.found(&baraka, "0712345678").await);
    assert_eq!(town.settings(&amina).await.get("pendingPhoneNumber"), None);
    town.verify(&amina, &code).await.fails(404, "NOT_FOUND");
    town.resend(&amina).await.fails(404, "NOT_FOUND");
    let again = town.server.set_phone(&amina, "0712 345 678").await;
    assert_eq!(again.data()["phoneVerified"], true, "one's own proved number needs no second proof");
}

#[tokio::test]
async fn a_new_number_leaves_the_old_one_until_it_is_proved() {
    let town = Town::new().await;
    let (amina, baraka) = (town.server.register("amina").await, town.server.register("baraka").await);
    town.own(&amina, NUMBER).await;
    let claimed = town.server.set_phone(&amina, "+254712345679").await;
    assert_eq!(
        (&claimed.data()["personalPhoneNumber"], &claimed.data()["phoneVerified"]),
        (&json!("+254712345679"), &json!(false))
    );
    let settings = town.settings(&amina).await;
    assert_eq!((&settings["personalPhoneNumber"], &settings["phoneVerified"]), (&json!(NUMBER), &json!(true)));
    assert_eq!(settings["pendingPhoneNumber"], "+254712345679");
    assert!(town.found(&baraka, NUMBER).await && !town.found(&baraka, "+254712345679").await);
    // Saving the old one again takes the claim back; claiming and proving the new one frees the old.
    assert_eq!(town.server.set_phone(&amina, NUMBER).await.data()["phoneVerified"], true);
    assert_eq!(town.settings(&amina).await.get("pendingPhoneNumber"), None);
    town.own(&amina, "+254712345679").await;
    assert!(!town.found(&baraka, NUMBER).await && town.found(&baraka, "+254712345679").await);
    let gone = town.server.by(&amina, "DELETE", "/api/users/phone", None).await;
    assert_eq!((&gone.data()["personalPhoneNumber"], &gone.data()["phoneVerified"]), (&json!(null), &json!(false)));
}

#[tokio::test]
async fn who_proves_a_number_takes_it_and_only_a_proved_one_is_taken() {
    let town = Town::new().await;
    let (squatter, owner) = (town.server.register("squatter").await, town.server.register("owner").await);
    town.server.set_phone(&squatter, NUMBER).await.data();
    let check = town.server.by(&owner, "POST", "/api/users/phone/check", Some(json!({"phoneNumber": NUMBER}))).await;
    assert_eq!(check.data()["available"], true, "somebody else's claim does not show");
    town.own(&owner, NUMBER).await;
    let lost = town.settings(&squatter).await;
    assert_eq!((&lost["personalPhoneNumber"], lost.get("pendingPhoneNumber")), (&json!(null), None));
    town.verify(&squatter, "123456").await.fails(404, "NOT_FOUND");
    town.server.set_phone(&squatter, NUMBER).await.fails(409, "PHONE_ALREADY_EXISTS");
    let check = town.server.by(&squatter, "POST", "/api/users/phone/check", Some(json!({"phoneNumber": NUMBER}))).await;
    assert_eq!(check.data()["available"], false);
}

#[tokio::test]
async fn a_number_from_before_verification_gives_way_to_its_owner_and_can_be_proved_by_its_holder() {
    let off = Server::start().await;
    let (holder, owner) = (off.register("holder").await, off.register("owner").await);
    let keeper = off.register("keeper").await;
    off.set_phone(&holder, NUMBER).await.data();
    off.set_phone(&keeper, "+254712345679").await.data();
    assert_eq!(off.lookup(&owner, NUMBER, None).await.data()["exists"], true);

    let double = Verify::start(&double::Account::default()).await.unwrap();
    let server = off.restart_with(|config| {
        config.verification = Verification::Twilio;
        config.twilio = twilio(&double);
    });
    let town = Town { server: server.await, double };
    assert!(!town.found(&owner, NUMBER).await, "nobody has proved it");
    let settings = town.settings(&keeper).await;
    assert_eq!((&settings["phoneVerified"], &settings["pendingPhoneNumber"]), (&json!(false), &json!("+254712345679")));
    let check = town.server.by(&owner, "POST", "/api/users/phone/check", Some(json!({"phoneNumber": NUMBER}))).await;
    assert_eq!((&check.data()["available"], &check.data()["claimable"]), (&json!(true), &json!(true)));
    town.own(&owner, NUMBER).await;
    assert_eq!(town.settings(&holder).await["personalPhoneNumber"], json!(null));
    assert!(town.found(&keeper, NUMBER).await);
    // The number that one has is proved by having a code sent, without saving it again.
    town.verify(&keeper, "123456").await.fails(410, "CODE_EXPIRED");
    town.resend(&keeper).await.data();
    town.verify(&keeper, &town.double.code_for("+254712345679").unwrap()).await.data();
    assert!(town.found(&owner, "+254712345679").await);
}

#[tokio::test]
async fn codes_expire_and_tries_and_sends_run_out() {
    let town = Town::new().await;
    let amina = town.server.register("amina").await;
    town.server.set_phone(&amina, NUMBER).await.data();
    let code = town.double.code_for(NUMBER).unwrap();
    town.double.advance(Duration::from_secs(600));
    town.verify(&amina, &code).await.fails(410, "CODE_EXPIRED");
    for _ in 0..5 {
        town.resend(&amina).await.data();
    }
    town.resend(&amina).await.fails(429, "RATE_LIMITED");
    town.server.set_phone(&amina, NUMBER).await.fails(429, "RATE_LIMITED");
    for _ in 0..5 {
        town.verify(&amina, "000000").await.fails(400, "INVALID_CODE");
    }
    let limited = town.verify(&amina, &town.double.code_for(NUMBER).unwrap()).await;
    limited.fails(429, "RATE_LIMITED");
    assert_eq!(limited.headers["retry-after"], "600");
    town.double.refuse(403, 60605, None);
    town.server.set_phone(&amina, "+254712345670").await.fails(403, "FORBIDDEN");
    assert_eq!(town.settings(&amina).await["pendingPhoneNumber"], NUMBER, "what could not be sent claims nothing");
    town.double.refuse(500, 20500, None);
    town.resend(&amina).await.fails(503, "UNAVAILABLE");
}

#[tokio::test]
async fn codes_cost_money_and_so_there_are_only_so_many_a_day() {
    let limits = Limits { code_sends_a_day: 2, ..Limits::raised() };
    let town = Town::with(Config { limits, ..Config::default() }).await;
    let amina = town.server.register("amina").await;
    town.server.set_phone(&amina, NUMBER).await.data();
    town.double.refuse(500, 20500, None);
    town.resend(&amina).await.fails(503, "UNAVAILABLE");
    town.resend(&amina).await.data();
    let before = town.double.requests();
    town.resend(&amina).await.fails(429, "RATE_LIMITED");
    town.server.set_phone(&amina, "+254712345679").await.fails(429, "RATE_LIMITED");
    assert_eq!(town.double.requests(), before, "Twilio was not asked");
}

#[tokio::test]
async fn two_who_prove_a_number_in_the_same_instant_do_not_both_get_it() {
    let town = Town::new().await;
    let (amina, baraka) = (town.server.register("amina").await, town.server.register("baraka").await);
    for number in 0..5 {
        let number = format!("+25471234560{number}");
        for person in [&amina, &baraka] {
            town.server.set_phone(person, &number).await.data();
        }
        let code = town.double.code_for(&number).unwrap();
        let (one, two) = tokio::join!(town.verify(&amina, &code), town.verify(&baraka, &code));
        assert_eq!([one.status, two.status].iter().filter(|status| **status == 200).count(), 1);
    }
}

#[tokio::test]
async fn the_server_says_how_it_verifies() {
    let town = Town::new().await;
    let config = town.server.send(town.server.request("GET", "/api/config")).await;
    assert_eq!(config.data()["verification"], "twilio");
}
