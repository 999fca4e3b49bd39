use serde_json::json;

use crate::server::Server;

#[tokio::test]
async fn call_flow_looks_up_care4w_id_by_phone() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.set_phone(&amina, "+254712345678").await.data();
    for typed in ["+254712345678", "+254 712 345678", "0712345678", "712345678", "254712345678"] {
        let answer = server.lookup(&baraka, typed, None).await;
        assert_eq!(
            *answer.data(),
            json!({"exists": true, "care4wId": amina.id, "displayName": "amina", "isSelf": false, "match": "full", "region": "KE"}),
            "{typed}"
        );
    }
    let own = server.lookup(&amina, "0712345678", None).await;
    assert_eq!((&own.data()["isSelf"], &own.data()["match"]), (&json!(true), &json!("full")));
}

#[tokio::test]
async fn error_handling_for_non_existent_phone_numbers() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let answer = server.lookup(&amina, "+254799999999", None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(*answer.data(), json!({"exists": false}));
}

#[tokio::test]
async fn a_number_with_another_country_reaches_nobody() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.set_phone(&amina, "+254712345678").await.data();
    assert_eq!(server.lookup(&baraka, "+255712345678", None).await.data()["exists"], false);
    let country = server.lookup(&baraka, "+254712345678", Some("TZ")).await;
    assert_eq!(country.data()["match"], "full", "a country that was typed is not overruled");
}

#[tokio::test]
async fn a_number_without_a_country_is_read_at_home_first_and_a_match_abroad_is_marked() {
    let server = Server::start().await;
    let (kenyan, tanzanian) = (server.register("kenyan").await, server.register("tanzanian").await);
    server.set_phone(&kenyan, "+254712345678").await.data();
    server.set_phone(&tanzanian, "+255754111222").await.data();
    let abroad = server.lookup(&tanzanian, "0712345678", None).await;
    assert_eq!((&abroad.data()["match"], &abroad.data()["region"]), (&json!("national"), &json!("KE")));
    let hinted = server.lookup(&tanzanian, "0712345678", Some("KE")).await;
    assert_eq!(hinted.data()["match"], "full", "countryCode comes before one's own country");
    let wrong_hint = server.lookup(&kenyan, "0712345678", Some("255")).await;
    assert_eq!(wrong_hint.data()["match"], "national");
}

#[tokio::test]
async fn what_is_no_number_at_home_is_looked_up_by_its_national_number_in_every_country() {
    let server = Server::start().await;
    let (kenyan, american) = (server.register("kenyan").await, server.register("american").await);
    server.set_phone(&kenyan, "+254712345678").await.data();
    server.set_phone(&american, "+14155552671").await.data();
    let londoner = server.register("londoner").await;
    server.set_phone(&londoner, "+442079460958").await.data();
    for (asking, typed, country, id, region) in [
        (&american, "712345678", None, &kenyan.id, "KE"),
        (&american, "0712 345 678", Some("US"), &kenyan.id, "KE"),
        (&american, "020 7946 0958", None, &londoner.id, "GB"),
        (&kenyan, "2079460958", Some("254"), &londoner.id, "GB"),
        (&kenyan, "(415) 555-2671", None, &american.id, "US"),
    ] {
        let answer = server.lookup(asking, typed, country).await;
        let found = answer.data();
        assert_eq!((&found["match"], &found["region"]), (&json!("national"), &json!(region)), "{typed}");
        assert_eq!((&found["care4wId"], &found["isSelf"]), (&json!(id), &json!(false)), "{typed}");
    }
    assert_eq!(*server.lookup(&american, "020 7946 0959", None).await.data(), json!({"exists": false}));
    let oneself = server.lookup(&londoner, "020 7946 0958", Some("US")).await;
    assert_eq!((&oneself.data()["isSelf"], &oneself.data()["match"]), (&json!(true), &json!("national")));
    let hide = Some(json!({"discoverableByPhone": "nobody"}));
    server.by(&londoner, "PATCH", "/api/users/settings", hide).await.data();
    assert_eq!(*server.lookup(&american, "020 7946 0958", None).await.data(), json!({"exists": false}));
}

#[tokio::test]
async fn a_text_that_two_people_may_be_meant_by_finds_nobody() {
    let server = Server::start().await;
    let (roman, londoner) = (server.register("roman").await, server.register("londoner").await);
    let asking = server.register("asking").await;
    server.set_phone(&londoner, "+442079460958").await.data();
    assert_eq!(server.lookup(&asking, "02079460958", Some("US")).await.data()["care4wId"], londoner.id);
    server.set_phone(&roman, "+3902079460958").await.data();
    assert_eq!(*server.lookup(&asking, "02079460958", Some("US")).await.data(), json!({"exists": false}));
    assert_eq!(server.lookup(&asking, "02079460958", Some("IT")).await.data()["match"], "full");
}

#[tokio::test]
async fn what_no_country_has_calls_for_help_or_is_short_is_refused() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    // "4000" would be somebody's in Niue, "+25471" names its country.
    for (typed, country) in [
        ("112", None),
        ("999", Some("US")),
        ("4000", None),
        ("12", None),
        ("+25471", None),
        ("00000000", None),
        ("amina", None),
    ] {
        server.lookup(&amina, typed, country).await.fails(400, "INVALID_PHONE");
    }
}

#[tokio::test]
async fn who_does_not_want_to_be_found_by_number_is_not() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.set_phone(&amina, "+254712345678").await.data();
    let hide = Some(json!({"discoverableByPhone": "nobody"}));
    server.by(&amina, "PATCH", "/api/users/settings", hide).await.data();
    for typed in ["+254712345678", "0712345678"] {
        assert_eq!(*server.lookup(&baraka, typed, None).await.data(), json!({"exists": false}));
    }
    assert_eq!(server.lookup(&baraka, "0712345678", Some("TZ")).await.data()["exists"], false);
    assert_eq!(server.lookup(&amina, "+254712345678", None).await.data()["isSelf"], true);
}

#[tokio::test]
async fn an_id_is_found_in_any_case() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let path = format!("/api/users/lookup?care4wId={}", amina.id.to_uppercase());
    let answer = server.get(&baraka, &path).await;
    assert_eq!(*answer.data(), json!({"exists": true, "care4wId": amina.id, "displayName": "amina"}));
    let nobody = server.get(&baraka, "/api/users/lookup?care4wId=care4w-0000000").await;
    assert_eq!(*nobody.data(), json!({"exists": false}));
    for wrong in ["care4w-", "amina", "care4w-ABC%00123", ""] {
        let path = format!("/api/users/lookup?care4wId={wrong}");
        server.get(&baraka, &path).await.fails(400, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn what_twilio_would_do_is_said_to_be_off() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    server.get(&amina, "/api/token").await.fails(503, "TWILIO_NOT_ACTIVE");
    for path in ["/api/webhooks/twilio/voice", "/api/webhooks/twilio/status"] {
        server.send(server.request("POST", path).body("CallSid=1")).await.fails(503, "TWILIO_NOT_ACTIVE");
    }
    assert_eq!(*server.get(&amina, "/api/ice").await.data(), json!({"iceServers": [], "ttl": 3600}));
}

#[tokio::test]
async fn the_echo_line_is_announced_once_its_account_exists() {
    let config = care4w_server::Config { echo_line: Some("Echo@example.org".into()), ..Default::default() };
    let server = Server::with(config).await;
    let asked = async || server.send(server.request("GET", "/api/config")).await;
    let before = asked().await;
    assert_eq!(before.data()["echoLine"], json!(null));
    assert_eq!((&before.data()["defaultRegion"], &before.data()["verification"]), (&json!("KE"), &json!("off")));
    let echo = server.register("echo").await;
    assert_eq!(asked().await.data()["echoLine"], echo.id);
}
