//! Whoever wants to make a directory of the users gets no further than the budget (docs/privacy.md), by whichever way.

mod routes;
pub mod ways;

use std::time::Duration;

use care4w_server::Config;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::server::Server;
use ways::{Scraper, Way, bring, brought, config, id, number};

/// Sequential numbers or ids that are asked for.
const ASKED: usize = 10_000;

const MINUTE: Duration = Duration::from_secs(60);

/// A new account asks for everything; then it waits and asks for more.
async fn one_account_gets_its_budget(way: Way) {
    let config = config();
    let clock = config.clock.clone();
    let server = Server::with(config).await;
    bring(&server);
    let scraper = Scraper::new(&server, server.register("scraper").await, None);
    assert_eq!(scraper.asks(way, 0..ASKED).await, 50, "50 on its first day");
    clock.advance(9 * MINUTE);
    assert_eq!(scraper.asks(way, ASKED..ASKED + 300).await, 3, "one back every 3 minutes");
    clock.advance(24 * 60 * MINUTE);
    assert_eq!(scraper.asks(way, ASKED + 300..ASKED + 600).await, 100, "and never more than 100 at once");
}

/// So many accounts at one address ask for so many; `address` is where each of them says it is.
async fn accounts_at_one_address_get_its_budget(way: Way, asked: usize, address: Option<fn(usize) -> String>) {
    const ACCOUNTS: usize = 25;
    let trusted_proxies = if address.is_some() { vec!["127.0.0.0/8".parse().unwrap()] } else { Vec::new() };
    let config = Config { trusted_proxies, ..config() };
    let clock = config.clock.clone();
    let server = Server::with(config).await;
    bring(&server);
    let mut scrapers = Vec::new();
    for account in 0..ACCOUNTS {
        let person = server.register(&format!("scraper{account}")).await;
        scrapers.push(Scraper::new(&server, person, address.map(|address| address(account))));
    }
    // Each a part of the numbers, all at once.
    let all = async |begin: usize, each: usize| {
        let part = |account: usize| begin + account * each..begin + (account + 1) * each;
        let asking = scrapers.iter().enumerate().map(|(account, scraper)| scraper.asks(way, part(account)));
        futures_util::future::join_all(asking).await.into_iter().sum::<usize>()
    };
    assert_eq!(all(0, asked / ACCOUNTS).await, 1000);
    clock.advance(MINUTE);
    // Twenty of the accounts have spent their own budget, five have some of it left.
    assert!(all(ASKED, 10).await <= 10, "ten back a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_learns_no_more_by_check() {
    one_account_gets_its_budget(Way::Check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_learns_no_more_by_looking_up_numbers() {
    one_account_gets_its_budget(Way::LookupPhone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_learns_no_more_by_looking_up_numbers_of_elsewhere() {
    one_account_gets_its_budget(Way::LookupAbroad).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_learns_no_more_by_looking_up_ids() {
    one_account_gets_its_budget(Way::LookupId).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_learns_no_more_by_setting_numbers() {
    one_account_gets_its_budget(Way::SetNumber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_learns_no_more_by_calling() {
    one_account_gets_its_budget(Way::Invite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_address_learn_no_more_by_check() {
    accounts_at_one_address_get_its_budget(Way::Check, ASKED, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_address_learn_no_more_by_looking_up_numbers() {
    accounts_at_one_address_get_its_budget(Way::LookupPhone, ASKED, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_address_learn_no_more_by_looking_up_numbers_of_elsewhere() {
    // Each of them is read in every country, which takes its time.
    accounts_at_one_address_get_its_budget(Way::LookupAbroad, 2 * 1250, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_address_learn_no_more_by_looking_up_ids() {
    accounts_at_one_address_get_its_budget(Way::LookupId, ASKED, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_address_learn_no_more_by_setting_numbers() {
    accounts_at_one_address_get_its_budget(Way::SetNumber, ASKED, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_address_learn_no_more_by_calling() {
    accounts_at_one_address_get_its_budget(Way::Invite, ASKED, None).await;
}

/// Addresses all over one IPv6 network of 64 bits.
fn in_one_network(account: usize) -> String {
    format!("2001:db8:1:2:{:x}::{account:x}", account * 2477)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_ipv6_network_learn_no_more_by_check() {
    accounts_at_one_address_get_its_budget(Way::Check, 2 * 1250, Some(in_one_network)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_ipv6_network_learn_no_more_by_looking_up_numbers() {
    accounts_at_one_address_get_its_budget(Way::LookupPhone, 2 * 1250, Some(in_one_network)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_ipv6_network_learn_no_more_by_looking_up_numbers_of_elsewhere() {
    accounts_at_one_address_get_its_budget(Way::LookupAbroad, 2 * 1250, Some(in_one_network)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_ipv6_network_learn_no_more_by_looking_up_ids() {
    accounts_at_one_address_get_its_budget(Way::LookupId, 2 * 1250, Some(in_one_network)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_ipv6_network_learn_no_more_by_setting_numbers() {
    accounts_at_one_address_get_its_budget(Way::SetNumber, 2 * 1250, Some(in_one_network)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_ipv6_network_learn_no_more_by_calling() {
    accounts_at_one_address_get_its_budget(Way::Invite, 2 * 1250, Some(in_one_network)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_ways_spend_one_budget_also_of_an_account_that_was_brought_over() {
    let server = Server::with(config()).await;
    bring(&server);
    let old = Scraper::new(&server, brought(&server).await, None);
    let new = Scraper::new(&server, server.register("scraper").await, None);
    for (scraper, budget) in [(old, 100), (new, 50)] {
        let each = ASKED / Way::ALL.len();
        let ways = Way::ALL.into_iter().enumerate();
        let asking = ways.map(|(at, way)| scraper.asks(way, at * each..(at + 1) * each));
        let answers: usize = futures_util::future::join_all(asking).await.into_iter().sum();
        assert_eq!(answers, budget, "whichever ways were quickest");
    }
}

#[tokio::test]
async fn a_number_is_one_question_however_it_is_spelt_and_whether_it_is_known_or_not() {
    for (known, index) in [(true, 33), (false, 34)] {
        let server = Server::with(config()).await;
        bring(&server);
        let scraper = Scraper::new(&server, server.register("scraper").await, None);
        let full = number(index);
        let local = format!("0{}", &full[4..]);
        let spaced = format!("+254 ({}) {} - {}", &full[4..7], &full[7..10], &full[10..]);
        let digits = full[1..].to_owned();
        let wide: String = local.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        for spelt in [&full, &local, &spaced, &digits, &format!("tel:{full}"), &format!("00{digits}"), &wide] {
            for way in [Way::LookupPhone, Way::Check] {
                assert_eq!(scraper.answer(way, spelt, "").await.status, 200, "{way:?} {spelt}");
            }
            let answer = scraper.answer(Way::LookupPhone, spelt, "").await;
            assert_eq!(answer.data()["exists"], known, "{spelt}");
        }
        // Who was found by number may be called: the answer told the id. Nobody was not.
        assert!(scraper.answered(Way::LookupId, index).await);
        let left = if known { 49 } else { 48 };
        assert_eq!(scraper.asks(Way::LookupPhone, 100..200).await, left);
    }
}

#[tokio::test]
async fn an_id_is_one_question_in_any_case_and_what_cannot_be_one_is_none() {
    let server = Server::with(config()).await;
    let scraper = Scraper::new(&server, server.register("scraper").await, None);
    for spelt in [id(1), id(1).to_uppercase(), id(1).to_lowercase()] {
        assert_eq!(scraper.answer(Way::LookupId, "", &spelt).await.status, 200);
    }
    for wrong in 0..200 {
        assert_eq!(scraper.answer(Way::LookupId, "", &format!("care4w-{wrong}!")).await.status, 400);
        assert_eq!(scraper.answer(Way::LookupPhone, &format!("12{wrong}"), "").await.status, 400);
        assert_eq!(scraper.answer(Way::Check, &format!("12{wrong}"), "").await.status, 400);
        assert_eq!(scraper.answer(Way::SetNumber, &format!("12{wrong}"), "").await.status, 400);
    }
    assert_eq!(scraper.asks(Way::LookupPhone, 0..100).await, 49);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_who_ask_the_same_pay_once_and_learn_once() {
    let server = Server::with(config()).await;
    bring(&server);
    let scraper = Scraper::new(&server, server.register("scraper").await, None);
    // The same sixty, each ten times at once, by a way that once gave back what it told too much.
    let again = (0..600).map(|ask| ask / 10);
    let answers =
        futures_util::future::join(scraper.asks(Way::Invite, 0..60), scraper.asks(Way::LookupId, again)).await;
    assert!(answers.0 <= 50 && answers.1 <= 500, "{answers:?}");
    let mut known = 0;
    for index in 0..60 {
        known += usize::from(scraper.answered(Way::LookupId, index).await);
    }
    assert_eq!(known, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_time_passes_between_the_questions_nobody_gets_more_than_burst_and_refill() {
    let config = config();
    let clock = config.clock.clone();
    let server = Server::with(config).await;
    bring(&server);
    let scraper = Scraper::new(&server, server.register("scraper").await, None);
    let mut random = StdRng::seed_from_u64(3);
    // Of each question when it was answered.
    let (mut passed, mut asked) = (Duration::ZERO, 0);
    let mut answers: Vec<Duration> = Vec::new();
    for _ in 0..120 {
        let way = Way::ALL[random.random_range(0..Way::ALL.len())];
        let many = random.random_range(1..40);
        let answered = scraper.asks(way, asked..asked + many).await;
        asked += many;
        answers.extend(std::iter::repeat_n(passed, answered));
        let pause = Duration::from_secs(random.random_range(0..3600));
        clock.advance(pause);
        passed += pause;
    }
    assert!(answers.len() > 500, "the budget is used up again and again: {}", answers.len());
    for (first, from) in answers.iter().enumerate() {
        for (last, to) in answers.iter().enumerate().skip(first) {
            let burst = if *to < Duration::from_secs(86_400) { 50 } else { 100 };
            let refill = (*to - *from).as_secs() / 180;
            assert!((last - first + 1) as u64 <= burst + refill, "from {from:?} to {to:?}");
        }
    }
}

#[tokio::test]
async fn whoever_is_out_of_budget_is_told_the_same_of_everybody() {
    let server = Server::with(config()).await;
    bring(&server);
    let scraper = Scraper::new(&server, server.register("scraper").await, None);
    assert_eq!(scraper.asks(Way::LookupId, 5000..5100).await, 50);
    for way in [Way::Check, Way::LookupPhone, Way::LookupId, Way::SetNumber] {
        let known = scraper.answer(way, &number(33), &id(33)).await;
        let unknown = scraper.answer(way, &number(34), &id(34)).await;
        known.fails(429, "RATE_LIMITED");
        assert_eq!(known.body, unknown.body);
        assert_eq!(known.headers["retry-after"], unknown.headers["retry-after"]);
        assert_eq!(known.headers["retry-after"], "180");
    }
}

#[tokio::test]
async fn a_text_that_is_several_national_numbers_costs_one_question_for_each() {
    let server = Server::with(config()).await;
    bring(&server);
    let scraper = Scraper::new(&server, server.register("scraper").await, None);
    // With its zero it is a number of Italy's kind, without it one of Britain's.
    for _ in 0..2 {
        let answer = server.lookup(&scraper.person, "020 7946 0958", Some("US")).await;
        assert_eq!(*answer.data(), serde_json::json!({"exists": false}));
    }
    assert_eq!(scraper.asks(Way::LookupPhone, 0..100).await, 48, "two were asked about, and once");
    server.lookup(&scraper.person, "020 7946 0951", Some("US")).await.fails(429, "RATE_LIMITED");
    assert_eq!(server.lookup(&scraper.person, "020 7946 0958", Some("US")).await.status, 200);
}
