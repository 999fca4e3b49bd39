use std::{collections::BTreeMap, sync::Arc};

use care4w_twilio_double::{Double, FaultKind, Outcome, Says, Settings, Telephone, signature};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

use crate::client::{Client, description};

const PUBLIC: &str = "https://calls.example.org/hooks/voice?v=1";

/// A request that a webhook got.
#[derive(Clone, Debug)]
struct Asked {
    path: String,
    signature: String,
    host: String,
    form: BTreeMap<String, String>,
}

/// Webhooks that answer by path.
struct Webhooks {
    origin: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Webhooks {
    async fn start(answers: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let list = Arc::clone(&list);
                tokio::spawn(async move { serve(socket, answers, &list).await });
            }
        });
        Self { origin, asked }
    }

    async fn double(&self) -> Double {
        let settings = Settings {
            voice_url: Some(PUBLIC.to_owned()),
            voice_origin: Some(self.origin.clone()),
            ..Settings::default()
        };
        Double::start(settings).await.unwrap()
    }

    async fn asked(&self, path: &str) -> Vec<Asked> {
        self.asked.lock().await.iter().filter(|asked| asked.path == path).cloned().collect()
    }
}

async fn serve(mut socket: TcpStream, answers: &[(&str, &str)], list: &Mutex<Vec<Asked>>) {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        if socket.read_buf(&mut bytes).await.unwrap() == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = field(head, "content-length").parse::<usize>().unwrap();
        if body.len() >= length {
            break (head.to_owned(), body.to_owned());
        }
    };
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let answer = answers.iter().find(|(known, _)| *known == path).map_or("<Response/>", |(_, answer)| answer);
    list.lock().await.push(Asked {
        path,
        signature: field(&head, "x-twilio-signature"),
        host: field(&head, "host"),
        form: url::form_urlencoded::parse(body.as_bytes()).into_owned().collect(),
    });
    let length = answer.len();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}");
    socket.write_all(answer.as_bytes()).await.unwrap();
}

fn field(head: &str, name: &str) -> String {
    let line = |line: &str| {
        let (known, value) = line.split_once(": ")?;
        known.eq_ignore_ascii_case(name).then(|| value.to_owned())
    };
    head.lines().find_map(line).unwrap_or_default()
}

#[tokio::test]
async fn a_call_does_what_the_webhook_says() {
    let webhooks = Webhooks::start(&[(
        "/hooks/voice?v=1",
        "<Response><Dial answerOnBridge=\"true\" callerId=\"+15550100\" action=\"/hooks/after\">\
         <Number statusCallback=\"/hooks/status\" statusCallbackEvent=\"ringing answered completed\">+254712345678</Number>\
         </Dial></Response>",
    )])
    .await;
    let double = webhooks.double().await;
    double.set_telephone("+254712345678", Telephone::with(Outcome::Busy));
    let mut client = Client::connect(&double).await;
    let token = double.account().token("alice").with_params(json!({ "user": "7" })).sign();
    client.listen(&token).await;
    client.next("connected").await;
    client.invite("TJS1", "+254712345678").await;
    let call = client.next("ringing").await["callsid"].clone();
    assert_eq!(client.next("hangup").await["error"]["code"], 31_486);
    let asked = webhooks.asked("/hooks/voice?v=1").await.remove(0);
    assert_eq!(asked.signature, signature(&double.account().auth_token, PUBLIC, &asked.form));
    assert_eq!(asked.host, "calls.example.org");
    for (name, value) in [
        ("From", "client:alice"),
        ("To", "+254712345678"),
        ("CallSid", call.as_str().unwrap()),
        ("ApplicationSid", &double.account().application_sid),
        ("user", "7"),
    ] {
        assert_eq!(asked.form[name], value, "{name}");
    }
    assert_eq!(webhooks.asked("/hooks/after").await[0].form["DialCallStatus"], "busy");
    let told = webhooks.asked("/hooks/status").await;
    let told: Vec<_> = told.iter().map(|asked| asked.form["CallStatus"].as_str()).collect();
    assert_eq!(told, ["ringing", "busy"], "and not what was not asked for");
    assert_eq!(double.faults(), []);
}

#[tokio::test]
async fn a_call_from_outside_reaches_the_user_whom_the_webhook_names() {
    let webhooks = Webhooks::start(&[(
        "/hooks/voice?v=1",
        "<Response><Dial><Client><Identity>bob</Identity><Parameter name=\"who\" value=\"a b\"/></Client></Dial></Response>",
    )])
    .await;
    let double = webhooks.double().await;
    let mut bob = Client::registered(&double, "bob").await;
    double.call_number("+254700000000", "+15550100", Says::Echo);
    let invite = bob.next("invite").await;
    assert_eq!(invite["parameters"]["From"], "+254700000000");
    assert_eq!(invite["parameters"]["Params"], "who=a%20b");
    let sdp = description("efgh").replace("actpass", "active");
    bob.say("answer", json!({ "callsid": invite["callsid"], "sdp": sdp })).await;
    bob.next("answer").await;
    assert_eq!(webhooks.asked("/hooks/voice?v=1").await[0].form["To"], "+15550100");
    assert_eq!(double.faults(), []);
}

#[tokio::test]
async fn what_twilio_would_not_follow_ends_the_call_and_is_the_servers_fault() {
    let webhooks = Webhooks::start(&[("/hooks/voice?v=1", "<Response><Dail/></Response>")]).await;
    let double = webhooks.double().await;
    let mut client = Client::registered(&double, "alice").await;
    client.invite("TJS1", "+254712345678").await;
    assert_eq!(client.next("hangup").await["error"]["code"], 31_000);
    assert_eq!(double.faults()[0].kind, FaultKind::Webhook);
}
