use care4w_protocol::CallId;
use care4w_protocol::signal::ServerMessage;
use care4w_server::twilio::settings::{Twilio, VoiceSettings};
use serde_json::json;

use super::{
    ACCOUNT, APPLICATION, CALLER_ID, DeviceCall, HANG_UP, PUBLIC, REJECT, assign, attribute, calls, from_twilio, given,
    history, oracle, prove, server, server_with, settings, sid, twiml,
};
use crate::server::{Person, Server};
use crate::signalling::Socket;

const VOICE: &str = "/api/webhooks/twilio/voice";
const EVENTS: &str = "initiated ringing answered completed";

#[tokio::test]
async fn a_call_to_a_number_is_dialled_as_twilios_own_library_would_write_it() {
    let server = server().await;
    let amina = server.register("amina").await;
    let xml = calls(&server, &amina, 1, "+254712345678").await;
    let (action, status) = (attribute(&xml, "action").unwrap(), attribute(&xml, "statusCallback").unwrap());
    assert!(action.starts_with(&format!("{PUBLIC}{VOICE}?call=")) && status.starts_with(PUBLIC), "{action} {status}");
    let theirs = oracle::ask(&json!([{
        "ask": "dial",
        "attributes": {
            "answerOnBridge": true, "callerId": CALLER_ID, "timeout": 60, "timeLimit": 3600, "action": action,
        },
        "number": {
            "number": "+254712345678", "attributes": {"statusCallback": status, "statusCallbackEvent": EVENTS},
        },
    }]));
    assert_eq!(xml, theirs[0].as_str().unwrap());
    assert_eq!(REJECT, oracle::ask(&json!([{"ask": "reject"}]))[0].as_str().unwrap());
}

#[tokio::test]
async fn a_call_to_a_user_rings_their_devices_with_a_name_that_breaks_nothing() {
    let server = server().await;
    let name = "<Dial>\"A&'é\"</Dial>";
    let body = json!({"email": "amina@example.org", "password": "password of mine", "displayName": name});
    let amina = Person::of(server.post("/api/auth/register", body).await.data());
    let baraka = server.register("baraka").await;
    for to in [baraka.id.clone(), baraka.id.to_lowercase(), format!("client:{}", baraka.id.replace('-', "_"))] {
        let xml = calls(&server, &amina, 2, &to).await;
        let (action, status) = (attribute(&xml, "action").unwrap(), attribute(&xml, "statusCallback").unwrap());
        let id = url::Url::parse(&action.replace("&amp;", "&")).unwrap();
        let id = id.query_pairs().find(|(name, _)| name == "call").unwrap().1.into_owned();
        let theirs = oracle::ask(&json!([{
            "ask": "dial",
            "attributes": {
                "answerOnBridge": true, "callerId": format!("client:{}", amina.id.replace('-', "_")), "timeout": 60,
                "action": action,
            },
            "client": {
                "attributes": {"statusCallback": status, "statusCallbackEvent": EVENTS},
                "identity": baraka.id.replace('-', "_"),
                "parameters": [
                    {"name": "care4wId", "value": amina.id}, {"name": "displayName", "value": name},
                    {"name": "CallId", "value": id},
                ],
            },
        }]));
        // Both are XML of the same; theirs leaves some letters as they are where they may stand.
        let read = |xml: &str| {
            let letters = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
            letters.iter().fold(xml.to_owned(), |xml, (escaped, letter)| xml.replace(escaped, letter))
        };
        assert_eq!(read(&xml), read(theirs[0].as_str().unwrap()));
        assert!(!xml.contains("\"<Dial>"), "{xml}");
    }
}

#[tokio::test]
async fn the_same_question_asked_again_is_the_same_call() {
    let server = server().await;
    let amina = server.register("amina").await;
    let first = calls(&server, &amina, 1, "+254712345678").await;
    assert_eq!(calls(&server, &amina, 1, "+254712345678").await, first);
    assert_ne!(calls(&server, &amina, 2, "+254712345678").await, first);
}

#[tokio::test]
async fn who_is_blocked_or_asks_for_nobody_is_refused_in_the_same_words() {
    let server = server().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let block = format!("/api/users/blocks/{}", amina.id);
    server.by(&baraka, "PUT", &block, Some(json!({}))).await.data();
    assert_eq!(calls(&server, &amina, 1, &baraka.id).await, REJECT);
    assert_eq!(calls(&server, &amina, 2, "care4w-0000000").await, REJECT);
    assert!(history(&server, &amina).await.is_empty() && history(&server, &baraka).await.is_empty());
    assert!(calls(&server, &baraka, 3, &amina.id).await.contains("<Client"), "the blocker still calls the blocked");
}

#[tokio::test]
async fn what_is_not_called_is_refused_and_the_caller_reads_why() {
    let voice =
        VoiceSettings { countries: ["KE", "US", "GB"].iter().map(|code| code.parse_region()).collect(), ..settings() };
    let server = server_with(voice).await;
    let amina = server.register("amina").await;
    let mut socket = Socket::of(&server, &amina, "desk").await;
    for (number, (to, wanted)) in [
        ("112", "INVALID_PHONE"),
        ("911", "INVALID_PHONE"),
        ("999", "INVALID_PHONE"),
        ("100", "INVALID_PHONE"),
        ("+449098790000", "FORBIDDEN"),
        ("+255754111222", "FORBIDDEN"),
        ("care4w-0000000", "NOT_FOUND"),
        ("alice", "INVALID_PHONE"),
        ("", "VALIDATION_ERROR"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = CallId::random();
        let call = DeviceCall::of(&server, &amina, &sid(number)).await.to(to).with("CallId", &id.to_string());
        assert_eq!(call.twiml(&server).await, REJECT, "{to}");
        match socket.hears().await {
            ServerMessage::Refused { call: Some(call), error } => {
                assert_eq!((call, error.code.as_str()), (id, wanted), "{to}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(history(&server, &amina).await.is_empty());
    assert!(calls(&server, &amina, 100, "+12025550199").await.contains("<Number"));
}

trait ParseRegion {
    fn parse_region(&self) -> care4w_phone::Region;
}

impl ParseRegion for &str {
    fn parse_region(&self) -> care4w_phone::Region {
        care4w_phone::Region::parse(self).unwrap()
    }
}

#[tokio::test]
async fn nobody_calls_out_with_a_number_that_is_not_theirs() {
    let shown = Twilio { own_number_as_caller_id: Some(true), minutes_a_day: Some(10_000), ..given() };
    let server = server_with(shown.voice(Some(PUBLIC)).unwrap().unwrap()).await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let caller_id = async |person: &Person, number: usize, asked: Option<&str>| {
        let call = DeviceCall::of(&server, person, &sid(number)).await.to("+254700000001");
        let call = if let Some(asked) = asked { call.with("CallerId", asked) } else { call };
        attribute(&call.twiml(&server).await, "callerId")
    };
    let (hers, given) = ("+254712345678", "+12025550199");
    server.set_phone(&amina, hers).await.data();
    assert_eq!(caller_id(&amina, 1, None).await.unwrap(), CALLER_ID, "not proved");
    assert_eq!(caller_id(&amina, 2, Some(hers)).await, None);
    prove(&server, &amina, hers).await;
    assert_eq!(caller_id(&amina, 3, None).await.unwrap(), hers);
    assert_eq!(caller_id(&amina, 4, Some(CALLER_ID)).await.unwrap(), CALLER_ID);
    assert_eq!(caller_id(&baraka, 5, Some(hers)).await, None, "it is Amina's");
    assert_eq!(caller_id(&amina, 6, Some(given)).await, None);
    assign(&server, &amina, given).await;
    assert_eq!(caller_id(&amina, 7, Some(given)).await.unwrap(), given);
    assert_eq!(caller_id(&baraka, 8, Some(given)).await, None);
    assert_eq!(caller_id(&baraka, 9, None).await.unwrap(), CALLER_ID);
}

#[tokio::test]
async fn nobody_calls_as_somebody_else_whatever_their_device_adds() {
    let server = server().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let from = format!("client:{}", amina.id.replace('-', "_"));
    let his = async |number| DeviceCall::of(&server, &baraka, &sid(number)).await.to("+254700000001");
    let hers = super::claims(&server, &amina).await["grants"]["voice"]["outgoing"]["params"].clone();
    for (number, call) in [
        his(1).await.but("From", &from),
        his(2).await.with("From", &from),
        his(3).await.but("From", &from).but("Care4wId", &amina.id),
        his(4).await.but("From", &from).with("Care4wId", &amina.id),
        his(5).await.but("Care4wProof", ""),
        his(6).await.but("Care4wProof", hers["Care4wProof"].as_str().unwrap()),
        his(7).await.with("CallSid", &sid(1)),
        his(8).await.but("ApplicationSid", "AP00000000000000000000000000000000"),
        his(9).await.with("To", "+254700000002"),
        his(10).await.but("From", "client:alice"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(call.twiml(&server).await, REJECT, "{}", number + 1);
    }
    assert!(his(11).await.twiml(&server).await.contains("<Number"));
    assert!(his(11).await.with("To", "+254700000001").twiml(&server).await.contains("<Number"), "twice alike is once");
}

async fn incoming(server: &Server, number: usize, from: &str, to: &str) -> String {
    let fields = [("CallSid", sid(number)), ("From", from.to_owned()), ("To", to.to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    twiml(from_twilio(server, VOICE, &fields)).await
}

#[tokio::test]
async fn a_number_that_calls_reaches_the_user_who_was_given_the_one_it_calls_or_owns_it() {
    let server = server().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let (given, hers, foreign) = ("+12025550199", "+12025550177", "+254700000001");
    assert_eq!(incoming(&server, 1, foreign, given).await, REJECT, "nobody's");
    server.set_phone(&baraka, given).await.data();
    assert_eq!(incoming(&server, 2, foreign, given).await, REJECT, "whoever only says that it is theirs gets no calls");
    assign(&server, &amina, given).await;
    prove(&server, &amina, hers).await;
    let identity = format!("<Identity>{}</Identity>", amina.id.replace('-', "_"));
    for (number, to) in [(3, given), (4, hers)] {
        let xml = incoming(&server, number, foreign, to).await;
        assert!(xml.contains(&identity) && attribute(&xml, "callerId").is_none(), "{xml}");
    }
    for from in ["", "anonymous", "+266696687", "client:", "sip:x@example.org"] {
        let xml = incoming(&server, 5 + from.len(), from, given).await;
        assert_eq!(xml.contains(&identity), from != "client:", "{from}");
    }
    // Whoever is blocked gets as little as who calls a number that nobody has.
    prove(&server, &baraka, foreign).await;
    let block = format!("/api/users/blocks/{}", baraka.id);
    server.by(&amina, "PUT", &block, Some(json!({}))).await.data();
    assert_eq!(incoming(&server, 50, foreign, given).await, REJECT);
    assert!(incoming(&server, 51, "+254700000002", given).await.contains(&identity));
    care4w_server::admin::Users::open(&server.config.database, server.config.uniqueness)
        .await
        .unwrap()
        .take_number_back(given)
        .await
        .unwrap();
    assert_eq!(incoming(&server, 52, "+254700000002", given).await, REJECT);
}

#[tokio::test]
async fn a_dial_that_is_over_ends_the_call() {
    let server = server().await;
    let amina = server.register("amina").await;
    let xml = calls(&server, &amina, 1, "+254712345678").await;
    let action = super::callback(&xml, "action");
    let one = sid(1);
    let over = [("CallSid", one.as_str()), ("DialCallStatus", "busy"), ("DialCallSid", "CA2")];
    assert_eq!(twiml(from_twilio(&server, &action, &over)).await, HANG_UP);
    // Nor do fields of such an answer make a new call one that is over.
    let call = DeviceCall::of(&server, &amina, &sid(2)).await.to("+254712345678").with("DialCallStatus", "busy");
    assert!(call.twiml(&server).await.contains("<Number"));
    // What Twilio cannot mean.
    let garbage = from_twilio(&server, VOICE, &[("From", "client:x"), ("ApplicationSid", APPLICATION)]);
    assert_eq!(twiml(garbage).await, REJECT);
    assert_eq!(twiml(from_twilio(&server, VOICE, &[("AccountSid", ACCOUNT)])).await, REJECT);
}

#[tokio::test]
async fn a_user_talks_as_many_minutes_as_they_may_and_no_more() {
    let few = Twilio { minutes_a_day: Some(5), minutes_a_call: Some(3), ..given() };
    let server = server_with(few.voice(Some(PUBLIC)).unwrap().unwrap()).await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let limit = |xml: &str| attribute(xml, "timeLimit").map(|limit| limit.parse::<u64>().unwrap());
    let first = calls(&server, &amina, 1, "+254700000001").await;
    assert_eq!(limit(&first), Some(180), "one call's most");
    let second = calls(&server, &amina, 2, "+254700000001").await;
    assert_eq!(limit(&second), Some(120), "what is left while the first may go on");
    assert_eq!(calls(&server, &amina, 3, "+254700000001").await, REJECT);
    assert_eq!(limit(&calls(&server, &baraka, 4, "+254700000001").await), Some(180), "each has their own");
    assert!(calls(&server, &amina, 5, &baraka.id).await.contains("<Client"), "users cost nothing");
    let end = async |xml: &str, number: usize, status: &str, secs: &str| {
        let (near, child) = (sid(number), sid(1000 + number));
        let fields =
            [("CallSid", child.as_str()), ("ParentCallSid", &near), ("CallStatus", status), ("CallDuration", secs)];
        super::tells(&server, &super::callback(xml, "statusCallback"), &fields).await;
    };
    end(&second, 2, "no-answer", "0").await;
    end(&first, 1, "completed", "61").await;
    let third = calls(&server, &amina, 6, "+254700000001").await;
    assert_eq!(limit(&third), Some(180), "two minutes of five are gone, as the telephone bills them");
    end(&third, 6, "completed", "180").await;
    assert_eq!(calls(&server, &amina, 7, "+254700000001").await, REJECT);
}

#[tokio::test]
async fn whoever_tries_ids_over_twilio_pays_from_the_same_budget() {
    let config = care4w_server::Config { voice: Some(settings()), ..crate::scrapers::ways::config() };
    let server = Server::with(config).await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut refused = 0;
    let mut socket = Socket::of(&server, &amina, "desk").await;
    for index in 0..60 {
        assert_eq!(calls(&server, &amina, index, &format!("care4w-S{index:05}")).await, REJECT);
        match socket.hears().await {
            ServerMessage::Refused { error, .. } => refused += usize::from(error.code.as_str() == "RATE_LIMITED"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 10, "50 on an account's first day");
    assert_eq!(calls(&server, &amina, 100, &baraka.id).await, REJECT);
    let lookup = format!("/api/users/lookup?care4wId={}", baraka.id);
    server.get(&amina, &lookup).await.fails(429, "RATE_LIMITED");
    assert!(calls(&server, &baraka, 101, &amina.id).await.contains("<Client"), "Twilio's address is nobody's");
}
