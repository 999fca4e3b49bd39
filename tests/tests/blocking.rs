//! Blocking a person and ending sign-ins, with the programs as people run them: the phone without a window, on a server
//! of its own.
#![allow(clippy::unwrap_used)]

use care4w_tests::{Account, Cli, Server, cli::Outcome};
use serde_json::{Value, json};
use tempfile::TempDir;

const NUMBER: &str = "+254712345678";
const NOBODYS_NUMBER: &str = "+254799999999";
const SILENT: [&str; 4] = ["--mic", "none", "--speaker", "none"];

struct Town {
    server: Server,
    folder: TempDir,
}

impl Town {
    fn build() -> Self {
        Self { server: Server::start().unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    /// A profile that nobody uses yet.
    fn phone(&self, name: &str) -> Cli {
        Cli::new(self.server.url(), &self.folder.path().join(name))
    }

    fn person(&self, name: &str) -> Cli {
        let cli = self.phone(name);
        cli.register(&Account::named(name)).unwrap();
        cli
    }
}

fn done(cli: &Cli, arguments: &[&str]) -> Value {
    cli.run(arguments, "").unwrap().success().unwrap().json().unwrap()
}

fn seen(outcome: &Outcome) -> (Option<i32>, &str, &str) {
    (outcome.code, &outcome.stdout, &outcome.stderr)
}

#[test]
fn whoever_is_blocked_calls_as_if_there_were_nobody_and_the_blockers_phone_stays_silent() {
    let town = Town::build();
    let (amina, baraka, chiku) = (town.person("Amina"), town.person("Baraka"), town.person("Chiku"));
    done(&amina, &["phone", "set", NUMBER]);
    let (aminas, barakas) = (amina.care4w_id().unwrap(), baraka.care4w_id().unwrap());
    let list = done(&amina, &["block", &barakas.to_uppercase(), "--name", "Baraka who shouts"]);
    assert_eq!(list["blocked"][0]["care4wId"], barakas.as_str());
    assert_eq!(list["blocked"][0]["displayName"], "Baraka who shouts");
    assert_eq!(done(&amina, &["blocked"]), list);

    let answer: Vec<&str> = ["--calls", "1"].into_iter().chain(SILENT).collect();
    let mut answering = amina.answer(&answer).unwrap();
    for (blocker, nobody) in
        [(aminas.as_str(), "care4w-NOBODY"), (NUMBER, NOBODYS_NUMBER), ("0712345678", "0799999999")]
    {
        for command in ["call", "lookup"] {
            let sound: &[&str] = if command == "call" { &SILENT } else { &[] };
            let ask = |whom| {
                let arguments: Vec<&str> =
                    [command, whom, "--country", "KE"].into_iter().chain(sound.iter().copied()).collect();
                baraka.run(&arguments, "").unwrap()
            };
            let (blocked, unknown) = (ask(blocker), ask(nobody));
            if command == "call" {
                blocked.clone().refused(1, "NOT_FOUND").unwrap();
            }
            // What was typed is all that may differ.
            let said = blocked.stdout.replace(blocker, nobody).replace(NUMBER, NOBODYS_NUMBER);
            assert_eq!((blocked.code, said.as_str(), blocked.stderr.as_str()), seen(&unknown), "{command} {blocker}");
        }
    }

    // Somebody else gets through, and theirs is the first call that the phone has heard of.
    let call: Vec<&str> = ["--seconds", "0.5"].into_iter().chain(SILENT).collect();
    let mut calling = chiku.call(NUMBER, &call).unwrap();
    assert_eq!(calling.wait_for_end().unwrap(), Some(0));
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));
    let calls: Vec<Value> =
        answering.lines().unwrap().iter().filter(|line| line.is("call")).map(|line| line.json.clone()).collect();
    let chikus = calling.wait_for_call("dialing").unwrap().text("callId").to_owned();
    assert!(!calls.is_empty() && calls.iter().all(|call| call["callId"] == chikus.as_str()), "{calls:?}");

    assert_eq!(done(&amina, &["unblock", &barakas])["blocked"], json!([]));
    assert_eq!(done(&baraka, &["lookup", NUMBER])["care4wId"], aminas.as_str());
}

#[test]
fn what_cannot_be_blocked_is_refused_with_the_reason() {
    let town = Town::build();
    let amina = town.person("Amina");
    amina.run(&["block", "+254712345678"], "").unwrap().refused(1, "INVALID_ID").unwrap();
    amina.run(&["block", &amina.care4w_id().unwrap()], "").unwrap().refused(1, "VALIDATION_ERROR").unwrap();
    assert_eq!(done(&amina, &["block", "care4w-NOBODY"])["blocked"][0]["displayName"], Value::Null);
    town.phone("nobody").run(&["blocked"], "").unwrap().refused(1, "SIGNED_OUT").unwrap();
}

#[test]
fn a_new_password_ends_the_other_sign_ins_and_signing_out_everywhere_all_of_them() {
    let town = Town::build();
    let (account, laptop, desk) = (Account::named("Amina"), town.person("Amina"), town.phone("desk"));
    desk.login(&account).unwrap();
    let change = |input: &str| laptop.run(&["password", "change"], input).unwrap();
    change(&format!("{}\n", account.password)).refused(2, "INVALID_PASSWORD").unwrap();
    change("wrong\na new password\n").refused(1, "INVALID_CREDENTIALS").unwrap();
    change(&format!("{}\nshort\n", account.password)).refused(1, "VALIDATION_ERROR").unwrap();
    let mut waiting = desk.answer(&SILENT).unwrap();
    change(&format!("{}\na new password\n", account.password)).success().unwrap();
    assert_eq!(waiting.wait_for_end().unwrap(), Some(1), "a phone that waited is told");
    desk.run(&["phone", "show"], "").unwrap().refused(1, "SIGNED_OUT").unwrap();
    done(&laptop, &["phone", "show"]);

    desk.login(&Account { password: "a new password".into(), ..account.clone() }).unwrap();
    done(&laptop, &["logout", "--everywhere"]);
    for phone in [&laptop, &desk] {
        phone.run(&["phone", "show"], "").unwrap().refused(1, "SIGNED_OUT").unwrap();
    }
}

#[test]
fn a_deleted_account_is_gone_with_its_number() {
    let town = Town::build();
    let (amina, baraka) = (town.person("Amina"), town.person("Baraka"));
    done(&amina, &["phone", "set", NUMBER]);
    amina.run(&["account", "delete"], "").unwrap().refused(2, "CONFIRM").unwrap();
    done(&amina, &["account", "delete", "--yes"]);
    amina.run(&["whoami"], "").unwrap().refused(1, "SIGNED_OUT").unwrap();
    let login = ["login", "--email", "amina@example.org", "--password-stdin"];
    amina.run(&login, &Account::named("Amina").password).unwrap().refused(1, "INVALID_CREDENTIALS").unwrap();
    done(&baraka, &["phone", "set", NUMBER]);
}

#[test]
fn who_may_find_one_by_ones_number_is_said_on_the_command_line() {
    let town = Town::build();
    let (amina, baraka) = (town.person("Amina"), town.person("Baraka"));
    done(&amina, &["phone", "set", NUMBER]);
    for (who, found) in [("nobody", false), ("everyone", true)] {
        assert_eq!(done(&amina, &["phone", "discoverable", who])["discoverableByPhone"], who);
        assert_eq!(done(&baraka, &["lookup", NUMBER])["exists"], found);
    }
}

#[test]
fn a_forgotten_password_is_answered_alike_for_everybody() {
    let town = Town::build();
    town.person("Amina");
    let phone = town.phone("nobody");
    let forgot = |email: &str| phone.run(&["password", "forgot", "--email", email], "").unwrap();
    let (known, unknown) = (forgot("amina@example.org"), forgot("nobody@example.org"));
    assert_eq!(seen(&known), seen(&unknown));
    forgot("not an address").refused(1, "VALIDATION_ERROR").unwrap();
}
