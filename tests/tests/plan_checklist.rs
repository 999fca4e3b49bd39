//! The Testing Checklist of the plan for the personal phone number, line by line: each test has its line as its name.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::{path::Path, sync::Barrier, time::Duration};

use care4w_tests::{
    Account, AppWindow, Cli, Desk, Display, Environment, Server, Sound, binaries,
    http::{self, Answer},
    score,
    speech::Speech,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A server and the people on it, each with a profile of their own.
struct Town {
    server: Server,
    folder: TempDir,
}

impl Town {
    fn new() -> Self {
        Self { server: Server::start().unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    /// A person who has just registered and has no number.
    fn person(&self, name: &str) -> Cli {
        let cli = Cli::new(self.server.url(), &self.folder.path().join(name)).with_environment(plain_locale());
        cli.register(&Account::named(name)).unwrap();
        cli
    }

    fn person_with(&self, name: &str, number: &str, country: &str) -> Cli {
        let person = self.person(name);
        set(&person, number, country);
        person
    }

    fn rest(&self, person: &Cli, method: &str, path: &str, body: &Value) -> Answer {
        rest(self.server.url(), person, method, path, body)
    }
}

/// Asks the server without any of our clients in between.
fn rest(server: &str, person: &Cli, method: &str, path: &str, body: &Value) -> Answer {
    let session = std::fs::read_to_string(person.profile().join("session.json")).unwrap();
    let session: Value = serde_json::from_str(&session).unwrap();
    let bearer = format!("Bearer {}", session["accessToken"].as_str().unwrap());
    let headers = [http::JSON[0], ("Authorization", &bearer)];
    http::send(method, &format!("{server}/api/{path}"), &headers, body.to_string().as_bytes()).unwrap()
}

/// The locale names the country in which numbers are read; this one names none, and the server's Kenya holds.
fn plain_locale() -> Environment {
    ["LC_ALL", "LANG"].map(|name| (name.to_owned(), "C.UTF-8".to_owned())).into()
}

fn set(person: &Cli, number: &str, country: &str) -> String {
    let answer = person.run(&["phone", "set", number, "--country", country], "").unwrap().success().unwrap();
    answer.json().unwrap()["personalPhoneNumber"].as_str().unwrap().to_owned()
}

fn shown(person: &Cli) -> Value {
    person.run(&["phone", "show"], "").unwrap().success().unwrap().json().unwrap()["personalPhoneNumber"].clone()
}

fn lookup(person: &Cli, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = ["lookup"].iter().chain(arguments).copied().collect();
    person.run(&arguments, "").unwrap().success().unwrap().json().unwrap()
}

/// Calls and fails at once, as it must.
fn call_refused(person: &Cli, arguments: &[&str], code: &str) {
    let arguments: Vec<&str> =
        ["call"].iter().chain(arguments).chain(&["--mic", "none", "--speaker", "none"]).copied().collect();
    person.run(&arguments, "").unwrap().refused(1, code).unwrap();
}

#[test]
fn phone_number_validation_works_correctly() {
    let town = Town::new();
    let amina = town.person("Amina");
    for good in ["+254712345678", "0712345678", "0712 345 678", "(0712) 345-678", "712345678", "tel:+254-712-345-678"] {
        let answer = amina.run(&["phone", "check", good], "").unwrap().success().unwrap().json().unwrap();
        assert_eq!(answer["available"], true, "{good}: {answer}");
    }
    for (bad, country) in [
        ("", "KE"),
        ("abc", "KE"),
        ("07", "KE"),
        ("+25471234567812345", "KE"),
        ("+999712345678", "KE"),
        ("0000000000", "KE"),
        ("'; DROP TABLE accounts; --", "KE"),
        // A whole number over there and none here.
        ("015123456789", "KE"),
    ] {
        for command in ["check", "set"] {
            let outcome = amina.run(&["phone", command, bad, "--country", country], "").unwrap();
            assert_eq!(outcome.code, Some(1), "phone {command} {bad:?}: {outcome:?}");
            assert!(outcome.stderr.contains(" ["), "a stable code: {}", outcome.stderr);
        }
        // The server does not rely on its clients.
        let body = json!({ "phoneNumber": bad, "countryCode": country });
        for (method, path) in [("POST", "users/phone/check"), ("PATCH", "users/phone")] {
            let answer = town.rest(&amina, method, path, &body);
            assert_eq!(answer.status, 400, "{method} {bad:?}: {answer:?}");
            assert_eq!(answer.body["error"]["code"], "INVALID_PHONE", "{bad:?}");
        }
    }
    assert_eq!(shown(&amina), Value::Null, "none of it was kept");
}

#[test]
fn uniqueness_check_prevents_duplicates() {
    let town = Town::new();
    let amina = town.person_with("Amina", "0712345678", "KE");
    let baraka = town.person("Baraka");
    // The plan's rule: unique without the country code, so Tanzania's +255 712 345 678 is taken as well.
    for number in ["+254712345678", "0712345678", "+255712345678"] {
        let answer = baraka.run(&["phone", "check", number], "").unwrap().success().unwrap().json().unwrap();
        assert_eq!(answer["available"], false, "{number}");
        baraka.run(&["phone", "set", number], "").unwrap().refused(1, "PHONE_ALREADY_EXISTS").unwrap();
    }
    assert_eq!(shown(&baraka), Value::Null);
    assert_eq!(shown(&amina), "+254712345678");
    let own = amina.run(&["phone", "check", "0712345678"], "").unwrap().success().unwrap().json().unwrap();
    assert_eq!(own["available"], true, "one's own number is free to oneself");

    // Several who saw “available” and save in the same instant: one of them gets it.
    let rivals = ["Chao", "Dalila", "Esi", "Faraji"].map(|name| town.person(name));
    let start = Barrier::new(rivals.len());
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let claims = rivals.each_ref().map(|rival| {
            let (server, start) = (town.server.url(), &start);
            scope.spawn(move || {
                start.wait();
                rest(server, rival, "PATCH", "users/phone", &json!({ "phoneNumber": "+254733123456" }))
            })
        });
        claims.into_iter().map(|claim| claim.join().unwrap()).collect()
    });
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409], "{answers:?}");
    assert_eq!(rivals.iter().filter(|rival| shown(rival) == "+254733123456").count(), 1);
    // Given up, it is free for somebody else.
    amina.run(&["phone", "remove"], "").unwrap().success().unwrap();
    assert_eq!(set(&baraka, "0712345678", "KE"), "+254712345678");
}

/// A window on a desk of its own, whose person has to sign in.
fn open_window(desk: &Desk, display: &Display, server: &Server, folder: &Path) -> AppWindow {
    let mut environment = desk.environment();
    environment.extend(display.environment());
    environment.extend(plain_locale());
    AppWindow::open(&["--server", server.url(), "--profile", "plan"], &environment, folder).unwrap()
}

fn sign_in(window: &AppWindow, account: &Account) {
    window.type_into("sign-in-email", &account.email).unwrap();
    window.type_into("sign-in-password", &account.password).unwrap();
    window.click("sign-in-submit").unwrap();
}

#[test]
fn modal_opens_on_first_login_without_phone() {
    let town = Town::new();
    town.person_with("Baraka", "0733123456", "KE");
    let amina = town.person("Amina");
    let folder = binaries::output_folder("plan-modal-opens").unwrap();
    let (desk, display) = (Desk::set_up(&town.folder.path().join("desk")).unwrap(), Display::start().unwrap());
    let window = open_window(&desk, &display, &town.server, &folder);
    window.wait_for("sign-in-email").unwrap();
    assert!(!window.sees("phone-modal").unwrap(), "nobody is signed in yet");
    sign_in(&window, &Account::named("Amina"));
    window.wait_for("phone-modal").unwrap();
    window.screenshot(&folder.join("modal.png")).unwrap();

    // What the other lines of the checklist look like to the person: validation, uniqueness, saving.
    window.wait_for_state("phone-status", &["empty"]).unwrap();
    window.type_into("phone-input", "07").unwrap();
    window.wait_for_state("phone-status", &["invalid"]).unwrap();
    window.type_into("phone-input", "0733123456").unwrap();
    window.wait_for_state("phone-status", &["taken"]).unwrap();
    assert!(window.attribute("phone-save", "disabled").unwrap().is_some(), "a taken number can't be saved");
    window.type_into("phone-input", "0712345678").unwrap();
    window.wait_for_state("phone-status", &["available"]).unwrap();
    window.click("phone-save").unwrap();
    window.wait_gone("phone-modal").unwrap();
    assert_eq!(shown(&amina), "+254712345678");
    window.close().unwrap();
}

#[test]
fn modal_does_not_open_if_phone_already_set() {
    let town = Town::new();
    town.person_with("Amina", "0712345678", "KE");
    let folder = binaries::output_folder("plan-modal-stays-shut").unwrap();
    let (desk, display) = (Desk::set_up(&town.folder.path().join("desk")).unwrap(), Display::start().unwrap());
    let window = open_window(&desk, &display, &town.server, &folder);
    sign_in(&window, &Account::named("Amina"));
    // The number stands in the settings once the server has said that there is one: from then on nothing may open.
    window.click("nav-settings").unwrap();
    let number = window.wait_for_text("settings-phone", |text| text.contains("712")).unwrap();
    assert_eq!(number.replace(char::is_whitespace, ""), "+254712345678");
    assert!(!window.sees("phone-modal").unwrap());
    window.close().unwrap();

    // Nor at the next start, when nobody has to sign in.
    let window = open_window(&desk, &display, &town.server, &folder);
    window.click("nav-settings").unwrap();
    window.wait_for_text("settings-phone", |text| text.contains("712")).unwrap();
    assert!(!window.sees("phone-modal").unwrap());
    assert!(!window.sees("sign-in-email").unwrap());
    window.close().unwrap();
}

#[test]
fn phone_number_saves_correctly_to_database() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(folder.path(), "127.0.0.1:0", &[], &Vec::new()).unwrap();
    let town = |server: &Server, name: &str| {
        Cli::new(server.url(), &folder.path().join(name)).with_environment(plain_locale())
    };
    let (amina, baraka) = (town(&server, "Amina"), town(&server, "Baraka"));
    amina.register(&Account::named("Amina")).unwrap();
    baraka.register(&Account::named("Baraka")).unwrap();
    set(&amina, "0712 345 678", "KE");
    // An Italian number keeps the zero that belongs to it.
    set(&baraka, "06 698 12345", "IT");

    // Killed, not asked to stop: what was answered is on the disk.
    let address = server.address().to_owned();
    server.process().child().kill().unwrap();
    server.process().wait_for_end(Duration::from_secs(5)).unwrap();
    drop(server);
    let again = Server::start_in(folder.path(), &address, &[], &Vec::new()).unwrap();
    let (amina, baraka) = (town(&again, "Amina"), town(&again, "Baraka"));
    assert_eq!(shown(&amina), "+254712345678");
    assert_eq!(shown(&baraka), "+390669812345");
    let id = amina.care4w_id().unwrap();
    for written in ["+254712345678", "0712345678"] {
        assert_eq!(lookup(&baraka, &[written, "--country", "KE"])["care4wId"], id, "{written}");
    }
    assert_eq!(lookup(&amina, &["0669812345", "--country", "IT"])["exists"], true);

    baraka.run(&["phone", "remove"], "").unwrap().success().unwrap();
    assert_eq!(shown(&baraka), Value::Null, "who gives the number up has none");
    assert_eq!(lookup(&amina, &["+390669812345"])["exists"], false);
}

#[test]
fn call_flow_looks_up_care4w_id_by_phone() {
    let town = Town::new();
    let amina = town.person("Amina");
    let baraka = town.person_with("Baraka", "0733123456", "KE");
    let found = lookup(&amina, &["0733 123 456"]);
    assert_eq!(found["care4wId"], baraka.care4w_id().unwrap());
    assert_eq!((&found["displayName"], &found["number"]), (&json!("Baraka"), &json!("+254733123456")));
    assert_eq!((&found["match"], &found["route"]), (&json!("full"), &json!("p2p")), "Twilio is not active");

    let said = Speech::Caller.sound().unwrap().first(Duration::from_secs(3));
    let (microphone, speaker) = (town.folder.path().join("said.wav"), town.folder.path().join("heard.wav"));
    said.write(&microphone).unwrap();
    let mut callee =
        baraka.answer(&["--mic", "none", "--speaker", &format!("file:{}", speaker.display()), "--calls", "1"]).unwrap();
    let mut caller = amina
        .call(
            "0733123456",
            &["--mic", &format!("file:{}", microphone.display()), "--speaker", "none", "--seconds", "5"],
        )
        .unwrap();
    callee.wait_for_call("connected").unwrap();
    assert_eq!(caller.wait_for_call("connected").unwrap().text("backend"), "p2p");
    assert_eq!(caller.wait_for_end().unwrap(), Some(0));
    assert_eq!(callee.wait_for_end().unwrap(), Some(0));
    score::same_speech(&said, &Sound::read(&speaker).unwrap()).unwrap();
}

#[test]
fn error_handling_for_non_existent_phone_numbers() {
    let town = Town::new();
    let amina = town.person_with("Amina", "0712345678", "KE");
    for written in ["0733999888", "+254733999888", "+4915123456789"] {
        let answer = lookup(&amina, &[written]);
        assert_eq!(answer["exists"], false, "{written}");
        assert_eq!(answer["care4wId"], Value::Null);
        call_refused(&amina, &[written], "NOT_FOUND");
        let answer = town.rest(
            &amina,
            "GET",
            &format!("users/lookup/phone?phoneNumber={}", written.replace('+', "%2B")),
            &Value::Null,
        );
        assert_eq!((answer.status, &answer.body["data"]["exists"]), (200, &json!(false)), "{written}: {answer:?}");
        assert_eq!(answer.body["data"].as_object().unwrap().len(), 1, "nothing but that: {answer:?}");
    }
    call_refused(&amina, &["care4w-AAAA2222"], "NOT_FOUND");
    call_refused(&amina, &["0712345678"], "SELF");
    call_refused(&amina, &["12"], "SHORT_NUMBER");
    call_refused(&amina, &["nobody"], "NOT_A_DESTINATION");
    call_refused(&amina, &["999"], "EMERGENCY_NUMBER");
    call_refused(&amina, &["*#06#"], "SERVICE_CODE");
    // What nobody sees is read over, and that is said.
    let hidden = amina.run(&["lookup", "\u{202a}+254 712 345\u{200b}678\u{202c}"], "").unwrap().success().unwrap();
    assert_eq!(hidden.json().unwrap()["isSelf"], true);
    assert!(hidden.stderr.contains("hidden characters") && hidden.stderr.contains("+254 712 345678"), "{hidden:?}");
    amina.run(&["phone", "set", "999"], "").unwrap().refused(1, "EMERGENCY_NUMBER").unwrap();
}

#[test]
fn country_code_handling_works_correctly() {
    let town = Town::new();
    let amina = town.person("Amina");
    let juma = town.person("Juma");
    // The same digits are another number in each country, however the country is said.
    for (country, full) in
        [("KE", "+254712345678"), ("254", "+254712345678"), ("TZ", "+255712345678"), ("+255", "+255712345678")]
    {
        let read = amina.run(&["number", "--country", country], "0712345678\n").unwrap().success().unwrap();
        assert_eq!(read.json().unwrap()["full"], full, "{country}");
    }
    assert_eq!(set(&juma, "0712345678", "TZ"), "+255712345678");
    let juma_id = juma.care4w_id().unwrap();
    for arguments in [&["+255712345678"][..], &["0712345678", "--country", "TZ"], &["0712345678", "--country", "255"]] {
        let found = lookup(&amina, arguments);
        assert_eq!(
            (&found["care4wId"], &found["match"], &found["confirm"]),
            (&json!(juma_id), &json!("full"), &json!(false))
        );
    }
    assert_eq!(lookup(&amina, &["+254712345678"])["exists"], false, "a full number is that number and no other");

    // Typed as at home, it is found by its national digits; a stranger abroad is not rung without a question.
    let mut waiting = juma.answer(&["--mic", "none", "--speaker", "none", "--calls", "1"]).unwrap();
    let found = lookup(&amina, &["0712345678", "--country", "KE"]);
    assert_eq!(
        (&found["care4wId"], &found["match"], &found["region"]),
        (&json!(juma_id), &json!("national"), &json!("TZ"))
    );
    assert_eq!(found["confirm"], true);
    call_refused(&amina, &["0712345678", "--country", "KE"], "CONFIRM_OTHER_COUNTRY");
    assert_eq!(waiting.lines().unwrap().len(), 1, "ready, and not rung");
    let mut confirmed = amina
        .call("0712345678", &["--country", "KE", "--yes", "--mic", "none", "--speaker", "none", "--seconds", "1"])
        .unwrap();
    waiting.wait_for_call("connected").unwrap();
    assert_eq!(confirmed.wait_for_end().unwrap(), Some(0));

    // What is no number at home may be one elsewhere, under the same question; what is one nowhere says why.
    let emma = town.person("Emma");
    set(&emma, "020 7946 0958", "GB");
    let found = lookup(&amina, &["20 7946 0958", "--country", "KE"]);
    assert_eq!(
        (&found["care4wId"], &found["match"], &found["region"], &found["confirm"], &found["number"]),
        (&json!(emma.care4w_id().unwrap()), &json!("national"), &json!("GB"), &json!(true), &Value::Null)
    );
    call_refused(&amina, &["20 7946 0958", "--country", "KE"], "CONFIRM_OTHER_COUNTRY");
    let mut waiting = emma.answer(&["--mic", "none", "--speaker", "none", "--calls", "1"]).unwrap();
    let mut confirmed = amina
        .call("20 7946 0958", &["--country", "KE", "--yes", "--mic", "none", "--speaker", "none", "--seconds", "1"])
        .unwrap();
    waiting.wait_for_call("connected").unwrap();
    assert_eq!(confirmed.wait_for_end().unwrap(), Some(0));
    call_refused(&amina, &["20 7946 0959", "--country", "KE"], "NOT_IN_COUNTRY");
    call_refused(&amina, &["0000 0000", "--country", "KE"], "NOT_IN_COUNTRY");

    // One's own number says where one is: the server reads national numbers there.
    set(&amina, "0754321000", "TZ");
    let answer = town.rest(&amina, "GET", "users/lookup/phone?phoneNumber=0712345678", &Value::Null);
    assert_eq!(answer.body["data"]["match"], "full", "{answer:?}");
    for command in
        [&["phone", "check", "0712345678", "--country", "XX"][..], &["lookup", "0712345678", "--country", "0"]]
    {
        amina.run(command, "").unwrap().refused(2, "INVALID_COUNTRY").unwrap();
    }
}
