//! The calls that were, in the real window: a power cut in the middle of one, what was missed while away, searching,
//! saving, clearing, and completing what is typed.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use care4w_tests::{
    Account, AppWindow, Cli, Key, Person, Server,
    wait::{self, PATIENCE},
};
use serde_json::Value;

const SILENT: [&str; 4] = ["--mic", "none", "--speaker", "none"];

fn items(window: &AppWindow, count: usize) {
    let script = format!("return document.querySelectorAll('[data-testid=history-item]').length === {count}");
    window.wait_until(&format!("{count} calls in the list"), &script).unwrap();
}

/// The entries as they are read, the newest first.
fn entries(window: &AppWindow) -> Vec<String> {
    let script = "return [...document.querySelectorAll('[data-testid=history-item]')].map((e) => e.innerText)";
    serde_json::from_value(window.evaluate(script).unwrap()).unwrap()
}

/// The focus is where this control is.
fn focused(window: &AppWindow, id: &str) {
    let script = format!("return document.activeElement.dataset.testid === '{id}'");
    window.wait_until(&format!("the focus on “{id}”"), &script).unwrap();
}

#[test]
fn a_power_cut_in_a_call_and_a_day_away_lose_no_call() {
    let person = Person::named("Amina", "history");
    let server = Server::start().unwrap();
    let downloads = person.desk.folder().join("downloads");
    std::fs::create_dir_all(&downloads).unwrap();
    let config = person.desk.folder().join("config");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("user-dirs.dirs"), format!("XDG_DOWNLOAD_DIR=\"{}\"\n", downloads.display())).unwrap();
    let mut found = Vec::new();

    let window = person.arrives(&server);
    window.click("nav-history").unwrap();
    window.wait_for("history-empty").unwrap();
    found.extend(person.looks_at_sizes(&window, "desktop/history-empty"));
    window.click("nav-phone").unwrap();

    // A call, and the power goes while both talk.
    let baraka = person.other(&server, &Account { name: "=1+1 Baraka".into(), ..Account::named("Baraka") });
    let id = baraka.care4w_id().unwrap();
    let mut peer = baraka.answer(&[&["--calls", "1"], &SILENT[..]].concat()).unwrap();
    window.type_into("dial-input", &id).unwrap();
    window.click("dial-call").unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    // Longer than the app goes without noting that it lives.
    window.wait_for_text("call-timer", |text| text >= "00:07").unwrap();
    person.kills_app();
    drop(window);
    peer.end().unwrap();

    // While nobody is there, somebody calls.
    let own = Account::named("Amina");
    let amina = person.other(&server, &Account::named("Chiku"));
    amina.login(&own).unwrap();
    let amina_id = amina.care4w_id().unwrap();
    amina.run(&["logout"], "").unwrap().success().unwrap();
    let mut calling = baraka.call(&amina_id, &SILENT).unwrap();
    calling.wait_for_call("ended").unwrap();
    calling.wait_for_end().unwrap();

    // The next day both are there.
    let window = person.opens(&server, &[]);
    window.wait_for("dial-input").unwrap();
    window
        .wait_until(
            "the missed call to be counted",
            "return document.querySelector('[data-testid=nav-missed]')?.textContent === '1 missed call'",
        )
        .unwrap();
    window.click("nav-history").unwrap();
    items(&window, 2);
    window.wait_for("history-new").unwrap();
    window.wait_gone("nav-missed").unwrap();
    let read = entries(&window);
    assert!(read[0].contains("Baraka") && read[0].contains("Missed"), "{read:?}");
    assert!(read[1].contains("Outgoing · 00:0") && read[1].contains("cut off"), "{read:?}");
    assert!(!read[1].contains("00:00"), "what was talked is not lost: {read:?}");
    found.extend(person.looks_at_sizes(&window, "desktop/history"));

    // Called back from the list.
    let mut peer = baraka.answer(&[&["--calls", "1"], &SILENT[..]].concat()).unwrap();
    window.click("history-item").unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    window.click("call-hangup").unwrap();
    assert_eq!(peer.wait_for_call("ended").unwrap().text("reason"), "REMOTE_HUNG_UP");
    window.click("call-done").unwrap();

    // Completed while typing, by keyboard.
    window.type_into("dial-input", "bara").unwrap();
    window.wait_for("dial-suggestion").unwrap();
    found.extend(person.looks_at_sizes(&window, "desktop/suggestions"));
    window.evaluate("document.querySelector('[data-testid=dial-input]').focus()").unwrap();
    window.press(&[Key::Down]).unwrap();
    focused(&window, "dial-suggestion");
    window.press(&[Key::Enter]).unwrap();
    window.wait_for_value("dial-input", |value| value == id).unwrap();

    // Searched.
    window.click("nav-history").unwrap();
    items(&window, 3);
    window.type_into("history-search", "nobody").unwrap();
    window.wait_for("history-empty").unwrap();
    found.extend(person.looks_at_sizes(&window, "desktop/history-none"));
    window.type_into("history-search", "BARA").unwrap();
    items(&window, 3);

    // Saved as a table, in which a name is no formula.
    window.click("history-menu").unwrap();
    window.wait_for("history-export").unwrap();
    found.extend(person.looks_at_sizes(&window, "desktop/history-menu"));
    window.click("history-export").unwrap();
    let table = downloads.join("care4w-calls.csv");
    window.wait_for_text("said", |text| text.contains(&table.display().to_string())).unwrap();
    let text = std::fs::read_to_string(&table).unwrap();
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("\"'=1+1 Baraka\""), "{text}");

    // Cleared, and it stays so.
    window.click("history-menu").unwrap();
    window.click("history-clear").unwrap();
    window.wait_for("history-clear-sheet").unwrap();
    found.extend(person.looks_at_sizes(&window, "desktop/history-clear"));
    window.click("history-clear-sheet-confirm").unwrap();
    window.wait_for("history-empty").unwrap();
    window.close().unwrap();
    let kept =
        wait::until(PATIENCE, "the history's file", || Ok(std::fs::read(person.data().join("history.sqlite")).ok()));
    assert!(!String::from_utf8_lossy(&kept.unwrap()).contains("Baraka"), "what was cleared is not in the file");
    let window = person.opens(&server, &[]);
    window.wait_for("dial-input").unwrap();
    window.click("nav-history").unwrap();
    window.wait_for("history-empty").unwrap();
    window.close().unwrap();

    // A list that cannot be read is set aside, and that is said once.
    let file = person.data().join("history.sqlite");
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(person.data().join(format!("history.sqlite{ending}")));
    }
    std::fs::write(&file, "no history, and long enough to be taken for one ".repeat(50)).unwrap();
    let window = person.opens(&server, &[]);
    window.wait_for("history-notice").unwrap();
    found.extend(person.looks_at_sizes(&window, "desktop/history-damaged"));
    window.evaluate("document.querySelector('[data-testid=history-notice] button').click()").unwrap();
    window.wait_gone("history-notice").unwrap();
    assert!(person.data().join("history.sqlite.damaged").exists());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_phone_without_a_window_lists_its_calls_and_writes_them_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().unwrap();
    let phone = |name: &str| {
        let phone = Cli::new(server.url(), &folder.path().join(name));
        phone.register(&Account::named(name)).unwrap();
        phone
    };
    let (amina, baraka) = (phone("Amina"), phone("Baraka"));
    let calls = |of: &Cli, more: &[&str]| -> Vec<Value> {
        let told = of.run(&[&["history"], more].concat(), "").unwrap().success().unwrap();
        told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert!(calls(&amina, &[]).is_empty());

    let mut answering = baraka.answer(&[&["--calls", "1"], &SILENT[..]].concat()).unwrap();
    let mut calling = amina.call(&baraka.care4w_id().unwrap(), &SILENT).unwrap();
    calling.wait_for_call("connected").unwrap();
    assert!(calls(&amina, &[]).is_empty(), "to look does not end a call that runs");
    assert_eq!(calling.end().unwrap(), Some(0));
    answering.wait_for_end().unwrap();
    let mut missed = baraka.call(&amina.care4w_id().unwrap(), &SILENT).unwrap();
    missed.wait_for_call("ended").unwrap();
    missed.wait_for_end().unwrap();

    // What was missed while nobody was there is the server's to tell.
    let told = calls(&amina, &[]);
    let kinds: Vec<&str> = told.iter().map(|call| call["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["missed", "outgoing"], "{told:?}");
    assert_eq!((told[0]["name"].as_str(), told[1]["reason"].as_str()), (Some("Baraka"), Some("HUNG_UP")), "{told:?}");
    assert!(told[1]["durationMs"].is_u64(), "{told:?}");
    assert_eq!(calls(&amina, &["--limit", "1"]).len(), 1);

    let file = folder.path().join("calls.csv");
    amina.run(&["history", "export", &file.display().to_string()], "").unwrap().success().unwrap();
    let table = std::fs::read_to_string(&file).unwrap();
    assert_eq!(table.lines().count(), 3, "{table}");
    let nowhere = folder.path().join("nowhere/calls.csv").display().to_string();
    amina.run(&["history", "export", &nowhere], "").unwrap().refused(1, "EXPORT_FAILED").unwrap();
}
