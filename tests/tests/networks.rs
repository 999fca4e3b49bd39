//! The network of our own that bad networks are made of, and calls over it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::{
    net::{Ipv4Addr, UdpSocket},
    time::{Duration, Instant},
};

use care4w_tests::{
    Account, Cli, Namespace, Network, Server, Sound,
    cli::RunningCli,
    impairment::{Impairment, Loss},
    score,
    speech::Speech,
    wait,
};
use tempfile::TempDir;

const HERE: Ipv4Addr = Ipv4Addr::new(10, 81, 0, 1);
const THERE: Ipv4Addr = Ipv4Addr::new(10, 81, 0, 2);

fn two() -> (Network, Namespace, Namespace, UdpSocket, UdpSocket) {
    let (network, one, other) = (Network::new(), Namespace::new().unwrap(), Namespace::new().unwrap());
    let socket = |machine: &Namespace, address: Ipv4Addr| {
        network.plug(machine, "net0", address).unwrap();
        machine.on_thread(move || Ok(UdpSocket::bind((address, 4_000))?)).unwrap()
    };
    let (here, there) = (socket(&one, HERE), socket(&other, THERE));
    (network, one, other, here, there)
}

#[test]
fn what_one_machine_sends_arrives_at_the_other_until_the_path_is_cut() {
    let (network, _one, _other, here, there) = two();
    there.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut buffer = [0; 100];
    here.send_to(b"hello", (THERE, 4_000)).unwrap();
    let (length, from) = there.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..length], from.ip()), (&b"hello"[..], HERE.into()));
    network.cut(HERE, THERE);
    here.send_to(b"lost", (THERE, 4_000)).unwrap();
    wait::until(Duration::from_secs(10), "the cut to be met", || Ok((network.cut_off() > 0).then_some(()))).unwrap();
    network.mend(HERE, THERE);
    here.send_to(b"again", (THERE, 4_000)).unwrap();
    let length = there.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"again", "what met the cut does not come later");
}

#[test]
fn an_impaired_path_delays_and_loses() {
    let (network, _one, _other, here, there) = two();
    let delay = Duration::from_millis(50);
    let loss = Loss::Random(0.5);
    network.impair(HERE, THERE, Impairment { delay, loss, ..Impairment::default() });
    there.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let began = Instant::now();
    for index in 0..200_u8 {
        here.send_to(&[index], (THERE, 4_000)).unwrap();
    }
    let mut came = Vec::new();
    let mut buffer = [0; 100];
    while there.recv(&mut buffer).is_ok() {
        assert!(began.elapsed() >= delay, "nothing is faster than the path");
        came.push(buffer[0]);
    }
    assert!(came.is_sorted() && (50..150).contains(&came.len()), "{} of 200 came", came.len());
}

/// Two phones, a machine each, with a network between.
struct Two {
    amina: Cli,
    baraka: Cli,
    machines: [Namespace; 2],
    network: Network,
    folder: TempDir,
    _server: Server,
}

impl Two {
    fn meet() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::new();
        let server = Server::start().unwrap();
        let machines = [HERE, THERE].map(|address| {
            let machine = Namespace::new().unwrap();
            network.plug(&machine, "wifi", address).unwrap();
            machine.bring(server.address().parse().unwrap()).unwrap();
            machine
        });
        let phone = |name: &str, machine: &Namespace| {
            let phone = Cli::new(server.url(), &folder.path().join(name)).with_namespace(machine);
            phone.register(&Account::named(name)).unwrap();
            phone
        };
        let (amina, baraka) = (phone("Amina", &machines[0]), phone("Baraka", &machines[1]));
        Self { amina, baraka, machines, network, folder, _server: server }
    }

    /// Both speak after a pause, as soon as they are connected: the caller, and who answers.
    fn talk(&self, pause: Duration) -> [RunningCli; 2] {
        let flags = |speech: Speech, name: &str| {
            let said = self.folder.path().join(format!("said-{name}"));
            let sound = speech.sound().unwrap();
            Sound::silence(sound.rate, pause).then(&sound).write(&said).unwrap();
            let heard = self.folder.path().join(name);
            [
                "--mic".into(),
                format!("file:{}", said.display()),
                "--speaker".into(),
                format!("file:{}", heard.display()),
            ]
        };
        let there: [String; 4] = flags(Speech::Callee, "there.wav");
        let there = there.each_ref().map(String::as_str);
        let answering = self.baraka.answer(&[&["--calls", "1"], &there[..]].concat()).unwrap();
        let here: [String; 4] = flags(Speech::Caller, "here.wav");
        let here = here.each_ref().map(String::as_str);
        let mut both = [self.amina.call(&self.baraka.care4w_id().unwrap(), &here).unwrap(), answering];
        for phone in &mut both {
            phone.wait_for_call("connected").unwrap();
        }
        both
    }

    /// Lets them talk for so many seconds, ends the call, and checks that each heard the other with at least this score.
    fn part(&self, [mut calling, mut answering]: [RunningCli; 2], seconds: u32, least: f64) -> serde_json::Value {
        let mut last = serde_json::Value::Null;
        for _ in 0..seconds {
            last = calling.wait("statistics", |line| line.is("stats")).unwrap().json;
        }
        assert_eq!(calling.end().unwrap(), Some(0));
        assert_eq!(answering.wait_for_end().unwrap(), Some(0));
        for (speech, heard) in [(Speech::Caller, "there.wav"), (Speech::Callee, "here.wav")] {
            let heard = Sound::read(&self.folder.path().join(heard)).unwrap();
            let pesq = score::pesq(&speech.sound().unwrap(), &heard).unwrap_or_else(|e| panic!("{speech:?}: {e:#}"));
            if let Some(pesq) = pesq {
                println!("{speech:?}: PESQ {pesq:.2}");
                assert!(pesq > least, "{speech:?}: PESQ {pesq}");
            }
        }
        last
    }
}

#[test]
fn a_call_over_a_network_that_loses_a_tenth_and_jitters_is_understood_both_ways() {
    let two = Two::meet();
    let loss = Loss::Random(0.1);
    let (delay, jitter) = (Duration::from_millis(20), Duration::from_millis(40));
    two.network.impair(HERE, THERE, Impairment { seed: 4, loss, delay, jitter, ..Impairment::default() });
    let both = two.talk(Duration::ZERO);
    // ITU-T P.862.1: below 2 it takes effort to understand.
    let stats = two.part(both, 11, 2.0);
    println!("{stats}");
    let (loss, concealed) = (stats["lossPercent"].as_f64().unwrap(), stats["concealedPercent"].as_f64().unwrap());
    assert!((4.0..17.0).contains(&loss), "what is lost is counted: {stats}");
    assert!(concealed > 0.0, "and so is what was made up: {stats}");
    assert!(stats["rttMs"].as_f64().unwrap() >= 40.0, "a round trip is twice the way: {stats}");
}

#[test]
fn a_call_whose_network_is_gone_for_six_seconds_says_so_and_goes_on() {
    let two = Two::meet();
    let mut both = two.talk(Duration::from_secs(8));
    two.network.cut(HERE, THERE);
    let cut = Instant::now();
    for phone in &mut both {
        phone.wait_for_call("reconnecting").unwrap();
    }
    let left = Duration::from_secs(6).saturating_sub(cut.elapsed());
    wait::until(left + Duration::from_secs(1), "six seconds", || {
        Ok((cut.elapsed() >= Duration::from_secs(6)).then_some(()))
    })
    .unwrap();
    two.network.mend(HERE, THERE);
    let mended = Instant::now();
    for phone in &mut both {
        phone.wait_for_call("connected").unwrap();
    }
    println!("back {} ms after the network", mended.elapsed().as_millis());
    two.part(both, 13, 2.5);
}

#[test]
fn a_call_goes_on_when_its_machine_changes_networks() {
    const MOBILE: Ipv4Addr = Ipv4Addr::new(10, 83, 0, 1);
    let two = Two::meet();
    let mut both = two.talk(Duration::from_secs(7));
    two.machines[0].ip(&["link", "set", "wifi", "down"]).unwrap();
    two.network.plug(&two.machines[0], "mobile", MOBILE).unwrap();
    let changed = Instant::now();
    for phone in &mut both {
        phone.wait_for_call("reconnecting").unwrap();
    }
    for phone in &mut both {
        phone.wait_for_call("connected").unwrap();
    }
    println!("on the new network after {} ms", changed.elapsed().as_millis());
    two.part(both, 14, 2.5);
}
