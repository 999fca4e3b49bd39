//! The network of our own that bad networks are made of, and calls over it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::{
    net::{Ipv4Addr, UdpSocket},
    time::{Duration, Instant},
};

use care4w_tests::{
    Namespace, Network,
    impairment::{Impairment, Loss},
};

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
    network.mend(HERE, THERE);
    // Devices carry in order: had the lost one come, it would come first.
    while there.recv_from(&mut buffer).map(|(length, _)| &buffer[..length] != b"again").unwrap_or(true) {
        here.send_to(b"again", (THERE, 4_000)).unwrap();
        assert_ne!(&buffer[..4], b"lost");
    }
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
