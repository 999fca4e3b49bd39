//! Staying when the window goes, with a real window manager and a tray on the session bus: closing to the tray and
//! quitting, starting out of sight, starting with the system, the window's place.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

#[path = "desktop/tray.rs"]
mod tray;

use care4w_tests::{
    Account, Arranger, Display, Person, Server,
    wait::{self, PATIENCE},
};
use tray::Tray;

const SILENT: [&str; 4] = ["--mic", "none", "--speaker", "none"];

/// The app's window, if it is to be seen.
fn seen(display: &Display) -> Option<String> {
    display.asks("xdotool", &["search", "--onlyvisible", "--name", "^Care4W$"])?.lines().next().map(ToOwned::to_owned)
}

fn comes(display: &Display) -> String {
    wait::until(PATIENCE, "the window to come", || Ok(seen(display))).unwrap()
}

fn goes(display: &Display) {
    wait::until(PATIENCE, "the window to go", || Ok(seen(display).is_none().then_some(()))).unwrap();
}

/// Where the window is: `X=… Y=… WIDTH=… HEIGHT=…`.
fn place(display: &Display, window: &str) -> Vec<String> {
    let told = display.asks("xdotool", &["getwindowgeometry", "--shell", window]).unwrap();
    let of_place = |line: &&str| ["X=", "Y=", "WIDTH=", "HEIGHT="].iter().any(|name| line.starts_with(name));
    told.lines().filter(of_place).map(ToOwned::to_owned).collect()
}

fn waits_for_place(display: &Display, wanted: &[String]) {
    let mut last = Vec::new();
    let found = wait::until(PATIENCE, "the window", || {
        last = seen(display).map(|window| place(display, &window)).unwrap_or_default();
        Ok((last == wanted).then_some(()))
    });
    found.unwrap_or_else(|error| panic!("{error} to be at {wanted:?}; it is at {last:?}"));
}

fn closes(display: &Display) {
    display.asks("wmctrl", &["-F", "-c", "Care4W"]).expect("the window to be closed");
}

#[test]
fn the_phone_stays_in_the_tray_and_comes_back_where_it_was() {
    let person = Person::named("Amina", "staying");
    let server = Server::start().unwrap();
    let display = &person.display;
    let tray = Tray::show(&person.desk.environment());
    let window = person.arrives(&server);
    tray.says("Ready for calls");
    let picture = tray.picture();

    // The settings say so, in pictures too; and it starts with the system, out of sight, if one wants that.
    window.click("nav-settings").unwrap();
    window.wait_for("settings-close-to-tray").unwrap();
    window
        .evaluate("document.querySelector('[data-testid=settings-start-at-login]').scrollIntoView({ block: 'center' })")
        .unwrap();
    let found = person.looks_at_sizes(&window, "desktop/settings");
    let entry = person.desk.folder().join("config/autostart/care4w-staying.desktop");
    window.click("settings-start-at-login").unwrap();
    let text = wait::until(PATIENCE, "the entry", || {
        Ok(std::fs::read_to_string(&entry).ok().filter(|text| text.contains("Terminal")))
    })
    .unwrap();
    assert!(text.contains("care4w --minimized --profile staying\n"), "{text}");
    window.click("settings-start-at-login").unwrap();
    wait::until(PATIENCE, "the entry to go", || Ok((!entry.exists()).then_some(()))).unwrap();

    // Closed, it is out of sight and still a phone.
    let _openbox = Arranger::openbox(&person.environment(), &[]).unwrap();
    let id = comes(display);
    display.asks("xdotool", &["windowsize", "--sync", &id, "480", "700"]).unwrap();
    display.asks("xdotool", &["windowmove", "--sync", &id, "300", "90"]).unwrap();
    let there = place(display, &id);
    closes(display);
    goes(display);
    let baraka = person.other(&server, &Account::named("Baraka"));
    let amina = person.other(&server, &Account::named("Chiku"));
    amina.login(&person.account).unwrap();
    let amina_id = amina.care4w_id().unwrap();
    let mut calling = baraka.call(&amina_id, &SILENT).unwrap();
    calling.wait_for_call("ringing").unwrap();
    tray.says("Somebody is calling");
    assert_ne!(tray.picture(), picture, "the icon shows it too");
    calling.end().unwrap();
    tray.says("1 missed call");

    // Started by the system meanwhile it stays there; started by a person it comes back.
    person.starts_again(&server, &["--minimized"]);
    assert_eq!(seen(display), None);
    person.starts_again(&server, &[]);
    waits_for_place(display, &there);
    let app = person.process_of_app();
    closes(display);
    goes(display);
    tray.clicks("Quit Care4W");
    wait::until(PATIENCE, "the app to end", || {
        Ok(std::fs::read_link(format!("/proc/{app}/exe")).is_err().then_some(()))
    })
    .unwrap();
    drop(window);

    // Out of sight from the start, and shown where it was.
    let mut app = person.starts(&server, &["--minimized"]);
    tray.says("1 missed call");
    assert_eq!(seen(display), None);
    tray.clicks("Open Care4W");
    waits_for_place(display, &there);

    // Without a tray, closing quits.
    drop(tray);
    closes(display);
    assert!(app.wait_for_end(PATIENCE).unwrap().success());

    // And a start out of sight is a window that waits with the others.
    let app = person.starts(&server, &["--minimized"]);
    wait::until(PATIENCE, "the window among those that wait", || {
        let listed = display.asks("wmctrl", &["-l"]).is_some_and(|windows| windows.contains("Care4W"));
        Ok((listed && seen(display).is_none()).then_some(()))
    })
    .unwrap();
    drop(app);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
