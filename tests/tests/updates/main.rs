//! New versions, in the real window: what is signed by our key takes the place of the app when the person says so, and nothing else
//! ever does; nobody is asked where that is not wished, or cannot be; nothing happens in a call.
//!
//! The app is told where to look, and by whose key, by a variable that debug builds alone read.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod place;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use care4w_tests::{
    Account, AppWindow, Environment, Person, Server, binaries,
    wait::{self, PATIENCE},
};
use place::{Answer, Place, Signer, sentence, target};
use serde_json::json;

const NEWER: &str = "99.0.0";
const SILENT: [&str; 4] = ["--mic", "none", "--speaker", "none"];

/// Somebody with an AppImage of the app, the one kind on Linux that replaces itself, and where it looks for new versions.
struct House {
    person: Person,
    server: Server,
    place: Place,
    ours: Signer,
}

impl House {
    fn stands() -> Self {
        let person = Person::named("Amina", "updates");
        let house = Self { person, server: Server::start().unwrap(), place: Place::stand(), ours: Signer::new() };
        fs::write(house.image(), "this version").unwrap();
        fs::create_dir_all(house.mounted().parent().unwrap()).unwrap();
        let built = binaries::find("care4w").unwrap();
        fs::hard_link(&built, house.mounted()).or_else(|_| fs::copy(&built, house.mounted()).map(drop)).unwrap();
        house
    }

    /// The AppImage: here not what runs, but what is to be replaced.
    fn image(&self) -> PathBuf {
        self.person.folder().join("Care4W.AppImage")
    }

    /// What an AppImage's starter has mounted, and runs.
    fn mounted(&self) -> PathBuf {
        self.person.folder().join(".mount_care4w/usr/bin/care4w")
    }

    fn environment(&self, key: &str) -> Environment {
        let mut environment = self.person.environment();
        let updates =
            json!({ "pubkey": key, "endpoints": [self.place.at("/list")], "page": "https://care4w.example/download" });
        environment.push(("CARE4W_TEST_UPDATES".into(), updates.to_string()));
        environment
    }

    fn opens(&self, key: &str) -> AppWindow {
        let mut environment = self.environment(key);
        environment.push(("APPIMAGE".into(), self.image().display().to_string()));
        environment.push(("TMPDIR".into(), self.person.folder().display().to_string()));
        let arguments = ["--server", self.server.url(), "--profile", "updates"];
        let folder = self.person.desk.folder().join("updates");
        AppWindow::open_program(&self.mounted(), &arguments, &environment, &folder).unwrap()
    }

    /// Opens the app for the first time, and its settings.
    fn arrives(&self, key: &str) -> AppWindow {
        let window = self.opens(key);
        window.arrives(&self.person.account);
        settings(&window);
        window
    }

    fn image_is(&self, content: &[u8]) -> bool {
        fs::read(self.image()).is_ok_and(|now| now == content)
    }
}

fn settings(window: &AppWindow) {
    window.click("nav-settings").unwrap();
    window.wait_for("settings-updates").unwrap();
}

fn says(window: &AppWindow, wanted: &str) {
    let found = window.wait_for_text("updates-result", |text| text == wanted);
    found.unwrap_or_else(|error| panic!("{error:#}: {wanted}; it says {:?}", window.text("settings-updates")));
}

/// Presses a button of the row, which lies at the end of a long page: a driver takes what is hidden under the bar below for seen.
fn presses(window: &AppWindow, button: &str, what: &str) {
    window
        .evaluate("document.querySelector('[data-testid=settings-updates]').scrollIntoView({ block: 'center' })")
        .unwrap();
    let pressed = window.click(button);
    pressed.unwrap_or_else(|error| panic!("{what}: {error:#}; it says {:?}", window.text("settings-updates")));
}

fn refuses(window: &AppWindow, code: &str, what: &str) {
    let wanted = sentence(&format!("problem.{code}"));
    let found = window.wait_for_text("settings-updates-error", |text| text == wanted);
    found.unwrap_or_else(|error| panic!("{what}: {error:#}; it says {:?}", window.text("settings-updates")));
}

/// Calls one of the app's commands; gives `done`, or the code of its problem.
fn commands(window: &AppWindow, command: &str) -> String {
    let script = format!(
        "const done = arguments[arguments.length - 1];
         window.__TAURI_INTERNALS__.invoke('{command}', {{}}).then(() => done('done'), (error) => done(error.code));"
    );
    window.evaluate_later(&script).unwrap().as_str().unwrap().to_owned()
}

/// Some program that is not Care4W, to be recognised.
fn program() -> Vec<u8> {
    fs::read("/bin/true").unwrap()
}

#[test]
fn a_version_signed_by_our_key_takes_the_place_of_this_one_and_only_when_the_person_says_so() {
    let house = House::stands();
    let new = program();
    house.place.announces(NEWER, &house.ours.signs(&new, Some(NEWER)));
    house.place.answers("/file", Answer::Body(new.clone()));
    let window = house.arrives(&house.ours.key());
    says(&window, &sentence("updates.found").replace("{version}", NEWER));
    assert_eq!(house.place.asked(), ["/list"], "it looks at the start, and fetches nothing by itself");
    assert!(house.image_is(b"this version"));
    window.evaluate("document.querySelector('[data-testid=settings-updates]').scrollIntoView()").unwrap();
    assert_eq!(house.person.looks_at_sizes(&window, "updates/settings"), [""; 0]);

    presses(&window, "updates-install", "a press");
    wait::until(PATIENCE, "the new version to be there", || Ok(house.image_is(&new).then_some(()))).unwrap();
    assert_eq!(house.place.asked(), ["/file"]);
    let mode = fs::metadata(house.image()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644, "as the one before was");
}

#[test]
fn whatever_else_comes_in_place_of_a_version_is_refused_with_its_reason_and_changes_nothing() {
    let house = House::stands();
    let (place, ours, theirs) = (&house.place, &house.ours, Signer::new());
    let window = house.arrives(&ours.key());
    let good = program();
    let mut changed = good.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let json = |text: &str| Answer::Body(text.as_bytes().to_vec());

    for (what, answer, code) in [
        ("garbage", json("{\"version\": "), "UPDATE_UNREADABLE"),
        ("no list", json("[1, 2]"), "UPDATE_UNREADABLE"),
        ("no version", json("{\"platforms\": {}}"), "UPDATE_UNREADABLE"),
        ("no number of a version", json("{\"version\": \"new!\", \"platforms\": {}}"), "UPDATE_UNREADABLE"),
        ("no file", json("{\"version\": \"99.0.0\"}"), "UPDATE_UNREADABLE"),
        ("a broken server", Answer::Status(500), "UPDATE_REFUSED"),
        ("a list that is gone", Answer::Status(404), "UPDATE_REFUSED"),
        ("a ring of redirects", Answer::LeadsTo(place.at("/list")), "UPDATE_REFUSED"),
        ("a redirect away from https", Answer::LeadsTo("http://care4w.example/".into()), "UPDATE_INSECURE"),
        ("a list without an end", Answer::Endless, "UPDATE_TOO_LARGE"),
        ("no answer", Answer::HangsUp, "UPDATE_UNREACHABLE"),
    ] {
        place.answers("/list", answer);
        presses(&window, "updates-look", what);
        refuses(&window, code, what);
        assert!(!window.sees("updates-install").unwrap(), "{what}");
        // What it said is gone before the next is asked.
        place.announces("0.0.1", "");
        presses(&window, "updates-look", what);
        says(&window, &sentence("updates.newest"));
    }
    for older in ["0.0.1", env!("CARGO_PKG_VERSION"), "0.1.0-beta.1"] {
        place.announces(older, &ours.signs(&good, Some(older)));
        presses(&window, "updates-look", older);
        says(&window, &sentence("updates.newest"));
        assert!(!window.sees("updates-install").unwrap(), "{older} is no newer one");
        assert_eq!(commands(&window, "install_update"), "NO_UPDATE", "{older}");
    }

    for (what, signature, file, code) in [
        ("another key", theirs.signs(&good, Some(NEWER)), Answer::Body(good.clone()), "UPDATE_NOT_GENUINE"),
        ("a changed file", ours.signs(&good, Some(NEWER)), Answer::Body(changed), "UPDATE_NOT_GENUINE"),
        ("half a file", ours.signs(&good, Some(NEWER)), Answer::Body(good[..middle].to_vec()), "UPDATE_NOT_GENUINE"),
        ("no signature", String::new(), Answer::Body(good.clone()), "UPDATE_NOT_GENUINE"),
        ("garbage for one", "bm9uZQ==".into(), Answer::Body(good.clone()), "UPDATE_NOT_GENUINE"),
        ("an old one as new", ours.signs(&good, Some("0.0.1")), Answer::Body(good.clone()), "UPDATE_OTHER_VERSION"),
        ("one of no version", ours.signs(&good, None), Answer::Body(good.clone()), "UPDATE_OTHER_VERSION"),
        ("no program", ours.signs(b"text", Some(NEWER)), Answer::Body(b"text".to_vec()), "UPDATE_NOT_INSTALLED"),
        ("a broken server", ours.signs(&good, Some(NEWER)), Answer::Status(500), "UPDATE_REFUSED"),
        ("a ring of redirects", ours.signs(&good, Some(NEWER)), Answer::LeadsTo(place.at("/file")), "UPDATE_REFUSED"),
        ("a file without an end", ours.signs(&good, Some(NEWER)), Answer::Endless, "UPDATE_TOO_LARGE"),
        ("no answer", ours.signs(&good, Some(NEWER)), Answer::HangsUp, "UPDATE_UNREACHABLE"),
    ] {
        place.announces(NEWER, &signature);
        place.answers("/file", file);
        presses(&window, "updates-look", what);
        says(&window, &sentence("updates.found").replace("{version}", NEWER));
        presses(&window, "updates-install", what);
        refuses(&window, code, what);
        assert!(house.image_is(b"this version"), "{what} came in place of the app");
    }
}

#[test]
fn nobody_is_asked_by_an_app_without_a_key_or_that_shall_not_look() {
    let house = House::stands();
    house.place.announces("0.0.1", "");
    let window = house.arrives(&house.ours.key());
    says(&window, &sentence("updates.newest"));
    window.click("settings-look-for-updates").unwrap();
    window.wait_until("the wish to be kept", &off()).unwrap();
    window.close().unwrap();
    assert_eq!(house.place.asked(), ["/list"], "once, at the start");

    let window = house.opens(&house.ours.key());
    settings(&window);
    window.wait_until("the wish to hold", &off()).unwrap();
    says(&window, "");
    presses(&window, "updates-look", "a press");
    says(&window, &sentence("updates.newest"));
    assert_eq!(house.place.asked(), ["/list"], "when the person presses, and not before");
    window.close().unwrap();

    // As this repository builds it: there is an address, and no key.
    let window = house.opens("");
    settings(&window);
    says(&window, &sentence("updates.notHere"));
    assert!(!window.sees("updates-look").unwrap() && !window.sees("settings-look-for-updates").unwrap());
    for command in ["look_for_updates", "install_update", "open_updates_page"] {
        assert_eq!(commands(&window, command), "UPDATES_NOT_AVAILABLE", "{command}");
    }
    assert_eq!(house.place.asked(), [""; 0]);
}

fn off() -> String {
    "return document.querySelector('[data-testid=settings-look-for-updates]')?.dataset.state === 'unchecked'".into()
}

#[test]
fn in_a_call_nothing_is_looked_for_and_nothing_is_installed() {
    let house = House::stands();
    let new = program();
    house.place.announces(NEWER, &house.ours.signs(&new, Some(NEWER)));
    house.place.answers("/file", Answer::Stuck);
    let window = house.arrives(&house.ours.key());
    says(&window, &sentence("updates.found").replace("{version}", NEWER));
    house.place.asked();
    let baraka = house.person.other(&house.server, &Account::named("Baraka"));
    let amina = house.person.other(&house.server, &Account::named("Chiku"));
    amina.login(&house.person.account).unwrap();
    let id = amina.care4w_id().unwrap();

    // A call that comes while a version is being fetched: what it takes of the network belongs to the call.
    presses(&window, "updates-install", "a press");
    let fetching = || Ok(house.place.asked().contains(&"/file".to_owned()).then_some(()));
    wait::until(PATIENCE, "the file to be asked for", fetching).unwrap();
    let mut calling = baraka.call(&id, &SILENT).unwrap();
    window.click("call-accept").unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    house.place.answers("/file", Answer::Body(new));
    assert_eq!(commands(&window, "install_update"), "LINE_BUSY");
    assert_eq!(commands(&window, "look_for_updates"), "LINE_BUSY");
    assert_eq!(house.place.asked(), [""; 0]);
    assert!(house.image_is(b"this version"));
    calling.end().unwrap();

    // And when it is over, everything goes on.
    window.wait_for_state("call-status", &["ended"]).unwrap();
    assert_eq!(commands(&window, "look_for_updates"), "done");
}

#[test]
fn what_the_systems_packages_brought_is_theirs_to_replace_and_the_person_is_led_to_a_page() {
    let house = House::stands();
    let new = program();
    house.place.announces(NEWER, &house.ours.signs(&new, Some(NEWER)));
    house.place.answers("/file", Answer::Body(new));
    let (programs, opened) = (house.person.folder().join("programs"), house.person.folder().join("opened"));
    fs::create_dir_all(&programs).unwrap();
    fs::write(programs.join("xdg-open"), format!("#!/bin/sh\necho \"$1\" >> '{}'\n", opened.display())).unwrap();
    fs::set_permissions(programs.join("xdg-open"), fs::Permissions::from_mode(0o755)).unwrap();

    let mut environment = house.environment(&house.ours.key());
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    environment.push(("PATH".into(), path));
    // A variable of another program's, from whose terminal this one was started.
    environment.push(("APPIMAGE".into(), house.image().display().to_string()));
    let arguments = ["--server", house.server.url(), "--profile", "updates"];
    let window = AppWindow::open(&arguments, &environment, &house.person.desk.folder().join("package")).unwrap();
    window.arrives(&house.person.account);
    settings(&window);
    let told = sentence("updates.byHand").replace("{version}", NEWER);
    says(&window, &told);
    assert!(!window.sees("updates-install").unwrap());
    assert_eq!(commands(&window, "install_update"), "NO_UPDATE");

    // The same of a version that is not made for this kind of computer.
    let elsewhere = json!({ "version": "v99.1.0", "platforms": { "windows-x86_64-nsis": {
        "url": house.place.at("/file"), "signature": "" } } });
    assert!(!target().starts_with("windows"));
    house.place.answers("/list", Answer::Body(elsewhere.to_string().into_bytes()));
    presses(&window, "updates-look", "a press");
    says(&window, &told.replace(NEWER, "99.1.0"));
    presses(&window, "updates-open", "a press");
    let shown = || Ok(fs::read_to_string(&opened).ok().filter(|text| text.ends_with('\n')));
    assert_eq!(wait::until(PATIENCE, "the browser to be opened", shown).unwrap(), "https://care4w.example/download\n");
    assert!(house.place.asked().iter().all(|path| path == "/list"), "nothing is fetched that will not be installed");
    assert!(house.image_is(b"this version"));
}
