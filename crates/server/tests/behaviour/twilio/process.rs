//! `care4w-server` with calls over Twilio, as it is started.

use care4w_server::twilio::signature::sign;
use serde_json::{Value, json};

use super::{ACCOUNT, APPLICATION, AUTH_TOKEN, CALLER_ID, FORM, KEY, SECRET, form, sid};
use crate::binary::{Process, command, database, reqwest_client};

fn whole() -> Vec<(&'static str, &'static str)> {
    vec![
        ("CARE4W_TWILIO_ACCOUNT", ACCOUNT),
        ("CARE4W_TWILIO_KEY", KEY),
        ("CARE4W_TWILIO_SECRET", SECRET),
        ("CARE4W_TWILIO_AUTH_TOKEN", AUTH_TOKEN),
        ("CARE4W_TWILIO_APPLICATION", APPLICATION),
        ("CARE4W_TWILIO_CALLER_ID", CALLER_ID),
    ]
}

#[test]
fn half_of_what_it_needs_stops_the_start_with_one_line_that_names_the_rest_and_shows_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let starts = |settings: &[(&str, &str)], listen: &str| {
        let mut server = command();
        server.args(["--database", &database(folder.path()), "--listen", listen]).envs(settings.iter().copied());
        let output = server.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{stderr}");
        for secret in [SECRET, AUTH_TOKEN] {
            assert!(!stderr.contains(secret), "{stderr}");
        }
        stderr
    };
    for (missing, named) in [(1, "key"), (3, "auth_token"), (4, "application"), (5, "caller_id")] {
        let mut settings = whole();
        settings.remove(missing);
        let said = starts(&settings, "127.0.0.1:0");
        assert!(said.contains(&format!("missing: {named}")), "{said}");
    }
    let mut plain = whole();
    plain.push(("CARE4W_TWILIO_API_URL", "http://api.example.org"));
    assert!(starts(&plain, "127.0.0.1:0").contains("api_url is an https address"));
    plain.pop();
    plain.push(("CARE4W_TWILIO_GATEWAY_URL", "ws://gateway.example.org"));
    assert!(starts(&plain, "127.0.0.1:0").contains("gateway_url is a wss address"));
    assert!(starts(&whole(), "0.0.0.0:0").contains("--public-url"));
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_that_is_secret_or_somebodys_is_logged_at_any_level() {
    let (folder, double) = (tempfile::tempdir().unwrap(), super::double().await);
    let database = database(folder.path());
    let mut server = command();
    server.args(["--database", &database, "--listen", "127.0.0.1:0"]).env("CARE4W_LOG", "trace");
    server.envs(whole()).env("CARE4W_TWILIO_API_URL", double.rest_url()).env("CARE4W_VERIFICATION", "log");
    server.env("CARE4W_TWILIO_GATEWAY_URL", "ws://127.0.0.1:9/signal");
    let process = Process::start(server);
    let (http, url) = (reqwest_client(), process.url.clone());
    let body = json!({"email": "amina@example.org", "password": "hunter2hunter2", "displayName": "Amina"});
    let post = http.post(format!("{url}/api/auth/register")).json(&body).send().await.unwrap();
    let user: Value = post.json::<Value>().await.unwrap()["data"].clone();
    let bearer = user["accessToken"].as_str().unwrap();
    // Her number is proved beside the server, as the import of a proved one would.
    let store = care4w_server::store::Database::parse(&database).unwrap().open(Default::default()).await.unwrap();
    let number = care4w_phone::PhoneNumber::parse("+254754111222", None).unwrap();
    let account = care4w_server::store::AccountId::parse(user["user"]["id"].as_str().unwrap()).unwrap();
    store.set_phone(account, &care4w_server::store::HeldNumber::from(&number), true).await.unwrap();
    store.close().await;

    let answer: Value =
        http.get(format!("{url}/api/token")).bearer_auth(bearer).send().await.unwrap().json().await.unwrap();
    let token = answer["data"]["token"].as_str().unwrap();
    assert_eq!(answer["data"]["gateway"], "ws://127.0.0.1:9/signal");
    let ring = json!({"to": "+254754111333"});
    let rung = http.post(format!("{url}/api/twilio/ring")).bearer_auth(bearer).json(&ring).send().await.unwrap();
    assert_eq!(rung.status(), 201);
    double.refuse_next_request(400, 21211, None);
    let refused = http.post(format!("{url}/api/twilio/ring")).bearer_auth(bearer).json(&ring).send().await.unwrap();
    assert_eq!(refused.status(), 400);
    let identity = answer["data"]["identity"].as_str().unwrap();
    let (one, from) = (sid(1), format!("client:{identity}"));
    let claims = super::claims_of(token);
    let params = &claims["grants"]["voice"]["outgoing"]["params"];
    let (id, proof) = (params["Care4wId"].as_str().unwrap(), params["Care4wProof"].as_str().unwrap());
    let device = |to, proof| {
        let known = [("ApplicationSid", APPLICATION), ("CallSid", one.as_str()), ("From", from.as_str())];
        [known.as_slice(), &[("To", to), ("Care4wId", id), ("Care4wProof", proof)]].concat()
    };
    for fields in [
        device("+254754111777", proof),
        device("112", proof),
        device("+449098790000", proof),
        device("+254754111777", "wrong"),
        vec![("CallSid", one.as_str()), ("From", "+254754111444"), ("To", "+254754111222")],
        vec![("CallSid", one.as_str()), ("From", identity), ("To", "+254754111555"), ("CallStatus", "ringing")],
        vec![("CallSid", one.as_str()), ("CallStatus", "completed"), ("CallDuration", "7")],
    ] {
        for path in ["/api/webhooks/twilio/voice", "/api/webhooks/twilio/status?To=%2B254754111666"] {
            let url = format!("{url}{path}");
            let fields: Vec<(String, String)> = [("AccountSid", ACCOUNT)]
                .iter()
                .chain(&fields)
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect();
            let signature = sign(&AUTH_TOKEN.to_owned().into(), &url, &fields);
            let request = http.post(&url).header("content-type", FORM).body(form(&fields));
            let taken = request.header("x-twilio-signature", signature).send().await.unwrap();
            assert!(taken.status().is_success(), "{}", taken.status());
        }
    }
    let output = process.stop("-TERM");
    let log = String::from_utf8(output.stderr).unwrap();
    for said in ["Twilio refused a call", "is not put through", "does not show whose it is"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    for private in [
        SECRET,
        AUTH_TOKEN,
        proof,
        "9098790000",
        ACCOUNT,
        KEY,
        APPLICATION,
        &CALLER_ID[1..],
        "754111",
        token,
        bearer,
        one.as_str(),
        identity,
    ] {
        assert!(!log.contains(private), "{private} is in the log: {log}");
    }
}
