//! How long a call through a TURN server takes to be heard: two machines between which nothing passes, and coturn.

use std::net::Ipv4Addr;

use anyhow::{Context as _, Result};
use care4w_tests::{Account, Cli, Namespace, Network, Server, Turn};

use super::{Figure, Figures};

const ADDRESSES: [Ipv4Addr; 3] =
    [Ipv4Addr::new(10, 85, 0, 1), Ipv4Addr::new(10, 85, 0, 2), Ipv4Addr::new(10, 85, 0, 9)];
const SECRET: &str = "between the two servers";

pub fn measure(quick: bool) -> Result<Figures> {
    let folder = tempfile::tempdir()?;
    let network = Network::new();
    let mut machines = Vec::new();
    for address in ADDRESSES {
        let machine = Namespace::new()?;
        network.plug(&machine, "net0", address)?;
        machines.push(machine);
    }
    network.cut(ADDRESSES[0], ADDRESSES[1]);
    let turn = Turn::start(&machines[2], ADDRESSES[2], SECRET)?;
    let settings = folder.path().join("server.toml");
    std::fs::write(&settings, turn.settings(SECRET))?;
    let server = Server::start_with(&["--config", &settings.display().to_string()], &Vec::new())?;
    let phone = |name: &str, machine: &Namespace| -> Result<Cli> {
        machine.bring(server.address().parse()?)?;
        let phone = Cli::new(server.url(), &folder.path().join(name)).with_namespace(machine);
        phone.register(&Account::named(name))?;
        Ok(phone)
    };
    let (caller, callee) = (phone("caller", &machines[0])?, phone("callee", &machines[1])?);
    let none = ["--mic", "none", "--speaker", "none"];
    let id = callee.care4w_id()?;
    let mut answering = callee.answer(&none)?;
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for _ in 0..if quick { 3 } else { 11 } {
        let mut calling = caller.call(&id, &[&["--seconds", "1"], &none[..]].concat())?;
        for (phone, heard) in [(&mut calling, &mut here), (&mut answering, &mut there)] {
            let media = phone.wait("sound through the relay", |line| line.is("media"))?;
            heard.push(media.json["firstAudioMs"].as_f64().context("a media event says firstAudioMs")?);
        }
        calling.wait_for_end()?;
        answering.wait_for_call("ended")?;
    }
    Ok(vec![
        Figure::ms("answer to first audio through a relay, at the caller's speaker", here),
        Figure::ms("answer to first audio through a relay, at the callee's speaker", there),
    ])
}
