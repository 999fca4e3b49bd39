//! Known and unknown take the same time: wherever an answer says no, how long it took does not say why; and a yes takes
//! what a no takes. Not compared is what is told in words and is more work by its nature: setting a number that is free
//! writes it, and a call to somebody who is away goes into two histories (`unreachable`, CONTRACT.md) while one to nobody
//! does not (`not found`).

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
use statistic::{Bound, Compared, QUICK, SLOW, compare};

/// Indices of users that were brought over, and of nobody.
fn known(nth: usize) -> usize {
    33 * (nth % DIFFERENT)
}

fn unknown(nth: usize) -> usize {
    known(nth) + 1 + nth % DIFFERENT % 32
}

/// How many known ones there are, and unknown ones: what is asked again costs no budget and is not noted anew, so one kind
/// must not be newer than the other.
const DIFFERENT: usize = 300;

/// Which database keeps it.
#[derive(Clone, Copy)]
enum Kept {
    InSqlite,
    #[cfg(unix)]
    InPostgres,
}

macro_rules! on_both_stores {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(super::Kept::InSqlite).await;
            })*
        }

        #[cfg(unix)]
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(super::Kept::InPostgres).await;
            })*
        }
    };
}

on_both_stores!(
    a_check_takes_as_long_for_a_taken_number_as_for_a_free_one,
    a_lookup_takes_as_long_for_somebody_as_for_nobody,
    whoever_does_not_want_to_be_found_takes_as_long_as_nobody,
    a_number_that_nobody_proved_takes_as_long_as_one_that_nobody_has,
    whoever_has_blocked_one_takes_as_long_as_nobody,
    a_wish_for_a_new_password_takes_as_long_for_a_known_address_as_for_an_unknown_one,
);

/// A server with people and one of them who asks.
struct Town {
    server: Server,
    asker: Person,
}

impl Town {
    async fn new(kept: Kept, verification: Verification) -> Self {
        // Nothing listens there: what becomes of a letter must not be seen.
        let mail = MailSettings {
            smtp_url: "smtp://127.0.0.1:9".into(),
            from: "care4w@example.org".parse().unwrap(),
            public_url: None,
        };
        let config = Config { limits: Limits::raised(), verification, mail: Some(mail), ..Config::default() };
        let server = match kept {
            Kept::InSqlite => Server::with(config).await,
            #[cfg(unix)]
            Kept::InPostgres => Server::on_postgres_with(config).await,
        };
        bring(&server);
        let asker = server.register("asker").await;
        Self { server, asker }
    }

    /// Compares two answers over HTTP, by the number and id that are asked for.
    async fn compare(&self, way: Way, asked: impl Fn(bool, usize) -> usize) -> Compared {
        let scraper = Scraper::new(&self.server, self.asker.clone(), None);
        // Nothing is news any more.
        for nth in 0..DIFFERENT {
            for index in [asked(true, nth), asked(false, nth)] {
                scraper.answer(way, &number(index), &id(index)).await;
            }
        }
        compare(QUICK, async |kind, nth| {
            let index = asked(kind, nth);
            let (number, id) = (number(index), id(index));
            let answer = scraper.answer(way, &number, &id).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            answer.took
        })
        .await
    }

    /// Compares what is posted with an e-mail address.
    async fn compare_posts(&self, bound: Bound, path: &str, email: impl Fn(bool, usize) -> String) -> Compared {
        compare(bound, async |kind, nth| {
            let body = json!({"email": email(kind, nth), "password": "not the password"});
            let answer = self.server.post(path, body).await;
            assert!([200, 401].contains(&answer.status), "{}", answer.body);
            answer.took
        })
        .await
    }

    /// Compares invites.
    async fn compare_invites(&self, asked: impl Fn(bool, usize) -> String) -> Compared {
        let mut socket = Socket::of(&self.server, &self.asker, "laptop").await;
        compare(QUICK, async |kind, nth| {
            let id = asked(kind, nth);
            let begun = Instant::now();
            socket.invites_id(CallId::random(), &id).await;
            let ServerMessage::Ended { .. } = socket.hears().await else { panic!("it ends at once") };
            begun.elapsed()
        })
        .await
    }

    /// Somebody with a number of their own.
    async fn resident(&self, index: usize) -> Person {
        let person = self.server.register(&format!("resident{index}")).await;
        self.server.set_phone(&person, &number(index)).await.data();
        person
    }

    /// What the asker is told by one way.
    async fn told(&self, way: Way, number: &str, id: &str) -> Answer {
        Scraper::new(&self.server, self.asker.clone(), None).answer(way, number, id).await
    }
}

/// Indices outside of what was brought over: of residents, and of nobody.
const RESIDENTS: [usize; 3] = [20_001, 20_002, 20_003];

fn resident_or_nobody(kind: bool, nth: usize) -> usize {
    RESIDENTS[nth % 3] + if kind { 0 } else { 100 }
}

fn known_or_nobody(kind: bool, nth: usize) -> usize {
    if kind { known(nth) } else { unknown(nth) }
}

#[track_caller]
fn alike(what: &str, compared: &Compared) {
    println!("{what}: {:.2?}", compared.0);
    assert!(!compared.differ(), "{what} can be told by its time: {compared:?}");
}

async fn a_check_takes_as_long_for_a_taken_number_as_for_a_free_one(kept: Kept) {
    for verification in [Verification::Off, Verification::Log] {
        let town = Town::new(kept, verification).await;
        let taken = town.told(Way::Check, &number(known(0)), "").await;
        assert_eq!(
            taken.data()["claimable"],
            if verification == Verification::Off { json!(null) } else { json!(true) }
        );
        alike("check", &town.compare(Way::Check, known_or_nobody).await);
    }
}

async fn a_lookup_takes_as_long_for_somebody_as_for_nobody(kept: Kept) {
    let town = Town::new(kept, Verification::Off).await;
    for way in [Way::LookupPhone, Way::LookupId] {
        assert_eq!(town.told(way, &number(known(1)), &id(known(1))).await.data()["exists"], true);
        assert_eq!(town.told(way, &number(unknown(1)), &id(unknown(1))).await.data()["exists"], false);
        alike(&format!("{way:?}"), &town.compare(way, known_or_nobody).await);
    }
    let scraper = Scraper::new(&town.server, town.asker.clone(), None);
    let compared = compare(QUICK, async |kind, nth| {
        // Without a country.
        let local = number(known_or_nobody(kind, nth)).replacen("+254", "0", 1);
        let answer = scraper.answer(Way::LookupPhone, &local, "").await;
        assert_eq!(answer.data()["exists"], kind);
        answer.took
    });
    alike("LookupPhone without a country", &compared.await);
}

async fn whoever_does_not_want_to_be_found_takes_as_long_as_nobody(kept: Kept) {
    let town = Town::new(kept, Verification::Off).await;
    for index in RESIDENTS {
        let person = town.resident(index).await;
        let hide = Some(json!({"discoverableByPhone": "nobody"}));
        town.server.by(&person, "PATCH", "/api/users/settings", hide).await.data();
        assert_eq!(*town.told(Way::LookupPhone, &number(index), "").await.data(), json!({"exists": false}));
    }
    alike("hidden", &town.compare(Way::LookupPhone, resident_or_nobody).await);
}

async fn a_number_that_nobody_proved_takes_as_long_as_one_that_nobody_has(kept: Kept) {
    let town = Town::new(kept, Verification::Log).await;
    assert_eq!(*town.told(Way::LookupPhone, &number(known(1)), "").await.data(), json!({"exists": false}));
    alike("unproved", &town.compare(Way::LookupPhone, known_or_nobody).await);
}

async fn whoever_has_blocked_one_takes_as_long_as_nobody(kept: Kept) {
    let town = Town::new(kept, Verification::Off).await;
    let mut ids = Vec::new();
    for index in RESIDENTS {
        let person = town.resident(index).await;
        let path = format!("/api/users/blocks/{}", town.asker.id);
        town.server.by(&person, "PUT", &path, Some(json!({}))).await.data();
        for way in [Way::LookupPhone, Way::LookupId] {
            assert_eq!(*town.told(way, &number(index), &person.id).await.data(), json!({"exists": false}));
        }
        ids.push(person.id);
    }
    alike("blocked, by number", &town.compare(Way::LookupPhone, resident_or_nobody).await);
    let id = |kind: bool, nth: usize| if kind { ids[nth % 3].clone() } else { format!("care4w-N0BODY{}", nth % 3) };
    let compared = compare(QUICK, async |kind, nth| {
        let id = id(kind, nth);
        let answer = town.told(Way::LookupId, "", &id).await;
        assert_eq!(answer.data()["exists"], false);
        answer.took
    });
    alike("blocked, by id", &compared.await);
    alike("blocked, by a call", &town.compare_invites(id).await);
}

async fn a_wish_for_a_new_password_takes_as_long_for_a_known_address_as_for_an_unknown_one(kept: Kept) {
    let town = Town::new(kept, Verification::Off).await;
    let email = |kind, nth| format!("user{}@example.org", known_or_nobody(kind, nth));
    alike("forgot", &town.compare_posts(QUICK, "/api/auth/forgot", email).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_takes_as_long_for_an_unknown_address_as_for_a_wrong_password() {
    let town = Town::new(Kept::InSqlite, Verification::Off).await;
    let unknown = |nth: usize| format!("nobody{nth}@example.org");
    let known = |kind, nth| if kind { town.asker.email.clone() } else { unknown(nth) };
    alike("sign in", &town.compare_posts(SLOW, "/api/auth/login", known).await);
    // Who came over has no password yet.
    let brought =
        |kind, nth| if kind { format!("user{}@example.org", known_or_nobody(true, nth)) } else { unknown(nth) };
    alike("sign in without a password", &town.compare_posts(SLOW, "/api/auth/login", brought).await);
}

/// What the comparison finds, on this machine and under its load: the time of the same request, longer by what was asked for
/// and at least by as much as the middle half of them is apart.
#[tokio::test(flavor = "multi_thread")]
async fn a_difference_that_is_put_in_is_found() {
    let town = Town::new(Kept::InSqlite, Verification::Off).await;
    let scraper = Scraper::new(&town.server, town.asker.clone(), None);
    let asked = async |nth: usize| {
        let answer = scraper.answer(Way::LookupId, "", &id(unknown(nth))).await;
        answer.data();
        answer.took
    };
    let mut usual = Vec::new();
    for nth in 0..200 {
        usual.push(asked(nth).await);
    }
    usual.sort_unstable();
    let longer = (usual[150] - usual[50]).max(Duration::from_micros(150));
    let compared =
        compare(QUICK, async |kind, nth| asked(nth).await + if kind { longer } else { Duration::ZERO }).await;
    println!("{longer:?} longer: {:.2?}", compared.0);
    assert!(compared.differ(), "{longer:?}: {compared:?}");
    // No password is hashed for what is no request at all: the difference that a forgotten stand-in would make.
    let skipped = compare(SLOW, async |kind, nth| {
        let body = json!({"email": if kind { "a@example.org" } else { "" }, "password": "not the password"});
        let path = if kind { "/api/auth/login" } else { "/api/auth/forgot" };
        let answer = town.server.post(path, body).await;
        assert!(answer.status >= 400, "{nth}");
        answer.took
    })
    .await;
    assert!(skipped.differ(), "{skipped:?}");
}

#[tokio::test]
async fn a_yes_and_a_no_differ_in_their_fields_alone() {
    let town = Town::new(Kept::InSqlite, Verification::Off).await;
    for way in [Way::Check, Way::LookupPhone, Way::LookupId] {
        let yes = town.told(way, &number(known(1)), &id(known(1))).await;
        let no = town.told(way, &number(unknown(1)), &id(unknown(1))).await;
        assert_eq!((yes.status, no.status), (200, 200), "{way:?}");
        let shape = |answer: &Answer| {
            let own = ["content-length", "date"];
            let headers = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(shape(&yes), shape(&no), "{way:?}");
        for answer in [&yes, &no] {
            assert_eq!(answer.headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), HEADERS, "{way:?}");
        }
    }
}

/// All that stands above an answer. Nothing of it is counted, timed or drawn for the one who asks.
const HEADERS: [&str; 5] = ["content-type", "cache-control", "x-content-type-options", "content-length", "date"];
