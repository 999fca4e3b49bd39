//! The ways to ask whether a number or an id is known, and somebody who tries them.

use std::io::Write as _;

use care4w_protocol::CallId;
use care4w_protocol::signal::{Ended, ServerMessage};
use care4w_server::Config;
use care4w_server::config::Limits;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use reqwest::RequestBuilder;
use serde_json::json;

use crate::binary::command;
use crate::server::{Answer, Person, Server};
use crate::signalling::Socket;

/// Everything that tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `POST /users/phone/check`
    Check,
    /// `GET /users/lookup/phone`
    LookupPhone,
    /// The same for a number that is none where it is read.
    LookupAbroad,
    /// `GET /users/lookup`
    LookupId,
    /// `PATCH /users/phone`: set, or taken.
    SetNumber,
    /// An invite over signalling.
    Invite,
}

impl Way {
    pub const ALL: [Self; 6] =
        [Self::Check, Self::LookupPhone, Self::LookupAbroad, Self::LookupId, Self::SetNumber, Self::Invite];
}

/// The budgets as they are by default, everything else wide open, and a clock that stands still.
pub fn config() -> Config {
    let (raised, real) = (Limits::raised(), Limits::default());
    let limits = Limits {
        oracle_per_account: real.oracle_per_account,
        oracle_first_day: real.oracle_first_day,
        oracle_per_address: real.oracle_per_address,
        ..raised
    };
    Config { limits, clock: care4w_server::Clock::standing(), ..Config::default() }
}

/// One number after another; every 33rd is somebody's once [`bring`] has been there.
pub fn number(index: usize) -> String {
    format!("+2547123{index:05}")
}

/// One id after another, likewise.
pub fn id(index: usize) -> String {
    format!("care4w-S{index:05}")
}

/// Brings over the users that a scraper looks for, and one old account that will be theirs.
pub fn bring(server: &Server) {
    let user = |index: usize| {
        json!({
            "_id": {"$oid": format!("65c1f2a0b1c2d3e4{index:08x}")}, "email": format!("user{index}@example.org"),
            "displayName": format!("User {index}"), "isActive": true, "care4wId": id(index),
            "personalPhoneNumber": {"full": number(index), "national": &number(index)[4..], "countryCode": "254"},
            "createdAt": {"$date": "2026-01-05T08:15:00Z"}
        })
    };
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for index in (0..10_000).step_by(33).chain([99_999]) {
        writeln!(file, "{}", user(index)).unwrap();
    }
    let output = on_database(server).arg("import").arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = format!("{}.refused.jsonl", file.path().display());
    assert_eq!(std::fs::read_to_string(&report).unwrap(), "", "all come over");
    std::fs::remove_file(report).unwrap();
}

/// The old account that came over.
pub async fn brought(server: &Server) -> Person {
    let email = "user99999@example.org";
    let output = on_database(server).args(["user", "reset-password", email]).output().unwrap();
    let password = String::from_utf8(output.stdout).unwrap();
    Person::of(server.login(email, password.trim()).await.data())
}

fn on_database(server: &Server) -> std::process::Command {
    let mut command = command();
    command.args(["--database", &server.database]);
    command
}

/// Somebody who asks, as if from `from` behind a proxy if there is one.
pub struct Scraper<'a> {
    server: &'a Server,
    pub person: Person,
    from: Option<String>,
}

impl<'a> Scraper<'a> {
    pub fn new(server: &'a Server, person: Person, from: Option<String>) -> Self {
        Self { server, person, from }
    }

    /// Asks for all of these in bursts; how many were answered.
    pub async fn asks(&self, way: Way, indices: impl IntoIterator<Item = usize>) -> usize {
        let indices: Vec<usize> = indices.into_iter().collect();
        if way == Way::Invite {
            const SOCKETS: usize = 8;
            let part = indices.len().div_ceil(SOCKETS).max(1);
            return join_all(indices.chunks(part).map(|part| self.invites(part))).await.into_iter().sum();
        }
        stream::iter(indices)
            .map(|index| async move { usize::from(self.answered(way, index).await) })
            .buffer_unordered(64)
            .fold(0, async |sum, answered| sum + answered)
            .await
    }

    /// Asks for one; whether it was answered.
    pub async fn answered(&self, way: Way, index: usize) -> bool {
        if way == Way::Invite {
            return self.invites(&[index]).await == 1;
        }
        let answer = self.answer(way, &number(index), &id(index)).await;
        match answer.status {
            200 | 409 => true,
            _ => {
                answer.fails(429, "RATE_LIMITED");
                assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
                false
            }
        }
    }

    /// The answer over HTTP about this number, or this id.
    pub async fn answer(&self, way: Way, number: &str, id: &str) -> Answer {
        let body = json!({"phoneNumber": number});
        let request = match way {
            Way::Check => self.request("POST", "/api/users/phone/check").json(&body),
            Way::SetNumber => self.request("PATCH", "/api/users/phone").json(&body),
            Way::LookupPhone => self.request("GET", "/api/users/lookup/phone").query(&[("phoneNumber", number)]),
            Way::LookupAbroad => {
                let national = number.trim_start_matches("+254");
                self.request("GET", "/api/users/lookup/phone")
                    .query(&[("phoneNumber", national), ("countryCode", "US")])
            }
            Way::LookupId => self.request("GET", "/api/users/lookup").query(&[("care4wId", id)]),
            Way::Invite => panic!("an invite is no request"),
        };
        self.server.send(request).await
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let request = self.server.request(method, path).bearer_auth(&self.person.token);
        match &self.from {
            Some(from) => request.header("x-forwarded-for", from),
            None => request,
        }
    }

    async fn invites(&self, indices: &[usize]) -> usize {
        let mut socket = Socket::from(self.server, self.from.as_deref()).await;
        socket.hello(&self.person.token, &CallId::random().to_string(), 0).await;
        socket.frame().await;
        let mut answered = 0;
        for index in indices {
            socket.invites_id(CallId::random(), &id(*index)).await;
            match socket.hears().await {
                ServerMessage::Ended { reason: Ended::NotFound | Ended::Unreachable, .. } => answered += 1,
                ServerMessage::Refused { error, .. } => assert_eq!(error.code.as_str(), "RATE_LIMITED"),
                other => panic!("{other:?}"),
            }
        }
        socket.leave().await;
        answered
    }
}
