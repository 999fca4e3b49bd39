//! Calls between two who reach each other through a TURN server alone.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::{net::Ipv4Addr, path::Path};

use care4w_tests::{Account, Cli, Hearing, Namespace, Network, Server, Sound, Turn, speech::Speech};
use tempfile::TempDir;

const HERE: Ipv4Addr = Ipv4Addr::new(10, 82, 0, 1);
const THERE: Ipv4Addr = Ipv4Addr::new(10, 82, 0, 2);
const RELAY: Ipv4Addr = Ipv4Addr::new(10, 82, 0, 9);
const SECRET: &str = "what both servers know";

/// Two phones on machines between which nothing passes, and a relay that both reach.
struct Apart {
    amina: Cli,
    baraka: Cli,
    turn: Turn,
    hearing: Hearing,
    folder: TempDir,
    _server: Server,
    _machines: [Namespace; 3],
    network: Network,
}

impl Apart {
    /// `secret` is what our server believes to be the relay's.
    fn with(secret: &str) -> Self {
        Self::with_settings(|turn| turn.settings(secret))
    }

    /// With settings of our server that are made for the relay.
    fn with_settings(settings: impl FnOnce(&Turn) -> String) -> Self {
        let hearing = Hearing::begin();
        let folder = tempfile::tempdir().unwrap();
        let network = Network::new();
        let machines = [HERE, THERE, RELAY].map(|address| {
            let machine = Namespace::new().unwrap();
            network.plug(&machine, "net0", address).unwrap();
            machine
        });
        network.cut(HERE, THERE);
        let turn = Turn::start(&machines[2], RELAY, SECRET).unwrap();
        let file = folder.path().join("server.toml");
        std::fs::write(&file, settings(&turn)).unwrap();
        let server = Server::start_with(&["--config", &file.display().to_string()], &Vec::new()).unwrap();
        let phone = |name: &str, machine: &Namespace| {
            machine.bring(server.address().parse().unwrap()).unwrap();
            let phone = Cli::new(server.url(), &folder.path().join(name)).with_namespace(machine);
            phone.register(&Account::named(name)).unwrap();
            phone
        };
        let (amina, baraka) = (phone("Amina", &machines[0]), phone("Baraka", &machines[1]));
        Self { amina, baraka, turn, hearing, folder, _server: server, _machines: machines, network }
    }
}

fn file(path: &Path) -> String {
    format!("file:{}", path.display())
}

#[test]
fn two_who_reach_only_the_relay_talk_through_it() {
    let apart = Apart::with(SECRET);
    let (heard_here, heard_there) = (apart.folder.path().join("here.wav"), apart.folder.path().join("there.wav"));
    let flags = |speech: Speech, heard: &Path| {
        ["--mic".to_owned(), file(&speech.file().unwrap()), "--speaker".to_owned(), file(heard)]
    };
    let (here, there) = (flags(Speech::Caller, &heard_here), flags(Speech::Callee, &heard_there));
    let there = there.each_ref().map(String::as_str);
    let mut answering = apart.baraka.answer(&[&["--calls", "1"], &there[..]].concat()).unwrap();
    let here = here.each_ref().map(String::as_str);
    let id = apart.baraka.care4w_id().unwrap();
    let mut calling = apart.amina.call(&id, &[&["--seconds", "11"], &here[..]].concat()).unwrap();
    let ringing = calling.wait_for_call("ringing").unwrap();
    let connected =
        calling.wait_for_call("connected").unwrap_or_else(|e| panic!("{e:#}: {}", apart.turn.log().unwrap()));
    println!(
        "ringing to connected through the relay: {} ms",
        connected.json["sinceStartMs"].as_u64().unwrap() - ringing.json["sinceStartMs"].as_u64().unwrap()
    );
    for phone in [&mut calling, &mut answering] {
        let media = phone.wait("the first sound", |line| line.is("media")).unwrap();
        println!("answer to first sound: {}", media.json["firstAudioMs"]);
        let stats = phone.wait("figures", |line| line.is("stats")).unwrap();
        assert_eq!(stats.text("path"), "relay", "{}", stats.json);
    }
    calling.wait_for_end().unwrap();
    answering.wait_for_end().unwrap();
    apart.hearing.call_ends();
    for (speech, heard) in [(Speech::Caller, &heard_there), (Speech::Callee, &heard_here)] {
        let heard = Sound::read(heard).unwrap();
        let who = format!("{speech:?} through the relay");
        apart.hearing.judge(&who, &speech.sound().unwrap(), &heard, 3.0).unwrap();
    }
}

#[test]
fn a_relay_that_refuses_the_credentials_ends_the_call_with_a_plain_reason() {
    let apart = Apart::with("another secret");
    let none = ["--mic", "none", "--speaker", "none"];
    let mut answering = apart.baraka.answer(&[&["--calls", "1"], &none[..]].concat()).unwrap();
    let mut calling = apart.amina.call(&apart.baraka.care4w_id().unwrap(), &none).unwrap();
    assert_eq!(calling.wait_for_call("ended").unwrap().text("reason"), "NO_PATH");
    assert_eq!(calling.wait_for_end().unwrap(), Some(1));
    assert!(calling.log().unwrap().contains("[NO_PATH]"), "{}", calling.log().unwrap());
    assert_eq!(answering.wait_for_call("ended").unwrap().text("reason"), "NO_PATH");
    let log = apart.turn.log().unwrap();
    assert!(log.contains("401") || log.contains("Unauthor"), "the relay was asked, and refused: {log}");
}

/// What the doctor says of finding others, and of the relay: the verdicts, and the words of the second.
fn doctor(phone: &Cli) -> (String, String, String) {
    let said = phone.run(&["doctor"], "").unwrap();
    let line = |check: &str| -> serde_json::Value {
        let lines = said.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.into_iter().find(|line| line["check"] == check).unwrap_or_else(|| panic!("no {check}: {}", said.stdout))
    };
    let verdict = |check: &str| line(check)["verdict"].as_str().unwrap().to_owned();
    (verdict("ice"), verdict("turn"), line("turn")["message"].as_str().unwrap().to_owned())
}

#[test]
fn the_doctor_tries_the_relay_and_tells_a_network_that_blocks_udp() {
    let apart = Apart::with_settings(|turn| turn.settings_with_stun(SECRET));
    let (ice, turn, words) = doctor(&apart.amina);
    assert_eq!((ice.as_str(), turn.as_str()), ("good", "good"), "{words}");
    let log = apart.turn.log().unwrap();
    assert!(log.contains("ALLOCATE processed, success"), "an address was really given: {log}");
    apart.network.block_udp(HERE, RELAY);
    let (ice, turn, words) = doctor(&apart.amina);
    assert_eq!((ice.as_str(), turn.as_str()), ("bad", "bad"), "{words}");
    assert!(words.contains("UDP"), "what to ask the network's owner for: {words}");
}

#[test]
fn the_doctor_tells_a_relay_that_refuses_from_one_that_is_away() {
    let apart = Apart::with_settings(|turn| turn.settings_with_stun("another secret"));
    let (ice, turn, words) = doctor(&apart.amina);
    assert_eq!((ice.as_str(), turn.as_str()), ("good", "bad"), "{words}");
    assert!(words.contains("secret"), "{words}");
    apart.network.cut(HERE, RELAY);
    let (ice, turn, words) = doctor(&apart.amina);
    assert_eq!((ice.as_str(), turn.as_str()), ("bad", "bad"), "{words}");
    assert!(words.contains("does not answer"), "{words}");
}
