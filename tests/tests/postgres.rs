//! The whole system on PostgreSQL: a call between two phones, the owner's commands, a restart, and a database that goes
//! away in the middle.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::{path::Path, process::Command, time::Duration};

use care4w_tests::{
    Account, Cli, Postgres, Server, binaries,
    http::{self, Answer},
    postgres, wait,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A server on a database of its own, and where its log lies.
struct OnPostgres {
    database: String,
    folder: TempDir,
}

impl OnPostgres {
    fn new(postgres: &Postgres) -> Self {
        Self { database: postgres.database().unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    /// Logs as much as there is to log.
    fn serve(&self, address: &str) -> Server {
        let talkative = vec![("CARE4W_LOG".to_owned(), "trace".to_owned())];
        Server::start_on(&self.database, self.folder.path(), address, &[], &talkative).unwrap()
    }

    fn person(&self, server: &Server, name: &str) -> Cli {
        let cli = Cli::new(server.url(), &self.folder.path().join(name));
        cli.register(&Account::named(name)).unwrap();
        cli
    }

    /// One of the owner's commands: what it printed.
    fn command(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(binaries::find("care4w-server").unwrap());
        let output = command.args(["--database", &self.database]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn token(profile: &Path) -> String {
    let session: Value = serde_json::from_slice(&std::fs::read(profile.join("session.json")).unwrap()).unwrap();
    session["accessToken"].as_str().unwrap().to_owned()
}

fn get_as(cli: &Cli, server: &Server, path: &str) -> Answer {
    let bearer = format!("Bearer {}", token(cli.profile()));
    http::send("GET", &format!("{}{path}", server.url()), &[("Authorization", &bearer)], b"").unwrap()
}

/// Kinds and names of somebody's calls, newest first.
fn calls(cli: &Cli, server: &Server) -> Vec<(String, String)> {
    let answer = get_as(cli, server, "/api/calls");
    let text = |call: &Value, field: &str| call[field].as_str().unwrap().to_owned();
    let calls = answer.body["data"]["calls"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    calls.iter().map(|call| (text(call, "kind"), text(call, "displayName"))).collect()
}

const SILENT: [&str; 4] = ["--mic", "none", "--speaker", "none"];

#[test]
fn two_phones_talk_by_number_who_was_away_finds_the_missed_call_and_a_restart_keeps_all_of_it() {
    let postgres = Postgres::start().unwrap();
    let ours = OnPostgres::new(&postgres);
    let mut server = ours.serve("127.0.0.1:0");
    let (amina, baraka) = (ours.person(&server, "Amina"), ours.person(&server, "Baraka"));
    baraka.run(&["phone", "set", "0712345678", "--country", "KE"], "").unwrap().success().unwrap();
    amina
        .run(&["phone", "set", "0712345678", "--country", "KE"], "")
        .unwrap()
        .refused(1, "PHONE_ALREADY_EXISTS")
        .unwrap();
    let ring = || amina.call("0712345678", &[&["--country", "KE", "--seconds", "1"], &SILENT[..]].concat()).unwrap();

    let mut answering = baraka.answer(&[&["--calls", "1"], &SILENT[..]].concat()).unwrap();
    let mut calling = ring();
    calling.wait_for_call("connected").unwrap();
    calling.wait_for_call("ended").unwrap();
    assert_eq!(calling.wait_for_end().unwrap(), Some(0));
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));
    let mut in_vain = ring();
    in_vain.wait_for_call("ended").unwrap();
    in_vain.wait_for_end().unwrap();

    let missed = |server: &Server| {
        assert_eq!(calls(&baraka, server), [("missed".into(), "Amina".into()), ("got".into(), "Amina".into())]);
    };
    // Nobody waits for the history: it is written behind the call.
    wait::until(Duration::from_secs(20), "both calls in the history", || {
        Ok((calls(&baraka, &server).len() == 2).then_some(()))
    })
    .unwrap();
    missed(&server);
    let address = server.address().to_owned();
    server.process().ask_to_end();
    assert_eq!(server.process().wait_for_end(Duration::from_secs(20)).unwrap().code(), Some(0));
    let server = ours.serve(&address);
    missed(&server);
    let found = amina.run(&["lookup", "+254712345678"], "").unwrap().success().unwrap().json().unwrap();
    assert_eq!(found["displayName"], "Baraka");
}

#[test]
fn the_owners_commands_do_on_postgresql_what_they_do_on_a_file() {
    let postgres = Postgres::start().unwrap();
    let ours = OnPostgres::new(&postgres);
    let users: Vec<String> = (0..3000)
        .map(|index| {
            let user = json!({
                "_id": {"$oid": format!("65c1f2a0b1c2d3e4{index:08x}")}, "email": format!("user{index}@example.org"),
                "displayName": format!("User {index}"), "isActive": true, "care4wId": format!("care4w-{}", 1_000_000 + index),
                "personalPhoneNumber": {"full": format!("+2547{index:08}"), "national": format!("7{index:08}"), "countryCode": "254"},
                "createdAt": {"$date": "2026-01-05T08:15:00Z"}
            });
            user.to_string()
        })
        .collect();
    let file = ours.folder.path().join("users.json");
    // The last one again, under another id: it is refused, and the others come in all the same.
    let rival = users[2999].replace("65c1f2a0b1c2d3e4", "75c1f2a0b1c2d3e4");
    std::fs::write(&file, format!("{}\n{rival}\n", users.join("\n"))).unwrap();
    let import = ["import", file.to_str().unwrap()];
    let summary = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let first = summary(ours.command(&import));
    assert_eq!((&first["imported"], &first["refused"]), (&3000.into(), &1.into()), "{first}");
    let again = summary(ours.command(&import));
    assert_eq!((&again["imported"], &again["alreadyThere"]), (&0.into(), &3000.into()), "{again}");

    assert_eq!(ours.command(&["user", "list"]).lines().count(), 3000);
    let password = ours.command(&["user", "reset-password", "User7@example.org"]);
    let server = ours.serve("127.0.0.1:0");
    let cli = Cli::new(server.url(), &ours.folder.path().join("user7"));
    let account = Account { password: password.trim().to_owned(), ..Account::named("User7") };
    cli.login(&account).unwrap();
    let found = cli.run(&["lookup", "+254700000008"], "").unwrap().success().unwrap().json().unwrap();
    assert_eq!(found["displayName"], "User 8");
    ours.command(&["user", "delete", "user8@example.org"]);
    assert_eq!(ours.command(&["user", "list"]).lines().count(), 2999);
    let gone = cli.run(&["lookup", "care4w-1000008"], "").unwrap().success().unwrap().json().unwrap();
    assert_eq!(gone["exists"], false);
}

#[test]
fn a_database_that_goes_is_told_as_such_and_found_again_when_it_is_back() {
    let mut postgres = Postgres::start().unwrap();
    let ours = OnPostgres::new(&postgres);
    let server = ours.serve("127.0.0.1:0");
    let amina = ours.person(&server, "Amina");
    let status = |path: &str| get_as(&amina, &server, path).status;
    assert_eq!(status("/readyz"), 200);

    postgres.stop().unwrap();
    assert_eq!((status("/healthz"), status("/readyz")), (200, 503));
    for path in ["/api/users/settings", "/api/users/lookup/phone?phoneNumber=%2B254712345678", "/api/calls"] {
        let answer = get_as(&amina, &server, path);
        assert_eq!((answer.status, &answer.body["error"]["code"]), (503, &"UNAVAILABLE".into()), "{path}: {answer:?}");
    }
    postgres.begin().unwrap();
    let ready = || Ok((status("/readyz") == 200).then_some(()));
    wait::until(Duration::from_secs(20), "the server to find its database again", ready).unwrap();
    assert_eq!(status("/api/users/lookup/phone?phoneNumber=%2B254712345678"), 200);

    let log = server.log().unwrap();
    assert!(!log.contains("panicked") && !log.contains(postgres::PASSWORD), "{log}");
}

#[test]
fn a_server_that_cannot_use_its_database_says_why_in_one_line_without_the_password() {
    let postgres = Postgres::start().unwrap();
    let database = postgres.database().unwrap();
    for (database, exit, says) in [
        (database.replace(postgres::PASSWORD, "hush-wrong"), 1, "refuses the user or the password"),
        (database.replace("care4w_0", "hush_none"), 1, "no database of that name"),
        ("postgres://care4w:hush@127.0.0.1:1/care4w".to_owned(), 1, "does not answer"),
        ("postgres://care4w:hush@127.0.0.1:1/care4w?pasword=hush".to_owned(), 2, "no address of PostgreSQL"),
    ] {
        let mut command = Command::new(binaries::find("care4w-server").unwrap());
        command.args(["--listen", "127.0.0.1:0", "--database", &database]).env("CARE4W_LOG", "trace");
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{said}");
        let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with('{')).collect();
        assert!(matches!(lines[..], [line] if line.contains(says)), "{said}");
        assert!(!said.replace("hush_none", "").contains("hush"), "{said}");
    }
}
