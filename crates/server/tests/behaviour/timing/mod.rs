//! Known and unknown take the same time: wherever an answer says no, how long it took does not say why; and a yes takes
//! what a no takes.

mod statistic;

use std::time::{Duration, Instant};

use care4w_protocol::CallId;
use care4w_protocol::rest::Verification;
use care4w_protocol::signal::ServerMessage;
use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::mail::MailSettings;
use serde_json::json;

use crate::scrapers::ways::{Scraper, Way, bring, id, number};
use crate::server::{Answer, Person, Server};
use crate::signalling::Socket;
use statistic::{Bound, Compared, QUICK, SLOW, compare, longer};

/// Indices of users that were brought over, and of nobody.
fn known(nth: usize) -> usize {
    33 * (nth % 300)
}

fn unknown(nth: usize) -> usize {
    known(nth) + 1 + nth % 32
}

/// A server with people and one of them who asks.
struct Town {
    server: Server,
    asker: Person,
}

impl Town {
    async fn new(verification: Verification) -> Self {
        // Nothing listens there: what becomes of a letter must not be seen.
        let mail = MailSettings {
            smtp_url: "smtp://127.0.0.1:9".into(),
            from: "care4w@example.org".parse().unwrap(),
            public_url: None,
        };
        let config = Config { limits: Limits::raised(), verification, mail: Some(mail), ..Config::default() };
        let server = Server::with(config).await;
        bring(&server);
        let asker = server.register("asker").await;
        Self { server, asker }
    }

    /// Compares two answers over HTTP, by the number and id that are asked for.
    async fn compare(&self, way: Way, asked: impl Fn(bool, usize) -> usize) -> Compared {
        let scraper = Scraper::new(&self.server, self.asker.clone(), None);
        compare(QUICK, async |kind, nth| {
            let index = asked(kind, nth);
            let (number, id) = (number(index), id(index));
            let begun = Instant::now();
            let answer = scraper.answer(way, &number, &id).await;
            let took = begun.elapsed();
            assert_eq!(answer.status, 200, "{}", answer.body);
            took
        })
        .await
    }

    /// Compares sign-ins and the like.
    async fn compare_posts(&self, bound: Bound, path: &str, status: u16, email: impl Fn(bool, usize) -> String) -> Compared {
        compare(bound, async |kind, nth| {
            let body = json!({"email": email(kind, nth), "password": "not the password"});
            let begun = Instant::now();
            let answer = self.server.post(path, body).await;
            let took = begun.elapsed();
            assert_eq!(answer.status, status, "{}", answer.body);
            took
        })
        .await
    }

    /// Compares invites.
    async fn compare_invites(&self, asked: impl Fn(bool, usize) -> usize) -> Compared {
        let mut socket = Socket::of(&self.server, &self.asker, "laptop").await;
        compare(QUICK, async |kind, nth| {
            let id = id(asked(kind, nth));
            let begun = Instant::now();
            socket.invites_id(CallId::random(), &id).await;
            let ServerMessage::Ended { .. } = socket.hears().await else { panic!("it ends at once") };
            begun.elapsed()
        })
        .await
    }

    /// Somebody with a number and an id of their own, as their settings are.
    async fn resident(&self, name: &str, index: usize) -> Person {
        let person = self.server.register(name).await;
        self.server.set_phone(&person, &number(index)).await.data();
        person
    }
}

#[track_caller]
fn alike(what: &str, compared: &Compared) {
    println!("{what}: {:.2?}", compared.0);
    assert!(!compared.differ(), "{what} can be told by its time: {compared:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_takes_as_long_for_a_taken_number_as_for_a_free_one() {
    let town = Town::new(Verification::Off).await;
    alike("check", &town.compare(Way::Check, |kind, nth| if kind { known(nth) } else { unknown(nth) }).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_takes_as_long_for_somebody_as_for_nobody() {
    let town = Town::new(Verification::Off).await;
    for way in [Way::LookupPhone, Way::LookupId] {
        let compared = town.compare(way, |kind, nth| if kind { known(nth) } else { unknown(nth) }).await;
        alike(&format!("{way:?}"), &compared);
    }
}
