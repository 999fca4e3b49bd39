//! Being called: a notification daemon, a window manager and a tray on a desk of one's own, and somebody who types into
//! another window meanwhile.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

#[path = "desktop/notifications.rs"]
mod notifications;
#[path = "desktop/tray.rs"]
mod tray;

use std::process::Command;
use std::time::Instant;

use care4w_tests::{
    Account, AppWindow, Arranger, Cli, Display, Person, Process, Server, SoundServer,
    cli::RunningCli,
    desk::SOUND_CARD,
    score,
    screenshot::{self, Area},
    wait::{self, PATIENCE},
};
use notifications::Notifications;
use tray::Tray;

const SILENT: [&str; 4] = ["--mic", "none", "--speaker", "none"];

/// Where the ring window is on a display of 1280 by 900 (LOOK: 320 by 140).
const CORNER: Area = Area { x: 944, y: 16, width: 320, height: 140 };

/// Somebody at a desk, and somebody else who calls them.
struct Called {
    window: AppWindow,
    caller: Cli,
    id: String,
    notifications: Notifications,
    tray: Tray,
    server: Server,
    person: Person,
    _manager: Arranger,
}

impl Called {
    fn sits(profile: &'static str) -> Self {
        let person = Person::with_cards("Amina", profile, &[SOUND_CARD, "headset"]);
        let server = Server::start().unwrap();
        let manager = Arranger::xfwm(&person.environment()).unwrap();
        let tray = Tray::show(&person.desk.environment());
        let notifications = Notifications::show(&person);
        let window = person.arrives(&server);
        let caller = person.other(&server, &Account::named("Baraka"));
        let amina = person.other(&server, &Account::named("Chiku"));
        amina.login(&person.account).unwrap();
        let id = amina.care4w_id().unwrap();
        Self { window, caller, id, notifications, tray, server, person, _manager: manager }
    }

    fn display(&self) -> &Display {
        &self.person.display
    }

    fn is_called(&self) -> RunningCli {
        let mut calling = self.caller.call(&self.id, &SILENT).unwrap();
        calling.wait_for_call("ringing").unwrap();
        calling
    }

    /// The ring window, if it is to be seen.
    fn ring_window(&self) -> Option<String> {
        let found = self.display().asks("xdotool", &["search", "--onlyvisible", "--name", "^Baraka is calling$"])?;
        found.lines().next().map(ToOwned::to_owned)
    }

    fn ring_window_comes(&self) -> String {
        wait::until(PATIENCE, "the ring window", || Ok(self.ring_window())).unwrap()
    }

    fn rings_aloud(&self) {
        let playing = || Ok((self.person.desk.sound().streams()?.playing > 0).then_some(()));
        wait::until(PATIENCE, "the phone to ring aloud", playing).unwrap();
    }

    /// Presses a button of the ring window with the pointer, which takes it there as a person's hand does.
    fn points_at(&self, id: &str) {
        let button = format!("document.querySelector('[data-testid={id}]')");
        self.window.wait_until(id, &format!("return {button}?.disabled === false")).unwrap();
        let script =
            format!("const at = {button}.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]");
        let [x, y]: [f64; 2] = serde_json::from_value(self.window.evaluate(&script).unwrap()).unwrap();
        let (x, y) = (f64::from(CORNER.x) + x, f64::from(CORNER.y) + y);
        let to = [x, y].map(|at| at.round().to_string());
        self.display().asks("xdotool", &["mousemove", "--sync", &to[0], &to[1], "click", "1"]).unwrap();
    }

    /// Waits until nothing rings: no sound, no window, no notification of a call. Says how long each took.
    fn rings_no_more(&self, why: &str, since: Instant) {
        let ms = |since: Instant| since.elapsed().as_millis();
        wait::until(PATIENCE, "the ring window to go", || Ok(self.ring_window().is_none().then_some(()))).unwrap();
        let window = ms(since);
        let quiet = || Ok((self.person.desk.sound().streams()?.playing == 0).then_some(()));
        wait::until(PATIENCE, "the ringing to stop", quiet).unwrap();
        println!("{why}: the ring window was gone after {window} ms, the ringing after {} ms", ms(since));
    }
}

/// A terminal that has the keyboard, and writes down what is typed. It lies where the ring window comes up.
fn terminal(person: &Person) -> (Process, String, std::path::PathBuf) {
    let typed = person.folder().join("typed");
    let mut command = Command::new("xterm");
    let script = format!("cat > '{}'", typed.display());
    command.args(["-T", "Terminal", "-geometry", "100x14+660+0", "-e", "sh", "-c", &script]);
    command.envs(person.environment());
    let process = Process::start_logged("xterm", &mut command, &person.folder().join("xterm.log")).unwrap();
    let search = ["search", "--onlyvisible", "--name", "^Terminal$"];
    let found = wait::until(PATIENCE, "the terminal", || Ok(person.display.asks("xdotool", &search))).unwrap();
    let window = found.lines().next().unwrap().to_owned();
    comes_to_front(&person.display, &window);
    (process, window, typed)
}

fn comes_to_front(display: &Display, window: &str) {
    display.asks("xdotool", &["windowactivate", "--sync", window]).expect("the window to come to the front");
    wait::until(PATIENCE, "the keyboard", || Ok((focus(display) == window).then_some(()))).unwrap();
}

/// The window that has the keyboard.
fn focus(display: &Display) -> String {
    display.asks("xdotool", &["getwindowfocus"]).unwrap_or_default().trim().to_owned()
}

/// What the title of the window in front is.
fn in_front(display: &Display) -> String {
    display.asks("xdotool", &["getactivewindow", "getwindowname"]).unwrap_or_default().trim().to_owned()
}

#[test]
fn a_call_is_announced_answered_declined_and_missed_without_taking_the_keyboard() {
    let called = Called::sits("called");
    let (_terminal, terminal, typed) = terminal(&called.person);

    // It rings while somebody types elsewhere, who goes on typing, and whose keys answer nothing.
    let mut calling = called.is_called();
    called.ring_window_comes();
    let told = called.notifications.comes("call.incoming");
    assert_eq!(told.title, "Baraka");
    assert!(told.body.starts_with("Calling you · care4w-"), "{}", told.body);
    assert_eq!(told.actions, ["default", "", "decline", "Decline", "answer", "Answer"]);
    assert!(told.silent, "it rings already");
    called.rings_aloud();
    called.tray.says("Somebody is calling");
    let ringing = called.tray.picture();
    called.display().asks("xdotool", &["type", "--delay", "20", "hello"]).unwrap();
    called.display().asks("xdotool", &["key", "Escape", "Return"]).unwrap();
    wait::until(PATIENCE, "what was typed", || {
        Ok(std::fs::read_to_string(&typed).ok().filter(|text| text.starts_with("hello") && text.ends_with('\n')))
    })
    .unwrap();
    assert_eq!(focus(called.display()), terminal, "the keyboard stays where it was");

    // The ring window says who it is and can be read by everybody.
    called.window.goes_to_newest_window().unwrap();
    let says = |id: &str, what: &str| format!("return document.querySelector('[data-testid={id}]')?.textContent{what}");
    called.window.wait_until("who is calling", &says("ring-peer", " === 'Baraka'")).unwrap();
    called.window.wait_until("their id", &says("ring-detail", "?.startsWith('care4w-')")).unwrap();
    let size =
        called.window.evaluate("return [innerWidth, innerHeight, document.documentElement.scrollHeight]").unwrap();
    assert_eq!(size, serde_json::json!([320, 140, 140]));
    let mut found = Vec::new();
    for theme in ["dark", "light"] {
        called.window.evaluate(&format!("document.documentElement.dataset.theme = '{theme}'")).unwrap();
        found.extend(called.window.audit().unwrap());
        let folder = care4w_tests::binaries::output_folder("screens/desktop").unwrap();
        let file = folder.join(format!("ring-window-{theme}.png"));
        screenshot::take_when_painted(&called.display().name(), &file, &[CORNER], 8, PATIENCE).unwrap();
        called.display().screenshot_of(CORNER, &file).unwrap();
    }
    called
        .display()
        .screenshot(&care4w_tests::binaries::output_folder("screens/desktop").unwrap().join("ringing.png"))
        .unwrap();

    // It may ask who calls, and nothing that is not its own affair.
    for (command, arguments, answer) in [
        ("ringing", "{}", "answered"),
        ("history", "{ query: '', limit: 10 }", "not allowed"),
        ("hang_up", "{}", "not allowed"),
        ("sign_out", "{}", "not allowed"),
        ("plugin:event|listen", "{ event: 'state-changed', target: { kind: 'Any' }, handler: 1 }", "not allowed"),
    ] {
        let said = called.window.invokes(command, arguments).unwrap();
        assert!(said.contains(answer), "{command}: {said}");
    }

    // Declined in it.
    called.points_at("ring-decline");
    let since = Instant::now();
    assert_eq!(calling.wait_for_call("ended").unwrap().text("reason"), "DECLINED");
    called.rings_no_more("declined", since);
    called.notifications.all_go();
    called.window.goes_to_first_window().unwrap();
    wait::until(PATIENCE, "the keyboard to be back", || Ok((focus(called.display()) == terminal).then_some(())))
        .unwrap();

    // Answered on the notification: the call comes to the front.
    let mut calling = called.is_called();
    called.notifications.comes("call.incoming");
    called.ring_window_comes();
    let since = Instant::now();
    called.notifications.press("Answer");
    calling.wait_for_call("connected").unwrap();
    called.notifications.all_go();
    wait::until(PATIENCE, "the ring window to go", || Ok(called.ring_window().is_none().then_some(()))).unwrap();
    println!("answered on the notification: connected and nothing rings after {} ms", since.elapsed().as_millis());
    wait::until(PATIENCE, "the call in front", || Ok((in_front(called.display()) == "Care4W").then_some(()))).unwrap();
    called.window.wait_for_state("call-status", &["connected"]).unwrap();
    called.window.click("call-hangup").unwrap();
    assert_eq!(calling.wait_for_call("ended").unwrap().text("reason"), "REMOTE_HUNG_UP");
    called.window.click("call-done").unwrap();

    // Whoever looks at the window needs no second one.
    let mut calling = called.is_called();
    called.window.wait_for_state("call-status", &["incoming"]).unwrap();
    called.notifications.comes("call.incoming");
    assert_eq!(called.ring_window(), None, "the call stands in the window in front");
    comes_to_front(called.display(), &terminal);
    called.ring_window_comes();
    called.notifications.press("Decline");
    assert_eq!(calling.wait_for_call("ended").unwrap().text("reason"), "DECLINED");
    called.rings_no_more("declined on the notification", Instant::now());
    called.notifications.badge_is(None);

    // Given up: what stays is that it was missed, and whoever looks at it knows.
    let mut calling = called.is_called();
    called.ring_window_comes();
    called.rings_aloud();
    let since = Instant::now();
    calling.end().unwrap();
    called.rings_no_more("cancelled", since);
    let told = called.notifications.comes("call.unanswered");
    let times = called.notifications.told().iter().filter(|told| told.category == "call.unanswered").count();
    assert_eq!(times, 1, "it is told once");
    assert_eq!((told.title.as_str(), told.body.as_str()), ("Missed call", "Baraka"));
    called.tray.says("1 missed call");
    let entry = called.notifications.badge_is(Some(1));
    assert_eq!(entry, format!("{}.desktop", told.entry), "the badge and the notification are of one menu entry");
    called.window.click("nav-history").unwrap();
    called.window.wait_for("history-new").unwrap();
    assert_eq!(called.window.attribute("history-item", "data-kind").unwrap().as_deref(), Some("missed"));
    called.notifications.all_go();
    called.notifications.badge_is(None);
    called.tray.says("Ready for calls");
    assert_ne!(called.tray.picture(), ringing, "the icon shows that nobody calls any more");
    called.window.click("nav-phone").unwrap();

    // Called back with one press.
    let mut calling = called.is_called();
    called.ring_window_comes();
    calling.end().unwrap();
    called.notifications.comes("call.unanswered");
    let mut answering = called.caller.answer(&["--calls", "1", "--mic", "none", "--speaker", "none"]).unwrap();
    called.notifications.press("Call back");
    answering.wait_for_call("connected").unwrap();
    wait::until(PATIENCE, "the call in front", || Ok((in_front(called.display()) == "Care4W").then_some(()))).unwrap();
    called.window.click("call-hangup").unwrap();
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_call_whose_server_is_lost_rings_no_more() {
    let mut called = Called::sits("lost");
    called.window.click("nav-settings").unwrap();
    called.window.chooses_device("settings-ringer", &SoundServer::speaker_id("headset"));
    let (_terminal, _, _) = terminal(&called.person);
    let sound = called.person.desk.sound();
    let (chosen, other) = (sound.listen("headset").unwrap(), sound.listen(SOUND_CARD).unwrap());
    let _calling = called.is_called();
    let rings = || Ok((chosen.so_far()?.dbfs() > score::SILENCE_DBFS).then_some(()));
    wait::until(PATIENCE, "it to ring where one chose to hear it", rings).unwrap();
    assert!(other.so_far().unwrap().dbfs() < score::SILENCE_DBFS, "and nowhere else");
    called.ring_window_comes();
    called.notifications.comes("call.incoming");
    called.rings_aloud();
    let since = Instant::now();
    called.server.process().stop();
    called.rings_no_more("the server was lost", since);
    called.notifications.all_go();
    called.tray.says("Offline");
}

#[test]
fn who_does_not_want_to_be_disturbed_finds_a_missed_call_and_the_caller_notices_nothing() {
    let called = Called::sits("hushed");
    let (_terminal, terminal, _) = terminal(&called.person);
    called.tray.clicks("Do not disturb");
    called.window.wait_for("do-not-disturb-notice").unwrap();

    // The caller's phone says that it rings; here it is seen by who looks, and by nobody else.
    let mut calling = called.is_called();
    called.window.wait_for_state("call-status", &["incoming"]).unwrap();
    calling.end().unwrap();
    called.window.wait_for_state("call-status", &["ended"]).unwrap();
    called.tray.says("1 missed call");
    called.notifications.badge_is(Some(1));
    assert_eq!(called.notifications.told().len(), 0, "nothing is told");
    assert_eq!(called.ring_window(), None);
    assert_eq!(focus(called.display()), terminal);
    called.window.click("nav-history").unwrap();
    called.window.wait_for("history-new").unwrap();

    // From now on it rings again; and who does not want to hear the rest of it does not.
    called.tray.clicks("Do not disturb");
    called.window.wait_gone("do-not-disturb-notice").unwrap();
    let mut calling = called.is_called();
    called.ring_window_comes();
    called.notifications.comes("call.incoming");
    called.rings_aloud();
    called.tray.clicks("Do not disturb for an hour");
    called.rings_no_more("do not disturb", Instant::now());
    called.notifications.all_go();
    calling.end().unwrap();
    called.window.click("nav-settings").unwrap();
    called.window.wait_for_text("settings", |text| text.contains("Until ")).unwrap();
}
