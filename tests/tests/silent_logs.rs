//! At the most talkative level, no log of a whole call holds a number, an address or a secret.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    path::Path,
    time::Duration,
};

use care4w_tests::{Account, Cli, Environment, Server, Sound};
use serde_json::Value;

/// What must not stand in a log, and what to call it. Digits are looked for as digits, however they are grouped.
struct Secrets {
    digits: Vec<&'static str>,
    texts: Vec<(&'static str, String)>,
}

impl Secrets {
    fn of(people: &[(&Account, &Path)], digits: &[&'static str]) -> Self {
        let mut texts: Vec<(&'static str, String)> =
            ["a=candidate", " typ host", "ice-ufrag", "ice-pwd", "fingerprint"]
                .map(|word| ("session description", word.to_owned()))
                .into();
        for (account, profile) in people {
            texts.push(("e-mail address", account.email.clone()));
            texts.push(("password", account.password.clone()));
            let session: Value = serde_json::from_slice(&std::fs::read(profile.join("session.json")).unwrap()).unwrap();
            for name in ["accessToken", "refreshToken"] {
                let token = session[name].as_str().unwrap();
                assert!(token.len() > 20, "a token to look for");
                texts.push(("token", token.to_owned()));
                // A part of one is as much a leak: of a JWT the part in the middle names the account.
                texts.extend(token.split('.').filter(|part| part.len() > 20).map(|part| ("token", part.to_owned())));
            }
        }
        Self { digits: digits.to_vec(), texts }
    }

    /// What of it stands in `log`: kinds and lines.
    fn found_in(&self, log: &str) -> Vec<String> {
        let mut found = Vec::new();
        for line in log.lines() {
            let lower = line.to_lowercase();
            let digits: String = line.chars().filter(|char| !" ()-./".contains(*char)).collect();
            for (kind, text) in &self.texts {
                if lower.contains(&text.to_lowercase()) {
                    found.push(format!("{kind}: {line}"));
                }
            }
            if self.digits.iter().any(|number| digits.contains(number)) {
                found.push(format!("phone number: {line}"));
            }
            if has_address(line) {
                found.push(format!("address: {line}"));
            }
        }
        found
    }
}

/// Whether a line holds an IP address. A time of day and the path of a Rust module are none.
fn has_address(line: &str) -> bool {
    let v4 = line.split(|char: char| !(char.is_ascii_digit() || char == '.'));
    let v6 = line.split(|char: char| !(char.is_ascii_alphanumeric() || ":._".contains(char)));
    v4.map(|word| word.trim_matches('.')).any(|word| word.parse::<Ipv4Addr>().is_ok())
        || v6.filter(|word| word.len() > 2).any(|word| word.parse::<Ipv6Addr>().is_ok())
}

/// All of it: our own crates at TRACE, and whatever libraries would say if they were let.
fn talkative() -> Environment {
    [("CARE4W_LOG", "trace"), ("RUST_LOG", "trace"), ("LC_ALL", "C.UTF-8")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let secrets = Secrets { digits: vec!["712345678"], texts: vec![("token", "eyJhbGciOi".into())] };
    for leak in [
        "number=+254712345678",
        "dialled 0712 345 678",
        "q=%2B254712345678",
        "(0712) 345-678",
        "peer=192.0.2.7:4780",
        "bound to [2001:db8::7]:9",
        "from ::1 or so",
        "fe80::1%eth0",
        "Bearer EYJhbGciOi.x",
    ] {
        assert_eq!(secrets.found_in(leak).len(), 1, "{leak}");
    }
    for harmless in [
        "2026-11-23T07:11:14.530003Z DEBUG care4w_client::api: answered path=\"config\" status=200",
        "version 0.1.0, call=c47d4545-0968-451a-a9f8-b2d3240ad9fb",
        "the same at 07:11:14",
    ] {
        assert_eq!(secrets.found_in(harmless), Vec::<String>::new());
    }
}

#[test]
fn no_log_of_a_whole_call_holds_a_number_an_address_or_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(&[], &talkative()).unwrap();
    // People call themselves by their number, too.
    let amina = Account { name: "+254 712 345 678".into(), ..Account::named("Amina") };
    let baraka = Account { name: "baraka@example.org".into(), ..Account::named("Baraka") };
    let cli = |name: &str| Cli::new(server.url(), &folder.path().join(name)).with_environment(talkative());
    let (caller, callee) = (cli("caller"), cli("callee"));

    // Everything that a person does, and what goes wrong on the way: errors are where secrets slip out.
    let mut clients = String::new();
    let mut run = |cli: &Cli, arguments: &[&str], input: &str| clients += &cli.run(arguments, input).unwrap().stderr;
    for (cli, account) in [(&caller, &amina), (&callee, &baraka)] {
        let password = format!("{}\n", account.password);
        let email = ["--email", &account.email, "--password-stdin"];
        run(cli, &[&["register", "--name", &account.name], &email[..]].concat(), &password);
        run(cli, &[&["register", "--name", &account.name], &email[..]].concat(), &password);
        run(cli, &[&["login"], &email[..]].concat(), "not the password\n");
        run(cli, &[&["login"], &email[..]].concat(), &password);
    }
    run(&caller, &["phone", "set", "+254712345678"], "");
    run(&callee, &["phone", "set", "0733 123 456", "--country", "KE"], "");
    run(&caller, &["phone", "set", "0733123456", "--country", "KE"], "");
    run(&caller, &["phone", "check", "+254733123456"], "");
    run(&caller, &["phone", "show"], "");
    run(&caller, &["lookup", "0733123456", "--country", "KE"], "");
    run(&caller, &["lookup", "+254733123456"], "");
    run(&caller, &["lookup", "+254733999888"], "");
    run(&caller, &["doctor"], "");

    let sound = Sound::chirp(16_000, Duration::from_secs(1), 300.0, 3_000.0);
    let (said, heard) = (folder.path().join("said.wav"), folder.path().join("heard.wav"));
    sound.write(&said).unwrap();
    let (said, heard) = (format!("file:{}", said.display()), format!("file:{}", heard.display()));
    let mut answering = callee.answer(&["--mic", &said, "--speaker", &heard, "--calls", "1"]).unwrap();
    let mut calling =
        caller.call("0733123456", &["--mic", &said, "--speaker", "none", "--seconds", "2", "--digits", "1"]).unwrap();
    answering.wait_for_call("connected").unwrap();
    assert_eq!(calling.wait_for_end().unwrap(), Some(0));
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));
    let (calling, answering) = (calling.log().unwrap(), answering.log().unwrap());

    let people = [(&amina, caller.profile()), (&baraka, callee.profile())];
    let secrets = Secrets::of(&people, &["712345678", "733123456", "733999888"]);
    run(&caller, &["logout"], "");
    let server = server.log().unwrap();
    assert!(clients.contains("care4w_client::api: answered"), "the commands log nothing:\n{clients}");
    let found = secrets.found_in(&clients);
    assert!(found.is_empty(), "the commands' logs:\n{}", found.join("\n"));
    for (whose, log, ours) in [
        ("the server's", &server, "\"target\":\"care4w_server::signalling"),
        ("the caller's", &calling, "care4w_calls::line::outputs: call ended"),
        ("the callee's", &answering, "care4w_calls::line::outputs: call ended"),
    ] {
        assert!(log.contains(ours), "{whose} log says nothing, so its silence shows nothing:\n{log}");
        assert!(log.contains("TRACE"), "{whose} log is not at TRACE:\n{log}");
        let found = secrets.found_in(log);
        assert!(found.is_empty(), "{whose} log:\n{}", found.join("\n"));
        assert!(!log.contains("panicked"), "{whose} log:\n{log}");
    }
}
