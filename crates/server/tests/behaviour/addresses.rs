//! Whose budget a request spends, when proxies stand between.

use std::time::Duration;

use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::limits::Allowance;

use crate::server::{Person, Server};

const LONG: Duration = Duration::from_secs(3600);

/// A server on which each address may ask two questions, behind these proxies.
async fn server(proxies: &[&str]) -> (Server, Vec<Person>) {
    let limits = Limits { oracle_per_address: Allowance::new(2, LONG), ..Limits::raised() };
    let trusted_proxies = proxies.iter().map(|net| net.parse().unwrap()).collect();
    let server = Server::with(Config { limits, trusted_proxies, ..Config::default() }).await;
    let mut people = Vec::new();
    for name in ["amina", "baraka", "chane"] {
        people.push(server.register(name).await);
    }
    (server, people)
}

/// Each of three people asks something new with these headers; how many were answered.
async fn answered(server: &Server, people: &[Person], headers: &[(&str, &str)], salt: usize) -> usize {
    let mut answered = 0;
    for (index, person) in people.iter().enumerate() {
        let path = format!("/api/users/lookup?care4wId=care4w-Z{salt:04}{index}");
        let request = server.request("GET", &path).bearer_auth(&person.token);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = server.send(request).await;
        match answer.status {
            200 => answered += 1,
            _ => answer.fails(429, "RATE_LIMITED"),
        }
    }
    answered
}

#[tokio::test]
async fn nobodys_header_is_believed_unless_a_proxy_is_named() {
    let (server, people) = server(&[]).await;
    assert_eq!(answered(&server, &people, &[("x-forwarded-for", "203.0.113.1")], 1).await, 2);
    for (salt, header) in [
        ("x-forwarded-for", "203.0.113.2"),
        ("forwarded", "for=203.0.113.3"),
        ("x-real-ip", "203.0.113.4"),
        ("cf-connecting-ip", "203.0.113.5"),
        ("true-client-ip", "203.0.113.6"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(answered(&server, &people, &[header], 10 + salt).await, 0, "{header:?} makes nobody new");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_ours_is_believed_no_more_than_anybody() {
    let (server, people) = server(&["192.0.2.0/24"]).await;
    assert_eq!(answered(&server, &people, &[("x-forwarded-for", "203.0.113.1")], 1).await, 2);
    assert_eq!(answered(&server, &people, &[("x-forwarded-for", "203.0.113.2")], 2).await, 0);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_address_has_its_own_budget() {
    let (server, people) = server(&["127.0.0.1/32", "10.0.0.0/8"]).await;
    for (salt, header) in [
        ("x-forwarded-for", "203.0.113.1"),
        ("x-forwarded-for", "203.0.113.2, 10.1.2.3"),
        ("forwarded", "for=203.0.113.3"),
        ("forwarded", "for=\"[2001:db8::1]:80\";proto=https"),
        ("x-forwarded-for", "2001:db8:0:1::1"),
        ("x-forwarded-for", "::ffff:203.0.113.4"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(answered(&server, &people, &[header], salt).await, 2, "{header:?}");
    }
    // The same addresses in other clothes, and what a sender puts before them.
    for (salt, header) in [
        ("forwarded", "for=203.0.113.1"),
        ("x-forwarded-for", "198.51.100.77, 203.0.113.2"),
        ("x-forwarded-for", "::ffff:203.0.113.3"),
        ("x-forwarded-for", "2001:db8::ffff:ffff:ffff:ffff"),
        ("x-forwarded-for", "[2001:db8:0:1:2:3:4:5]:4711"),
        ("x-forwarded-for", "203.0.113.4:65535"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(answered(&server, &people, &[header], 100 + salt).await, 0, "{header:?}");
    }
}

#[tokio::test]
async fn what_a_proxy_sends_and_cannot_be_read_makes_nobody_new() {
    let (server, people) = server(&["127.0.0.0/8"]).await;
    assert_eq!(answered(&server, &people, &[], 1).await, 2, "the proxy itself");
    for (salt, headers) in [
        &[("x-forwarded-for", "nonsense")][..],
        &[("x-forwarded-for", "203.0.113.1, ")],
        &[("x-forwarded-for", "203.0.113.1, 256.1.1.1")],
        &[("x-forwarded-for", "203.0.113.1"), ("x-forwarded-for", "\u{fffd}")],
        &[("forwarded", "for=unknown")],
        &[("forwarded", "for=_somebody")],
        &[("forwarded", "203.0.113.1")],
        &[("x-forwarded-for", "203.0.113.1"), ("forwarded", "for=203.0.113.2")],
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(answered(&server, &people, headers, 10 + salt).await, 0, "{headers:?}");
    }
}
