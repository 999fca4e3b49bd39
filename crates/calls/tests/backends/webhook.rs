//! What our server answers to Twilio, for two users: the callee rings, and learns whose call it is and its name.

use care4w_twilio_double::{Double, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A double of Twilio's gateway that asks this webhook.
pub async fn double(names: &'static [(&'static str, &'static str)]) -> Double {
    double_with(Settings::default(), names).await
}

/// The same, with settings of its own.
pub async fn double_with(settings: Settings, names: &'static [(&'static str, &'static str)]) -> Double {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/voice", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, names));
        }
    });
    Double::start(Settings { voice_url: Some(url), ..settings }).await.unwrap()
}

async fn answer(mut socket: TcpStream, names: &[(&str, &str)]) {
    let body = body(&mut socket).await;
    let field = |name: &str| {
        let found = url::form_urlencoded::parse(body.as_bytes()).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let (from, to, call) = (field("From"), field("To"), field("CallId"));
    let name = names.iter().find(|(identity, _)| from.ends_with(identity)).map_or("", |(_, name)| name);
    let target = match to.strip_prefix("client:") {
        Some(identity) => format!(
            r#"<Client><Identity>{identity}</Identity><Parameter name="CallId" value="{call}"/><Parameter name="displayName" value="{name}"/></Client>"#
        ),
        None => format!("<Number>{to}</Number>"),
    };
    let xml = format!(r#"<?xml version="1.0"?><Response><Dial answerOnBridge="true">{target}</Dial></Response>"#);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        xml.len()
    );
    socket.write_all(format!("{head}{xml}").as_bytes()).await.unwrap();
}

async fn body(socket: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let mut part = [0; 4_096];
        let length = socket.read(&mut part).await.unwrap();
        read.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let wanted = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        if body.len() >= wanted.unwrap_or(0) || length == 0 {
            return body.to_owned();
        }
    }
}
