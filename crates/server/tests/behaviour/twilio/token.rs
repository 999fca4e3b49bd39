use serde_json::{Value, json};

use super::{ACCOUNT, APPLICATION, KEY, SECRET, claims, given, oracle, server, server_with};
use crate::server::Server;

#[tokio::test]
async fn without_twilio_there_is_no_token_and_every_client_knows() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    assert_eq!(server.send(server.request("GET", "/api/config")).await.data()["twilioActive"], false);
    server.get(&amina, "/api/token").await.fails(503, "TWILIO_NOT_ACTIVE");
    super::ring(&server, &amina, "+254712345678").await.fails(503, "TWILIO_NOT_ACTIVE");
}

#[tokio::test]
async fn a_token_is_what_twilios_own_library_makes_of_the_same_facts() {
    for (region, token_seconds, lasts) in [(None, None, 3_600), (Some("ie1"), Some(60), 60)] {
        let voice =
            care4w_server::twilio::settings::Twilio { region: region.map(Into::into), token_seconds, ..given() };
        let server = server_with(voice.voice(Some(super::PUBLIC)).unwrap().unwrap()).await;
        let amina = server.register("amina").await;
        assert_eq!(server.send(server.request("GET", "/api/config")).await.data()["twilioActive"], true);
        let answer = server.get(&amina, "/api/token").await;
        let data = answer.data();
        let identity = amina.id.replace('-', "_");
        assert_eq!((&data["identity"], &data["expiresIn"]), (&json!(identity), &json!(lasts)));
        assert!(data.get("gateway").is_none(), "Twilio's own");

        let read = &oracle::ask(&json!([{"ask": "read", "token": data["token"], "secret": SECRET}]))[0];
        let params = &read["payload"]["grants"]["voice"]["outgoing"]["params"];
        assert_eq!(params["Care4wId"], amina.id.as_str());
        let mut theirs = oracle::ask(&json!([{
            "ask": "token", "account": ACCOUNT, "key": KEY, "secret": SECRET, "application": APPLICATION,
            "identity": identity, "params": params, "region": region, "ttl": lasts,
        }]))
        .remove(0);
        assert_eq!(read["header"], theirs["header"]);
        // Theirs was made a moment later.
        let ours = &read["payload"];
        let (iat, made) = (ours["iat"].as_u64().unwrap(), theirs["payload"]["iat"].as_u64().unwrap());
        assert!(made >= iat);
        theirs["payload"]["iat"] = json!(iat);
        theirs["payload"]["exp"] = json!(theirs["payload"]["exp"].as_u64().unwrap() - (made - iat));
        theirs["payload"]["jti"] = json!(format!("{KEY}-{iat}"));
        assert_eq!(*ours, theirs["payload"]);
    }
}

#[tokio::test]
async fn a_token_is_for_whoever_is_signed_in() {
    let server = server().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    server.send(server.request("GET", "/api/token")).await.fails(401, "UNAUTHORIZED");
    let (hers, his) = (claims(&server, &amina).await, claims(&server, &baraka).await);
    assert_ne!(hers["grants"]["identity"], his["grants"]["identity"]);
    let proof = |claims: &Value| claims["grants"]["voice"]["outgoing"]["params"]["Care4wProof"].clone();
    assert_ne!(proof(&hers), proof(&his));
}
