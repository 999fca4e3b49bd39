//! What our server asks Twilio by REST, and what the double answers, held against the OpenAPI documents that Twilio publishes
//! (in its npm package `@twilio-alpha/mcp`) by Stoplight's Prism, which stands between the two and lets nothing pass that is
//! not in them.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use care4w_tests::{Process, binaries, http, wait};
use care4w_twilio_double::{Double, Telephone};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::ground::{Ground, proves};
use super::ring::{HERS, THEIRS};

/// Prism before the double, for one of Twilio's documents.
struct Prism {
    url: String,
    _process: Process,
    _folder: TempDir,
}

/// Says of Twilio's document what OpenAPI says where nothing is said, and Prism does not do then: a list in a form is a field
/// that comes more than once.
fn with_repeated_fields(document: &str) -> String {
    let mut document: Value = serde_json::from_str(document).unwrap();
    let calls = &mut document["paths"]["/2010-04-01/Accounts/{AccountSid}/Calls.json"]["post"];
    let form = &mut calls["requestBody"]["content"]["application/x-www-form-urlencoded"];
    if form.is_object() {
        form["encoding"] = json!({"StatusCallbackEvent": {"style": "form", "explode": true}});
    }
    document.to_string()
}

impl Prism {
    fn before(double: &Double, document: &str) -> Self {
        let modules = binaries::project().join("node_modules");
        let published = modules.join(format!("@twilio-alpha/mcp/twilio-oai/spec/json/{document}.json"));
        let folder = tempfile::tempdir().unwrap();
        let document = folder.path().join("document.json");
        std::fs::write(&document, with_repeated_fields(&std::fs::read_to_string(published).unwrap())).unwrap();
        // Prism takes a port and does not say which it took.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let mut command = Command::new("node");
        command.arg(modules.join("@stoplight/prism-cli/dist/index.js")).args(["proxy", "--errors", "--port", &port]);
        command.arg(&document).arg(double.rest_url()).env("SCARF_ANALYTICS", "false").stdout(Stdio::null());
        let process = Process::start("prism", &mut command).unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let listening = || Ok(std::net::TcpStream::connect(format!("127.0.0.1:{port}")).ok());
        wait::until(Duration::from_secs(120), "Prism to have read the document", listening).unwrap();
        Self { url, _process: process, _folder: folder }
    }
}

#[test]
fn what_the_server_asks_twilio_and_what_the_double_answers_is_in_twilios_documents() {
    let mut prisms = Vec::new();
    let ground = Ground::lay_with(|double| {
        prisms.extend(["twilio_api_v2010", "twilio_verify_v2"].map(|document| Prism::before(double, document)));
        let set = |name: &str, prism: &Prism| (format!("CARE4W_TWILIO_{name}"), prism.url.clone());
        vec![set("API_URL", &prisms[0]), set("VERIFY_URL", &prisms[1]), proves()]
    });
    let double = &ground.double;
    double.set_telephone(HERS, Telephone::ringing());
    let folder = tempfile::tempdir().unwrap();
    let amina = ground.person("Amina", folder.path());

    amina.run(&["phone", "set", HERS], "").unwrap().success().unwrap();
    amina.run(&["phone", "verify", "000000"], "").unwrap().refused(1, "INVALID_CODE").unwrap();
    ground.proves(&amina, HERS);

    // One that is taken back, and one that is hung up.
    for answered in [false, true] {
        let mut phone = amina.call(THEIRS, &["--ring-my-phone"]).unwrap();
        phone.wait("her telephone to ring", |line| line.json["state"] == "ringingYou").unwrap();
        let call = ground.placed_call();
        if answered {
            call.answer();
            phone.wait("theirs to be called", |line| line.json["state"] == "connected").unwrap();
        }
        assert_eq!(phone.end().unwrap(), Some(0));
        ground.until_it_is(&call, if answered { "completed" } else { "canceled" });
    }
    ground.nothing_was_wrong();

    // Prism does look: what is not in the document does not pass.
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", "Basic eDp5")];
    let url = format!("{}/2010-04-01/Accounts/{}/Calls.json", prisms[0].url, double.account().account_sid);
    let broken = http::send("POST", &url, &form, b"From=%2B254709000000").unwrap();
    assert_eq!(broken.status, 422, "{}", broken.body);
    assert_eq!(double.placed_calls().len(), 2);
}
