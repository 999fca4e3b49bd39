use care4w_server::Config;
use care4w_server::config::Limits;
use serde_json::json;

use super::{ACCOUNT, AUTH_TOKEN, FORM, PUBLIC, from_twilio, given, oracle, server, settings};
use crate::server::Server;

const STATUS: &str = "/api/webhooks/twilio/status";

fn sign(url: &str, params: &serde_json::Value) -> String {
    let asked = json!([{"ask": "sign", "authToken": AUTH_TOKEN, "url": url, "params": params}]);
    oracle::ask(&asked)[0].as_str().unwrap().to_owned()
}

async fn status(server: &Server, path: &str, signature: Option<&str>, body: &str) -> u16 {
    let mut request = server.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
    if let Some(signature) = signature {
        request = request.header("x-twilio-signature", signature);
    }
    request.body(body.to_owned()).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn what_twilios_own_library_signs_is_taken_and_what_is_not_signed_is_refused() {
    let server = server().await;
    let params = json!({"AccountSid": ACCOUNT, "CallSid": "CA1", "b": "x y+z&é", "a": "", "twice": ["2", "1", "2"]});
    let body = format!("b=x+y%2Bz%26%C3%A9&twice=2&twice=1&CallSid=CA1&AccountSid={ACCOUNT}&a=&twice=2");
    let url = format!("{PUBLIC}{STATUS}?x=1&y=%20");
    let asked = format!("{STATUS}?x=1&y=%20");
    for signed in [url.clone(), url.replace(".org", ".org:443")] {
        assert_eq!(status(&server, &asked, Some(&sign(&signed, &params)), &body).await, 204, "{signed}");
    }
    let good = sign(&url, &params);
    let mut changed = params.clone();
    changed["CallSid"] = json!("CA2");
    for wrong in [
        None,
        Some(""),
        Some("no signature"),
        Some(good.to_lowercase().as_str()),
        Some(sign(&url.replace("https", "http"), &params).as_str()),
        Some(sign(&url.replace("care4w.example", "care4w2.example"), &params).as_str()),
        Some(sign(&url.replace("x=1", "x=2"), &params).as_str()),
        Some(sign(&url.replace(".org", ".org:8443"), &params).as_str()),
        Some(sign(&url, &changed).as_str()),
    ] {
        assert_eq!(status(&server, &asked, wrong, &body).await, 403, "{wrong:?}");
    }
    for path in [STATUS, "/api/webhooks/twilio/voice"] {
        let request = server.request("POST", path).header("content-type", FORM).body(format!("AccountSid={ACCOUNT}"));
        server.send(request).await.fails(403, "FORBIDDEN");
    }
}

#[tokio::test]
async fn a_request_about_another_account_is_refused_though_it_is_signed() {
    let server = server().await;
    let other = from_twilio(&server, STATUS, &[("AccountSid", "AC00000000000000000000000000000000")]);
    server.send(other).await.fails(403, "FORBIDDEN");
}

#[tokio::test]
async fn what_this_server_signs_for_its_doubles_twilios_own_library_accepts() {
    use care4w_server::twilio::signature::sign;
    let url = format!("{PUBLIC}{STATUS}?call=1&leg=near");
    let form = [("To", "+254712345678"), ("From", "client:care4w_ABC1234"), ("Z", "é ü"), ("z", "1")];
    let form: Vec<(String, String)> = form.map(|(name, value)| (name.into(), value.into())).into();
    let signature = sign(&AUTH_TOKEN.to_owned().into(), &url, &form);
    let params: serde_json::Map<_, _> = form.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let asked =
        json!({"ask": "accepts", "authToken": AUTH_TOKEN, "signature": signature, "url": url, "params": params});
    assert_eq!(oracle::ask(&json!([asked]))[0], true);
}

#[tokio::test]
async fn a_json_body_is_taken_by_its_hash_in_the_address() {
    let server = server().await;
    let body = json!({"AccountSid": ACCOUNT, "CallSid": "CA1"}).to_string();
    let hash = oracle::ask(&json!([{"ask": "bodyHash", "body": body}]))[0].as_str().unwrap().to_owned();
    let path = format!("{STATUS}?bodySHA256={hash}");
    let signature = sign(&format!("{PUBLIC}{path}"), &json!({}));
    let asked = json!({"ask": "acceptsBody", "authToken": AUTH_TOKEN, "signature": signature,
        "url": format!("{PUBLIC}{path}"), "body": body});
    assert_eq!(oracle::ask(&json!([asked]))[0], true);
    let send = async |body: String| {
        let request = server.request("POST", &path).header("content-type", "application/json");
        request.header("x-twilio-signature", &signature).body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(body.clone()).await, 204);
    assert_eq!(send(body.replace("CA1", "CA2")).await, 403);
}

#[tokio::test]
async fn behind_a_proxy_it_is_the_address_that_the_proxy_was_asked_for() {
    let params = json!({"AccountSid": ACCOUNT});
    let body = format!("AccountSid={ACCOUNT}");
    let voice = settings();
    let send = async |server: &Server, signed: &str, host: &str| {
        let request = server.request("POST", STATUS).header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("x-forwarded-proto", "https").header("x-forwarded-host", host);
        let signature = sign(&format!("{signed}{STATUS}"), &params);
        request.header("x-twilio-signature", signature).body(body.clone()).send().await.unwrap().status().as_u16()
    };
    let config = Config { limits: Limits::raised(), voice: Some(voice), ..Config::default() };
    let trusting = Config { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..config.clone() };
    let server = Server::with(trusting).await;
    assert_eq!(send(&server, "https://other.example.org", "other.example.org").await, 204);
    assert_eq!(send(&server, "https://other.example.org:8443", "other.example.org:8443").await, 204);
    assert_eq!(send(&server, PUBLIC, "other.example.org").await, 204, "the address that was set holds as well");
    assert_eq!(send(&server, "https://other.example.org", "third.example.org").await, 403);
    let server = Server::with(config).await;
    assert_eq!(send(&server, "https://other.example.org", "other.example.org").await, 403, "anybody writes a header");
}

#[tokio::test]
async fn without_an_address_of_its_own_it_is_where_the_server_listens() {
    let voice = given().voice(None).unwrap().unwrap();
    let server = super::server_with(voice).await;
    let url = format!("{}{STATUS}", server.running.url());
    let signature = sign(&url, &json!({"AccountSid": ACCOUNT}));
    assert_eq!(status(&server, STATUS, Some(&signature), &format!("AccountSid={ACCOUNT}")).await, 204);
}
