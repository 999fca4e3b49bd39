//! Calls over Twilio: what the server tells clients, what it answers Twilio, and what it does with Twilio's word.

mod gateway;
mod oracle;
mod process;
mod ring;
mod signatures;
mod status;
mod token;
mod voice;

use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::twilio::settings::{Twilio, VoiceSettings};
use care4w_server::twilio::signature;
use care4w_twilio_double::{self as double, Double};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::server::{Answer, Person, Server};

pub const ACCOUNT: &str = "AC0000000000000000000000000000abcd";
pub const KEY: &str = "SK0000000000000000000000000000abcd";
pub const SECRET: &str = "the key's secret";
pub const AUTH_TOKEN: &str = "the account's auth token";
pub const APPLICATION: &str = "AP0000000000000000000000000000abcd";
pub const CALLER_ID: &str = "+12025550143";
pub const PUBLIC: &str = "https://care4w.example.org";

/// Twilio, with these secrets.
pub async fn double() -> Double {
    let account = double::Account {
        account_sid: ACCOUNT.into(),
        api_key: KEY.into(),
        api_secret: SECRET.into(),
        auth_token: AUTH_TOKEN.into(),
        application_sid: APPLICATION.into(),
        ..double::Account::default()
    };
    Double::start(double::Settings { account, ..double::Settings::default() }).await.unwrap()
}

/// What an operator sets.
pub fn given() -> Twilio {
    Twilio {
        account: Some(ACCOUNT.into()),
        key: Some(KEY.into()),
        secret: Some(SECRET.to_owned().into()),
        auth_token: Some(AUTH_TOKEN.to_owned().into()),
        application: Some(APPLICATION.into()),
        caller_id: Some(CALLER_ID.into()),
        ..Twilio::default()
    }
}

pub fn settings() -> VoiceSettings {
    given().voice(Some(PUBLIC)).unwrap().unwrap()
}

/// A server with calls over Twilio, reached at [`PUBLIC`].
pub async fn server() -> Server {
    server_with(settings()).await
}

pub async fn server_with(voice: VoiceSettings) -> Server {
    Server::with(Config { limits: Limits::raised(), voice: Some(voice), ..Config::default() }).await
}

/// A call's SID.
pub fn sid(number: usize) -> String {
    format!("CA{number:032x}")
}

/// Twilio's request to a webhook, signed.
pub fn from_twilio(server: &Server, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let fields: Vec<(String, String)> = [("AccountSid", ACCOUNT), ("ApiVersion", "2010-04-01")]
        .iter()
        .chain(fields)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let url = format!("{PUBLIC}{path}");
    let signature = signature::sign(&AUTH_TOKEN.to_owned().into(), &url, &fields);
    server
        .request("POST", path)
        .header("x-twilio-signature", signature)
        .header("content-type", FORM)
        .body(form(&fields))
}

pub const FORM: &str = "application/x-www-form-urlencoded";

/// A form's body.
pub fn form(fields: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// What Twilio is answered: TwiML.
pub async fn twiml(request: RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/xml");
    response.text().await.unwrap()
}

/// A person's access token for Twilio, taken apart without checking it.
pub async fn claims(server: &Server, person: &Person) -> Value {
    claims_of(server.get(person, "/api/token").await.data()["token"].as_str().unwrap())
}

/// Likewise of a token.
pub fn claims_of(token: &str) -> Value {
    use base64::Engine;
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

/// What Twilio asks when a person's device calls: its own fields, the token's signed parameters, and the device's own.
pub struct DeviceCall {
    fields: Vec<(String, String)>,
}

impl DeviceCall {
    pub async fn of(server: &Server, person: &Person, sid: &str) -> Self {
        let claims = claims(server, person).await;
        let identity = claims["grants"]["identity"].as_str().unwrap();
        let mut fields: Vec<(String, String)> = [
            ("ApplicationSid", APPLICATION.to_owned()),
            ("CallSid", sid.to_owned()),
            ("CallStatus", "ringing".to_owned()),
            ("Direction", "inbound".to_owned()),
            ("From", format!("client:{identity}")),
            ("Caller", format!("client:{identity}")),
            ("To", String::new()),
            ("Called", String::new()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let params = claims["grants"]["voice"]["outgoing"]["params"].as_object().unwrap();
        fields.extend(params.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())));
        Self { fields }
    }

    /// The device adds this.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another value in the place of one that is there.
    pub fn but(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(given, _)| given != name);
        self.with(name, value)
    }

    pub fn to(self, to: &str) -> Self {
        self.with("To", to)
    }

    pub async fn twiml(&self, server: &Server) -> String {
        let fields: Vec<(&str, &str)> =
            self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        twiml(from_twilio(server, "/api/webhooks/twilio/voice", &fields)).await
    }
}

/// Calls from a person's device.
pub async fn calls(server: &Server, person: &Person, number: usize, to: &str) -> String {
    DeviceCall::of(server, person, &sid(number)).await.to(to).twiml(server).await
}

pub const REJECT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Reject/></Response>";
pub const HANG_UP: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Hangup/></Response>";

/// An attribute of the TwiML, as it is read.
pub fn attribute(twiml: &str, name: &str) -> Option<String> {
    let (_, rest) = twiml.split_once(&format!(" {name}=\""))?;
    Some(rest.split('"').next().unwrap().replace("&amp;", "&").replace("&lt;", "<").replace("&quot;", "\""))
}

/// The path of a callback that the TwiML names.
pub fn callback(twiml: &str, name: &str) -> String {
    attribute(twiml, name).unwrap().strip_prefix(PUBLIC).unwrap().to_owned()
}

/// Twilio tells how an end of a call is.
pub async fn tells(server: &Server, path: &str, fields: &[(&str, &str)]) {
    let response = from_twilio(server, path, fields).send().await.unwrap();
    assert_eq!(response.status(), 204);
}

/// A person's history, newest first.
pub async fn history(server: &Server, person: &Person) -> Vec<Value> {
    server.get(person, "/api/calls").await.data()["calls"].as_array().unwrap().clone()
}

/// Gives a person a number that is proved, by the log's code being known to nobody: through the store.
pub async fn prove(server: &Server, person: &Person, number: &str) {
    use care4w_phone::{Care4wId, PhoneNumber};
    use care4w_server::store::HeldNumber;
    let store = store(server).await;
    let account = store.account_by_care4w_id(&Care4wId::parse(&person.id).unwrap()).await.unwrap().unwrap();
    let number = HeldNumber::from(&PhoneNumber::parse(number, None).unwrap());
    store.set_phone(account.id, &number, true).await.unwrap();
    store.close().await;
}

/// Gives a person a number of the Twilio account.
pub async fn assign(server: &Server, person: &Person, number: &str) {
    let users = care4w_server::admin::Users::open(&server.config.database, server.config.uniqueness).await.unwrap();
    users.assign_number(&person.email, number).await.unwrap();
    users.close().await;
}

/// The server's database, beside it.
pub async fn store(server: &Server) -> std::sync::Arc<dyn care4w_server::store::Store> {
    server.config.database.open(server.config.uniqueness).await.unwrap()
}

pub async fn ring(server: &Server, person: &Person, to: &str) -> Answer {
    server.by(person, "POST", "/api/twilio/ring", Some(json!({"to": to}))).await
}
