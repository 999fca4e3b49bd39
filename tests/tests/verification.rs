//! Numbers proved by a code, with the programs as people run them: a server whose codes are in its log, and the phone
//! without a window.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use care4w_tests::{Account, Cli, Server, wait};
use serde_json::Value;

const NUMBER: &str = "+254712345678";

/// The code that was logged last for whoever has this id.
fn code_for(server: &Server, care4w_id: &str) -> String {
    let logged = || {
        let log = server.log().ok()?;
        let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let codes = events.filter(|event| event["target"] == "care4w_server::verification_code");
        let mut mine = codes.filter(|event| event["fields"]["care4w_id"] == care4w_id);
        Some(mine.next_back()?["fields"]["code"].as_str()?.to_owned())
    };
    wait::until(Duration::from_secs(10), "the code in the log", || Ok(logged())).unwrap()
}

#[test]
fn who_proves_a_number_has_it_and_who_only_claimed_it_is_told_nobody_by_it() {
    let server = Server::start_with(&["--verification", "log"], &Vec::new()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let person = |name: &str| {
        let cli = Cli::new(server.url(), &folder.path().join(name));
        cli.register(&Account::named(name)).unwrap();
        cli
    };
    let (squatter, owner, caller) = (person("Squatter"), person("Owner"), person("Caller"));
    let found = || caller.run(&["lookup", NUMBER], "").unwrap().success().unwrap().json().unwrap();

    for cli in [&squatter, &owner] {
        let claimed = cli.run(&["phone", "set", "0712 345 678", "--country", "KE"], "").unwrap();
        let claimed = claimed.success().unwrap().json().unwrap();
        assert_eq!((&claimed["personalPhoneNumber"], &claimed["phoneVerified"]), (&NUMBER.into(), &false.into()));
    }
    assert_eq!(found()["exists"], false, "nobody has proved it");

    let id = owner.care4w_id().unwrap();
    let first = code_for(&server, &id);
    owner.run(&["phone", "resend"], "").unwrap().success().unwrap();
    let second = wait::until(Duration::from_secs(10), "another code", || {
        let code = code_for(&server, &id);
        Ok((code != first).then_some(code))
    })
    .unwrap();
    owner.run(&["phone", "verify", &first], "").unwrap().refused(1, "INVALID_CODE").unwrap();
    owner.run(&["phone", "verify", &second], "").unwrap().success().unwrap();
    assert_eq!(found()["care4wId"], id.as_str());

    let lost = squatter.run(&["phone", "show"], "").unwrap().success().unwrap().json().unwrap();
    assert_eq!(lost["personalPhoneNumber"], Value::Null);
    let code = code_for(&server, &squatter.care4w_id().unwrap());
    squatter.run(&["phone", "verify", &code], "").unwrap().refused(1, "NOT_FOUND").unwrap();
    squatter.run(&["phone", "set", NUMBER], "").unwrap().refused(1, "PHONE_ALREADY_EXISTS").unwrap();
    let log = server.log().unwrap();
    assert!(!log.contains("712345678"), "the number is in the log");
}
