//! What our server asks Twilio by REST, and what the double answers, held against the OpenAPI documents that Twilio publishes
//! (in its npm package `@twilio-alpha/mcp`) by Stoplight's Prism, which stands between the two and lets nothing pass that is
//! not in them.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use care4w_tests::{Account, Cli, Environment, Process, Server, binaries, http, wait};
use care4w_twilio_double::{Double, Settings, Telephone};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const HERS: &str = "+254712345678";
const THEIRS: &str = "+254712999999";

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
    let runtime = Runtime::new().unwrap();
    let double = runtime.block_on(Double::start(Settings::default())).unwrap();
    let (calls, verify) = (Prism::before(&double, "twilio_api_v2010"), Prism::before(&double, "twilio_verify_v2"));
    let account = double.account();
    let set = |name: &str, value: &str| (format!("CARE4W_TWILIO_{name}"), value.into());
    let environment: Environment = vec![
        set("ACCOUNT", &account.account_sid),
        set("KEY", &account.api_key),
        set("SECRET", &account.api_secret),
        set("AUTH_TOKEN", &account.auth_token),
        set("APPLICATION", &account.application_sid),
        set("CALLER_ID", "+254709000000"),
        set("GATEWAY_URL", &double.url()),
        set("API_URL", &calls.url),
        set("VERIFY_URL", &verify.url),
        set("VERIFY_SERVICE", &account.verify_service),
        ("CARE4W_VERIFICATION".into(), "twilio".into()),
    ];
    let server = Server::start_with(&[], &environment).unwrap();
    double.set_voice_url(&format!("{}/api/webhooks/twilio/voice", server.url()), None);
    double.set_telephone(HERS, Telephone::ringing());
    let folder = tempfile::tempdir().unwrap();
    let amina = Cli::new(server.url(), folder.path());
    amina.register(&Account::named("Amina")).unwrap();

    amina.run(&["phone", "set", HERS], "").unwrap().success().unwrap();
    amina.run(&["phone", "verify", "000000"], "").unwrap().refused(1, "INVALID_CODE").unwrap();
    let code = double.verify().code_for(HERS).unwrap();
    amina.run(&["phone", "verify", &code], "").unwrap().success().unwrap();

    // One that is taken back, and one that is hung up.
    for answered in [false, true] {
        let mut phone = amina.call(THEIRS, &["--ring-my-phone"]).unwrap();
        phone.wait("her telephone to ring", |line| line.json["state"] == "ringingYou").unwrap();
        let call = double.placed_calls().pop().unwrap();
        if answered {
            call.answer();
            phone.wait("theirs to be called", |line| line.json["state"] == "connected").unwrap();
        }
        assert_eq!(phone.end().unwrap(), Some(0));
        let ended = if answered { "completed" } else { "canceled" };
        runtime.block_on(double.until(ended, || (call.status() == ended).then_some(()))).unwrap();
    }
    assert_eq!(double.faults(), []);

    // Prism does look: what is not in the document does not pass.
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", "Basic eDp5")];
    let url = format!("{}/2010-04-01/Accounts/{}/Calls.json", calls.url, account.account_sid);
    let broken = http::send("POST", &url, &form, b"From=%2B254709000000").unwrap();
    assert_eq!(broken.status, 422, "{}", broken.body);
    assert_eq!(double.placed_calls().len(), 2);
}
