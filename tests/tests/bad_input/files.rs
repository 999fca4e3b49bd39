//! Files of a profile that somebody or something damaged.

use std::fs;

use care4w_tests::{Account, AppWindow, Desk, Display, binaries};

use crate::{Town, plain_locale};

#[test]
fn a_damaged_profile_loses_nothing_but_what_was_damaged() {
    let town = Town::new();
    let amina = town.person("Amina");
    amina.run(&["phone", "set", "+254712345678"], "").unwrap().success().unwrap();
    let (store, session) = (amina.profile().join("store.json"), amina.profile().join("session.json"));
    assert!(store.exists() && session.exists());
    let aside = |name: &str| fs::read(amina.profile().join(format!("{name}.damaged")));

    for damage in [&b"{\"server\": \"htt"[..], b"", b"\0\0\0\0", b"[]", b"\xff\xfe"] {
        fs::write(&store, damage).unwrap();
        amina.run(&["whoami"], "").unwrap().success().unwrap();
        assert_eq!(aside("store.json").unwrap(), damage, "set aside");
    }
    for damage in [&b"{\"user\": {\"id\""[..], b"", b"null", b"\xff\xfe"] {
        fs::write(&session, damage).unwrap();
        amina.run(&["phone", "show"], "").unwrap().refused(1, "CREDENTIALS_DAMAGED").unwrap();
        amina.run(&["phone", "show"], "").unwrap().refused(1, "SIGNED_OUT").unwrap();
        assert_eq!(aside("session.json").unwrap(), damage, "set aside");
        amina.login(&Account::named("Amina")).unwrap();
        let shown = amina.run(&["phone", "show"], "").unwrap().success().unwrap().json().unwrap();
        assert_eq!(shown["personalPhoneNumber"], "+254712345678", "the number is where it was");
    }
    // JSON, and no session: nobody is signed in, and signing in mends it.
    fs::write(&session, "{\"user\": 7}").unwrap();
    amina.run(&["whoami"], "").unwrap().refused(1, "SIGNED_OUT").unwrap();
    amina.login(&Account::named("Amina")).unwrap();
    amina.run(&["whoami"], "").unwrap().success().unwrap();
    // A server that was remembered and is none is told, not guessed.
    fs::write(&store, "{\"server\": \"http://phone.example.org\"}").unwrap();
    let plain = std::process::Command::new(binaries::find("care4w-cli").unwrap())
        .args(["whoami", "--insecure-file-credentials", "--profile"])
        .arg(amina.profile())
        .env_remove("CARE4W_SERVER")
        .output()
        .unwrap();
    let said = String::from_utf8(plain.stderr).unwrap();
    assert!(plain.status.code() == Some(2) && said.contains("[INSECURE_SERVER]"), "{said}");
}

#[test]
fn the_app_opens_with_a_damaged_settings_file_and_sets_it_aside() {
    let town = Town::new();
    let output = binaries::output_folder("damaged-settings").unwrap();
    let (desk, display) = (Desk::set_up(&town.folder.path().join("desk")).unwrap(), Display::start().unwrap());
    let mut environment = desk.environment();
    environment.extend(display.environment());
    environment.extend(plain_locale());
    let folder = desk.folder().join("data/org.care4w.desktop.profile-damaged");
    fs::create_dir_all(&folder).unwrap();
    let settings = folder.join("settings.json");
    fs::write(&settings, "{\"country\": \"K").unwrap();
    let window =
        AppWindow::open(&["--server", town.server.url(), "--profile", "damaged"], &environment, &output).unwrap();
    window.wait_for("sign-in-email").unwrap();
    assert_eq!(fs::read(folder.join("settings.json.damaged")).unwrap(), b"{\"country\": \"K");
    assert!(!window.log().unwrap().contains("panicked"));
    window.close().unwrap();

    // Whole JSON with nonsense in it opens the window, too; a server can be chosen there.
    fs::write(&settings, "{\"server\": \"http://phone.example.org\", \"country\": 7, \"phonePrompt/x\": []}").unwrap();
    let window = AppWindow::open(&["--profile", "damaged"], &environment, &output).unwrap();
    window.wait_for("sign-in-email").unwrap();
    assert!(!window.log().unwrap().contains("panicked"));
    window.close().unwrap();
}
