//! A computer without a keychain, and a server that is not there or another one.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
};

use care4w_tests::{Account, AppWindow, Cli, Display, Environment, SoundServer, binaries, desk::own_folders};

use serde_json::Value;

use crate::{Town, plain_locale};

/// Where no session bus is, no keychain can be asked.
fn no_keychain(folder: &Path) -> Environment {
    let nowhere = format!("unix:path={}", folder.join("no-bus").display());
    vec![("DBUS_SESSION_BUS_ADDRESS".into(), nowhere), ("XDG_RUNTIME_DIR".into(), folder.display().to_string())]
}

#[test]
fn without_a_keychain_the_command_line_fails_before_it_makes_an_account() {
    let town = Town::new();
    let environment = no_keychain(town.folder.path());
    let amina = town.stranger("Amina");
    let without = amina.clone().with_environment(environment).with_keychain();
    let account = Account::named("Amina");
    let register = ["register", "--email", &account.email, "--name", &account.name, "--password-stdin"];
    let password = format!("{}\n", account.password);
    without.run(&register, &password).unwrap().refused(1, "NO_KEYCHAIN").unwrap();
    without.run(&["whoami"], "").unwrap().refused(1, "NO_KEYCHAIN").unwrap();
    without.run(&["answer", "--mic", "none", "--speaker", "none"], "").unwrap().refused(1, "NO_KEYCHAIN").unwrap();
    assert!(!without.profile().join("session.json").exists(), "nothing secret lands in a file unasked");
    // No account was made by the failed command: its address is still free.
    amina.run(&register, &password).unwrap().success().unwrap();
    // What needs no session needs no keychain either.
    without.run(&["number"], "+254712345678\n").unwrap().success().unwrap();
}

#[test]
fn without_a_keychain_the_window_signs_in_for_this_run_and_says_so() {
    let mut town = Town::new();
    let amina = town.person("Amina");
    amina.run(&["phone", "set", "+254712345678"], "").unwrap().success().unwrap();
    let folder = town.folder.path().to_owned();
    let output = binaries::output_folder("no-keychain").unwrap();
    let (display, sound) = (Display::start().unwrap(), SoundServer::start(&["desk"]).unwrap());
    let mut environment =
        [sound.environment(), display.environment(), own_folders(&folder.join("home")), plain_locale()].concat();
    environment.extend(no_keychain(&folder));
    let arguments = ["--server", town.server.url(), "--profile", "unkept"];
    let window = AppWindow::open(&arguments, &environment, &output).unwrap();
    let account = Account::named("Amina");
    window.type_into("sign-in-email", &account.email).unwrap();
    window.type_into("sign-in-password", &account.password).unwrap();
    window.click("sign-in-submit").unwrap();
    window.wait_for("dial-input").unwrap();
    let notice = window.wait_for_text("session-notice", |text| text.contains("until you close")).unwrap();
    assert!(!notice.contains("--insecure"), "a window has no flags to offer: {notice}");
    window.screenshot(&output.join("notice.png")).unwrap();

    // The server goes: the window says that, too, and stays open.
    town.server.process().stop();
    window.wait_for("offline-notice").unwrap();
    assert!(!window.log().unwrap().contains("panicked"));
    window.close().unwrap();
}

#[test]
fn a_server_that_is_away_is_told_as_offline() {
    let mut town = Town::new();
    let amina = town.person("Amina");
    let account = Account::named("Amina");
    town.server.process().stop();
    let login = ["login", "--email", &account.email, "--password-stdin"];
    for (arguments, input) in [
        (&login[..], "long enough\n"),
        (&["phone", "show"], ""),
        (&["phone", "set", "+254712345678"], ""),
        (&["lookup", "+254712345678"], ""),
        (&["call", "+254712345678", "--mic", "none", "--speaker", "none"], ""),
    ] {
        let outcome = amina.run(arguments, input).unwrap();
        let outcome = outcome.refused(1, "OFFLINE").unwrap_or_else(|error| panic!("{arguments:?}: {error:#}"));
        assert!(outcome.stderr.contains(town.server.url()), "a mistyped address is read there: {outcome:?}");
    }
    amina.run(&["whoami"], "").unwrap().success().unwrap();
    let doctor = amina.run(&["doctor"], "").unwrap();
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
}

#[test]
fn another_server_is_told_nothing_that_this_one_gave() {
    let town = Town::new();
    let amina = town.person("Amina");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = Cli::new(&format!("http://{}", listener.local_addr().unwrap()), amina.profile());
    let token = std::fs::read_to_string(amina.profile().join("session.json")).unwrap();
    let token: Value = serde_json::from_str(&token).unwrap();
    let (asked, hears) = std::sync::mpsc::channel();
    // Ends with the test program.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            let _ = asked.send(String::from_utf8_lossy(&request[..read]).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    for arguments in [&["lookup", "+254712345678"][..], &["phone", "show"], &["whoami"], &["logout"], &["history"]] {
        let outcome = elsewhere.run(arguments, "").unwrap();
        assert!(!outcome.stderr.contains("panicked"), "{outcome:?}");
    }
    for request in hears.try_iter() {
        for secret in ["accessToken", "refreshToken"] {
            assert!(!request.contains(token[secret].as_str().unwrap()), "{request}");
        }
    }
    amina.run(&["phone", "show"], "").unwrap().success().unwrap();
}

#[test]
fn an_address_that_answers_and_is_no_care4w_server_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Ends with the test program.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 4096]);
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>");
        }
    });
    let amina = Cli::new(&format!("http://{address}"), &folder.path().join("Amina"));
    let login = ["login", "--email", "a@example.org", "--password-stdin"];
    amina.run(&login, "long enough\n").unwrap().refused(1, "NOT_A_CARE4W_SERVER").unwrap();
    assert!(!amina.profile().join("session.json").exists());
}
